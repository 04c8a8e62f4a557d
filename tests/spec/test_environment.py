"""NI 191, NI 192 and NI 195: tonnes are pooled, streets are surveyed in tranches."""

import pytest

from tests.spec.exchange import Exchange

WASTE = "council/household_waste"
STREETS = "council/street_cleanliness"


def waste(household: int, recycled: int, rejected: int = 0) -> str:
    return f"""
        month      | source    | material   | destination | tonnes                            | reject_tonnes
        2008-04-01 | household | paper_card | recycle     | {recycled + rejected}             | {rejected}
        2008-04-01 | household | residual   | landfill    | {household - recycled - rejected} |
        2008-04-01 | other     | residual   | landfill    | 9000                              |
        """


def test_ni191_and_ni192_of_a_year(exchange: Exchange) -> None:
    """68,000 t of household waste, 18,360 t of it recycled, 80,000 dwellings: 620.5 kg and 27.0 per cent."""
    for period in ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4"):
        exchange.deliver(WASTE, period, waste(17_000, 4_590))
    residual = exchange.headline("NI191", "FY2008-Q4")
    assert residual.ytd_denominator == 80_000
    assert residual.ytd == pytest.approx(620.5)
    assert residual.value == pytest.approx(620.5 / 4)
    assert residual.lower is None, "tonnes are not cases: no interval"
    assert exchange.headline("NI192", "FY2008-Q4").ytd == pytest.approx(27.0)


def test_a_rejected_load_is_residual_and_not_recycled(exchange: Exchange) -> None:
    exchange.deliver(WASTE, "FY2008-Q1", waste(1000, 270, rejected=30))
    assert exchange.headline("NI192", "FY2008-Q1").numerator == 270
    assert exchange.headline("NI191", "FY2008-Q1").numerator == 730


def test_percentages_are_pooled_and_never_averaged(exchange: Exchange) -> None:
    """50 of 100 and 5 of 100, then 1 of 10: pooled 26.7 per cent; the mean of the percentages would be 21.7."""
    for period, total, recycled in (("FY2008-Q1", 100, 50), ("FY2008-Q2", 100, 5), ("FY2008-Q3", 10, 1)):
        exchange.deliver(WASTE, period, waste(total, recycled))
    assert exchange.headline("NI192", "FY2008-Q3").ytd == pytest.approx(26.7, abs=0.05)


def graded(sites: int, below: int, b_minus: int) -> str:
    return f"""
        land_use   | litter | detritus | graffiti | flyposting | times
        main_roads | C      | A        | A        | A          | {below - 2}
        main_roads | C-     | A        | A        | A          | 1
        main_roads | D      | A        | A        | A          | 1
        main_roads | B-     | D        | A        | A          | {b_minus}
        main_roads | B      | B+       | A        | A          | {sites - below - b_minus}
        """


def test_ni195_litter_of_three_tranches(exchange: Exchange) -> None:
    """T = 41, Tb = 60, Ts = 930: (41 + 30) / 930 = 7.63 per cent, shown as 8."""
    for period, *numbers in (("FY2008-T1", 300, 12, 20), ("FY2008-T2", 320, 16, 18), ("FY2008-T3", 310, 13, 22)):
        exchange.deliver(STREETS, period, graded(*numbers))
    litter = exchange.headline("NI195a", "FY2008-T3")
    assert (litter.ytd_numerator, litter.ytd_denominator) == (71, 930)
    assert litter.ytd == pytest.approx(7.63, abs=0.005)
    assert round(litter.ytd or 0) == 8
    assert litter.lower is None
    assert exchange.headline("NI195b", "FY2008-T1").value == pytest.approx(20 / 300 * 100)


def test_ni195_has_three_tranches_a_year_and_no_quarters(exchange: Exchange) -> None:
    found = exchange.connection.execute(
        "SELECT period, period_start, period_end FROM reference.period "
        "WHERE indicator = 'NI195a' AND year_id = 'FY2009' ORDER BY ALL"
    ).fetchall()
    assert [(period, f"{start:%d %b}", f"{end:%d %b}") for period, start, end in found] == [
        ("FY2009-T1", "01 Apr", "31 Jul"),
        ("FY2009-T2", "01 Aug", "30 Nov"),
        ("FY2009-T3", "01 Dec", "31 Mar"),
    ]
