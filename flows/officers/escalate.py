"""Escalate: an alert that nobody answered goes to the deputy, and on, by working days.

Whom it reaches and when is the partnership's to say (``escalation`` in partnership.yaml). A step is told of once; of
several that came due while nothing ran, only the furthest. Who acknowledged an alert is left alone, unless they named
a day by which they would put it right: from that day's end the steps count anew. Of a trial nobody else hears.
"""

import json
from datetime import datetime
from typing import Any

from flows.settings import LONDON, Settings
from schemas.alerting import Escalation, closing_time
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import Message


def escalate(settings: Settings) -> list[str]:
    """Write to those who come next about alerts that stayed unanswered; returns the ids of the new messages."""
    moment = settings.now()
    with open_warehouse(settings.home) as connection:
        wanted = [
            (alert, step) for alert in _unanswered(connection) if (step := _reached(settings, alert)) is not None
        ]
    if not wanted:
        return []
    posted = []
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for alert, step in wanted:
            for message_id in ledger.post(connection, _letter(alert, step), alert["delivery_id"], moment):
                details = {"after": step.after, "to": list(step.to), "partner": alert["partner"]}
                ledger.audit(connection, "alert.escalated", message_id, details, actor=settings.actor, at=moment)
                posted.append(message_id)
    return posted


def _unanswered(connection: Connection) -> list[dict[str, Any]]:
    """The alerts that somebody was to act on and that nothing settled, with the day they were promised for."""
    if not ledger.is_prepared(connection):
        return []
    found = ledger.rows(
        connection,
        "SELECT told.message_id, told.delivery_id, told.partner, told.payload, told.sent_to, told.acknowledged_at, "
        "told.created_at, promise.day FROM warehouse.ledger.outbox AS told "
        "LEFT JOIN (SELECT delivery_id, arg_max(day, answered_at) AS day FROM warehouse.ledger.reply "
        "WHERE answer = 'will_correct' GROUP BY delivery_id) AS promise USING (delivery_id) "
        "WHERE told.kind = 'alert' AND told.settled_at IS NULL "
        "AND (told.acknowledged_at IS NULL OR promise.day IS NOT NULL) ORDER BY told.created_at, told.message_id",
    )
    alerts = [{**row, "payload": json.loads(row["payload"])} for row in found]
    return [alert for alert in alerts if alert["payload"].get("act_by") and not alert["payload"].get("trial")]


def _reached(settings: Settings, alert: dict[str, Any]) -> Escalation | None:
    """The furthest step whose day is over, or None."""
    calendar, local = settings.partnership.working_days, settings.now().astimezone(LONDON)
    if not calendar.is_working(local.date()):  # nobody is written to when no office is open
        return None
    since = _counted_from(alert)
    due = [step for step in settings.partnership.escalation if closing_time(calendar, since, step.after) <= local]
    return due[-1] if due else None


def _counted_from(alert: dict[str, Any]) -> datetime:
    if alert["day"] is not None:
        return datetime.combine(alert["day"], datetime.min.time(), LONDON)
    raised: datetime = alert["created_at"]
    return raised


def _letter(alert: dict[str, Any], step: Escalation) -> Message:
    payload = alert["payload"]
    first = (payload.get("thread") or {}).get("first") or alert["message_id"]
    promised = f"-of-{alert['day']}" if alert["day"] is not None else ""
    return Message(
        "escalation",
        alert["partner"],
        {
            **payload,
            "kind": "escalation",
            "to": list(step.to),
            "sent_to": alert["sent_to"],
            "promised": alert["day"].isoformat() if alert["day"] is not None else None,
            "thread": {"first": first, "latest": alert["message_id"]},
        },
        f"after-{step.after}{promised}",
    )
