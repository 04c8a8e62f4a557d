"""Drain: everything waiting, through to merge, then what the outbox holds. What an ingest run does."""

from collections.abc import Callable
from typing import Any

from flows.ingest import ingest_waiting
from flows.merge import merge_accepted
from flows.notify import send_outbox
from flows.officers.collect import tell
from flows.settings import Settings
from flows.validate import validate_received
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse

Report = Callable[[str], None]


def drain(settings: Settings, report: Report = lambda line: None) -> list[dict[str, Any]]:
    """Take in everything waiting and bring it as far as it goes; returns this run's deliveries as they stand.

    One run at a time: a second one waits for the first, and finds that its work is done.
    """
    with one_run(settings.home):
        taken = set(ingest_waiting(settings))
        report(f"{len(taken)} taken in")
        taken |= {delivery_id for delivery_id, _ in validate_received(settings)}
        report("validated")
        taken |= {merged.delivery_id for merged in merge_accepted(settings)}
        report("merged")
    sent, unsent = send_outbox(settings)
    report(f"{sent} messages sent" + (f", {unsent} waiting" if unsent else ""))
    if not taken:
        return []
    with open_warehouse(settings.home) as connection:
        found = [row for row in ledger.deliveries(connection) if row["delivery_id"] in taken]
    senders = {row["partner"] for row in found}
    tell(settings, [partner for id, partner in settings.partnership.partners.items() if id in senders])
    return found
