"""What a rebuilt home's warehouse takes over, and how two warehouses are compared. No delivery is judged here."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import Connection, identifier, literal
from warehouse.contributions import COLUMNS
from warehouse.ledger import MODELS
from warehouse.receipts import FIELDS
from warehouse.tables import definition, fill

LEDGER = MODELS / "tables.yaml"
REBUILT = {"home", "delivery", "rule_result", "audit"}  # from receipts and files; every other table is taken over
WORDS = ("claim", "file_name", "slot", "reason", "tries")  # of a delivery; no receipt holds them
# What two homes must agree on: a query of each, with {warehouse} in place of the catalog's name.
COMPARED = {
    "deliveries": "SELECT {columns} FROM {warehouse}.ledger.delivery",
    "outcomes of rules": "SELECT * FROM {warehouse}.ledger.rule_result",
    "contributions": "SELECT * FROM {warehouse}.merged.contribution",
    "figures": "SELECT * FROM {warehouse}.merged.value WHERE value IS NOT NULL",
}


def attach_old(connection: Connection, path: Path) -> bool:
    """Attach the warehouse that is replaced as ``replaced``, to read; False where it is gone or damaged."""
    if not path.is_file():
        return False
    with suppress(duckdb.Error):
        connection.execute(f"ATTACH '{literal(str(path))}' AS replaced (READ_ONLY)")
        return True
    return False


def restore_audit(connection: Connection, receipts: Iterable[Mapping[str, Any]]) -> None:
    """Write the audit's rows as the receipts have them, hashes included."""
    fill(connection, LEDGER, "audit", [[receipt[name] for name in FIELDS] for receipt in receipts])


def told_deliveries(
    receipts: Iterable[Mapping[str, Any]], details: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The deliveries as the receipts tell them, in order of arrival: each event's columns over the earlier ones."""
    columns = definition(LEDGER)["tables"]["delivery"]["columns"]
    found: dict[str, dict[str, Any]] = {}
    for receipt in receipts:
        if receipt["event"].startswith("delivery."):
            row = found.setdefault(receipt["subject"], {"delivery_id": receipt["subject"]})
            told = details[receipt["sequence"]]
            row |= {name: _typed(told[name], columns[name]["type"]) for name in columns if name in told}
    return [row for row in found.values() if "state" in row]


def restore_deliveries(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write deliveries; a column that is not told is empty."""
    columns = list(definition(LEDGER)["tables"]["delivery"]["columns"])
    fill(connection, LEDGER, "delivery", [[_plain(row.get(name)) for name in columns] for row in rows])


def take_over(connection: Connection) -> None:
    """Copy from ``replaced`` what no receipt holds: messages, confirmations, the partner's words."""
    for table in _tables(connection, "replaced"):
        columns = _shared(connection, table)
        if table in REBUILT or not columns:
            continue
        listed = ", ".join(identifier(name) for name in columns)
        connection.execute(f"DELETE FROM warehouse.ledger.{identifier(table)}")
        connection.execute(
            f"INSERT INTO warehouse.ledger.{identifier(table)} ({listed}) SELECT {listed} FROM replaced.ledger.{table}"
        )
    words = [name for name in WORDS if name in _shared(connection, "delivery")]
    settings = ", ".join(f"{name} = earlier.{name}" for name in words)
    connection.execute(
        f"UPDATE warehouse.ledger.delivery AS delivery SET {settings} FROM replaced.ledger.delivery AS earlier "
        "WHERE earlier.delivery_id = delivery.delivery_id"
    )


def take_over_rules(connection: Connection) -> None:
    """Copy from ``replaced`` the outcomes of rules for deliveries that cannot be judged again: their rows are gone."""
    listed = ", ".join(identifier(name) for name in _shared(connection, "rule_result"))
    connection.execute(
        f"INSERT INTO warehouse.ledger.rule_result ({listed}) SELECT {listed} FROM replaced.ledger.rule_result "
        "WHERE delivery_id NOT IN (SELECT delivery_id FROM warehouse.ledger.rule_result)"
    )


def add_contribution(connection: Connection, delivery: Mapping[str, Any], path: Path) -> None:
    """Add a delivery's contribution from its Parquet file."""
    listed = ", ".join(identifier(name) for name in COLUMNS)
    connection.execute(
        f"INSERT INTO warehouse.merged.contribution SELECT ?, ?, ?, {listed} "
        f"FROM read_parquet('{literal(str(path))}')",
        [delivery["delivery_id"], delivery["partner"], delivery["dataset"]],
    )


def differences(connection: Connection) -> dict[str, int]:
    """How many rows of ``warehouse`` and ``replaced`` differ, by what they are; only what differs is named."""
    columns = ", ".join(
        identifier(name) for name in _shared(connection, "delivery") if name not in {"claim", "tries"}
    )
    found = {}
    for what, query in COMPARED.items():
        now, earlier = (query.format(warehouse=name, columns=columns) for name in ("warehouse", "replaced"))
        (apart,) = connection.execute(
            f"SELECT (SELECT count(*) FROM (({now}) EXCEPT ALL ({earlier}))) "
            f"+ (SELECT count(*) FROM (({earlier}) EXCEPT ALL ({now})))"
        ).fetchall()[0]
        if apart:
            found[what] = int(apart)
    return found


def _tables(connection: Connection, catalog: str) -> list[str]:
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'ledger' ORDER BY 1",
        [catalog],
    ).fetchall()
    return [name for (name,) in found]


def _shared(connection: Connection, table: str) -> list[str]:
    """The columns of a ledger table that both warehouses have: an older one may lack some."""
    found = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name IN ('warehouse', 'replaced') "
        "AND schema_name = 'ledger' AND table_name = ? GROUP BY column_name HAVING count(*) = 2 ORDER BY column_name",
        [table],
    ).fetchall()
    return [name for (name,) in found]


def _typed(value: Any, type: str) -> Any:
    return (
        datetime.fromisoformat(value).replace(tzinfo=UTC) if type == "TIMESTAMP" and value is not None else value
    )


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
