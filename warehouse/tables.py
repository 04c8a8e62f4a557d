"""Tables made from their definition: one YAML file gives the columns, their types and their COMMENTs."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from warehouse.connection import identifier, literal

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: ten times as fast


@cache
def definition(path: Path) -> dict[str, Any]:
    """A definition file: `schema`, `description`, and `tables` with their `description` and `columns`."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    return content


def create_tables(
    connection: duckdb.DuckDBPyConnection, path: Path, *, replace: bool, only: Collection[str] | None = None
) -> None:
    """Make every table of a definition file with a COMMENT on each table and column, or `only` these without.

    No keys, checks or defaults: a DuckLake catalog has none. With `replace` the tables are made anew and empty;
    without it those that are there stay as they are.
    """
    content = definition(path)
    schema = content["schema"]
    create = "CREATE OR REPLACE TABLE" if replace else "CREATE TABLE IF NOT EXISTS"
    # DuckDB 1.5 has no COMMENT ON SCHEMA: a schema's description stands in its file only.
    statements = [f"CREATE SCHEMA IF NOT EXISTS {schema}"]
    for name, table in content["tables"].items():
        if only is not None and name not in only:
            continue
        full_name = f"{schema}.{identifier(name)}"
        columns = ", ".join(f"{identifier(column)} {about['type']}" for column, about in table["columns"].items())
        statements.append(f"{create} {full_name} ({columns})")
        if only is not None:  # a working copy of a few tables, for nobody to read
            continue
        statements.append(f"COMMENT ON TABLE {full_name} IS '{literal(table['description'])}'")
        statements.extend(
            f"COMMENT ON COLUMN {full_name}.{identifier(column)} IS '{literal(about['description'])}'"
            for column, about in table["columns"].items()
        )
    connection.execute(";\n".join(statements))


def fill(connection: duckdb.DuckDBPyConnection, path: Path, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Append rows, values in the order of the definition, in one statement."""
    if not rows:
        return
    content = definition(path)
    columns = content["tables"][table]["columns"]
    casts = ", ".join(
        f"CAST(row[{place}] AS {about['type']})" for place, about in enumerate(columns.values(), start=1)
    )
    connection.execute(
        f"INSERT INTO {content['schema']}.{identifier(table)} SELECT {casts} FROM ({rows_of(rows)})"
    )


def rows_of(rows: Sequence[Sequence[object]]) -> str:
    """SQL that gives each row as a list of texts in column `row`; a list among the values is DuckDB's text of it.

    As one literal and not as parameters: the first value bound to a statement makes DuckDB import pandas, which
    takes longer than all the rest.
    """
    texts = [[None if value is None else _text(value) for value in row] for row in rows]
    return f"SELECT unnest(CAST(CAST('{literal(json.dumps(texts))}' AS JSON) AS VARCHAR[][])) AS row"


def _text(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
