"""How a figure stands: clear and unclear changes, targets by profile, the year's end foreseen."""

import pytest

from tests.spec.exchange import Exchange


@pytest.mark.parametrize(
    ("now", "before", "polarity", "expected"),
    [
        # (figure, lower, upper): the intervals overlap, so chance alone may account for the difference
        ((31.6, 30.7, 32.4), (32.0, 31.2, 32.9), "low", "no clear change"),
        ((31.6, 30.7, 32.4), (34.0, 33.1, 34.9), "low", "better"),
        ((34.0, 33.1, 34.9), (31.6, 30.7, 32.4), "low", "worse"),
        ((34.0, 33.1, 34.9), (31.6, 30.7, 32.4), "high", "better"),
        # shown alike is the same, whatever the intervals
        ((31.62, 30.7, 32.4), (31.58, 30.7, 32.4), "low", "same"),
        # without an interval (tonnes, a snapshot) figures are compared as they stand
        ((1400, "NULL", "NULL"), (1450, "NULL", "NULL"), "low", "better"),
        ((31.6, 30.7, 32.4), ("NULL", "NULL", "NULL"), "low", None),
    ],
)
def test_a_change_is_clear_only_outside_the_intervals(
    exchange: Exchange, now: tuple[object, ...], before: tuple[object, ...], polarity: str, expected: str | None
) -> None:
    numbers = ", ".join(str(number) for number in (*now, *before))
    assert exchange.macro(f"clear_direction({numbers}, '{polarity}', 1)") == expected


def test_a_profile_says_how_much_of_the_target_is_due_by_now(exchange: Exchange) -> None:
    """10, 20, 30 and 40 per cent of 200 homes: 60 are due by the second quarter, 100 on a level profile."""
    assert exchange.macro("ytd_target(200, true, 2, 4, profile := [10, 30, 60, 100])") == 60
    assert exchange.macro("ytd_target(200, true, 2, 4)") == 100


def test_money_that_adds_up_over_years_has_its_target_on_the_way_between_two_years(exchange: Exchange) -> None:
    """3,600 by the end of 2008/09 and 7,400 by the end of 2009/10: 5,500 half-way."""
    assert exchange.macro("target_on_the_way(7400, 3600, 2, 4)") == 5500


@pytest.mark.parametrize(
    ("kind", "cumulative", "part", "profile", "method", "foreseen"),
    [
        ("rate", True, 2, "NULL", "straight line", 20.0),
        ("count", True, 2, "[10, 20, 60, 100]", "profile", 50.0),
        ("percent", False, 2, "NULL", "year to date", 10.0),
        ("snapshot", False, 2, "NULL", "latest figure", 10.0),
        ("rate", True, 4, "NULL", "outturn", 10.0),
        ("survey", False, 2, "NULL", None, None),
        ("cumulative", False, 2, "NULL", None, None),
    ],
)
def test_the_years_end_is_foreseen_by_a_named_method(
    exchange: Exchange,
    kind: str,
    cumulative: bool,
    part: int,
    profile: str,
    method: str | None,
    foreseen: float | None,
) -> None:
    asked = f"forecast_method('{kind}', {cumulative}, {part}, 4, profile := {profile})"
    assert exchange.macro(asked) == method
    assert exchange.macro(f"forecast({asked}, 10.0, {part}, 4, profile := {profile})") == foreseen
