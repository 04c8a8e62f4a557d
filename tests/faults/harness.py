"""Kill the exchange at random moments, fail its system calls one by one, fill its disk: then see what is left.

A program, forked anew for each trial from one that has everything imported:

    python -m tests.faults.harness kills --count 1000 --seed 20091120
    python -m tests.faults.harness calls --every 1            (needs a C compiler, for failing_calls.c)
    python -m tests.faults.harness disk --count 20

After each trial the exchange is started again with nothing in its way. Then nothing may be lost, doubled or torn: the
states, counts, contributions, values and messages are those of a run that met no fault, the audit chain is whole, the
archive holds the bytes that arrived, and nothing lies about in staging.
"""

import argparse
import ctypes
import errno
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations import run as _warm  # noqa: F401  # what takes seconds to import
from flows import validate
from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from flows.verify import verify
from tests.flows.waste import HEADER, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

WASTE, CRIME = "council/household_waste", "police/recorded_crime"
CRIMES = "crime_ref,offence_code,recorded_on,occurred_from,occurred_to,ward_code,lsoa_code,domestic_flag,outcome"
MOMENT = datetime(2009, 7, 20, 9, tzinfo=UTC)
DIED, GAVE_UP = 70, 3
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EINTR": errno.EINTR}


def settings_of(home: Path) -> Settings:
    """The settings of a home at the harness's one moment."""
    return Settings(home=home, now=lambda: MOMENT)


def make_waiting(home: Path, folder: Path) -> None:
    """Twelve deliveries in the inboxes of a new home: sound, corrected, doubled, faulty, surplus and unknown ones."""
    folder.mkdir()
    settings = settings_of(home)
    good = "2009-04,kerbside_residual,household,residual,efw,{},"
    for period, month in (("FY2008-Q1", "2008-05"), ("FY2008-Q2", "2008-08"), ("FY2008-Q3", "2008-11")):
        row = f"{month},kerbside_residual,household,residual,efw,4000.000,"
        deliver(settings, waste(folder, row, name=f"waste_{period}.csv"), WASTE)
    deliver(settings, waste(folder), WASTE)
    for tonnes in ("4100.000", "4200.000", "4200.000"):  # two corrections, and the second one's bytes once more
        deliver(settings, waste(folder, good.format(tonnes)), WASTE)
    deliver(settings, waste(folder, good.format("4200.000"), "x,,,,,,"), WASTE)
    deliver(settings, waste(folder, header="month,stream"), WASTE)
    deliver(settings, waste(folder, "2009-04,a,household,residual,efw,1.0,,A", header=f"{HEADER},surname"), WASTE)
    crime = folder / "crime_FY2009-Q1.csv"
    crime.write_text(
        "\n".join(
            [
                CRIMES,
                "R1,28,2009-04-14,2009-04-13,2009-04-13,00ANGA,,N,undetected",
                ",28,2009-05-14,2009-05-13,2009-05-13,00ANGA,,N,undetected",
            ]
        )
        + "\n",
        encoding="utf-8",
    )
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
            "messages": all_of(
                "SELECT message_id, kind, state FROM warehouse.ledger.outbox WHERE kind <> 'operator' ORDER BY ALL"
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
    """The exit code of a run, or minus the signal that ended it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return -signal.SIGALRM


class Trials:
    """A home with deliveries waiting, what a run without a fault makes of it, and the trials that differ from it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.waiting = folder, folder / "waiting"
        make_waiting(self.waiting, folder / "sent")
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


def kills(trials: Trials, count: int, seed: int) -> str:
    """Kill a run at a random moment, sometimes the next one too, and let a last one finish."""
    dice = random.Random(seed)
    done = 0
    while done < count:
        home = trials.fresh("killed")
        moments = []
        for _ in range(1 + (dice.random() < 0.3)):
            process = forked(home)
            moment = dice.uniform(0, trials.seconds)
            time.sleep(moment)
            os.kill(process, signal.SIGKILL)
            if ended(process) == -signal.SIGKILL:
                done += 1
                moments.append(f"{moment:.4f}")
        trials.finish(home, f"killed at {' and '.join(moments)} s")
    return f"{done} kills"


def calls(trials: Trials, every: int, faults: ctypes.CDLL) -> str:
    """Fail the N-th call that changes the home, for every N until a run meets no fault; once, and from then on."""
    tried = 0
    for name, code in ERRORS.items():
        for for_good in (False, True):
            number = 1
            while True:
                home = trials.fresh("failing")
                arm = (str(home).encode(), number, code, int(for_good), -1)
                met = _with_faults(home, faults, arm)
                if met < number:
                    break
                trials.finish(home, f"{name} at call {number}{' and all after it' if for_good else ''}")
                tried, number = tried + 1, number + every
    return f"{tried} failed calls, the last run met no fault"


def disk(trials: Trials, count: int, seed: int, faults: ctypes.CDLL) -> str:
    """Let the disk be full after so many bytes, at ``count`` sizes; then free it."""
    dice = random.Random(seed)
    used = sum(path.stat().st_size for path in (trials.folder / "sound").rglob("*") if path.is_file())
    for size in sorted(dice.randrange(1, 2 * used) for _ in range(count)):
        home = trials.fresh("full")
        _with_faults(home, faults, (str(home).encode(), 0, errno.ENOSPC, 0, size))
        trials.finish(home, f"disk full after {size} bytes")
    return f"disk full at {count} sizes up to {2 * used} bytes"


def _with_faults(home: Path, faults: ctypes.CDLL, arm: Sequence[Any]) -> int:
    """A run whose calls fail as armed; returns how many calls it made."""
    with tempfile.TemporaryFile() as told:

        def before() -> None:
            faults.faults_arm(*arm)
            end = os._exit

            def exit_telling(code: int) -> None:
                os.pwrite(told.fileno(), str(faults.faults_seen()).encode(), 0)
                end(code)

            os._exit = exit_telling  # type: ignore[assignment]

        code = ended(forked(home, before))
        if code < 0:
            return (
                sys.maxsize
            )  # it died of the fault, or of its own hand: to be finished by the next like any other
        return int(os.pread(told.fileno(), 32, 0) or b"0")


def compiled(folder: Path) -> Path:
    """The library that makes calls fail, built from its source."""
    library = folder / "failing_calls.so"
    source = Path(__file__).with_name("failing_calls.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@contextmanager
def preloaded(arguments: Sequence[str]) -> Iterator[ctypes.CDLL]:
    """The library, in a program that was started with it; starts this one again where it was not."""
    loaded = os.environ.get("LD_PRELOAD", "")
    if not loaded.endswith("failing_calls.so"):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "LD_PRELOAD": str(compiled(Path(folder)))}
            sys.exit(
                subprocess.run(
                    [sys.executable, "-m", "tests.faults.harness", *arguments], env=environment
                ).returncode
            )
    library = ctypes.CDLL(loaded)
    library.faults_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    library.faults_seen.restype = ctypes.c_long
    yield library


def main(arguments: Sequence[str]) -> int:
    """Run one kind of trial; returns 0 when every one of them ended as a run without a fault does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["kills", "calls", "disk"])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th call")
    parser.add_argument("--seed", type=int, default=20091120)
    options = parser.parse_args(arguments)
    # A file that a fault interrupted is not judged in a process of its own here: that one would import all anew.
    setattr(validate, "contained", lambda function, *given, seconds: function(*given))  # noqa: B010
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="exchange-faults-") as folder:
        if options.kind == "kills":
            trials = Trials(Path(folder))
            said = kills(trials, options.count, options.seed)
        else:
            with preloaded(arguments) as faults:
                trials = Trials(Path(folder))
                if options.kind == "calls":
                    said = calls(trials, options.every, faults)
                else:
                    said = disk(trials, options.count, options.seed, faults)
    print(f"{said}, seed {options.seed}, {datetime.now(UTC):%Y-%m-%d}: {len(trials.wrong)} ended otherwise")
    print("\n".join(trials.wrong[:50]))
    return int(bool(trials.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
