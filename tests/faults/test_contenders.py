"""Many want the warehouse at once, or another program holds it: one writes, the others wait, no partner hears of it.

`make faults` lets 50 contend, and has the warehouse held for 0 to 33 seconds.
"""

import multiprocessing
import os
import random
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

import warehouse.connection
from flows.cli.status import status
from flows.drain import drain
from flows.governance.verify import verify
from flows.land import deliver
from flows.settings import Settings
from tests.faults.counts import SEED, trials
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import WarehouseBusyError, open_warehouse, transaction

FORK = multiprocessing.get_context("fork")
LONGEST = 33.0  # seconds; the exchange waits for 30
AT = Callable[[str], Settings]


def writes(settings: Settings, number: int, gate: Event) -> None:
    """One contender: reads what is there, and writes the next row in a transaction; comes again."""
    gate.wait()
    try:
        _write(settings, number)
    except WarehouseBusyError:
        _write(settings, number)
    # Without the exit handlers of what else the test process has loaded: a Prefect flow's threads fail in a fork.
    os._exit(0)


def _write(settings: Settings, number: int) -> None:
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        before = ledger.count_audit(connection)
        time.sleep(random.Random(number).uniform(0, 0.01))
        details = {"before": before}
        ledger.audit(connection, "contended", str(number), details, actor=settings.actor, at=settings.now())


def test_of_many_contenders_one_writes_and_none_is_lost(at: AT) -> None:
    settings, count = at("2009-07-20T10:00"), trials(12)
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
    gate = FORK.Event()
    contenders = [FORK.Process(target=writes, args=(settings, number, gate)) for number in range(count)]
    for contender in contenders:
        contender.start()
    gate.set()
    for contender in contenders:
        contender.join()
    assert [contender.exitcode for contender in contenders] == [0] * count
    with open_warehouse(settings.home) as connection:
        seen = [details["before"] for details in ledger.audited(connection, "contended")]
    assert seen == list(range(count)), "each saw what all before it had written"
    assert verify(settings)["problems"] == []


def holds(path: Path, seconds: float, held: Event) -> None:
    """Another program that has the warehouse's file open to write, as a person's own DuckDB shell may."""
    with duckdb.connect(str(path)):
        held.set()
        time.sleep(seconds)
    os._exit(0)


@pytest.mark.parametrize("patience", [30.0, 0.3], ids=["let go in time", "not let go in time"])
def test_a_held_warehouse_keeps_a_file_waiting_and_no_partner_hears(
    at: AT, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(warehouse.connection, "WAIT_SECONDS", patience)
    settings = at("2009-07-20T10:00")
    dice = random.Random(SEED)
    deliver(settings, waste(tmp_path), KEY)
    drain(settings)
    for number in range(trials(1)):
        held = FORK.Event()
        seconds = dice.uniform(0.3, 0.6) if trials(1) == 1 else LONGEST * number / trials(1)
        holder = FORK.Process(target=holds, args=(settings.home / "warehouse.duckdb", seconds, held))
        row = f"2009-04,kerbside_residual,household,residual,efw,{number + 1}.000,"
        deliver(settings, waste(tmp_path, row), KEY)
        holder.start()
        held.wait()
        late = False
        try:
            drain(settings)
        except WarehouseBusyError:
            late = True
        holder.join()
        assert late <= (seconds > patience), "it waits as long as it says"
        drain(settings)
        rows = status(settings)["deliveries"]
        assert [one["state"] for one in rows] == ["superseded"] * (number + 1) + ["merged"], (
            f"held for {seconds} s"
        )
        with open_warehouse(settings.home) as connection:
            told = ledger.rows(connection, "SELECT kind FROM warehouse.ledger.outbox")
        assert [one["kind"] for one in told] == ["receipt"] * (number + 2), "receipts, and nothing about a lock"
