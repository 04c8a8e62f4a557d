"""Agreements that lapse: the governance contact hears 90 and 30 days before the review day and before the last day."""

from datetime import date

from flows.settings import Settings, today
from schemas.agreement import Agreement
from warehouse import ledger
from warehouse.connection import open_warehouse, transaction
from warehouse.ledger import Message


def remind_of_reviews(settings: Settings) -> list[str]:
    """Write to the governance contacts of agreements that lapse soon; returns the ids of the new messages."""
    wanted = [
        (agreement, what, day, step)
        for agreement in settings.partnership.agreements
        if agreement.in_force(today(settings))
        for what, day in (("review", agreement.review_date), ("end", agreement.end))
        if day is not None and (step := _reached(settings, day)) is not None
    ]
    if not wanted:
        return []
    posted = []
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        with transaction(connection):
            for agreement, what, day, step in wanted:
                for partner in agreement.parties:
                    if partner not in settings.partnership.partners:
                        continue
                    message = _letter(settings, agreement, partner, what, day, step)
                    posted += ledger.post(connection, message, f"agreement-{agreement.id}", settings.now())
    return posted


def _reached(settings: Settings, day: date) -> int | None:
    """The nearest step that the days until then have come down to; None when far off, or over."""
    left = (day - today(settings)).days
    return min((step for step in settings.partnership.reminders.review if 0 <= left <= step), default=None)


def _letter(settings: Settings, agreement: Agreement, partner: str, what: str, day: date, step: int) -> Message:
    partnership = settings.partnership
    thread = f"agreement-{agreement.id}.{partner}.{what}-{day}"
    return Message(
        "review",
        partner,
        {
            "kind": "review",
            "to": ["governance_contact"],
            "thread": {"first": thread, "latest": thread},
            "what": what,
            "agreement": agreement.id,
            "agreement_title": agreement.title,
            "day": day.isoformat(),
            "days_left": (day - today(settings)).days,
            "end": agreement.end.isoformat() if agreement.end else None,
            "datasets": [partnership.contracts[key].title for key in agreement.datasets],
            "exchange_name": partnership.name,
            "contact": partnership.data_quality_lead.email,
        },
        f"{partner}.{what}-{day}.{step}",
    )
