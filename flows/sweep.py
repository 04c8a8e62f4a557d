"""Sweep: whatever no event announced. Nothing here depends on anybody having been told that there is work.

Each part is a plain function that finds its work in the ledger and on disk, so it can run alone, late, or twice:
a second sweep finds nothing new. A part that fails keeps none of the others from running.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from flows.governance.definitions import note_definitions
from flows.governance.lapsing import remind_of_reviews
from flows.governance.retention import expire_held, forget_checks
from flows.officers import messages
from flows.officers.chase import chase
from flows.officers.collect import collect
from flows.officers.delays import tell_of_delays
from flows.officers.escalate import escalate
from flows.releases.copies import copy_releases
from flows.settings import Settings, today
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction

LATE_AFTER = timedelta(hours=2)  # a sweep is due every hour; monitoring complains after two
log = logging.getLogger("exchange.sweep")


@dataclass(frozen=True)
class Swept:
    """A part of the sweep: the ids of what it did (deliveries, messages, publications), or the kind of failure."""

    part: str
    done: tuple[str, ...] = ()
    problem: str | None = None


def pick_up(settings: Settings) -> list[str]:
    """Bring through what waits: files in the inboxes, claims a crash left, deliveries received or not yet merged."""
    from flows.drain import drain

    return [row["delivery_id"] for row in drain(settings)]


def retain(settings: Settings) -> list[str]:
    """Erase what is kept no longer: held files and checks whose days are over, rows past their retention."""
    from flows.governance.erasure import expire_due

    with one_run(settings.home):
        return [*expire_held(settings), *expire_due(settings), *forget_checks(settings)]


def note(settings: Settings) -> list[str]:
    """Write down what changed in the definitions, also when nothing arrives. It is no work that another run redoes."""
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        note_definitions(settings, connection)
    return []


def publications(settings: Settings) -> list[str]:
    """Publish the periods that became ready or were restated, and of which no publication followed."""
    from flows.publish import publish_owed

    return [made.publication_id for made in publish_owed(settings) if made.new]


def send(settings: Settings) -> list[str]:
    """Send what the outbox holds. Mail that waits is no new work: only the ids of what left are returned."""
    from flows.notify import send_outbox

    sent, _ = send_outbox(settings)
    return [f"{sent} messages"] if sent else []


# In this order: what is in is not chased, what was written goes out after, and partners' folders show what is so.
PARTS: dict[str, Callable[[Settings], list[str]]] = {
    "definitions": note,
    "pick_up": pick_up,
    "retention": retain,
    "publications": publications,
    "delays": tell_of_delays,
    "escalation": escalate,
    "chase": chase,
    "reviews": remind_of_reviews,
    "copies": copy_releases,
    "send": send,
    "collect": collect,
}


def sweep(settings: Settings, parts: Iterable[str] | None = None) -> list[Swept]:
    """Run the parts of the sweep (default: all, in their order); one sweep at a time.

    Raises:
        KeyError: there is no part of that name.
    """
    wanted = list(PARTS if parts is None else parts)
    works = [(part, PARTS[part]) for part in wanted]
    with one_run(settings.home, "sweep"):
        return [_swept(settings, part, work) for part, work in works]


def _swept(settings: Settings, part: str, work: Callable[[Settings], list[str]]) -> Swept:
    try:
        done = work(settings)
        with open_warehouse(settings.home, writable=True) as connection:
            ledger.prepare(connection, settings.now())
            with transaction(connection):
                ledger.record_sweep(connection, part, settings.now())
    except Exception as error:
        # The text of an unforeseen error may quote a row: only its type may leave.
        kind = type(error).__name__
        log.error("sweep: %s failed: %s", part, kind)
        _tell_operator(settings, part, kind)
        return Swept(part, problem=kind)
    return Swept(part, tuple(done))


def _tell_operator(settings: Settings, part: str, kind: str) -> None:
    """Once a day and part; where not even that can be written, monitoring still sees that the sweep is late."""
    fault = messages.on_fault(settings, {"delivery_id": None}, f"The sweep could not do its part {part} ({kind})")
    told = ledger.Message(fault.kind, None, fault.payload, f"{today(settings)}")
    try:
        with open_warehouse(settings.home, writable=True) as connection:
            ledger.prepare(connection, settings.now())
            with transaction(connection):
                ledger.post(connection, told, f"sweep-{part}", settings.now())
    except Exception as error:
        log.error("sweep: the operator could not be told: %s", type(error).__name__)
