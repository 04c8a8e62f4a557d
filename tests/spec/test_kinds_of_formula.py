"""Each kind of formula, counted by hand: docs/formulas.md as specifications.

`tests/spec/frameworks/kinds-of-formula` is a framework of its own: it is there because its files are. Its figures come
by the dataset that may return any indicator of any framework.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from schemas.framework import load_framework
from schemas.partnership import Partnership
from tests.spec.exchange import Exchange, open_reference

RETURN = "council/indicator_return"
FRAMEWORK = "kinds-of-formula"


@pytest.fixture(scope="module")
def with_kinds(partnership: Partnership) -> Iterator[tuple[Partnership, duckdb.DuckDBPyConnection]]:
    here = Path(__file__).parent
    framework, _ = load_framework(here / "frameworks" / FRAMEWORK, here)
    changed = replace(partnership, frameworks={**partnership.frameworks, FRAMEWORK: framework})
    connection = open_reference(changed)
    yield changed, connection
    connection.close()


@pytest.fixture
def exchange(with_kinds: tuple[Partnership, duckdb.DuckDBPyConnection], tmp_path: Path) -> Exchange:
    partnership, connection = with_kinds
    return Exchange(connection, partnership, tmp_path)


def give(exchange: Exchange, rows: str, period: str = "FY2010-Q4") -> None:
    """One return; basis and source are filled in where a row leaves them out."""
    header, *lines = rows.strip().splitlines()
    if "basis" not in header:
        header, lines = f"{header} | basis", [f"{line} | final" for line in lines]
    if "source" not in header:
        header, lines = f"{header} | source", [f"{line} | council_record" for line in lines]
    exchange.deliver(RETURN, period, "\n".join([header, *lines]))


def test_a_rate_is_cases_among_a_population(exchange: Exchange) -> None:
    """NI 16: 5,432 offences among 172,000 people are 31.58 for each 1,000."""
    give(
        exchange,
        """
        indicator | period    | numerator
        K-rate    | FY2008-Q1 | 1401
        K-rate    | FY2008-Q2 | 1322
        K-rate    | FY2008-Q3 | 1385
        K-rate    | FY2008-Q4 | 1324
        """,
    )
    figure = exchange.headline("K-rate", "FY2008-Q4")
    assert (figure.ytd_numerator, figure.ytd_denominator) == (5432, 172_000)
    assert figure.ytd == pytest.approx(31.58, abs=0.005)


def test_percentages_are_pooled_and_never_averaged(exchange: Exchange) -> None:
    """50 of 100, 5 of 100 and 1 of 10 are 26.7 per cent; the mean of the percentages would be 21.7."""
    give(
        exchange,
        """
        indicator | period    | numerator | denominator
        K-percent | FY2008-Q1 | 50        | 100
        K-percent | FY2008-Q2 | 5         | 100
        K-percent | FY2008-Q3 | 1         | 10
        """,
    )
    assert exchange.headline("K-percent", "FY2008-Q3").ytd == pytest.approx(26.67, abs=0.005)


def test_a_snapshot_is_never_added_up(exchange: Exchange) -> None:
    """NI 156: 1,510, 1,480, 1,450 and 1,400 households; the year's figure is 1,400, not 5,840."""
    give(
        exchange,
        """
        indicator  | period    | numerator
        K-snapshot | FY2008-Q1 | 1510
        K-snapshot | FY2008-Q2 | 1480
        K-snapshot | FY2008-Q3 | 1450
        K-snapshot | FY2008-Q4 | 1400
        """,
    )
    assert exchange.headline("K-snapshot", "FY2008-Q4").ytd == 1400


def test_a_snapshot_may_be_a_share(exchange: Exchange) -> None:
    give(
        exchange,
        """
        indicator | period    | numerator | denominator
        K-share   | FY2008-Q1 | 30        | 120
        K-share   | FY2008-Q2 | 10        | 100
        """,
    )
    figure = exchange.headline("K-share", "FY2008-Q2")
    assert (figure.value, figure.ytd) == (10.0, 10.0)
    assert figure.lower is not None


def test_a_mean_is_of_events_and_never_of_quarters(exchange: Exchange) -> None:
    """NI 181: 900 days over 90 events and 100 days over 5 are 1,000 over 95, not the mean of 10 and 20."""
    give(
        exchange,
        """
        indicator | period    | numerator | denominator
        K-mean    | FY2008-Q1 | 900       | 90
        K-mean    | FY2008-Q2 | 100       | 5
        """,
    )
    assert exchange.headline("K-mean", "FY2008-Q2").ytd == pytest.approx(1000 / 95)


def test_a_gap_is_a_share_of_the_median(exchange: Exchange) -> None:
    """NI 92: scores 40, 60, 80, 90, 100, 100, 110, 110, 115, 117: median 100, mean of the lowest fifth 50."""
    scores = "[40, 60, 80, 90, 100, 100, 110, 110, 115, 117]"
    median, lowest = exchange.macro(f"list_median({scores})"), exchange.macro(f"list_avg({scores}[1:2])")
    assert (median, lowest) == (100, 50)
    give(exchange, f"indicator | period | numerator | denominator\nK-gap | AY2008 | {100 - 50} | 100")
    assert exchange.headline("K-gap", "AY2008").value == 50.0


NEET = """
    measure              | period  | amount
    k_months_numerator   | 2008-10 | 500
    k_months_denominator | 2008-10 | 3000
    k_months_numerator   | 2008-11 | 210
    k_months_denominator | 2008-11 | 3000
    k_months_numerator   | 2008-12 | 216
    k_months_denominator | 2008-12 | 3000
"""


def test_a_mean_of_named_months_leaves_the_others_out(exchange: Exchange) -> None:
    """NI 117: 7.0, 7.2 and 6.5 per cent in November, December and January are 6.9; October's 500 do not count."""
    january = "k_months_numerator | 2009-01 | 195\n    k_months_denominator | 2009-01 | 3000"
    exchange.deliver_totals(RETURN, "FY2008-Q4", f"{NEET.rstrip()}\n    {january}")
    figure = exchange.headline("K-months", "FY2008")
    assert (figure.numerator, figure.denominator) == (207, 3000)
    assert figure.value == pytest.approx(6.9)


def test_a_mean_of_named_months_is_blank_until_each_is_in(exchange: Exchange) -> None:
    exchange.deliver_totals(RETURN, "FY2008-Q3", NEET)
    assert exchange.headline("K-months", "FY2008").status == "missing"


def test_ni117_from_records_of_young_people(exchange: Exchange) -> None:
    """Counted on the last day of each month: 17-year-olds of whom the service does not know are outside the base."""
    for month, neet in (("2008-10", 50), ("2008-11", 21), ("2008-12", 22), ("2009-01", 19)):
        others = 300 - neet
        rows = [f"{n} | 17 | {'neet' if n < neet else 'education'}" for n in range(neet + others)]
        rows += [f"u{n} | 17 | not known" for n in range(40)]
        exchange.deliver("council/neet", month, "\n".join(["young_person_ref | age | activity", *rows]))
    figure = exchange.headline("K-neet", "FY2008")
    assert figure.denominator == 300
    assert figure.value == pytest.approx(100 * 62 / 900)


def test_rolling_twelve_months_are_blank_until_twelve_months_are_held(exchange: Exchange) -> None:
    """NI 32: repeat cases among all cases of the twelve months that end with the quarter."""
    give(
        exchange,
        """
        indicator | period    | numerator | denominator
        K-rolling | FY2008-Q1 | 10        | 50
        K-rolling | FY2008-Q2 | 12        | 40
        K-rolling | FY2008-Q3 | 11        | 60
        K-rolling | FY2008-Q4 | 7         | 50
        K-rolling | FY2009-Q1 | 20        | 50
        """,
    )
    assert exchange.headline("K-rolling", "FY2008-Q3").value is None
    assert exchange.headline("K-rolling", "FY2008-Q4").value == pytest.approx(100 * 40 / 200)
    year_on = exchange.headline("K-rolling", "FY2009-Q1")
    assert (year_on.numerator, year_on.denominator, year_on.ytd) == (50, 200, 25.0)


def test_money_adds_up_from_the_start_of_the_agreement(exchange: Exchange) -> None:
    """NI 179: gains since the start of 2008/09, not of the year."""
    give(
        exchange,
        """
        indicator | period    | numerator
        K-money   | FY2008-Q1 | 1000
        K-money   | FY2008-Q2 | 500
        K-money   | FY2008-Q3 | 500
        K-money   | FY2008-Q4 | 2000
        K-money   | FY2009-Q1 | 250
        """,
    )
    assert exchange.headline("K-money", "FY2009-Q1").value == 4250
    assert exchange.headline("K-money", "FY2009-Q1").ytd == 4250


def test_a_change_on_a_fixed_base_is_negative_when_it_falls(exchange: Exchange) -> None:
    """NI 112: from 52.0 in 1998 to 41.6, a change of -20 per cent: the lower the better."""
    give(
        exchange,
        """
        indicator | period | value
        K-change  | CY1998 | 52.0
        K-change  | CY2008 | 41.6
        """,
    )
    assert exchange.headline("K-change", "CY2008").value == pytest.approx(-20.0)


def test_without_its_base_a_change_is_missing(exchange: Exchange) -> None:
    give(exchange, "indicator | period | value\nK-change | CY2008 | 41.6")
    figure = exchange.headline("K-change", "CY2008")
    assert (figure.status, figure.value) == ("missing", None)


def test_a_reduction_shows_a_fall_as_a_positive_number(exchange: Exchange) -> None:
    """NI 47: the mean of three years falls from 96.0 to 90.0 people killed or seriously injured: +6.25 per cent."""
    give(
        exchange,
        """
        indicator   | period | numerator
        K-reduction | CY2005 | 100
        K-reduction | CY2006 | 95
        K-reduction | CY2007 | 93
        K-reduction | CY2008 | 82
        """,
    )
    figure = exchange.headline("K-reduction", "CY2008")
    assert (figure.numerator, figure.denominator) == (270, 288)
    assert figure.value == pytest.approx(6.25)


def test_a_reported_figure_stands_as_its_source_stated_it(exchange: Exchange) -> None:
    give(
        exchange,
        """
        indicator  | period    | value | basis       | source
        K-reported | FY2008-Q1 | 41.70 | final       | hospital_statistics
        K-reported | FY2008-Q2 | 43.25 | provisional | hospital_statistics
        """,
    )
    figure = exchange.headline("K-reported", "FY2008-Q2")
    assert (figure.value, figure.ytd, figure.lower) == (43.25, 43.25, None)
    assert exchange.stated("K-reported", "FY2008-Q2") == (
        "provisional",
        "Hospital Episode Statistics, regional public health observatory",
        None,
    )


def test_an_estimate_is_named_as_one(exchange: Exchange) -> None:
    give(exchange, "indicator | period | value | basis\nK-reported | FY2008-Q1 | 41.7 | estimate")
    assert exchange.headline("K-reported", "FY2008-Q1").status == "estimated"


def test_the_figure_takes_the_place_of_the_estimate(exchange: Exchange) -> None:
    give(exchange, "indicator | period | value | basis\nK-reported | FY2008-Q1 | 41.7 | estimate", "FY2008-Q1")
    give(exchange, "indicator | period | value | basis\nK-reported | FY2008-Q1 | 40.2 | final", "FY2008-Q2")
    figure = exchange.headline("K-reported", "FY2008-Q1")
    assert (figure.value, figure.status, figure.deliveries) == (40.2, "ok", 1)


def test_a_survey_is_shown_with_its_day_and_only_for_the_years_it_was_taken(exchange: Exchange) -> None:
    give(
        exchange,
        """
        indicator | period | value | source       | measured_on
        K-survey  | FY2008 | 78.0  | place_survey | 2008-12-19
        """,
    )
    assert exchange.headline("K-survey", "FY2008").value == 78.0
    assert str(exchange.stated("K-survey", "FY2008")[2]) == "2008-12-19"
    assert exchange.figure("K-survey", "FY2009") is None


def test_history_of_an_older_system_comes_in_one_file_and_leaves_no_gaps_to_explain(exchange: Exchange) -> None:
    give(
        exchange,
        """
        indicator | period    | numerator | source
        K-count   | FY2006-Q4 | 40        | previous_system
        K-count   | FY2007-Q4 | 44        | previous_system
        """,
    )
    assert exchange.headline("K-count", "FY2006-Q4").value == 40
    assert exchange.figure("K-count", "FY2006-Q3") is None, "before the framework only what is known is shown"
    assert exchange.headline("K-count", "FY2008-Q1").status == "missing"


def test_a_comparator_is_returned_beside_the_borough(exchange: Exchange) -> None:
    give(
        exchange,
        """
        indicator  | period    | area_code | value
        K-reported | FY2008-Q1 |           | 41.7
        K-reported | FY2008-Q1 | E12000007 | 39.9
        """,
    )
    london = exchange.figure("K-reported", "FY2008-Q1", area="E12000007")
    assert london is not None
    assert london.value == 39.9
