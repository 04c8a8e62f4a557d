"""Alerts: which are open, who has read them, and which were settled by what came after."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction

FOR = {"operator": "operator", "rule_questioned": "rule's owner"}


class AlertError(Exception):
    """An alert that does not exist, or needs no acknowledging; the message says which."""


def list_alerts(settings: Settings, *, all_of_them: bool = False) -> list[dict[str, Any]]:
    """The alerts neither acknowledged nor settled (or all), oldest first: ids, counts and sentences only."""
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return []
        # No bound value: the first one makes DuckDB import pandas, and this command only looks.
        open_only = "" if all_of_them else "AND acknowledged_at IS NULL AND settled_at IS NULL "
        found = ledger.rows(
            connection,
            "SELECT message_id, delivery_id, partner, kind, payload, state, created_at, sent_to, acknowledged_at, "
            "acknowledged_by, settled_at, settled_by FROM warehouse.ledger.outbox WHERE kind IN ('alert', "
            "'operator', 'rule_questioned') "
            f"{open_only}ORDER BY created_at, message_id",
        )
        answers = ledger.rows(
            connection,
            "SELECT delivery_id, rule_id, reason FROM warehouse.ledger.reply WHERE answer = 'rule_is_wrong' "
            "ORDER BY answered_at",
        )
    said = {(row["delivery_id"], row["rule_id"]): row["reason"] for row in answers}
    return [
        {
            "id": row["message_id"],
            "delivery_id": row["delivery_id"],
            "partner": row["partner"],
            "for": FOR.get(row["kind"], "officer"),
            "dataset": payload.get("dataset"),
            "period": payload.get("period"),
            "decision": payload.get("decision"),
            "reason": payload.get("reason") or payload.get("problem") or _asked(payload, said),
            "rules": [
                {"id": rule["id"], "failed": rule["failed"], "sentence": rule["sentence"]}
                for rule in payload.get("rules", [])
            ],
            "raised_at": row["created_at"].isoformat(),
            "act_by": payload.get("act_by"),
            "sent": row["state"] == "sent",
            "sent_to": row["sent_to"],
            "acknowledged_at": row["acknowledged_at"].isoformat() if row["acknowledged_at"] else None,
            "acknowledged_by": row["acknowledged_by"],
            "settled_at": row["settled_at"].isoformat() if row["settled_at"] else None,
            "settled_by": row["settled_by"],
        }
        for row in found
        for payload in [json.loads(row["payload"])]
    ]


def _asked(payload: dict[str, Any], said: dict[tuple[str, str], str]) -> str | None:
    """What an officer says against a rule, in their own words; it stands in no mail."""
    if payload.get("kind") != "rule_questioned":
        return None
    words = said.get((payload["delivery_id"], payload["rule"]))
    return f"{payload['by']} says that rule {payload['rule']} is wrong: {words}"


def undelivered(settings: Settings) -> dict[str, Any]:
    """The messages nobody has yet: how many wait and since when, and how many were refused too often."""
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return {"waiting": 0, "dead": 0, "oldest": None, "last_error": None}
        (row,) = ledger.rows(
            connection,
            "SELECT count(*) FILTER (state = 'waiting') AS waiting, count(*) FILTER (state = 'dead') AS dead, "
            "min(created_at) AS oldest, arg_max(last_error, attempts) AS last_error "
            "FROM warehouse.ledger.outbox WHERE state IN ('waiting', 'dead')",
        )
    return {**row, "oldest": row["oldest"].isoformat() if row["oldest"] else None}


def acknowledge(settings: Settings, message_id: str, by: str) -> None:
    """Note that somebody has read an alert and answers for it.

    Raises:
        AlertError: no such alert, or it is acknowledged already.
    """
    moment = settings.now()
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, moment)
        found = ledger.rows(
            connection,
            "SELECT acknowledged_at, acknowledged_by FROM warehouse.ledger.outbox "
            "WHERE message_id = ? AND kind IN ('alert', 'operator', 'rule_questioned')",
            [message_id],
        )
        if not found:
            raise AlertError(f"There is no alert {message_id}. See: exchange alerts list")
        if found[0]["acknowledged_at"]:
            raise AlertError(f"{message_id} was acknowledged already, by {found[0]['acknowledged_by']}.")
        with transaction(connection):
            connection.execute(
                "UPDATE warehouse.ledger.outbox SET acknowledged_at = ?, acknowledged_by = ? WHERE message_id = ?",
                [moment.replace(tzinfo=None), by, message_id],
            )
            ledger.audit(
                connection,
                "alert.acknowledged",
                message_id,
                {"by": by},
                actor=settings.actor,
                at=moment,
            )


def settle(connection: Connection, alerts: Iterable[str], by: str, *, actor: ledger.Actor, at: datetime) -> None:
    """Note that alerts ask for nothing any more, and what settled them (a delivery or a person). In a transaction."""
    for message_id in alerts:
        connection.execute(
            "UPDATE warehouse.ledger.outbox SET settled_at = ?, settled_by = ? WHERE message_id = ?",
            [at.replace(tzinfo=None), by, message_id],
        )
        ledger.audit(connection, "alert.settled", message_id, {"by": by}, actor=actor, at=at)
