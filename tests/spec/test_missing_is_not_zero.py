"""A missing partner shows as missing; a partner who had nothing to send shows as zero."""

from tests.spec.exchange import Exchange

CRIME = "police/recorded_crime"
ONE = "offence_code|ward_code\n28|00ANGA"


def test_a_quarter_nobody_sent_is_missing(exchange: Exchange) -> None:
    figure = exchange.headline("NI16", "FY2008-Q1")
    assert (figure.status, figure.value, figure.numerator, figure.deliveries) == ("missing", None, None, 0)


def test_a_missing_quarter_has_no_ward_rows(exchange: Exchange) -> None:
    assert exchange.figure("NI16", "FY2008-Q1", area="E05000250") is None


def test_a_nil_return_is_zero(exchange: Exchange) -> None:
    exchange.record(CRIME, "FY2008-Q1")
    figure = exchange.headline("NI16", "FY2008-Q1")
    assert (figure.status, figure.value, figure.deliveries) == ("ok", 0.0, 1)


def test_an_indicator_without_a_case_in_a_quarter_that_is_in_is_zero(exchange: Exchange) -> None:
    exchange.deliver(CRIME, "FY2008-Q1", ONE)
    assert exchange.headline("NI15", "FY2008-Q1").value == 0.0


def test_the_year_to_date_is_blank_when_an_earlier_quarter_is_missing(exchange: Exchange) -> None:
    """A late extract is not filled with zeros: the quarter stands, the year waits."""
    exchange.deliver(CRIME, "FY2008-Q2", ONE)
    figure = exchange.headline("NI16", "FY2008-Q2")
    assert figure.numerator == 1
    assert (figure.ytd, figure.ytd_numerator) == (None, None)
    exchange.deliver(CRIME, "FY2008-Q1", ONE)
    assert exchange.headline("NI16", "FY2008-Q2").ytd_numerator == 2


def test_only_merged_deliveries_count(exchange: Exchange) -> None:
    for state in (
        "received",
        "held",
        "accepted",
        "accepted_with_exceptions",
        "rejected",
        "superseded",
        "withdrawn",
        "erased",
    ):
        exchange.deliver(CRIME, "FY2008-Q1", ONE, state=state)
    assert exchange.headline("NI16", "FY2008-Q1").status == "missing"


def test_a_correction_takes_the_place_of_what_it_supersedes(exchange: Exchange) -> None:
    """Provisional police figures are revised later: the latest live delivery is the figure, never the sum."""
    first = exchange.deliver(CRIME, "FY2008-Q1", "offence_code|times\n28|40")
    assert exchange.headline("NI16", "FY2008-Q1").numerator == 40
    exchange.move(first, "superseded")
    exchange.deliver(CRIME, "FY2008-Q1", "offence_code|times\n28|37")
    assert exchange.headline("NI16", "FY2008-Q1").numerator == 37


def test_a_withdrawn_delivery_leaves_the_quarter_missing(exchange: Exchange) -> None:
    only = exchange.deliver(CRIME, "FY2008-Q1", ONE)
    exchange.move(only, "withdrawn")
    assert exchange.headline("NI16", "FY2008-Q1").status == "missing"


def test_periods_that_have_not_begun_have_no_figure(exchange: Exchange) -> None:
    exchange.today = exchange.today.replace(year=2008, month=8)
    exchange.recompute()
    found = exchange.connection.execute(
        "SELECT max(period) FROM warehouse.merged.value WHERE indicator = 'NI16'"
    ).fetchall()
    assert found == [("FY2008-Q2",)]


def test_a_restated_year_is_read_from_the_newest_file(exchange: Exchange) -> None:
    """Each yearly file restates the years before it: never both, and a year the new file leaves out stays."""
    header = "indicator_id|area_code|sex|count|denominator|time_period_sortable"
    exchange.today = exchange.today.replace(year=2025)
    old = "90284|E09000013|Persons|100|27000|20210000\n90284|E09000013|Persons|150|27000|20220000"
    new = "90284|E09000013|Persons|155|26941|20220000\n90284|E09000013|Persons|145|26627|20230000"
    exchange.deliver("health/published_indicators", "FY2023", f"{header}\n{new}")
    exchange.deliver("health/published_indicators", "FY2022", f"{header}\n{old}")
    found = {year: exchange.headline("injuries-0-14", year).numerator for year in ("FY2021", "FY2022", "FY2023")}
    assert found == {"FY2021": 100, "FY2022": 155, "FY2023": 145}
