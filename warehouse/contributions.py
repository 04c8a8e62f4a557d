"""A delivery's contribution: its own totals, worked out by the dataset's SQL and checked before they leave."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.contract import Contract
from schemas.partnership import Partnership
from schemas.periods import Period
from warehouse.connection import literal
from warehouse.reference import measures
from warehouse.tables import definition

COLUMNS = {
    "measure": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "area_code": "VARCHAR",
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "amount": "DECIMAL(28,9)",
    "rows": "BIGINT",
}

# What every contribution must be, whatever its model: each query finds the rows that are not.
GENERAL_CHECKS = {
    "a column has no value": "SELECT 1 FROM contributed WHERE "
    + " OR ".join(f"{name} IS NULL" for name in COLUMNS),
    "an area is not in the reference": (
        "SELECT 1 FROM contributed WHERE area_code NOT IN (SELECT area_code FROM reference.area)"
    ),
    "a period ends before it starts": "SELECT 1 FROM contributed WHERE period_end < period_start",
    "two rows stand for the same figure": (
        "SELECT 1 FROM contributed GROUP BY measure, period_start, period_end, area_code, breakdown, category "
        "HAVING count(*) > 1"
    ),
}


class ContributionError(Exception):
    """A contribution model does not do what its YAML says. Ours to mend, never the partner's; carries no value."""


def contribute(
    connection: duckdb.DuckDBPyConnection,
    partnership: Partnership,
    contract: Contract,
    parquet_path: Path,
    period: Period,
    out_path: Path,
) -> int:
    """Write the contribution of one delivery's accepted rows to `out_path` as Parquet; returns its number of rows.

    The connection must hold schema `reference` (create_reference) and be free to read and write the two paths. The
    model is SELECT over view `accepted` and `reference.*`, with the delivery's first and last day in the variables
    `period_start` and `period_end`. Same rows in, same bytes out: the rows are written in one order.

    Rows that are published as they stand (`contract.states`) add up to nothing: their contribution is empty.

    Raises ContributionError when the model is missing, cannot run, or fails one of its checks.
    """
    if contract.states:
        nothing = ", ".join(f"CAST(NULL AS {type}) AS {name}" for name, type in COLUMNS.items())
        connection.execute(
            f"COPY (SELECT {nothing} WHERE false) TO '{literal(str(out_path))}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return 0
    model = partnership.contribution_model(contract.key)
    about = model.with_suffix(".yaml")
    for path in (model, about):
        if not path.is_file():
            raise ContributionError(f"{contract.key} has no contribution model: {path.name} is missing.")
    _run(connection, contract.key, model.read_text(encoding="utf-8"), parquet_path, period)
    try:
        _check_columns(connection, contract.key)
        _check_measures(connection, contract.key, set(measures(partnership, contract.key)))
        for problem, query in GENERAL_CHECKS.items():
            _check(connection, contract.key, problem, query)
        for check in definition(about).get("checks", []):
            _check(connection, contract.key, f"{check['id']}: {check['sentence']}", check["sql"])
        connection.execute(
            f"COPY (SELECT * FROM contributed ORDER BY {', '.join(COLUMNS)}) "
            f"TO '{literal(str(out_path))}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return int(connection.execute("SELECT count(*) FROM contributed").fetchall()[0][0])
    finally:
        connection.execute("DROP TABLE temp.contributed; DROP VIEW temp.accepted")


def contribute_nothing(connection: duckdb.DuckDBPyConnection, out_path: Path) -> None:
    """Write the contribution of a delivery that says there is nothing to report: no row."""
    typed = ", ".join(f"CAST(NULL AS {type}) AS {name}" for name, type in COLUMNS.items())
    connection.execute(
        f"COPY (SELECT {typed} WHERE false) TO '{literal(str(out_path))}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _run(connection: duckdb.DuckDBPyConnection, key: str, model: str, parquet_path: Path, period: Period) -> None:
    connection.execute(f"SET VARIABLE period_start = DATE '{period.start}'")
    connection.execute(f"SET VARIABLE period_end = DATE '{period.end}'")
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW accepted AS FROM read_parquet('{literal(str(parquet_path))}')"
    )
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE contributed AS\n{model}")
    except duckdb.Error as error:
        # A message of the engine can quote a value of the partner's rows: only its kind is kept.
        raise ContributionError(
            f"The contribution model of {key} could not run ({type(error).__name__})."
        ) from None


def _check_columns(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    found = {
        str(name): str(type)
        for name, type in connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE contributed)"
        ).fetchall()
    }
    if list(found.items()) != list(COLUMNS.items()):
        wanted = ", ".join(f"{name} {type}" for name, type in COLUMNS.items())
        raise ContributionError(
            f"The contribution model of {key} must give these columns in this order: {wanted}."
        )


def _check_measures(connection: duckdb.DuckDBPyConnection, key: str, declared: set[str]) -> None:
    found = {row[0] for row in connection.execute("SELECT DISTINCT measure FROM contributed").fetchall()}
    if not found <= declared:
        # Not which: a model that takes a measure's name from a column would print a value of the partner's.
        raise ContributionError(
            f"The contribution model of {key} gives {len(found - declared)} measures its YAML does not name."
        )


def _check(connection: duckdb.DuckDBPyConnection, key: str, problem: str, query: str) -> None:
    failing = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    if failing:
        raise ContributionError(f"The contribution of {key} fails a check: {problem} ({failing} times).")


def write_contribution(connection: duckdb.DuckDBPyConnection, delivery_id: str, folder: Path) -> Path:
    """Write the totals of a delivery that the warehouse holds to ``folder``, as Parquet: figures of record."""
    path = folder / f"{delivery_id}.parquet"
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    connection.execute(
        f"COPY (SELECT {columns} FROM warehouse.merged.contribution "
        f"WHERE delivery_id = '{literal(delivery_id)}' ORDER BY ALL) "
        f"TO '{literal(str(path))}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return path
