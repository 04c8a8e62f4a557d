"""Notify: send what the outbox holds to the role that answers today, until it is delivered.

With no SMTP server configured each message lands as an ``.eml`` file in ``outbox/``; either way the outbox row
is marked only afterwards, so a crash sends twice rather than never, under the same Message-ID.
"""

import json
import smtplib
import ssl
from collections.abc import Container
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Any

from flows.files import write_whole
from flows.settings import Settings, Smtp, today
from reports.mail import Mail, alert, operator_alert, receipt
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction

RENDER = {"receipt": receipt, "alert": alert, "operator": operator_alert}
TIMEOUT = 30  # seconds an SMTP server may keep us waiting


class AlertError(Exception):
    """An alert that does not exist, or needs no acknowledging; the message says which."""


def send_outbox(settings: Settings) -> tuple[int, int]:
    """Send every waiting message; returns (sent, still waiting). One sender at a time, so that none goes twice."""
    with one_run(settings.home, "outbox"):
        return _send_waiting(settings)


def _send_waiting(settings: Settings) -> tuple[int, int]:
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return 0, 0
        waiting = ledger.rows(
            connection,
            "SELECT message_id, delivery_id, partner, kind, payload, attempts, created_at "
            "FROM warehouse.ledger.outbox WHERE state = 'waiting' ORDER BY created_at, message_id",
        )
    if not waiting:
        return 0, 0
    outcomes = _send_all(settings, waiting)
    moment = settings.now()
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for message, (reached, error) in zip(waiting, outcomes, strict=True):
            connection.execute(
                "UPDATE warehouse.ledger.outbox SET state = ?, attempts = ?, last_error = ?, sent_at = ?, "
                "sent_to = ? WHERE message_id = ?",
                [
                    "sent" if reached else "waiting",
                    message["attempts"] + 1,
                    error,
                    moment.replace(tzinfo=None) if reached else None,
                    reached,
                    message["message_id"],
                ],
            )
            if reached:
                ledger.audit(
                    connection,
                    f"{message['kind']}.sent",
                    message["message_id"],
                    {"to": reached},
                    actor=settings.actor,
                    at=moment,
                )
    sent = sum(1 for reached, _ in outcomes if reached)
    return sent, len(waiting) - sent


def _send_all(settings: Settings, waiting: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    """For each message the first address that took it (None: none did), and the type of the error if any."""
    mails = [_compose(settings, message) for message in waiting]
    if settings.smtp is None:
        for message, mail in zip(waiting, mails, strict=True):
            write_whole(settings.home / "outbox" / f"{message['message_id']}.eml", mail.as_bytes(policy=SMTP))
        return [(str(mail["To"]), None) for mail in mails]
    try:
        server = _connected(settings.smtp)
    except (OSError, smtplib.SMTPException) as error:
        return [(None, type(error).__name__) for _ in mails]
    outcomes: list[tuple[str | None, str | None]] = []
    try:
        for mail in mails:
            try:
                refused = server.send_message(mail)
                error_type = smtplib.SMTPRecipientsRefused.__name__ if refused else None
                outcomes.append((_reached(mail, refused), error_type))
            except (OSError, smtplib.SMTPException) as error:
                outcomes.append((None, type(error).__name__))
        with suppress(OSError, smtplib.SMTPException):  # what was sent is sent, however the server takes its leave
            server.quit()
    finally:
        server.close()
    return outcomes


def _reached(mail: EmailMessage, refused: Container[str]) -> str:
    """The first address, To before Cc, that was not refused; the server took the mail, so there is one."""
    addresses = getaddresses([str(mail["To"]), str(mail["Cc"] or "")])
    return next(address for _, address in addresses if address not in refused)


def _connected(smtp: Smtp) -> smtplib.SMTP:
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    try:
        if smtp.starttls:
            server.starttls(context=ssl.create_default_context(cafile=smtp.ca))
        if smtp.user:
            server.login(smtp.user, smtp.password or "")
    except BaseException:
        server.close()
        raise
    return server


def _compose(settings: Settings, message: dict[str, Any]) -> EmailMessage:
    partnership = settings.partnership
    payload = json.loads(message["payload"])
    sender = settings.smtp.sender if settings.smtp else partnership.data_quality_lead.email
    mail = EmailMessage()
    if message["kind"] == "operator" or message["partner"] not in partnership.partners:
        mail["To"] = partnership.operator.email
    else:
        partner = partnership.partners[message["partner"]]
        person = partner.answering(today(settings))
        payload["officer"] = {"name": person.name, "email": person.email}
        mail["To"] = person.email
        mail["Cc"] = _others(message["kind"], payload.get("state"), partnership, partner)
    rendered: Mail = RENDER[message["kind"]](payload)
    created: datetime = message["created_at"]
    mail["From"] = sender
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(created)
    mail["Message-ID"] = f"<{message['message_id']}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text)
    if rendered.html:
        mail.add_alternative(rendered.html, subtype="html")
    if not mail["Cc"]:
        del mail["Cc"]
    return mail


def _others(kind: str, state: str | None, partnership: Any, partner: Any) -> str:
    """Who hears beside the officer: the role's mailbox; for a hold also governance and the incident contact."""
    others = [partner.role_mailbox]
    if kind == "alert" and state == "held":
        others += [partner.governance_contact, partnership.incident_contact]
    return ", ".join(dict.fromkeys(others))


def list_alerts(settings: Settings, *, all_of_them: bool = False) -> list[dict[str, Any]]:
    """The alerts not yet acknowledged (or all), oldest first: ids, counts and sentences only."""
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return []
        # No bound value: the first one makes DuckDB import pandas, and this command only looks.
        open_only = "" if all_of_them else "AND acknowledged_at IS NULL "
        found = ledger.rows(
            connection,
            "SELECT message_id, delivery_id, partner, kind, payload, state, created_at, sent_to, acknowledged_at, "
            "acknowledged_by FROM warehouse.ledger.outbox WHERE kind IN ('alert', 'operator') "
            f"{open_only}ORDER BY created_at, message_id",
        )
    return [
        {
            "id": row["message_id"],
            "delivery_id": row["delivery_id"],
            "partner": row["partner"],
            "for": "operator" if row["kind"] == "operator" else "officer",
            "dataset": payload.get("dataset"),
            "period": payload.get("period"),
            "decision": payload.get("decision"),
            "reason": payload.get("reason") or payload.get("problem"),
            "rules": [
                {"id": rule["id"], "failed": rule["failed"], "sentence": rule["sentence"]}
                for rule in payload.get("rules", [])
            ],
            "raised_at": row["created_at"].isoformat(),
            "sent": row["state"] == "sent",
            "sent_to": row["sent_to"],
            "acknowledged_at": row["acknowledged_at"].isoformat() if row["acknowledged_at"] else None,
            "acknowledged_by": row["acknowledged_by"],
        }
        for row in found
        for payload in [json.loads(row["payload"])]
    ]


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
            "WHERE message_id = ? AND kind IN ('alert', 'operator')",
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
