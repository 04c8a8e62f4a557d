"""Alerts and a mail server that is down for a day and then in every bad mood: none is lost, and none goes for nothing.

A real server on loopback, simulated hours. `make faults` sends 10,000.
"""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from flows import notify
from flows.ingest import ingest_waiting
from flows.land import deliver
from flows.notify import send_outbox
from flows.settings import Settings, Smtp
from tests.faults.counts import SEED, trials
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse, transaction

HOURS_DOWN, HOURS_MOODY = 24, 12


@dataclass
class Moody:
    """A server that refuses for now, hangs, takes one address and not the other, or hangs up on what it took."""

    dice: random.Random
    bad: float = 0.02  # of the mails, while the mood lasts
    taken: Counter[str] = field(default_factory=Counter)
    let_down: set[str] = field(default_factory=set)  # taken without a word, or not by the officer
    refused_first: bool = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.dice.random() < self.bad:
            self.refused_first = self.refused_first or not envelope.rcpt_tos
            return "450 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        id = str(message_from_bytes(envelope.content)["Message-ID"])
        refused_first, self.refused_first = self.refused_first, False
        mood = self.dice.random()
        if mood < self.bad / 2:
            return "451 not now"
        if mood < self.bad * 0.6:
            await asyncio.sleep(notify.TIMEOUT * 2)
            return "451 too late"
        self.taken[id] += 1
        if mood < self.bad:
            self.let_down.add(id)
            assert server.transport is not None
            server.transport.close()
        elif refused_first:
            self.let_down.add(id)
        return "250 OK"


def with_alerts(settings: Settings, folder: Path, count: int) -> set[str]:
    """Write so many alerts into the outbox, each of a file of its own; returns their ids."""
    deliver(settings, waste(folder, "2009-04,a,household,residual,efw,1.0,,A", header="month,surname"), KEY)
    ingest_waiting(settings)
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        connection.execute(
            """
            INSERT INTO warehouse.ledger.outbox BY NAME
            SELECT * EXCLUDE (number) REPLACE (
                message_id || '.' || number AS message_id, delivery_id || '.' || number AS delivery_id)
            FROM warehouse.ledger.outbox, range(?) AS numbers(number) WHERE kind = 'alert'
            """,
            [count - 1],
        )
        found = ledger.rows(connection, "SELECT message_id FROM warehouse.ledger.outbox")
    return {str(row["message_id"]) for row in found}


def states(settings: Settings) -> Counter[str]:
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(connection, "SELECT state FROM warehouse.ledger.outbox")
    return Counter(row["state"] for row in rows)


def test_no_alert_is_lost_and_none_goes_twice_without_cause(
    at: Callable[[str], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    monkeypatch.setattr(notify, "TIMEOUT", 0.3)
    smtp = Smtp("127.0.0.1", port, "exchange@partnership.example", starttls=False)
    clock = [at("2009-07-20T09:00").now()]
    settings = replace(at("2009-07-20T09:00"), smtp=smtp, now=lambda: clock[0])
    alerts = with_alerts(settings, tmp_path, trials(60))

    def next_hour() -> tuple[int, int]:
        clock[0] += timedelta(hours=1)
        return send_outbox(settings)

    for _ in range(HOURS_DOWN):
        assert next_hour() == (0, len(alerts))
    server = Moody(random.Random(SEED))
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        for _ in range(HOURS_MOODY):
            next_hour()
        server.bad = 0
        next_hour()
    finally:
        with suppress(ConnectionError):
            controller.stop()
    assert states(settings) == {"sent": len(alerts)}
    assert {id[1:].partition("@")[0] for id in server.taken} == alerts, "each came, and nothing else"
    twice = {id for id, count in server.taken.items() if count > 1}
    assert twice <= server.let_down, "only what the server took without saying so, or not for the officer"
