"""Kill the exchange at random moments, fail its calls one by one, fill its disk: then see what is left.

A program, forked anew for each trial from one that has everything imported:

    python -m tests.faults.harness kills --count 1000 --seed 20091120
    python -m tests.faults.harness calls --every 1        (system calls; needs a C compiler, for failing_calls.c)
    python -m tests.faults.harness statements --every 1   (what DuckDB is asked)
    python -m tests.faults.harness disk --count 20

What must hold after each is in ``trials.py``.
"""

import argparse
import ctypes
import errno
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows import validate
from tests.faults.trials import TOO_LATE, Trials, ended, forked

ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EINTR": errno.EINTR}
IN_A_ROW = 3  # kills before a run is left to finish
Arm = Callable[[], None]
Seen = Callable[[], int]


def kills(trials: Trials, count: int, seed: int) -> str:
    """Kill a run at a random moment, and the next ones too, until one was quicker; a last one finishes."""
    dice = random.Random(seed)
    done = homes = 0
    while done < count:
        home = trials.fresh("killed")
        moments: list[str] = []
        for _ in range(IN_A_ROW):
            moment, started = dice.uniform(0, trials.seconds), time.monotonic()
            if ended(forked(home), moment) != TOO_LATE:
                # How long a run takes depends on what else the machine does.
                trials.seconds = trials.seconds if moments else time.monotonic() - started
                break
            moments.append(f"{moment:.4f}")
        done, homes = done + len(moments), homes + 1
        trials.finish(home, f"killed at {' and '.join(moments)} s")
    return f"{done} kills of {homes} homes"


def calls(trials: Trials, every: int, faults: ctypes.CDLL) -> str:
    """Fail the N-th call that changes the home, for every N until a run meets no fault; once, and from then on."""
    tried = 0
    for name, code in ERRORS.items():
        # Interrupted for good is nothing a kernel does, and Python asks again until it is not.
        for for_good in (False, True)[: 1 if code == errno.EINTR else 2]:

            def fault(home: Path, number: int, code: int = code, for_good: bool = for_good) -> tuple[Arm, Seen]:
                below = f"{home}/".encode()
                return lambda: faults.faults_arm(below, number, code, for_good, -1), faults.faults_seen

            tried += _each(trials, every, f"{name} at call", fault, for_good)
    return f"{tried} failed calls"


def statements(trials: Trials, every: int) -> str:
    """Fail the N-th statement that DuckDB is asked, likewise."""
    tried = 0
    for for_good in (False, True):

        def fault(home: Path, number: int, for_good: bool = for_good) -> tuple[Arm, Seen]:
            return lambda: Refusing.arm(number, for_good), lambda: Refusing.asked

        tried += _each(trials, every, "statement", fault, for_good)
    return f"{tried} failed statements"


class Refusing:
    """A DuckDB connection that fails at the N-th statement of all connections together."""

    asked, fails_at, from_then_on = 0, 0, False

    @classmethod
    def arm(cls, number: int, for_good: bool) -> None:
        cls.asked, cls.fails_at, cls.from_then_on = 0, number, for_good
        connect = duckdb.connect
        duckdb.connect = lambda *given, **named: cls(connect(*given, **named))  # type: ignore[assignment]

    def __init__(self, real: Any) -> None:
        self._real = real

    def execute(self, *given: Any) -> Any:
        cls = type(self)
        cls.asked += 1
        if cls.asked == cls.fails_at or (cls.from_then_on and cls.asked > cls.fails_at):
            raise duckdb.IOException("made to fail")
        return self._real.execute(*given)

    def cursor(self) -> "Refusing":
        return type(self)(self._real.cursor())

    def __enter__(self) -> "Refusing":
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def disk(trials: Trials, count: int, seed: int, faults: ctypes.CDLL) -> str:
    """Let the disk be full after so many bytes, at ``count`` sizes; then free it."""
    dice = random.Random(seed)
    written = _run(
        trials.fresh("full"),
        lambda: faults.faults_arm(f"{trials.folder}/full/".encode(), 0, 0, 0, 1 << 40),
        faults.faults_written,
    )
    for size in sorted(dice.randrange(1, written) for _ in range(count)):
        home = trials.fresh("full")
        arm = (f"{home}/".encode(), 0, errno.ENOSPC, 0, size)
        _run(home, lambda arm=arm: faults.faults_arm(*arm), faults.faults_seen)  # type: ignore[misc]
        trials.finish(home, f"disk full after {size} bytes")
    return f"disk full at {count} sizes up to {written} bytes"


def _each(
    trials: Trials, every: int, what: str, fault: Callable[[Path, int], tuple[Arm, Seen]], for_good: bool
) -> int:
    """A trial for every N-th number until a run ends before it gets there; returns how many met their fault."""
    number = 1
    while True:
        home = trials.fresh("failing")
        if _run(home, *fault(home, number)) < number:
            return (number - 1) // every
        trials.finish(home, f"{what} {number}{' and all after it' if for_good else ''}")
        number += every


def _run(home: Path, arm: Arm, seen: Seen) -> int:
    """A run with faults; returns what it saw of them, as ``seen`` says at its end."""
    with tempfile.TemporaryFile() as told:

        def before() -> None:
            arm()
            end = os._exit

            def exit_telling(code: int) -> None:
                os.pwrite(told.fileno(), str(seen()).encode(), 0)
                end(code)

            os._exit = exit_telling  # type: ignore[assignment]

        code = ended(forked(home, before))
        if code < 0:
            return sys.maxsize  # it died of the fault, or hung: to be finished by the next like any other
        return int(os.pread(told.fileno(), 32, 0) or b"0")


@contextmanager
def preloaded(arguments: Sequence[str]) -> Iterator[ctypes.CDLL]:
    """The library that makes calls fail; starts this program again with it, where it was started without."""
    loaded = os.environ.get("LD_PRELOAD", "")
    if not loaded.endswith("failing_calls.so"):
        with tempfile.TemporaryDirectory() as folder:
            library, source = Path(folder) / "failing_calls.so", Path(__file__).with_name("failing_calls.c")
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
            command = [sys.executable, "-m", "tests.faults.harness", *arguments]
            sys.exit(subprocess.run(command, env={**os.environ, "LD_PRELOAD": str(library)}).returncode)
    faults = ctypes.CDLL(loaded)
    faults.faults_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    faults.faults_seen.restype = faults.faults_written.restype = ctypes.c_long
    yield faults


def main(arguments: Sequence[str]) -> int:
    """Run one kind of trial; returns 0 when every one of them ended as a run without a fault does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["kills", "calls", "statements", "disk"])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th call or statement")
    parser.add_argument("--seed", type=int, default=20091120)
    options = parser.parse_args(arguments)
    # A file that a fault interrupted is not judged in a process of its own here: that one would import all anew.
    setattr(validate, "contained", lambda function, *given, seconds: function(*given))  # noqa: B010
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="exchange-faults-") as folder:
        if options.kind == "kills":
            trials = Trials(Path(folder))
            said = kills(trials, options.count, options.seed)
        elif options.kind == "statements":
            trials = Trials(Path(folder), few=True)
            said = statements(trials, options.every)
        else:
            with preloaded(arguments) as faults:
                trials = Trials(Path(folder), few=options.kind == "calls")
                if options.kind == "calls":
                    said = calls(trials, options.every, faults)
                else:
                    said = disk(trials, options.count, options.seed, faults)
    print(f"{said}, seed {options.seed}, {datetime.now(UTC):%Y-%m-%d}: {len(trials.wrong)} ended otherwise")
    print("\n".join(trials.wrong[:50]))
    return int(bool(trials.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
