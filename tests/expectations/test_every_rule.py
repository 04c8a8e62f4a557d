"""Every agreed rule of every standard on a row that keeps it and on a row that breaks it.

What the two rows hold follows from the rule's settings and its column's contract; where it cannot, rule_rows.yaml says.
A rule about the table as a whole is judged on a table that keeps it and on one that breaks it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from expectations.standard import resolve
from schemas.contract import Contract
from schemas.last import lasts_in
from schemas.partnership import Partnership, load_partnership
from schemas.periods import period_of
from schemas.standard import Rule
from tests.expectations.judging import failing_rows, judge
from tests.expectations.test_identifiers import NOT_VALID, VALID
from warehouse.connection import identifier

PARTNERSHIP = load_partnership()
ROWS: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
    (Path(__file__).parent / "rule_rows.yaml").read_text(encoding="utf-8")
)
SYSTEM = {"_row": "BIGINT", "_scope": "VARCHAR", "_copy": "BIGINT", "_uncast": "VARCHAR", "_absent": "VARCHAR"}
OF_THE_WHOLE = ("table_row_count", "unique_value_count", "column_sum", "column_mean", "column_to_reach")
BEFORE = 10  # every figure of the delivery before, in these tests
Row = Mapping[str, str]  # SQL values by column


def rules_of(partnership: Partnership, key: str) -> list[Rule]:
    """The rules of a standard, resolved for one period, with a delivery before it."""
    contract, standard = partnership.contracts[key], partnership.standards[key]
    period = period_of(contract.period.kind, date(2026, 4, 15))
    geography = partnership.geography
    values: dict[str, Any] = {
        "period_start": period.start,
        "period_end": period.end,
        "received_on": period.end + timedelta(days=20),
        "area_codes": sorted({area.area_code for area in geography.areas}),
        "lsoa_codes": sorted({lsoa.lsoa_code for lsoa in geography.lsoas}),
        "indicators": list(partnership.indicators),
        "frameworks": sorted(partnership.frameworks),
        "priorities": sorted({each.id for one in partnership.frameworks.values() for each in one.priorities}),
        "figure_periods": partnership.figure_periods(period.end),
        "codelists": {name: [code for code, _ in codes] for name, codes in partnership.codelists.items()},
        "last": {(each.kind, each.column): BEFORE for each in lasts_in([rule.kwargs for rule in standard.rules])},
    }
    return list(resolve(standard, values).rules)


def sql(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def some_value(contract: Contract, column: str) -> str:
    """A value of the column's type."""
    if column in SYSTEM:
        return "1" if SYSTEM[column] == "BIGINT" else "'x'"
    kinds = {
        "date": "DATE '2026-04-15'",
        "timestamp": "TIMESTAMP '2026-04-15 12:00:00'",
        "integer": "1",
        "number": "1",
        "boolean": "true",
    }
    return kinds.get(contract.column(column).logical_type, "'x'")


def beside(value: Any, step: int) -> str:
    """The value one step up or down from a limit."""
    if isinstance(value, date):
        return sql(value + timedelta(days=step))
    return sql(value + step)


def in_set(contract: Contract, rule: Rule) -> tuple[Row, Row]:
    (column,) = rule.columns
    member = rule.kwargs["value_set"][0]
    other = "-7" if isinstance(member, int) else "'no such code'"
    return {column: sql(member)}, {column: other}


def between(contract: Contract, rule: Rule) -> tuple[Row, Row]:
    (column,) = rule.columns
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    if low is not None:
        return {column: sql(low)}, {column: beside(low, -1)}
    return {column: sql(high)}, {column: beside(high, 1)}


def pair(contract: Contract, rule: Rule) -> tuple[Row, Row]:
    larger, smaller = rule.kwargs["column_A"], rule.kwargs["column_B"]
    kind = contract.column(larger).logical_type
    low, high = {
        "date": ("DATE '2026-04-15'", "DATE '2026-04-16'"),
        "timestamp": ("TIMESTAMP '2026-04-15 12:00:00'", "TIMESTAMP '2026-04-15 12:00:01'"),
    }.get(kind, ("1", "2"))
    return {larger: high, smaller: low}, {larger: low, smaller: high}


@cache
def properties(path: Path) -> list[dict[str, Any]]:
    """The columns of a contract as its file says them, examples included."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns: list[dict[str, Any]] = document["schema"][0]["properties"]
    return columns


def match(contract: Contract, rule: Rule) -> tuple[Row, Row]:
    (column,) = rule.columns
    examples = next(each for each in properties(contract.source_path) if each["name"] == column)["examples"]
    return {column: sql(examples[0])}, {column: "'not of the form!'"}


def rows_for(contract: Contract, rule: Rule) -> tuple[Row, Row]:
    """A row that keeps the rule and one that breaks it."""
    said = ROWS.get(rule.id, {})
    if "keeps" in said:
        return said["keeps"], said["breaks"]
    name = rule.type.removeprefix("expect_column_values_to_")
    column = rule.columns[0] if rule.columns else ""
    keeps: Row
    breaks: Row
    if name == "not_be_null":
        keeps, breaks = {column: some_value(contract, column)}, {column: "NULL"}
    elif name == "be_null":
        keeps, breaks = {column: "NULL"}, {column: some_value(contract, column)}
    elif name.startswith("be_valid_"):
        kind = name.removeprefix("be_valid_")
        keeps, breaks = {column: sql(VALID[kind][0])}, {column: sql(NOT_VALID[kind][0])}
    else:
        made = {"be_in_set": in_set, "be_between": between, "match_regex": match, "not_match_regex": match}
        keeps, breaks = (pair if "pair_values" in name else made[name])(contract, rule)
    return keeps, said.get("breaks", breaks)


def table(engine: sa.Engine, contract: Contract, rows: list[Row]) -> None:
    types = SYSTEM | {column.name: column.physical_type for column in contract.columns}
    with engine.begin() as connection:
        defined = ", ".join(f"{identifier(name)} {kind}" for name, kind in types.items())
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE judged ({defined})")
        for number, row in enumerate(rows):
            filled = {"_row": str(number), "_scope": "'area'", "_copy": "1"} | dict(row)
            names = ", ".join(identifier(name) for name in filled)
            connection.exec_driver_sql(f"INSERT INTO judged ({names}) VALUES ({', '.join(filled.values())})")


def outcomes(engine: sa.Engine, contract: Contract, rule: Rule, rows: list[Row]) -> tuple[str, list[int]]:
    table(engine, contract, rows)
    (result,) = judge(engine, rule)
    assert result.error is None, (rule.id, result.error)
    return result.outcome, failing_rows(engine, result)


def tables_for(contract: Contract, rule: Rule) -> tuple[list[Row], list[Row]]:
    """A table that keeps a rule about the whole and one that breaks it."""
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    column = rule.columns[0] if rule.columns else ""
    if "table_row_count" in rule.type:
        assert low is not None
        enough = int(low) + 1 if high is not None else int(low)
        return [{}] * enough, [{}] * (int(high) + 1 if high is not None else int(low) - 1)
    if rule.type == "expect_column_to_reach":
        return [{column: "NULL"}, {column: sql(rule.kwargs["least"])}], [
            {column: beside(rule.kwargs["least"], -1)}
        ]
    if "unique_value_count" in rule.type:
        kind = SYSTEM.get(column) or contract.column(column).physical_type
        wanted = range(int(low if low is not None else high or 0) + 1)
        texts = [
            f"DATE '2026-01-01' + {n}" if kind == "DATE" else sql(n if "INT" in kind else f"c{n}") for n in wanted
        ]
        some: list[Row] = [{column: text} for text in texts]
        return (some, some[:1]) if low is not None else (some[:1], some)
    return [{column: sql(BEFORE)}], [{column: sql(BEFORE * 5)}]  # a sum or a mean, and one far from the one before


def every_rule() -> Iterator[Any]:
    for key in sorted(PARTNERSHIP.standards):
        for rule in rules_of(PARTNERSHIP, key):
            yield pytest.param(key, rule, id=rule.id)


@pytest.mark.parametrize(("key", "rule"), list(every_rule()))
def test_a_rule_tells_a_row_that_breaks_it_from_one_that_keeps_it(engine: sa.Engine, key: str, rule: Rule) -> None:
    contract = PARTNERSHIP.contracts[key]
    if any(word in rule.type for word in OF_THE_WHOLE):
        keeping, breaking = tables_for(contract, rule)
        assert outcomes(engine, contract, rule, keeping) == ("passed", [])
        assert outcomes(engine, contract, rule, breaking) == ("failed", [])
    elif rule.id == "CHO-003":  # London twice, first alike and then not
        twice = {"area_code": "'E12000007'", "assessments": "5", "owed_a_duty": "4", "threatened": "3"}
        assert outcomes(engine, contract, rule, [twice, twice]) == ("passed", [])
        assert outcomes(engine, contract, rule, [twice, twice | {"threatened": "2"}]) == ("failed", [0, 1])
    elif "twice" in ROWS.get(rule.id, {}):  # a row that another repeats: alone it keeps the rule
        row = ROWS[rule.id]["twice"]
        assert outcomes(engine, contract, rule, [row]) == ("passed", [])
        assert outcomes(engine, contract, rule, [row, ROWS[rule.id].get("other", row)]) == ("failed", [0, 1])
    elif "compound_columns" in rule.type:
        same = {name: some_value(contract, name) for name in rule.columns}
        assert outcomes(engine, contract, rule, [same, same | {"_copy": "2"}]) == ("passed", [])
        assert outcomes(engine, contract, rule, [same, same]) == ("failed", [0, 1])
    else:
        keeps, breaks = rows_for(contract, rule)
        assert outcomes(engine, contract, rule, [keeps]) == ("passed", [])
        # Twice, because some rules let half of the rows break them.
        assert outcomes(engine, contract, rule, [keeps, breaks, breaks]) == ("failed", [1, 2])


def test_rows_are_said_only_of_rules_that_are_there() -> None:
    ids = {rule.id for standard in PARTNERSHIP.standards.values() for rule in standard.rules}
    assert set(ROWS) <= ids
