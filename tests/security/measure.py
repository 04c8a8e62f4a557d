"""What each bomb costs the reader: processor seconds, and memory beyond an idle process. Exits 1 beyond the limits.

EXCHANGE_BOMB_BYTES=300000000 python -m tests.security.measure
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from expectations import run as _warm  # noqa: F401  # an idle process has imported everything
from flows.receiving.check import check
from flows.settings import Settings
from tests.flows.waste import KEY
from tests.security.bombs import BOMBS, LARGE

SECONDS, MEMORY = 1.0, 150_000_000
ENDS = 2 << 30  # bytes, at which the kernel stops a reader that fell for one


def main() -> int:
    """Measure each bomb in a process of its own; returns 1 when one was accepted, or cost too much."""
    settings = Settings(home=Path("/nonexistent"), now=lambda: datetime(2009, 7, 20, 9, tzinfo=UTC))
    _ = settings.partnership
    beyond = 0
    for name, made in BOMBS.items():
        with tempfile.TemporaryDirectory(prefix="exchange-bombs-") as folder:
            path = Path(folder) / "waste_FY2009-Q1.csv"
            path.write_bytes(made())
            seconds, memory, decision = _measured(lambda file=path: check(settings, file, KEY).decision)  # type: ignore[misc]
        wrong = decision not in {"rejected", "refused", "held"} or seconds > SECONDS or memory > MEMORY
        beyond += wrong
        print(
            f"{name:<48}{seconds:>6.2f} s {memory / 1e6:>7.0f} MB  {decision}{'  BEYOND' if wrong else ''}",
            flush=True,
        )
    print(
        f"{len(BOMBS)} bombs of up to {LARGE / 1e6:.0f} MB: {beyond} beyond {SECONDS:g} s and {MEMORY / 1e6:.0f} MB"
    )
    return int(bool(beyond))


def _measured(call: Callable[[], str]) -> tuple[float, int, str]:
    """Processor seconds, bytes beyond those at the start, and the answer; run in a forked process."""
    told, tells = os.pipe()
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_DATA, (ENDS, ENDS))
        idle, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            answer = call()
        except BaseException as error:
            answer = f"raised {type(error).__name__}"
        seconds = time.process_time() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle
        os.write(tells, f"{seconds} {grown * 1024} {answer}".encode())
        os._exit(0)
    os.close(tells)
    _, status = os.waitpid(process, 0)
    said = os.read(told, 1000).decode()
    os.close(told)
    if not said:
        return 0.0, 0, f"died ({os.waitstatus_to_exitcode(status)})"
    took, memory, answer = said.split(" ", 2)
    return float(took), int(memory), answer


if __name__ == "__main__":
    sys.exit(main())
