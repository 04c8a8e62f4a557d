"""NI 15, NI 16 and NI 20: recorded crime for each 1,000 residents (mid-2008 estimate: 172,000)."""

from decimal import Decimal

import pytest

from tests.spec.exchange import Exchange

QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4")


def deliver_quarters(exchange: Exchange, *offences: int) -> None:
    for period, number in zip(QUARTERS, offences, strict=False):
        exchange.deliver("police/recorded_crime", period, f"offence_code|times\n28|{number}")


def test_ni16_full_year(exchange: Exchange) -> None:
    deliver_quarters(exchange, 1400, 1300, 1366, 1366)
    figure = exchange.headline("NI16", "FY2008-Q4")
    assert figure.ytd_numerator == 5432
    assert figure.ytd_denominator == 172_000
    assert figure.ytd == pytest.approx(31.58, abs=0.005)


def test_ni16_year_to_date_is_not_annualised(exchange: Exchange) -> None:
    deliver_quarters(exchange, 1300, 1310)
    figure = exchange.headline("NI16", "FY2008-Q2")
    assert figure.value == pytest.approx(1310 / 172_000 * 1000)
    assert figure.ytd == pytest.approx(15.17, abs=0.005)


def test_ni16_year_to_date_is_green_against_a_flat_profile(exchange: Exchange) -> None:
    """15.17 against 15.00, half of the year's target of 30.0, is 1.2 per cent off."""
    deliver_quarters(exchange, 1300, 1310)
    ytd = exchange.headline("NI16", "FY2008-Q2").ytd
    assert exchange.macro("ytd_target(30.0, true, 2, 4)") == 15.0
    assert exchange.macro(f"rag({ytd}, ytd_target(30.0, true, 2, 4), 'low', 10, NULL)") == "Green"


def test_each_indicator_counts_the_offence_classes_of_its_code_list(exchange: Exchange) -> None:
    exchange.deliver(
        "police/recorded_crime",
        "FY2008-Q1",
        """
        offence_code | times
        1            | 1
        5A           | 9
        28           | 40
        34B          | 20
        8G           | 30
        30           | 50
        """,
    )
    assert exchange.headline("NI15", "FY2008-Q1").numerator == 10
    assert exchange.headline("NI16", "FY2008-Q1").numerator == 60
    assert exchange.headline("NI20", "FY2008-Q1").numerator == 30


def test_a_ward_comes_from_its_old_code_or_from_the_lsoa(exchange: Exchange) -> None:
    """Files of 2009 carry 00ANGx; without a ward the LSOA places an offence, without both the borough."""
    exchange.deliver(
        "police/recorded_crime",
        "FY2008-Q1",
        """
        offence_code | ward_code | lsoa_code | times
        28           | 00ANGA    |           | 3
        28           |           | E01001851 | 2
        28           | E05000250 |           | 1
        28           |           |           | 4
        """,
    )
    addison = exchange.figure("NI16", "FY2008-Q1", area="E05000250")
    assert addison is not None
    assert addison.numerator == 6
    assert exchange.headline("NI16", "FY2008-Q1").numerator == 10


def test_a_ward_without_an_offence_is_zero_once_the_quarter_is_in(exchange: Exchange) -> None:
    exchange.deliver("police/recorded_crime", "FY2008-Q1", "offence_code|ward_code\n28|00ANGA")
    askew = exchange.figure("NI16", "FY2008-Q1", area="E05000251")
    assert askew is not None
    assert (askew.numerator, askew.value, askew.status) == (0, 0.0, "ok")


def test_offences_of_a_family_add_up_to_its_headline(exchange: Exchange) -> None:
    exchange.deliver("police/recorded_crime", "FY2008-Q1", "offence_code|times\n28|40\n34B|20\n8G|7")
    exchange.recompute()
    found = exchange.connection.execute(
        "SELECT category, numerator FROM warehouse.merged.value "
        "WHERE indicator = 'NI16' AND period = 'FY2008-Q1' AND breakdown = 'offence' ORDER BY ALL"
    ).fetchall()
    assert found == [("Burglary in a dwelling", Decimal(40)), ("Robbery of personal property", Decimal(20))]


def test_ni15_has_no_baseline_before_the_counting_rules_of_april_2008(exchange: Exchange) -> None:
    indicators = {each.id: each for each in exchange.partnership.frameworks["laa-2008-11"].indicators}
    assert indicators["NI15"].baseline_period == "FY2008"
    assert indicators["NI20"].baseline_period == "FY2008"


def test_the_population_is_that_of_the_financial_years_first_summer(exchange: Exchange) -> None:
    """January to March 2009 belongs to 2008/09: mid-2008, not mid-2009."""
    deliver_quarters(exchange, 1, 1, 1, 1)
    figure = exchange.headline("NI16", "FY2008-Q4")
    assert (figure.denominator, figure.population_year) == (172_000, 2008)
