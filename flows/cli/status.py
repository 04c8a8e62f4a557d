"""What arrived, what became of it, and what is owed. Only looks; imports neither Prefect nor Great Expectations."""

from collections.abc import Mapping
from typing import Any

from flows.officers.alerts import undelivered
from flows.releases.owed import owed
from flows.settings import Settings, today
from warehouse import ledger
from warehouse.connection import open_warehouse

SHOWN = (
    *("delivery_id", "partner", "dataset", "period", "file_name", "sha256", "state", "decision", "reason"),
    *("rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope", "superseded_by", "received_at"),
)


def status(settings: Settings) -> dict[str, Any]:
    """The deliveries in order of arrival, what each partner owes, and the mail that nobody has yet, as JSON values."""
    with open_warehouse(settings.home) as connection:
        found = ledger.deliveries(connection)
    return {
        "deliveries": [shown(row) for row in found],
        "due": due(settings, _live(found)),
        "mail": undelivered(settings),
    }


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery of the ledger as ``--json`` shows it."""
    return {("file" if name == "file_name" else name): _plain(row[name]) for name in SHOWN}


def _live(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    live = ledger.live_states()
    return {(row["partner"], row["dataset"], row["period"]) for row in found if row["state"] in live}


def due(settings: Settings, live: set[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What is owed and not in: each ended period of each agreement in force, with the day it is due.

    Nothing is owed under an agreement that is no longer in force or still a test, nor of published data.
    """
    day = today(settings)
    return [
        {
            "partner": one.partner,
            "dataset": one.dataset,
            "period": one.period.id,
            "due_on": one.due_on.isoformat(),
            "state": "overdue" if one.due_on < day else "due",
        }
        for one in owed(settings)
        if one.slot not in live
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
