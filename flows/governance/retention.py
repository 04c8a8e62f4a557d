"""Retention of what is kept for days alone: held files, and what was said of files that were only checked.

Held files are erased when the hold is over, or when a corrected file is in use; the ledger keeps fingerprint, size and
reason. Of a check nothing is kept but that it happened: its mail and error report, which shows cells, go as soon.
"""

from datetime import datetime
from typing import Any

from flows.governance.erasure import finish_erasures
from flows.receiving.door import HOLD_DAYS
from flows.settings import LONDON, Settings, today
from reports.words import period as period_in_words
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, rewrite_warehouse, transaction
from warehouse.ledger import Message


def expire_held(settings: Settings) -> list[str]:
    """Erase what was held or turned away for long enough; returns the delivery ids. Call it as one run's work."""
    with open_warehouse(settings.home) as connection:
        kept = ledger.deliveries(connection, "state IN ('held', 'refused')")
        over = [row for row in kept if _is_over(settings, connection, row)]
    if not over:
        return []
    moment = settings.now()
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for row in over:
            told = [_letter(settings, row)] if row["state"] == "held" and row["partner"] else []
            changes = {"rows_gone_at": moment, "file_name": None}
            ledger.move(
                connection,
                row["delivery_id"],
                "expired",
                actor=settings.actor,
                at=moment,
                changes=changes,
                messages=told,
            )
    finish_erasures(settings)
    return [row["delivery_id"] for row in over]


def forget_checks(settings: Settings) -> list[str]:
    """Remove the answers to checks that are older than held files may be; returns the ids of their mails."""
    with open_warehouse(settings.home) as connection:
        asked = {row["subject"]: row["occurred_at"] for row in ledger.audit_rows(connection, "file.checked")}
        told = (
            ledger.rows(
                connection,
                "SELECT message_id, told_in, created_at FROM warehouse.ledger.outbox "
                "WHERE kind = 'checked' AND state <> 'waiting' ORDER BY message_id",
            )
            if asked
            else []
        )
    for key, last_asked in asked.items():
        if _is_old(settings, last_asked):
            partner, _, dataset = key.partition("/")
            for suffix in ("txt", "xlsx"):
                (settings.home / "collect" / partner / "checks" / f"{dataset}.{suffix}").unlink(missing_ok=True)
    over = [row for row in told if _is_old(settings, row["created_at"])]
    for row in over:
        for name in {row["message_id"], row["told_in"]} - {None}:
            (settings.home / "outbox" / f"{name}.eml").unlink(missing_ok=True)
    ids = [row["message_id"] for row in over]
    if ids:
        with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
            connection.execute("DELETE FROM warehouse.ledger.outbox WHERE list_contains(?, message_id)", [ids])
        rewrite_warehouse(settings.home)
    return ids


def _is_old(settings: Settings, said_at: datetime) -> bool:
    last = settings.partnership.working_days.after(said_at.astimezone(LONDON).date(), HOLD_DAYS)
    return last < today(settings)


def _is_over(settings: Settings, connection: Connection, row: dict[str, Any]) -> bool:
    """The hold's last day has passed, or a later file for the same period is in use."""
    if row["hold_until"] is not None and row["hold_until"] < today(settings):
        return True
    corrected = ledger.deliveries(
        connection,
        "partner = ? AND dataset = ? AND period = ? AND sequence > ? AND merged_at IS NOT NULL",
        row["partner"],
        row["dataset"],
        row["period"],
        row["sequence"],
    )
    return row["state"] == "held" and bool(corrected)


def _letter(settings: Settings, row: dict[str, Any]) -> Message:
    partnership = settings.partnership
    key = f"{row['partner']}/{row['dataset']}"
    contract = partnership.contracts.get(key) if row["dataset"] else None
    period = parse_period(row["period"]) if row["period"] else None
    return Message(
        "hold_over",
        row["partner"],
        {
            "kind": "hold_over",
            "to": ["officer", "governance_contact"],
            "delivery_id": row["delivery_id"],
            "partner": row["partner"],
            "dataset": key if contract else None,
            "dataset_title": contract.title if contract else "a file for no agreed dataset",
            "period": row["period"],
            "period_words": period_in_words(period.start, period.end) if period else None,
            "received_at": row["received_at"].isoformat(),
            "sha256": row["sha256"],
            "reason": row["reason"],
            "hold_until": str(row["hold_until"]),
            "exchange_name": partnership.name,
            "contact": partnership.data_quality_lead.email,
        },
        "expired",
    )
