"""What the programs that break the exchange share: twelve deliveries, runs in processes of their own, and a judge.

After each trial the exchange is started again with nothing in its way. Then nothing may be lost, doubled or torn: the
states, counts, contributions, values and messages are those of a run that met no fault, the audit chain is whole, the
archive holds the bytes that arrived, and nothing lies about in staging.
"""

import hashlib
import os
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations import run as _warm  # noqa: F401  # what takes seconds to import
from flows.drain import drain
from flows.governance.verify import verify
from flows.land import deliver
from flows.settings import Settings
from tests.flows.waste import HEADER, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

WASTE, CRIME = "council/household_waste", "police/recorded_crime"
CRIMES = "crime_ref,offence_code,recorded_on,occurred_from,occurred_to,ward_code,lsoa_code,domestic_flag,outcome"
MOMENT = datetime(2009, 7, 20, 9, tzinfo=UTC)
DIED, GAVE_UP, TOO_LATE = 70, 3, -signal.SIGALRM


def settings_of(home: Path) -> Settings:
    """The settings of a home at the harness's one moment."""
    return Settings(home=home, now=lambda: MOMENT)


def make_waiting(home: Path, folder: Path, few: bool) -> None:
    """Twelve deliveries in the inboxes of a new home: sound, corrected, doubled, faulty, surplus and unknown ones.

    ``few``: three of them, for trials that are many because there is one for every call.
    """
    folder.mkdir()
    settings = settings_of(home)
    good = "2009-04,kerbside_residual,household,residual,efw,{},"
    deliver(settings, waste(folder), WASTE)
    deliver(settings, waste(folder, good.format("4100.000"), "x,,,,,,"), WASTE)
    deliver(settings, waste(folder, "2009-04,a,household,residual,efw,1.0,,A", header=f"{HEADER},surname"), WASTE)
    if few:
        return
    for tonnes in ("4200.000", "4300.000", "4300.000"):  # corrections, and the last one's bytes once more
        deliver(settings, waste(folder, good.format(tonnes)), WASTE)
    deliver(settings, waste(folder, header="month,stream"), WASTE)
    for period, month in (("FY2008-Q1", "2008-05"), ("FY2008-Q2", "2008-08"), ("FY2008-Q3", "2008-11")):
        row = f"{month},kerbside_residual,household,residual,efw,4000.000,"
        deliver(settings, waste(folder, row, name=f"waste_{period}.csv"), WASTE)
    crime = folder / "crime_FY2009-Q1.csv"
    rows = ("R1,28,2009-04-14,2009-04-13,2009-04-13", ",28,2009-05-14,2009-05-13,2009-05-13")
    lines = [CRIMES, *(f"{row},00ANGA,,N,undetected" for row in rows)]
    crime.write_text("\n".join(lines) + "\n", encoding="utf-8")
    deliver(settings, crime, CRIME)
    unknown = settings.inbox / "council" / "no_such_dataset"
    unknown.mkdir()
    shutil.copy(crime, unknown / "extract.csv")
    os.utime(unknown / "extract.csv", (1, 1))  # long at rest


def content(home: Path) -> dict[str, Any]:
    """What must be the same however often it was killed: states, counts, contributions, values, messages, files."""
    with open_warehouse(home) as connection:

        def all_of(query: str) -> list[Any]:
            return connection.execute(query).fetchall()

        columns = (
            "delivery_id, state, decision, superseded_by, slot, sha256, rows_received, rows_accepted, "
            "rows_quarantined, rows_out_of_scope"
        )
        found = {
            "deliveries": all_of(f"SELECT {columns} FROM warehouse.ledger.delivery ORDER BY sequence"),
            "rules": all_of("SELECT * FROM warehouse.ledger.rule_result ORDER BY ALL"),
            "contributions": all_of("SELECT * FROM warehouse.merged.contribution ORDER BY ALL"),
            "values": all_of("SELECT * FROM warehouse.merged.value ORDER BY ALL"),
            "messages": all_of(  # not their numbers: a word to the operator counts too
                "SELECT delivery_id, kind, state FROM warehouse.ledger.outbox WHERE kind <> 'operator' ORDER BY ALL"
            ),
            "moves": all_of(
                "SELECT event, subject FROM warehouse.ledger.audit WHERE event LIKE 'delivery.%' ORDER BY ALL"
            ),
        }
    for part in ("accepted", "quarantine", "archive", "held"):
        found[part] = [
            (path.relative_to(home).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted((home / part).rglob("*"))
            if path.is_file() and path.name != "receipts.jsonl"  # names each run, and holds what verify checks
        ]
    return found


def whole(home: Path) -> list[str]:
    """What does not hold in a home at rest."""
    problems = list(verify(settings_of(home))["problems"])
    left = [path for path in (home / "staging").rglob("*") if path.is_file()]
    left += [path for path in (home / "inbox").rglob("*") if path.is_file()]
    problems += [f"{path.relative_to(home)} lies about" for path in left]
    with open_warehouse(home) as connection:
        told = {
            row["delivery_id"]
            for row in ledger.rows(connection, "SELECT delivery_id FROM warehouse.ledger.outbox")
        }
        problems += [
            f"{row['delivery_id']} was told to nobody"
            for row in ledger.deliveries(connection)
            if row["delivery_id"] not in told
        ]
    return problems


def forked(home: Path, before: Callable[[], None] = lambda: None) -> int:
    """Start a run on the home in a process of its own; returns its process id."""
    process = os.fork()
    if process:
        return process
    code = DIED
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        before()
        drain(settings_of(home))
        code = 0
    except Exception:
        code = GAVE_UP  # it said so and ended, as a command does
        home.with_suffix(".why").write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(code)


def ended(process: int, seconds: float = 120.0) -> int:
    """The exit code of a run, or minus the signal that ended it; ``TOO_LATE`` when it was killed after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return TOO_LATE


class Trials:
    """A home with deliveries waiting, what a run without a fault makes of it, and the trials that differ from it."""

    def __init__(self, folder: Path, *, few: bool = False) -> None:
        self.folder, self.waiting = folder, folder / "waiting"
        make_waiting(self.waiting, folder / "sent", few)
        sound = self.fresh("sound")
        started = time.monotonic()
        code = ended(forked(sound))
        self.seconds = time.monotonic() - started
        assert code == 0, f"the run without a fault ended with {code}"
        self.expected = content(sound)
        assert not whole(sound), whole(sound)
        self.wrong: list[str] = []

    def fresh(self, name: str) -> Path:
        """A copy of the home with everything still waiting."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.waiting, home)
        return home

    def finish(self, home: Path, trial: str) -> None:
        """Start the exchange again with nothing in its way, and compare."""
        code = ended(forked(home))
        if code:
            why = home.with_suffix(".why").read_text(encoding="utf-8") if code == GAVE_UP else ""
            self.wrong.append(f"{trial}: the next run ended with {code}\n{why}")
            return
        found = content(home)
        for part, expected in self.expected.items():
            if found[part] != expected:
                lost = [row for row in expected if row not in found[part]]
                new = [row for row in found[part] if row not in expected]
                self.wrong.append(f"{trial}: {part} differ, lost {lost[:3]}, new {new[:3]}")
        self.wrong += [f"{trial}: {problem}" for problem in whole(home)]
