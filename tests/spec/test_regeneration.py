"""NI 152 and NI 153: out-of-work benefits, averaged over four counts and pooled over neighbourhoods."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.geography import WorstNeighbourhood
from schemas.partnership import Partnership
from tests.spec.exchange import Exchange, open_reference

BENEFITS = "council/out_of_work_benefits"
QUARTERS = {
    "FY2008-Q1": "2008-05-08",
    "FY2008-Q2": "2008-08-14",
    "FY2008-Q3": "2008-11-13",
    "FY2008-Q4": "2009-02-12",
}
A, B, C = "E01001851", "E01001852", "E01001853"


@pytest.fixture
def three_neighbourhoods(partnership: Partnership, tmp_path: Path) -> Iterator[Exchange]:
    """A 30 per cent, B 26 per cent and C 20 per cent on benefits in the base year, 1,000 of working age each."""
    listed = tuple(
        WorstNeighbourhood(lsoa, Decimal(rate), Decimal(1000)) for lsoa, rate in ((A, "30"), (B, "26"), (C, "20"))
    )
    changed = replace(partnership, geography=replace(partnership.geography, worst_neighbourhoods=listed))
    connection = open_reference(changed)
    yield Exchange(connection, changed, tmp_path)
    connection.close()


def deliver(exchange: Exchange, rows: str, quarters: tuple[str, ...] = tuple(QUARTERS)) -> None:
    for period in quarters:
        lines = rows.strip().splitlines()
        table = [f"{lines[0]} | as_at", *(f"{line} | {QUARTERS[period]}" for line in lines[1:])]
        exchange.deliver(BENEFITS, period, "\n".join(table))


def test_ni153_pools_the_neighbourhoods_that_qualified(three_neighbourhoods: Exchange) -> None:
    deliver(
        three_neighbourhoods,
        f"""
        lsoa_code | benefit | claimants
        {A}       | jsa     | 120
        {A}       | ib_esa  | 180
        {B}       | jsa     | 260
        {C}       | jsa     | 200
        """,
    )
    figure = three_neighbourhoods.headline("NI153", "FY2008-Q4")
    assert (figure.numerator, figure.denominator, figure.value) == (560, 2000, 28.0)


def test_a_rolling_average_is_blank_until_four_quarters_are_in(exchange: Exchange) -> None:
    deliver(exchange, f"lsoa_code|benefit|claimants\n{A}|jsa|100", ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3"))
    figure = exchange.headline("NI152", "FY2008-Q3")
    assert (figure.value, figure.numerator, figure.status) == (None, None, "missing")


def test_a_rolling_average_is_the_mean_of_four_counts(exchange: Exchange) -> None:
    for period, claimants in zip(QUARTERS, (16_000, 16_400, 16_800, 17_200), strict=True):
        exchange.deliver(
            BENEFITS, period, f"lsoa_code|benefit|claimants|as_at\n{A}|jsa|{claimants}|{QUARTERS[period]}"
        )
    figure = exchange.headline("NI152", "FY2008-Q4")
    assert figure.numerator == 16_600
    assert figure.denominator == 123_200, "women 16 to 59 and men 16 to 64, not all aged 16 to 64"
    assert figure.value == pytest.approx(16_600 / 123_200 * 100)
    assert figure.ytd == figure.value
    assert figure.deliveries == 4


def test_a_rolling_average_crosses_the_year(exchange: Exchange) -> None:
    """The figure of June 2009 rests on the counts from August 2008 to May 2009."""
    deliver(exchange, f"lsoa_code|benefit|claimants\n{A}|jsa|100")
    exchange.deliver(BENEFITS, "FY2009-Q1", f"lsoa_code|benefit|claimants|as_at\n{A}|jsa|500|2009-05-14")
    assert exchange.headline("NI152", "FY2009-Q1").numerator == 200
