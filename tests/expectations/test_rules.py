"""Each kind of rule on a table that keeps it and on one that breaks it, and exactly which rows break it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.expectations.judging import failing_rows, fill, judge, rule

NOT_NULL = "expect_column_values_to_not_be_null"
NULL = "expect_column_values_to_be_null"
IN_SET = "expect_column_values_to_be_in_set"
MATCH = "expect_column_values_to_match_regex"
NOT_MATCH = "expect_column_values_to_not_match_regex"
BETWEEN = "expect_column_values_to_be_between"
IN_PAIRS = "expect_column_pair_values_to_be_in_set"
EITHER_MISSING = {"ignore_row_if": "either_value_is_missing"}
A_OVER_B = "expect_column_pair_values_a_to_be_greater_than_b"
TOGETHER = "expect_compound_columns_to_be_unique"
UNIQUE = "expect_column_values_to_be_unique"
DAY = "date '2009-07-01', date '2009-06-30'"

# kind of rule, its settings, columns, rows that keep it, rows that break it, which of those do
CASES: dict[str, tuple[str, dict[str, Any], str, list[str], list[str], list[int]]] = {
    "not null": (NOT_NULL, {"column": "a"}, "a VARCHAR", ["'x'", "''"], ["'x'", "NULL"], [1]),
    "not null with tolerance": (
        NOT_NULL,
        {"column": "a", "mostly": 0.5},
        "a VARCHAR",
        ["'x'", "NULL"],
        ["NULL", "'x'", "NULL"],
        [0, 2],
    ),
    "null": (NULL, {"column": "_uncast"}, "_uncast VARCHAR", ["NULL"], ["NULL", "'a, b'"], [1]),
    "first copy": (
        IN_SET,
        {"column": "_copy", "value_set": [1]},
        "_copy BIGINT",
        ["1"],
        ["1", "2", "3"],
        [1, 2],
    ),
    "in set of texts": (
        IN_SET,
        {"column": "a", "value_set": ["Y", "N"]},
        "a VARCHAR",
        ["'Y'", "NULL"],
        ["'Y'", "'y'", "NULL"],
        [1],
    ),
    "in set with a quote": (
        IN_SET,
        {"column": "a", "value_set": ["St Mary's", "100%", "a:b", "$1", "\\d"]},
        "a VARCHAR",
        ["'St Mary''s'", "'100%'", "'a:b'", "'$1'", "'\\d'"],
        ["'St Marys'", "'100%%'", "'\\\\d'"],
        [0, 1, 2],
    ),
    "in set of whole numbers": (
        IN_SET,
        {"column": "a", "value_set": [1, 2, 3]},
        "a BIGINT",
        ["3"],
        ["4", "1"],
        [0],
    ),
    "in set of mixed numbers": (
        IN_SET,
        {"column": "a", "value_set": [1, 2.5]},
        "a DECIMAL(18,4)",
        ["1", "2.5"],
        ["2", "2.5"],
        [0],
    ),
    "in set of dates": (
        IN_SET,
        {"column": "a", "value_set": [date(2009, 7, 1)]},
        "a DATE",
        ["date '2009-07-01'"],
        ["date '2009-07-02'"],
        [0],
    ),
    "in an empty set": (IN_SET, {"column": "a", "value_set": []}, "a VARCHAR", ["NULL"], ["'x'", "NULL"], [0]),
    "match regex": (
        MATCH,
        {"column": "a", "regex": r"^\d{2}-[A-Z]\.$"},
        "a VARCHAR",
        ["'12-B.'"],
        ["'12-B'", "'x12-B.'"],
        [0, 1],
    ),
    "match regex anywhere": (
        MATCH,
        {"column": "a", "regex": "b"},
        "a VARCHAR",
        ["'abc'"],
        ["'abc'", "'xyz'"],
        [1],
    ),
    "match regex on a number": (MATCH, {"column": "a", "regex": "^2"}, "a BIGINT", ["21"], ["21", "12"], [1]),
    "not match regex": (
        NOT_MATCH,
        {"column": "a", "regex": r"\s"},
        "a VARCHAR",
        ["'ab'", "NULL"],
        ["'a b'", "'ab'"],
        [0],
    ),
    "any regex of a list": (
        "expect_column_values_to_match_regex_list",
        {"column": "a", "regex_list": ["^a", "z$"]},
        "a VARCHAR",
        ["'ab'", "'yz'"],
        ["'by'"],
        [0],
    ),
    "no regex of a list": (
        "expect_column_values_to_not_match_regex_list",
        {"column": "a", "regex_list": ["^a", "z$"]},
        "a VARCHAR",
        ["'by'"],
        ["'by'", "'az'"],
        [1],
    ),
    "like": (
        "expect_column_values_to_match_like_pattern",
        {"column": "a", "like_pattern": "E05%"},
        "a VARCHAR",
        ["'E05000250'"],
        ["'E06'"],
        [0],
    ),
    "between numbers": (
        BETWEEN,
        {"column": "a", "min_value": 0, "max_value": 0.5},
        "a DOUBLE",
        ["0", "0.5"],
        ["-0.1", "0.5", "0.51"],
        [0, 2],
    ),
    "between decimals": (
        BETWEEN,
        {"column": "a", "min_value": Decimal("0.1"), "strict_min": True},
        "a DECIMAL(18,4)",
        ["0.1001"],
        ["0.1", "0.2"],
        [0],
    ),
    "between dates": (
        BETWEEN,
        {"column": "a", "min_value": date(2009, 7, 1), "max_value": date(2009, 9, 30)},
        "a DATE",
        ["date '2009-07-01'", "NULL"],
        ["date '2009-09-30'", "date '2009-10-01'"],
        [1],
    ),
    "between moments": (
        BETWEEN,
        {"column": "a", "max_value": datetime(2009, 7, 1, 12, 0, 0)},  # noqa: DTZ001
        "a TIMESTAMP",
        ["timestamp '2009-07-01 12:00:00'"],
        ["timestamp '2009-07-01 12:00:01'"],
        [0],
    ),
    "between dates written as text": (
        BETWEEN,
        {"column": "a", "min_value": "2009-07-01"},
        "a DATE",
        ["date '2009-07-01'"],
        ["date '2009-06-30'"],
        [0],
    ),
    "pair of texts in a set": (
        IN_PAIRS,
        {"column_A": "a", "column_B": "b", "value_pairs_set": [["x", "y"], ["it's", "1"]], **EITHER_MISSING},
        "a VARCHAR, b VARCHAR",
        ["'x', 'y'", "'it''s', '1'", "'x', NULL"],
        ["'x', '1'", "'x', 'y'", "concat('x', chr(31), 'y'), ''", "'', concat('x', chr(31), 'y')"],
        [0, 2, 3],
    ),
    "pair of texts in a set, missing halves counted": (
        IN_PAIRS,
        {"column_A": "a", "column_B": "b", "value_pairs_set": [["x", "y"]], "ignore_row_if": "neither"},
        "a VARCHAR, b VARCHAR",
        ["'x', 'y'"],
        ["'x', NULL", "NULL, 'y'", "'x', 'y'"],
        [0, 1],
    ),
    "pair of a text and a number in a set": (
        IN_PAIRS,
        {"column_A": "a", "column_B": "n", "value_pairs_set": [["x", 1], ["y", 2]], **EITHER_MISSING},
        "a VARCHAR, n DECIMAL(8, 2)",
        ["'x', 1", "'y', 2", "NULL, 1"],
        ["'x', 2", "'y', 2", "'x', 1.5"],
        [0, 2],
    ),
    "pair greater": (
        A_OVER_B,
        {"column_A": "a", "column_B": "b", "ignore_row_if": "either_value_is_missing"},
        "a DATE, b DATE",
        [DAY, "NULL, date '2009-06-30'"],
        [DAY, "date '2009-06-30', date '2009-06-30'"],
        [1],
    ),
    "pair greater or equal": (
        A_OVER_B,
        {"column_A": "a", "column_B": "b", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a DATE, b DATE",
        [DAY, "date '2009-06-30', date '2009-06-30'", "date '2009-06-30', NULL"],
        ["date '2009-06-29', date '2009-06-30'", DAY],
        [0],
    ),
    "unique together": (
        TOGETHER,
        {"column_list": ["a", "_copy"]},
        "a VARCHAR, _copy BIGINT",
        ["'x', 1", "'x', 2", "NULL, 1", "NULL, 1"],
        ["'x', 1", "'y', 1", "'x', 1"],
        [0, 2],
    ),
    "unique": (UNIQUE, {"column": "a"}, "a VARCHAR", ["'x'", "NULL", "NULL"], ["'x'", "'y'", "'x'"], [0, 2]),
    "length": (
        "expect_column_value_lengths_to_be_between",
        {"column": "a", "max_value": 2},
        "a VARCHAR",
        ["'xy'"],
        ["'xyz'"],
        [0],
    ),
    "where": (
        NOT_NULL,
        {
            "column": "a",
            "row_condition": {
                "type": "comparison",
                "column": {"name": "b"},
                "operator": "==",
                "parameter": "decided",
            },
        },
        "a DATE, b VARCHAR",
        ["NULL, 'open'", "date '2009-07-01', 'decided'"],
        ["NULL, 'open'", "NULL, 'decided'"],
        [1],
    ),
    "a query": (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "SELECT _row FROM {batch} WHERE a > 3"},
        "a BIGINT",
        ["3"],
        ["3", "4"],
        [1],
    ),
    "a column named like a word of SQL": (
        NOT_NULL,
        {"column": "order"},
        '"order" VARCHAR',
        ["'x'"],
        ["NULL"],
        [0],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_passes_on_rows_that_keep_it(engine: sa.Engine, name: str) -> None:
    kind, settings, columns, keeping, _, _ = CASES[name]
    fill(engine, columns, *keeping)
    (result,) = judge(engine, rule(kind, **settings))
    assert (result.outcome, result.row_query, result.error) == ("passed", None, None)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_fails_and_names_exactly_the_rows_that_break_it(engine: sa.Engine, name: str) -> None:
    kind, settings, columns, _, breaking, rows = CASES[name]
    fill(engine, columns, *breaking)
    (result,) = judge(engine, rule(kind, **settings))
    assert (result.outcome, result.failed, result.error) == ("failed", len(rows), None)
    assert failing_rows(engine, result) == rows


@pytest.mark.parametrize(
    ("kind", "settings", "rows", "outcome"),
    [
        ("expect_table_row_count_to_be_between", {"min_value": 1}, 0, "failed"),
        ("expect_table_row_count_to_be_between", {"min_value": 1}, 1, "passed"),
        ("expect_column_unique_value_count_to_be_between", {"column": "a", "max_value": 1}, 2, "failed"),
        ("expect_column_unique_value_count_to_be_between", {"column": "a", "max_value": 1}, 1, "passed"),
        ("expect_column_to_exist", {"column": "b"}, 1, "failed"),
        ("expect_column_values_to_be_of_type", {"column": "a", "type_": "BIGINT"}, 1, "passed"),
        ("expect_column_values_to_be_of_type", {"column": "a", "type_": "VARCHAR"}, 1, "failed"),
    ],
)
def test_a_rule_about_the_table_as_a_whole_fails_no_row(
    engine: sa.Engine, kind: str, settings: dict[str, Any], rows: int, outcome: str
) -> None:
    fill(engine, "a BIGINT", *(str(number) for number in range(rows)))
    (result,) = judge(engine, rule(kind, **settings))
    assert (result.outcome, result.checked, result.failed, result.row_query) == (outcome, rows, 0, None)


def test_checked_leaves_out_what_the_rule_does_not_look_at(engine: sa.Engine) -> None:
    fill(engine, "a VARCHAR, b VARCHAR", "'x', 'x'", "NULL, 'x'", "'x', NULL", "NULL, NULL")
    equal = "expect_column_pair_values_to_be_equal"
    results = judge(
        engine,
        rule(NOT_NULL, column="a"),
        rule(IN_SET, column="a", value_set=["x"]),
        rule(equal, column_A="a", column_B="b", ignore_row_if="either_value_is_missing"),
    )
    assert [(result.checked, result.failed) for result in results] == [(4, 2), (2, 0), (1, 0)]


def test_an_empty_table_breaks_only_the_row_count(engine: sa.Engine) -> None:
    everything = {name: case for name, case in CASES.items() if name != "a column named like a word of SQL"}
    for kind, settings, columns, _, _, _ in everything.values():
        fill(engine, columns)
        count = rule("expect_table_row_count_to_be_between", "critical", min_value=1)
        results = judge(engine, rule(kind, **settings), count)
        assert [(result.outcome, result.checked) for result in results] == [("passed", 0), ("failed", 0)]


def test_results_come_in_the_order_of_the_rules(engine: sa.Engine) -> None:
    fill(engine, "a VARCHAR", "'x'")
    kinds = [UNIQUE, NOT_NULL, NULL, "expect_column_to_exist", "expect_no_such_thing"]
    results = judge(engine, *(rule(kind, id_=f"TST-00{n}", column="a") for n, kind in enumerate(kinds)))
    assert [result.rule.id for result in results] == ["TST-000", "TST-001", "TST-002", "TST-003", "TST-004"]


def test_a_rule_said_twice_counts_twice(engine: sa.Engine) -> None:
    fill(engine, "a VARCHAR", "NULL", "'x'")
    first, second = judge(engine, rule(NOT_NULL, column="a"), rule(NOT_NULL, "critical", column="a"))
    assert failing_rows(engine, first) == failing_rows(engine, second) == [0]


def test_a_table_in_another_schema_is_judged(engine: sa.Engine) -> None:
    from expectations.run import run_standard
    from tests.expectations.judging import standard

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA apart")
    fill(engine, "a VARCHAR", "NULL", table="apart.rows")
    for name in ("apart.rows", "memory.apart.rows"):
        (result,) = run_standard(engine, name, standard(rule(NOT_NULL, column="a")))
        assert failing_rows(engine, result) == [0]
