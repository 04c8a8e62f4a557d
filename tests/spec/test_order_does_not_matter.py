"""Whatever the order deliveries are merged in, and whatever is recomputed when, the figures are the same."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.periods import parse_period
from tests.spec.exchange import Exchange
from warehouse.values import recompute

CRIME, WASTE = "police/recorded_crime", "council/household_waste"
OFFENCES = "offence_code|ward_code|times\n"
LOADS = "month|source|destination|material|tonnes\n"
DELIVERIES = [
    (CRIME, "FY2008-Q1", OFFENCES + "28|00ANGA|7\n34B|00ANGB|5\n1||1"),
    (CRIME, "FY2008-Q2", OFFENCES + "28|00ANGA|3"),
    (CRIME, "FY2008-Q3", OFFENCES + "8G|00ANGA|11"),
    (
        WASTE,
        "FY2008-Q1",
        LOADS + "2008-04-01|household|recycle|glass|0.1\n2008-05-01|household|landfill|residual|0.7",
    ),
    (
        WASTE,
        "FY2008-Q2",
        LOADS + "2008-07-01|household|recycle|glass|33.333\n2008-08-01|household|efw|residual|66.667",
    ),
]


@pytest.fixture
def waiting(exchange: Exchange) -> dict[str, tuple[str, str]]:
    """Five deliveries with their contributions in the warehouse, none of them merged yet."""
    exchange.today = date(2009, 4, 1)
    return {
        exchange.deliver(key, period, table, state="received"): (key, period) for key, period, table in DELIVERIES
    }


@given(order=st.permutations(range(len(DELIVERIES))), shift=st.integers(1, 10_000))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_deliveries_gives_identical_values(
    exchange: Exchange, waiting: dict[str, tuple[str, str]], order: list[int], shift: int
) -> None:
    """Each delivery recomputes its own dataset and days only; in the end all is as if worked out at once."""
    exchange.connection.execute("UPDATE warehouse.ledger.delivery SET state = 'received'")
    exchange.connection.execute("DELETE FROM warehouse.merged.value")
    deliveries = list(waiting.items())
    for delivery_id, (key, period) in (deliveries[place] for place in order):
        exchange.move(delivery_id, "merged")
        days = parse_period(period)
        recompute(exchange.connection, datasets=[key], first=days.start, last=days.end, today=exchange.today)
    step_by_step = exchange.all_values()
    shuffle_contributions(exchange, shift)
    exchange.recompute()
    assert exchange.all_values() == step_by_step
    assert exchange.headline("NI192", "FY2008-Q2").ytd is not None


def shuffle_contributions(exchange: Exchange, shift: int) -> None:
    """Lay the same contributions down in another order."""
    exchange.connection.execute(
        "CREATE OR REPLACE TEMP TABLE shuffled AS "
        f"FROM warehouse.merged.contribution ORDER BY hash(rowid + {shift})"
    )
    exchange.connection.execute("DELETE FROM warehouse.merged.contribution")
    exchange.connection.execute("INSERT INTO warehouse.merged.contribution FROM shuffled")


def test_a_recompute_leaves_other_datasets_alone(exchange: Exchange) -> None:
    for key, period, table in DELIVERIES:
        exchange.deliver(key, period, table)
    exchange.recompute()
    before = exchange.all_values()
    recompute(exchange.connection, datasets=["police/street_crime"], today=exchange.today)
    assert exchange.all_values() == before


ARRIVALS = st.tuples(st.sampled_from(range(len(DELIVERIES))), st.sampled_from([1, 2, 3]))  # a slot and its version
WITHDRAWALS = st.tuples(st.sampled_from(range(len(DELIVERIES))), st.just(0))


def amended(table: str, version: int) -> str:
    """The same extract as it was sent again: its first row so many times more."""
    header, first, *rest = table.splitlines()
    return "\n".join([header, *[first] * version, *rest])


@given(
    events=st.lists(st.one_of(ARRIVALS, WITHDRAWALS), min_size=1, max_size=9),
    threads=st.sampled_from([1, 2, 3, 8]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_deliveries_corrections_and_withdrawals_a_rebuild_gives_the_same_values(
    exchange: Exchange, events: list[tuple[int, int]], threads: int
) -> None:
    """Of a slot's versions the newest counts, whichever arrives last; a withdrawal counts for what stands then."""
    connection, today = exchange.connection, date(2009, 4, 1)
    exchange.today = today
    for table in ("merged.contribution", "merged.value", "ledger.delivery"):
        connection.execute(f"DELETE FROM warehouse.{table}")
    connection.execute(f"SET threads = {threads}")
    standing: dict[int, tuple[int, str]] = {}
    for slot, version in events:
        key, period, table = DELIVERIES[slot]
        if version:
            arrived = exchange.deliver(key, period, amended(table, version))
            before = standing.get(slot, (0, arrived))
            standing[slot] = max(before, (version, arrived))
            for _, delivery_id in {before, (version, arrived)} - {standing[slot], (0, arrived)}:
                exchange.move(delivery_id, "superseded")
        elif slot in standing:
            exchange.move(standing.pop(slot)[1], "withdrawn")
        days = parse_period(period)
        recompute(connection, datasets=[key], first=days.start, last=days.end, today=today)
    step_by_step = exchange.all_values()

    connection.execute("SET threads = 2")
    shuffle_contributions(exchange, len(events))
    exchange.recompute()
    assert exchange.all_values() == step_by_step

    # And as if only what stands had ever come, in the order of the slots.
    for table in ("merged.contribution", "merged.value", "ledger.delivery"):
        connection.execute(f"DELETE FROM warehouse.{table}")
    for slot, (version, _) in sorted(standing.items()):
        key, period, table = DELIVERIES[slot]
        exchange.deliver(key, period, amended(table, version))
    exchange.recompute()
    assert exchange.all_values() == step_by_step
