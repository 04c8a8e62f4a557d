"""Statements: what the deliveries that stand say in words and money, read from their accepted rows.

They lie beside the warehouse and not in it, so that a row that is erased leaves nothing behind there: each publication
reads them anew. Which dataset states what is its contract's word (`states`); any partner may have one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.periods import Period
from warehouse.connection import identifier, literal
from warehouse.tables import create_tables, definition

MODELS = Path(__file__).parent / "models" / "statements"
TABLES = MODELS / "tables.yaml"


@dataclass(frozen=True)
class Stated:
    """The accepted rows of one delivery whose dataset states `kind`: commentary or budget."""

    kind: str
    partner: str
    dataset: str
    delivery_id: str
    period: Period
    accepted: Path


def create_statements(connection: duckdb.DuckDBPyConnection, stated: Iterable[Stated]) -> None:
    """Make schema `stated` in the connection's current catalog from these deliveries, anew each time.

    Needs `disclosure.figure`: a commentary is set beside the figure it is about. A column a file did not have is empty.
    """
    create_tables(connection, TABLES, replace=True)
    for one in stated:
        _read(connection, one)
    connection.execute((MODELS / "said.sql").read_text(encoding="utf-8"))


def _read(connection: duckdb.DuckDBPyConnection, one: Stated) -> None:
    rows = f"read_parquet('{literal(str(one.accepted))}')"
    there = {name for (name,) in connection.execute(f"SELECT column_name FROM (DESCRIBE FROM {rows})").fetchall()}
    own = {
        "partner": one.partner,
        "dataset": one.dataset,
        "delivery_id": one.delivery_id,
        "period": one.period.id,
        "period_end": one.period.end.isoformat(),
    }
    columns = definition(TABLES)["tables"][one.kind]["columns"]
    listed = [f"'{literal(value)}' AS {name}" for name, value in own.items()]
    listed += [identifier(name) for name in columns if name in there and name not in own]
    connection.execute(f"INSERT INTO stated.{one.kind} BY NAME SELECT {', '.join(listed)} FROM {rows}")
