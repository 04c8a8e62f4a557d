"""Published street-level crime: what a month's file can say, and what it cannot."""

from datetime import date

import pytest

from tests.spec.exchange import Exchange

STREET = "police/street_crime"
MET, TRANSPORT = "Metropolitan Police Service", "British Transport Police"


def month(*rows: str, falls_within: str = MET, month: str = "2018-01-01") -> str:
    """Rows of 'crime type | lsoa | times' of one force and month."""
    header = "crime_type | lsoa_code | times | falls_within | month"
    return "\n".join([header, *(f"{row} | {falls_within} | {month}" for row in rows)])


@pytest.fixture(autouse=True)
def _in_2018(exchange: Exchange) -> None:
    exchange.today = date(2018, 6, 1)


def test_crime_for_each_1000_residents(exchange: Exchange) -> None:
    """The population of January 2018 is that of the year 2017/18: mid-2017."""
    exchange.deliver(STREET, "2018-01", month("Burglary | E01001851 | 150", "Robbery | E01001851 | 50"))
    figure = exchange.headline("crime-all", "2018-01")
    assert (figure.numerator, figure.denominator, figure.population_year) == (200, 187_720, 2017)
    assert figure.value == pytest.approx(200 / 187_720 * 1000)


def test_antisocial_behaviour_is_incidents_and_not_crime(exchange: Exchange) -> None:
    """Its rows have no Crime ID; two identical ones are two incidents."""
    exchange.deliver(STREET, "2018-01", month("Anti-social behaviour | E01001851 | 2", "Robbery | E01001851 | 1"))
    assert exchange.headline("antisocial-behaviour", "2018-01").numerator == 2
    assert exchange.headline("crime-all", "2018-01").numerator == 1


def test_a_type_without_a_row_is_zero_in_a_whole_month(exchange: Exchange) -> None:
    exchange.deliver(STREET, "2018-01", month("Burglary | E01001851 | 9", "Robbery | E01001851 | 1"))
    assert exchange.headline("crime-vehicle", "2018-01").value == 0.0


def test_an_extract_filtered_to_one_type_says_nothing_about_the_others(exchange: Exchange) -> None:
    exchange.deliver(STREET, "2018-01", month("Burglary | E01001851 | 163"))
    assert exchange.headline("crime-burglary", "2018-01").numerator == 163
    assert exchange.headline("crime-robbery", "2018-01").status == "missing"
    assert exchange.headline("crime-all", "2018-01").status == "missing"


def test_the_transport_police_stand_apart_and_cover_no_month(exchange: Exchange) -> None:
    exchange.deliver(
        STREET, "2018-01", month("Robbery | E01001851 | 4", "Drugs | E01001851 | 1", falls_within=TRANSPORT)
    )
    assert exchange.headline("crime-transport-police", "2018-01").numerator == 5
    assert exchange.headline("crime-robbery", "2018-01").status == "missing"
    assert exchange.headline("crime-all", "2018-01").status == "missing"


def test_two_forces_of_a_month_stand_side_by_side(exchange: Exchange) -> None:
    rows = ("Robbery | E01001851 | 4", "Drugs | E01001851 | 1")
    exchange.deliver(STREET, "2018-01", month(*rows))
    exchange.deliver(STREET, "2018-01", month(*rows, falls_within="City of London Police"))
    assert exchange.headline("crime-robbery", "2018-01").numerator == 8


def test_neighbourhoods_of_every_census_lead_to_their_ward(exchange: Exchange) -> None:
    """E01001936 was split in 2011, E01001939 in 2021; one that is in no lookup counts for the borough."""
    exchange.deliver(
        STREET,
        "2018-05",
        month(
            "Burglary | E01001936 | 1",
            "Burglary | E01032788 | 2",
            "Burglary | E01035486 | 16",
            "Burglary | E01999999 | 4",
            "Drugs | | 8",
            month="2018-05-01",
        ),
    )
    sands_end = exchange.figure("crime-burglary", "2018-05", area="E05013747")
    assert sands_end is not None
    assert sands_end.numerator == 19
    assert exchange.headline("crime-burglary", "2018-05").numerator == 23


def test_the_year_to_date_waits_for_every_month(exchange: Exchange) -> None:
    for number in range(1, 4):
        exchange.deliver(
            STREET,
            f"2018-{number:02}",
            month("Burglary | E01001851 | 9", "Drugs | E01001851 | 1", month=f"2018-{number:02}-01"),
        )
    march = exchange.headline("crime-burglary", "2018-03")
    assert march.numerator == 9
    assert march.ytd is None, "April to December 2017 are not held"


def test_crime_types_break_the_headline_down(exchange: Exchange) -> None:
    exchange.deliver(STREET, "2018-01", month("Burglary | E01001851 | 9", "Drugs | E01001851 | 1"))
    drugs = exchange.figure("crime-all", "2018-01", breakdown="crime_type", category="Drugs")
    assert drugs is not None
    assert drugs.numerator == 1
