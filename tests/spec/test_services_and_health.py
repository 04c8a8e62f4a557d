"""NI 157, NI 181, NI 70 and NI 123."""

import pytest

from tests.spec.exchange import Exchange


def test_ni157_counts_13_weeks_as_91_days_and_8_weeks_as_56(exchange: Exchange) -> None:
    exchange.deliver(
        "council/planning_applications",
        "FY2008-Q2",
        """
        application_type | received_on | decided_on | decision
        major            | 2008-05-01  | 2008-07-31 | granted
        major            | 2008-05-01  | 2008-08-01 | granted
        minor            | 2008-07-01  | 2008-08-26 | granted
        minor            | 2008-07-01  | 2008-08-27 | refused
        minor            | 2008-07-01  | 2008-08-27 | refused
        other            | 2008-07-01  | 2008-08-26 | granted
        """,
    )
    found = {letter: exchange.headline(f"NI157{letter}", "FY2008-Q2").value for letter in "abc"}
    assert found == pytest.approx({"a": 50.0, "b": 100 / 3, "c": 100.0})


def test_a_quarter_without_a_decision_is_not_applicable_and_not_zero(exchange: Exchange) -> None:
    exchange.deliver(
        "council/planning_applications",
        "FY2008-Q1",
        "application_type|received_on|decided_on\nother|2008-04-01|2008-05-01",
    )
    figure = exchange.headline("NI157a", "FY2008-Q1")
    assert (figure.value, figure.denominator, figure.status) == (None, 0, "ok")


def test_ni181_is_the_mean_over_events_and_not_over_quarters(exchange: Exchange) -> None:
    """100 events of 10 days, then 10 events of 30 days: 11.8 days, not 20."""
    for period, received, decided, times in (
        ("FY2008-Q1", "2008-04-01", "2008-04-11", 100),
        ("FY2008-Q2", "2008-07-01", "2008-07-31", 10),
    ):
        exchange.deliver(
            "council/benefit_claims",
            period,
            f"claim_kind|benefit|received_on|decided_on|times\nnew_claim|HB|{received}|{decided}|{times}",
        )
    figure = exchange.headline("NI181", "FY2008-Q2")
    assert figure.value == 30.0
    assert figure.ytd == pytest.approx(1300 / 110)


def test_ni70_counts_emergency_admissions_for_injury_under_18(exchange: Exchange) -> None:
    exchange.deliver(
        "health/injury_admissions",
        "FY2008-Q1",
        """
        admission_method | cause_code | age | times
        21               | W19        | 4   | 40
        2A               | V03.1      | 17  | 5
        22               | X60        | 16  | 3
        21               | S52.5      | 9   | 2
        11               | W19        | 4   | 100
        21               | J45        | 4   | 100
        21               | W19        | 18  | 100
        """,
    )
    figure = exchange.headline("NI70", "FY2008-Q1")
    assert (figure.numerator, figure.denominator) == (50, 30_600)
    assert figure.value == pytest.approx(50 / 30_600 * 10_000)


def test_ni123_counts_quitters_of_16_and_over(exchange: Exchange) -> None:
    exchange.deliver(
        "health/smoking_quits",
        "FY2008-Q1",
        """
        outcome  | verified | age_band | sex | times
        quit     | co       | 18-34    | F   | 200
        quit     | self     | 35-44    | M   | 100
        quit     | self     | under 16 | M   | 9
        not_quit | none     | 18-34    | F   | 250
        lost     | none     | 60+      | U   | 50
        """,
    )
    figure = exchange.headline("NI123", "FY2008-Q1")
    assert (figure.numerator, figure.denominator) == (300, 145_800)


FINGERTIPS = """
indicator_id | parent_code | area_code | sex     | category_type | count | denominator | time_period_sortable
90284        | E92000001   | E09000013 | Persons |               | 155   | 26941       | 20220000
90284        | E92000001   | E09000013 | Male    |               | 90    | 13559       | 20220000
90284        | E92000001   | E09000013 | Female  |               | 65    | 13382       | 20220000
90284        | E92000001   | E09000013 | Male    |               | 70    | 13442       | 20230000
90284        | E92000001   | E09000013 | Female  |               | 75    | 13185       | 20230000
90284        |             | E92000001 | Persons |               | 72293 | 9942344     | 20230000
90284        | E92000001   | E92000001 | Persons |               | 72293 | 9942344     | 20230000
90284        |             | E92000001 | Persons | IMD deciles   | 12590 | 1508470     | 20230000
90284        |             | E92000001 | Persons | IMD deciles   |       |             | 20230000
"""


@pytest.mark.parametrize(("period", "admissions", "children"), [("FY2022", 155, 26_941), ("FY2023", 145, 26_627)])
def test_published_persons_are_used_and_males_and_females_pooled_where_they_are_missing(
    exchange: Exchange, period: str, admissions: int, children: int
) -> None:
    exchange.today = exchange.today.replace(year=2025)
    exchange.deliver("health/published_indicators", "FY2023", FINGERTIPS)
    figure = exchange.headline("injuries-0-14", period)
    assert (figure.numerator, figure.denominator) == (admissions, children)


def test_england_is_counted_once_and_without_its_deprivation_deciles(exchange: Exchange) -> None:
    exchange.today = exchange.today.replace(year=2025)
    exchange.deliver("health/published_indicators", "FY2023", FINGERTIPS)
    england = exchange.figure("injuries-0-14", "FY2023", area="E92000001")
    assert england is not None
    assert england.value == pytest.approx(72.71223)


def test_a_year_without_a_published_figure_is_missing_although_england_has_one(exchange: Exchange) -> None:
    exchange.today = exchange.today.replace(year=2025)
    england_only = "\n".join(line for line in FINGERTIPS.splitlines() if "E09000013" not in line)
    exchange.deliver("health/published_indicators", "FY2023", england_only)
    assert exchange.headline("injuries-0-14", "FY2023").status == "missing"
