"""When a file lies with us: after four working hours its officer hears that it is here and that nothing is to be done.

The operator heard of the failure at once; the partner is not blamed for it, and hears again when it is over.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from flows.settings import Settings
from reports.words import period as period_in_words
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import Message

PATIENCE = timedelta(hours=4)  # of office hours
WITH_US = ("received", "accepted", "accepted_with_exceptions")  # states that a delivery passes through by itself


def tell_of_delays(settings: Settings) -> list[str]:
    """Write to the officers whose files lie with us, or no longer do; returns the ids of the new messages."""
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return []
        lying = {row["delivery_id"]: row for row in ledger.deliveries(connection) if row["state"] in WITH_US}
        lying |= _claims(settings, connection)
        told = _told(connection)
    late = [row for row in lying.values() if _is_late(settings, row["received_at"])]
    wanted = [(row["delivery_id"], _letter(settings, row, "delay")) for row in late]
    wanted += [(subject, over) for subject, over in told.items() if subject not in lying]
    if not wanted:
        return []
    posted = []
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for subject, message in wanted:
            posted += ledger.post(connection, message, subject, settings.now())
    return posted


def _is_late(settings: Settings, since: datetime) -> bool:
    return settings.partnership.working_days.office_time(since, settings.now()) >= PATIENCE


def _claims(settings: Settings, connection: Connection) -> dict[str, dict[str, Any]]:
    """Files that left the inbox and could not be written down yet, of partners and datasets we know."""
    found = {}
    folder = settings.staging / "claims"
    for path in sorted(folder.glob("*/arrival.json")) if folder.is_dir() else []:
        said = json.loads(path.read_text(encoding="utf-8"))
        if f"{said['partner']}/{said['dataset']}" in settings.partnership.contracts:
            subject = f"claim-{path.parent.name}"
            found[subject] = {
                "delivery_id": subject,
                "partner": said["partner"],
                "dataset": said["dataset"],
                "period": None,
                "received_at": datetime.fromisoformat(said["received_at"]),
                "state": "received",
            }
    return found


def _told(connection: Connection) -> dict[str, Message]:
    """For each file whose delay was told of: the message that it is over."""
    rows = ledger.rows(
        connection, "SELECT delivery_id, partner, payload FROM warehouse.ledger.outbox WHERE kind = 'delay'"
    )
    return {
        row["delivery_id"]: Message(
            "delay_over", row["partner"], {**json.loads(row["payload"]), "kind": "delay_over"}, "over"
        )
        for row in rows
    }


def _letter(settings: Settings, row: dict[str, Any], kind: str) -> Message:
    partnership = settings.partnership
    key = f"{row['partner']}/{row['dataset']}"
    period = parse_period(row["period"]) if row["period"] else None
    return Message(
        kind,
        row["partner"],
        {
            "kind": kind,
            "to": ["officer"],
            "delivery_id": row["delivery_id"],
            "partner": row["partner"],
            "dataset": key,
            "dataset_title": partnership.contracts[key].title,
            "period": row["period"],
            "period_words": period_in_words(period.start, period.end) if period else None,
            "received_at": row["received_at"].isoformat(),
            "exchange_name": partnership.name,
            "contact": partnership.operator.email,
        },
        "late",
    )
