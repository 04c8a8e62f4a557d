"""Chase: the officer is reminded before an extract is due, and asked for it after, until it is in.

One thread for each dataset and period. A return of words that is in but leaves a Red unanswered is asked for by the
name of each such Red. How many working days before and after, and who hears at each step, is the
partnership's to say (``reminders`` in partnership.yaml). A step is told of once; of several that came due while
nothing ran, only the furthest.
"""

import json
from collections.abc import Sequence
from typing import Any

from flows.officers import messages
from flows.officers.unanswered import Unanswered, unanswered
from flows.releases.owed import Owed, owed
from flows.settings import Settings, today
from reports.words import period as period_in_words
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import Message


def chase(settings: Settings) -> list[str]:
    """Write what is to be said about extracts that are owed; returns the ids of the new messages."""
    obligations = owed(settings)
    if not obligations:
        return []
    asked = {one.slot: one for one in unanswered(settings)}
    posted = []
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        arrived = _arrived(connection)
        chased = _chased(connection)
        waiting = _waiting_claims(settings)
        with transaction(connection):
            for one in obligations:
                came = arrived.get(one.slot, [])
                reds = asked.get(one.slot)
                message = _message(settings, one, came, one.thread in chased, one.key in waiting, reds)
                if message is not None:
                    posted += ledger.post(connection, message, one.thread, settings.now())
    return posted


def _arrived(connection: Connection) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """The deliveries of each partner, dataset and period, in order of arrival."""
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in ledger.deliveries(connection, "period IS NOT NULL AND partner IS NOT NULL"):
        found.setdefault((row["partner"], row["dataset"], row["period"]), []).append(row)
    return found


def _chased(connection: Connection) -> set[str]:
    """The threads in which somebody was told that an extract is overdue."""
    found = connection.execute(
        "SELECT DISTINCT delivery_id FROM warehouse.ledger.outbox WHERE kind = 'overdue'"
    ).fetchall()
    return {thread for (thread,) in found}


def _waiting_claims(settings: Settings) -> set[str]:
    """Datasets of which a file lies with us that we could not take in: it may be the one that is owed."""
    claims = settings.staging / "claims"
    found = [path for path in claims.glob("*/arrival.json") if path.is_file()] if claims.is_dir() else []
    told = [json.loads(path.read_text(encoding="utf-8")) for path in found]
    return {f"{each['partner']}/{each['dataset']}" for each in told}


def _message(
    settings: Settings,
    one: Owed,
    came: list[dict[str, Any]],
    chased: bool,
    lies_with_us: bool,
    asked: Unanswered | None,
) -> Message | None:
    """What is to be said about an extract now, if anything: before it is due, after, or that it is in at last."""
    day, calendar = today(settings), settings.partnership.working_days
    reminders = settings.partnership.reminders
    reds = asked.as_told if asked else []
    if any(row["state"] in ledger.live_states() for row in came):
        if chased and not reds:
            return _letter(settings, one, came, "chase_over", "received", ("officer",))
        step = reminders.reached(calendar.since(one.due_on, day)) if day > one.due_on else None
        # The return is in, and the Reds it does not speak of are asked for by name.
        if not reds or step is None or not calendar.is_working(day) or one.due_on < one.agreement.start:
            return None
        return _letter(settings, one, came, "unanswered", f"day-{step.after}", step.to, reds)
    # What we have and have not decided is ours to answer for; nobody is written to when no office is open.
    with_us = lies_with_us or any(row["state"] == "received" for row in came)
    # What was due before the agreement began comes as it was arranged, and is asked for by nobody.
    if with_us or not calendar.is_working(day) or one.due_on < one.agreement.start:
        return None
    if day <= one.due_on:
        if day < calendar.before(one.due_on, reminders.due_soon):
            return None
        return _letter(settings, one, came, "due_soon", "before", ("officer",), reds)
    step = reminders.reached(calendar.since(one.due_on, day))
    if step is None:
        return None
    return _letter(settings, one, came, "overdue", f"day-{step.after}", step.to, reds)


def _letter(
    settings: Settings,
    one: Owed,
    came: list[dict[str, Any]],
    kind: str,
    step: str,
    to: tuple[str, ...],
    reds: Sequence[dict[str, str]] = (),
) -> Message:
    partnership = settings.partnership
    last = came[-1] if came else None
    return Message(
        kind,
        one.partner,
        {
            "kind": kind,
            "thread": {"first": one.thread, "latest": one.thread},
            "to": list(to),
            "partner": one.partner,
            "partner_name": partnership.partners[one.partner].name,
            "dataset": one.key,
            "dataset_title": partnership.contracts[one.key].title,
            "period": one.period.id,
            "period_words": period_in_words(one.period.start, one.period.end),
            "due_on": one.due_on.isoformat(),
            "agreement": one.agreement.title,
            "working_days_late": partnership.working_days.since(one.due_on, today(settings)),
            "last_decision": last["decision"] if last else None,
            "last_received_at": last["received_at"].isoformat() if last else None,
            "reds": list(reds),
            "last_delivery": last["delivery_id"] if last else None,
            "feeds": messages.feeds(settings, one.key),
            "meetings": messages.meetings(settings, one.key, one.period.id),
            "exchange_name": partnership.name,
            "contact": partnership.data_quality_lead.email,
        },
        step,
    )
