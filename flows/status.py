"""What arrived, what became of it, and what is owed. Only looks; imports neither Prefect nor Great Expectations."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flows.settings import Settings, today
from schemas.periods import Period, periods_between
from warehouse import ledger
from warehouse.connection import open_warehouse

SHOWN = (
    *("delivery_id", "partner", "dataset", "period", "file_name", "sha256", "state", "decision", "reason"),
    *("rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope", "superseded_by", "received_at"),
)


def status(settings: Settings) -> dict[str, Any]:
    """The deliveries in order of arrival, and what each partner owes, as plain JSON values."""
    with open_warehouse(settings.home) as connection:
        found = ledger.deliveries(connection)
    return {"deliveries": [shown(row) for row in found], "due": due(settings, _live(found))}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery of the ledger as ``--json`` shows it."""
    return {("file" if name == "file_name" else name): _plain(row[name]) for name in SHOWN}


def _live(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    live = ledger.live_states()
    return {(row["partner"], row["dataset"], row["period"]) for row in found if row["state"] in live}


def due(settings: Settings, live: set[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What is owed and not in: each ended period of each agreement in force, with the day it is due.

    Nothing is owed under an agreement that is no longer in force, nor of published data.
    """
    day = today(settings)
    owed = []
    for key, contract in sorted(settings.partnership.contracts.items()):
        if contract.cadence is None:
            continue
        for period, due_on in _owed_periods(settings, key, contract.cadence, day):
            if (contract.partner, contract.dataset, period.id) not in live:
                owed.append(
                    {
                        "partner": contract.partner,
                        "dataset": contract.dataset,
                        "period": period.id,
                        "due_on": due_on.isoformat(),
                        "state": "overdue" if due_on < day else "due",
                    }
                )
    return sorted(owed, key=lambda row: (row["due_on"], row["partner"], row["dataset"]))


def _owed_periods(settings: Settings, key: str, cadence: str, day: date) -> list[tuple[Period, date]]:
    """The ended periods that an agreement in force today covers, each with its due day."""
    agreement = next(
        (one for one in settings.partnership.agreements if key in one.datasets and one.in_force(day)), None
    )
    if agreement is None:
        return []
    last = min(day, agreement.covers_to or day)
    return [
        (period, agreement.due_on(period))
        for period in periods_between(cadence, agreement.covers_from, last)
        if period.end < day and agreement.covers(period)
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
