"""How each delivery of a dataset did by the six characteristics: counts and shares, never a value."""

from pathlib import Path
from typing import Any

from warehouse import ledger
from warehouse.connection import Connection, literal

MODEL = Path(__file__).parent / "models" / "ledger" / "scorecard.sql"
CHARACTERISTICS = ("accuracy", "validity", "reliability", "timeliness", "relevance", "completeness")


def scorecard(connection: Connection, partner: str, dataset: str) -> list[dict[str, Any]]:
    """The dataset's deliveries in order of arrival, each with its share passed (per cent) by characteristic."""
    query = MODEL.read_text(encoding="utf-8")
    # Not as bound parameters: the first of those makes DuckDB import pandas.
    for name, value in (("$partner", partner), ("$dataset", dataset)):
        query = query.replace(name, f"'{literal(value)}'")
    found: dict[str, dict[str, Any]] = {}
    for row in ledger.rows(connection, query):
        one = found.setdefault(
            row["delivery_id"],
            {
                **{name: row[name] for name in ("delivery_id", "period", "received_at", "state", "decision")},
                **{name: row[name] for name in ("rows_received", "rows_accepted", "rows_quarantined", "checks")},
                "rules_failed": 0,
                "rules_confirmed": 0,
                "passed": dict.fromkeys(CHARACTERISTICS),
            },
        )
        if row["characteristic"] is not None:
            one["passed"][row["characteristic"]] = row["passed"]
            one["rules_failed"] += row["rules_failed"]
            one["rules_confirmed"] += row["rules_confirmed"]
    return list(found.values())
