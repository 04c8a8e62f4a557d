"""What running a standard must not do: blame the data for our faults, let a value out, leave anything behind."""

import gc
import logging
import warnings

import pytest
import sqlalchemy as sa

import expectations.run
from expectations.engine import DuckDBExecutionEngine
from expectations.run import RuleResult, run_standard
from tests.expectations.judging import CANARY, failing_rows, fill, judge, rule, standard

NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"

BROKEN = {
    "unknown column": rule(NOT_NULL, column="nowhere"),
    "unknown rule": rule("expect_no_such_thing", column="a"),
    "unknown setting": rule(NOT_NULL, column="a", colour="red"),
    "missing setting": rule(IN_SET, value_set=["x"]),
    "expression DuckDB cannot read": rule("expect_column_values_to_match_regex", column="a", regex="(?<=a)b"),
    "text where numbers stand": rule(IN_SET, column="n", value_set=["x"]),
    "numbers where text stands": rule(IN_SET, column="a", value_set=[1]),
    "bounds the wrong way round": rule(BETWEEN, column="n", min_value=2, max_value=1),
    "a query of no rows": rule("unexpected_rows_expectation", unexpected_rows_query="SELECT n FROM {batch}"),
    "a query that is none": rule("unexpected_rows_expectation", unexpected_rows_query="SELEC {batch}"),
    "no way of computing it": rule("expect_column_values_to_be_json_parseable", column="a"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_could_not_run_and_the_others_still_do(engine: sa.Engine, name: str) -> None:
    fill(engine, "a VARCHAR, n BIGINT", f"'{CANARY}', 1", "NULL, 2")
    before, broken, after = judge(engine, rule(NOT_NULL, column="a"), BROKEN[name], rule(NOT_NULL, column="n"))
    assert (broken.outcome, broken.checked, broken.failed, broken.row_query) == ("could_not_run", 0, 0, None)
    assert broken.error is not None
    assert broken.error.isidentifier()  # a type, not a text
    assert [before.outcome, after.outcome] == ["failed", "passed"]


def test_a_table_that_is_not_there_is_our_fault(engine: sa.Engine) -> None:
    (result,) = run_standard(engine, "nowhere", standard(rule(NOT_NULL, column="a")))
    assert result.outcome == "could_not_run"


def test_no_value_of_a_row_is_in_results_logs_or_output(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [f"'{CANARY}{number}', {number}, '{CANARY}'" for number in range(30)]
    fill(engine, "a VARCHAR, n BIGINT, same VARCHAR", *rows)
    with caplog.at_level(logging.DEBUG):
        results = judge(
            engine,
            rule(IN_SET, column="a", value_set=["x"]),
            rule("expect_column_values_to_be_null", column="a"),
            rule("expect_column_values_to_match_regex", column="a", regex="^x"),
            rule("expect_column_values_to_be_unique", column="same"),
            rule("expect_compound_columns_to_be_unique", column_list=["same", "a"]),
            rule("expect_column_unique_value_count_to_be_between", column="a", max_value=1),
            rule("expect_column_distinct_values_to_be_in_set", column="a", value_set=["x"]),
            rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch}"),
            *BROKEN.values(),
        )
    written = capfd.readouterr()
    assert CANARY not in f"{results}{caplog.text}{written.out}{written.err}"
    assert not [record for record in caplog.records if record.name.startswith("great_expectations")]


def test_failing_rows_stay_in_duckdb(engine: sa.Engine) -> None:
    """Every statement of a run is an aggregate or asks for no rows, so none of 1,000 comes through Python."""
    fill(engine, "a VARCHAR, b VARCHAR")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO judged SELECT range, '{CANARY}', NULL FROM range(1000)")
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    results = judge(
        engine,
        rule(IN_SET, column="a", value_set=["x"]),
        rule("expect_column_values_to_be_unique", column="a"),
        rule("expect_compound_columns_to_be_unique", column_list=["a", "b"]),
        rule("expect_column_pair_values_to_be_equal", column_A="a", column_B="b", ignore_row_if="neither"),
        rule("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch}"),
    )
    assert [result.failed for result in results] == [1000, 1000, 0, 1000, 1000]
    assert [len(failing_rows(engine, result)) for result in results] == [1000, 1000, 0, 1000, 1000]
    ours = ("AS FAILING ORDER BY", "CREATE OR REPLACE TEMP MACRO")
    ran = [text.upper() for text in statements if not any(word in text.upper() for word in ours)]
    assert len(ran) > 3
    for text in ran:
        assert text.startswith(("SELECT COUNT(", "SELECT SUM(", 'SELECT "UNEXPECTEDCOUNT')) or "LIMIT" in text


def test_the_connection_stays_the_callers(engine: sa.Engine) -> None:
    """Tables in memory outlive the run: neither the engine nor its one connection was closed."""
    fill(engine, "a VARCHAR", "NULL")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE mine AS SELECT 1 AS one")
        connection.exec_driver_sql("SET VARIABLE kept = 7")
    judge(engine, rule(NOT_NULL, column="a"), BROKEN["numbers where text stands"])
    gc.collect()
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT one + getvariable('kept') FROM mine").scalar() == 8
        tables = connection.exec_driver_sql("SELECT table_name FROM duckdb_tables() ORDER BY 1").all()
    assert [name for (name,) in tables] == ["judged", "mine"]


def test_what_is_kept_of_a_rule_says_nothing_of_the_table_it_judged(engine: sa.Engine) -> None:
    """A rule's graph of metrics is made once; each table is still judged anew, as by a rule never seen before."""
    rules = (
        rule(IN_SET, column="a", value_set=["x"]),
        rule(BETWEEN, column="n", min_value=1),
        rule("expect_column_values_to_be_unique", column="a"),
        rule("expect_compound_columns_to_be_unique", column_list=["a", "n"]),
        rule("unexpected_rows_expectation", unexpected_rows_query="SELECT _row FROM {batch} WHERE n > 1"),
    )
    tables = [["'x', 0", "'x', 0", "'y', 2"], ["'x', 1"], ["NULL, NULL"], []]
    kept: list[list[RuleResult]] = []
    anew: list[list[RuleResult]] = []
    for found, forget in ((kept, False), (anew, True)):
        for rows in tables:
            if forget:
                expectations.run._made.clear()
            fill(engine, "a VARCHAR, n BIGINT", *rows)
            found.append(judge(engine, *rules))
    assert kept == anew
    assert [[result.failed for result in results] for results in kept[:2]] == [[1, 2, 2, 2, 1], [0, 0, 0, 0, 0]]


def test_delivery_after_delivery_leaves_nothing_behind(engine: sa.Engine) -> None:
    def engines() -> int:
        gc.collect()
        return sum(isinstance(thing, DuckDBExecutionEngine) for thing in gc.get_objects())

    fill(engine, "a VARCHAR", "NULL")
    judge(engine, rule(NOT_NULL, column="a"))
    engines_before, objects_before = engines(), len(gc.get_objects())
    for _ in range(20):
        judge(engine, rule(NOT_NULL, column="a"))
    assert engines() == engines_before
    assert len(gc.get_objects()) - objects_before < 200


def test_importing_the_library_leaves_warnings_to_python() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("heard", stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["heard"]
    assert logging._warnings_showwarning is None  # type: ignore[attr-defined]
