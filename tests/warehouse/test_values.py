"""The value models and the reference: every table described, calendars without gaps, intervals that are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from schemas.partnership import Partnership, load_partnership
from tests.spec.exchange import Exchange, open_reference
from warehouse.reference import create_reference
from warehouse.tables import definition
from warehouse.values import MODELS, SCRATCH, STEPS, CalendarEndedError, recompute


@pytest.fixture(scope="module")
def partnership() -> Partnership:
    return load_partnership()


@pytest.fixture(scope="module")
def connection(partnership: Partnership) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_reference(partnership)
    yield opened
    opened.close()


@pytest.fixture
def exchange(connection: duckdb.DuckDBPyConnection, partnership: Partnership, tmp_path: Path) -> Exchange:
    return Exchange(connection, partnership, tmp_path)


def test_every_reference_table_and_column_has_a_comment(exchange: Exchange) -> None:
    for listing in ("duckdb_tables()", "duckdb_columns()"):
        bare = exchange.connection.execute(
            f"SELECT table_name FROM {listing} WHERE schema_name IN ('reference', 'merged') AND comment IS NULL"
        ).fetchall()
        assert bare == []


def test_the_warehouse_tables_keep_to_what_a_lake_catalog_has(exchange: Exchange) -> None:
    assert (
        exchange.connection.execute("SELECT * FROM duckdb_constraints() WHERE schema_name = 'merged'").fetchall()
        == []
    )
    types = exchange.connection.execute(
        "SELECT DISTINCT data_type FROM duckdb_columns() WHERE schema_name = 'merged'"
    )
    assert {name for (name,) in types.fetchall()} <= {
        "VARCHAR",
        "DATE",
        "BIGINT",
        "INTEGER",
        "DOUBLE",
        "DECIMAL(28,9)",
    }


def test_the_periods_of_an_indicator_follow_each_other(exchange: Exchange, partnership: Partnership) -> None:
    """All but those of a survey, which has the years it is taken in and no others."""
    surveyed = {id for id, indicator in partnership.indicators.items() if indicator.periods}
    periods = exchange.connection.execute(
        "SELECT framework, indicator, period_start, period_end, year_start, year_end, year_part, year_parts "
        "FROM reference.period ORDER BY ALL"
    ).fetchall()
    last: dict[tuple[str, str], date] = {}
    for framework, indicator, start, end, year_start, year_end, part, parts in periods:
        assert year_start <= start <= end <= year_end
        assert 1 <= part <= parts
        before = last.get((framework, indicator))
        assert before is None or indicator in surveyed or start == before + timedelta(days=1)
        last[framework, indicator] = end


def test_the_reference_can_be_built_again(exchange: Exchange, partnership: Partnership) -> None:
    def rows() -> int:
        return int(exchange.connection.execute("SELECT count(*) FROM reference.area").fetchall()[0][0])

    before = rows()
    create_reference(exchange.connection, partnership, last=date(2027, 3, 31))
    assert rows() == before


def test_a_clock_past_the_calendar_is_said_and_not_passed_over(exchange: Exchange) -> None:
    with pytest.raises(CalendarEndedError, match="build the reference with last=2031-01-01"):
        recompute(exchange.connection, today=date(2031, 1, 1))


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_described_and_its_tables_have_the_columns_named(exchange: Exchange, step: str) -> None:
    about = definition(MODELS / f"{step}.yaml")
    assert about["owner"]
    assert about["grain"]
    assert about["checks"]
    exchange.connection.execute(
        "SET VARIABLE value_datasets = NULL::VARCHAR[]; SET VARIABLE value_first = NULL::DATE"
    )
    exchange.connection.execute(
        "SET VARIABLE value_last = NULL::DATE; SET VARIABLE value_today = DATE '2009-04-01'"
    )
    for earlier in STEPS[: STEPS.index(step) + 1]:
        exchange.connection.execute((MODELS / f"{earlier}.sql").read_text(encoding="utf-8"))
    for table, columns in about.get("tables", {}).items():
        described = exchange.connection.execute(f"DESCRIBE {table}").fetchall()
        assert [name for name, *_ in described] == list(columns)
        assert table in SCRATCH


def test_a_recompute_leaves_no_scratch_behind(exchange: Exchange) -> None:
    exchange.recompute()
    left = exchange.connection.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'value_%'")
    assert left.fetchall() == []


def test_a_recompute_takes_part_in_the_callers_transaction(exchange: Exchange) -> None:
    exchange.connection.execute("BEGIN")
    exchange.deliver("council/benefit_claims", "FY2008-Q1")
    exchange.recompute()
    exchange.connection.execute("ROLLBACK")
    assert exchange.all_values() == []


def test_wilson_limits_agree_with_a_published_example(exchange: Exchange) -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, Statistics in Medicine 1998, table I, method 3)."""
    assert exchange.macro("wilson_lower(81, 263)") == pytest.approx(0.2553, abs=5e-5)
    assert exchange.macro("wilson_upper(81, 263)") == pytest.approx(0.3662, abs=5e-5)


def test_wilson_limits_stay_between_none_and_all(exchange: Exchange) -> None:
    assert exchange.macro("wilson_lower(0, 10)") == 0
    assert exchange.macro("wilson_upper(10, 10)") == pytest.approx(1)
    assert exchange.macro("wilson_lower(0, 0)") is None


def test_byar_limits_are_close_to_the_exact_poisson_limits(exchange: Exchange) -> None:
    """Ten cases: exact 4.80 to 18.39."""
    assert exchange.macro("byar_lower(10)") == pytest.approx(4.80, abs=0.02)
    assert exchange.macro("byar_upper(10)") == pytest.approx(18.39, abs=0.02)
    assert exchange.macro("byar_lower(0)") == 0
    assert exchange.macro("byar_upper(0)") == pytest.approx(3.69, abs=0.1)


def test_a_rate_of_cases_has_byar_limits_and_a_percentage_of_cases_wilson_limits(exchange: Exchange) -> None:
    exchange.deliver("police/recorded_crime", "FY2008-Q1", "offence_code|times\n28|10")
    rate = exchange.headline("NI16", "FY2008-Q1")
    assert rate.lower == pytest.approx(4.80 / 172, abs=0.001)
    assert rate.upper == pytest.approx(18.39 / 172, abs=0.001)
    exchange.deliver(
        "council/planning_applications",
        "FY2008-Q1",
        "application_type|received_on|decided_on|times\nmajor|2008-04-01|2008-05-01|81\nmajor|2007-04-01|2008-05-01|182",
    )
    percentage = exchange.headline("NI157a", "FY2008-Q1")
    assert (percentage.lower, percentage.upper) == pytest.approx((25.53, 36.62), abs=0.005)


def test_a_date_range_recomputes_what_rests_on_it_and_nothing_else(exchange: Exchange) -> None:
    """A change in April to June touches the rest of its year, through the year to date, and no other year."""
    crime = "police/recorded_crime"
    for period in ("FY2008-Q1", "FY2008-Q4", "FY2009-Q1"):
        exchange.deliver(crime, period, "offence_code\n28")
    exchange.recompute()
    exchange.connection.execute("UPDATE warehouse.merged.value SET status = 'old'")
    recompute(
        exchange.connection, datasets=[crime], first=date(2008, 4, 1), last=date(2008, 6, 30), today=exchange.today
    )
    touched = exchange.connection.execute(
        "SELECT DISTINCT period FROM warehouse.merged.value WHERE indicator = 'NI16' AND status <> 'old' ORDER BY ALL"
    ).fetchall()
    assert [period for (period,) in touched] == ["FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4"]
    others = exchange.connection.execute(
        "SELECT count(*) FROM warehouse.merged.value WHERE indicator = 'NI156' AND status <> 'old'"
    ).fetchall()
    assert others == [(0,)]
