"""Builders for the tests of standards: rules, a standard, and a table of a few rows to judge."""

from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from expectations.run import RuleResult, run_standard
from schemas.standard import Rule, Standard

CANARY = "ZXCANARY"  # stands in rows only, so finding it anywhere else is a leak


def rule(kind: str, severity: str = "warning", id_: str = "TST-001", **kwargs: Any) -> Rule:
    sentence = "Rows that break the rule: {count}."
    return Rule(id_, kind, kwargs, severity, "validity", sentence, "Mend them.", "A test.")


def standard(*rules: Rule) -> Standard:
    agreed_on = date(2008, 4, 1)
    source = Path("expectations/police/trial.yaml")
    return Standard("police/trial", "police.trial", "Data group", "1.0.0", agreed_on, rules, source, "f" * 64)


def fill(engine: sa.Engine, columns: str, *rows: str, table: str = "judged") -> None:
    """Makes the table anew: `columns` as SQL definitions, `rows` as SQL values; `_row` counts from 0."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE {table} (_row BIGINT, {columns})")
        for number, row in enumerate(rows):
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({number}, {row})")


def judge(engine: sa.Engine, *rules: Rule) -> list[RuleResult]:
    return run_standard(engine, "judged", standard(*rules))


def failing_rows(engine: sa.Engine, result: RuleResult) -> list[int]:
    """What the row query gives, run as it stands."""
    if result.row_query is None:
        return []
    with engine.begin() as connection:
        found = connection.exec_driver_sql(f"SELECT _row FROM ({result.row_query}) AS failing ORDER BY _row")
        return [row for (row,) in found]
