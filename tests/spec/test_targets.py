"""RAG and direction of travel: the rule of the London Borough of Havering, for every sort of target."""

import pytest

from tests.spec.exchange import Exchange


@pytest.mark.parametrize(
    ("actual", "target", "polarity", "last_year", "expected"),
    [
        # 80 against 90, high is good: 11.1 per cent off
        (80, 90, "high", 78, "Amber"),
        (80, 90, "high", 82, "Red"),
        (80, 90, "high", 80, "Amber"),
        (81, 90, "high", 82, "Green"),
        (95, 90, "high", 99, "Green"),
        # low is good
        (33.0, 30, "low", 30, "Green"),
        (33.1, 30, "low", 33.1, "Amber"),
        (33.1, 30, "low", 32, "Red"),
        (12, 30, "low", 10, "Green"),
        # 34.1 - 31.0 is more than 3.1 in binary; it is within 10 per cent all the same
        (34.1, 31.0, "low", 30, "Green"),
        # nothing to show an improvement by
        (33.1, 30, "low", "NULL", "Red"),
        # a target of zero has no per cent
        (0, 0, "low", 3, "Green"),
        (1, 0, "low", 3, "Amber"),
        (3, 0, "low", 1, "Red"),
        (-1, 0, "high", -5, "Amber"),
        # NI 112 aims at a change of -45 per cent: the lower the better
        (-41, -45, "low", -30, "Green"),
        (-40, -45, "low", -30, "Amber"),
        (-40, -45, "low", -42, "Red"),
        (-50, -45, "low", -42, "Green"),
        # no target, or a placeholder, is never Green
        (80, "NULL", "high", 78, "No target"),
        ("NULL", "NULL", "high", 78, "No target"),
        ("NULL", 90, "high", 78, "No data"),
    ],
)
def test_rag(
    exchange: Exchange, actual: object, target: object, polarity: str, last_year: object, expected: str
) -> None:
    assert exchange.macro(f"rag({actual}, {target}, '{polarity}', 10, {last_year})") == expected


@pytest.mark.parametrize(
    ("actual", "previous", "polarity", "expected"),
    [
        (10, 12, "low", "better"),
        (12, 10, "low", "worse"),
        (12, 10, "high", "better"),
        (10, 12, "high", "worse"),
        (27.04, 26.96, "high", "same"),
        (27.06, 26.94, "high", "better"),
        (10, "NULL", "low", None),
        ("NULL", 10, "low", None),
    ],
)
def test_direction_of_travel_is_told_as_shown(
    exchange: Exchange, actual: object, previous: object, polarity: str, expected: str | None
) -> None:
    assert exchange.macro(f"direction({actual}, {previous}, '{polarity}', 1)") == expected


def test_a_placeholder_is_a_target_without_a_value(exchange: Exchange) -> None:
    found = exchange.connection.execute(
        "SELECT target, placeholder FROM reference.target WHERE indicator = 'NI15' ORDER BY period"
    ).fetchall()
    assert [(target is None, placeholder) for target, placeholder in found] == [(False, False), (True, True)]


@pytest.mark.parametrize(
    ("indicator", "cumulative"),
    [
        ("NI16", True),
        ("NI154", True),
        ("NI191", True),
        ("NI156", False),
        ("NI192", False),
        ("NI181", False),
        ("NI152", False),
    ],
)
def test_only_what_grows_through_the_year_has_a_profiled_target(
    exchange: Exchange, indicator: str, cumulative: bool
) -> None:
    found = exchange.connection.execute(
        f"SELECT cumulative FROM reference.indicator WHERE indicator = '{indicator}'"
    )
    assert found.fetchall() == [(cumulative,)]
    half_way = exchange.macro(f"ytd_target(30.0, {cumulative}, 2, 4)")
    assert half_way == (15.0 if cumulative else 30.0)
