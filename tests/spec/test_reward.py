"""The reward formula of the local public service agreements (DOMAIN 1.9, 2.5): a share of the improvement achieved."""

import pytest

from tests.spec.exchange import Exchange


@pytest.mark.parametrize(
    ("base", "target", "actual", "share"),
    [
        (20, 30, 26, 60),  # six of the ten points agreed: just enough
        (20, 30, 25.9, 0),  # below 60 per cent brings nothing
        (20, 30, 33, 100),  # more than agreed brings no more
        (20, 30, 18, 0),  # worse than the base
        (50, 40, 43, 70),  # low is good: seven of the ten points agreed
        (0.3, 0.8, 0.6, 60),  # 0.3 of 0.5 is 60 per cent, also in binary
        (30, 30, 31, None),  # no improvement was agreed
        ("NULL", 30, 31, None),
    ],
)
def test_the_share_of_the_reward(
    exchange: Exchange, base: object, target: object, actual: object, share: object
) -> None:
    assert exchange.macro(f"reward_percent({base}, {target}, {actual}, 60, 100)") == share


def test_a_reward_grant_is_modelled_and_was_never_paid(exchange: Exchange) -> None:
    ((floor, cap, note),) = exchange.connection.execute(
        "SELECT floor_percent, cap_percent, note FROM reference.reward WHERE framework = 'laa-2008-11'"
    ).fetchall()
    assert (floor, cap) == (60, 100)
    assert "never paid" in note
    assert "October 2010" in note


def test_supporting_people_was_ring_fenced_until_it_joined_the_area_based_grant(exchange: Exchange) -> None:
    years = exchange.connection.execute(
        "SELECT year_id FROM reference.ring_fence WHERE grant_line = 'supporting_people' ORDER BY ALL"
    ).fetchall()
    assert years == [("FY2008",), ("FY2009",)]
