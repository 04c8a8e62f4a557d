"""Thousands of deliveries through one process: do memory and open files stay what they were?

    python -m tests.faults.soak --count 10000

Every file corrects the one before it in its quarter. Ends with 1 when the last tenth holds more than ``MORE`` beyond
what was held after a fifth.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from tests.flows.waste import KEY, waste

TOGETHER = 10  # files in one run
QUARTERS = (("FY2008-Q1", "2008-04"), ("FY2008-Q2", "2008-07"), ("FY2008-Q3", "2008-10"), ("FY2009-Q1", "2009-04"))
MORE = 0.05


def held() -> tuple[float, int]:
    """Resident memory in MB, and how many files are open."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(os.listdir("/proc/self/fd"))


def main(arguments: Sequence[str]) -> int:
    """Run the soak; returns 1 when it held more and more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args(arguments).count
    seen: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory(prefix="exchange-soak-") as folder:
        settings = Settings(home=Path(folder) / "home", now=lambda: datetime(2009, 7, 20, 9, tzinfo=UTC))
        started = time.monotonic()
        for number in range(count):
            quarter, month = QUARTERS[number % len(QUARTERS)]
            row = f"{month},kerbside_residual,household,residual,efw,{1000 + number}.000,"
            deliver(settings, waste(Path(folder), row, name=f"waste_{quarter}.csv"), KEY)
            if (number + 1) % TOGETHER == 0:
                drain(settings)
                seen.append(held())
            if (number + 1) % max(count // 20, TOGETHER) == 0:
                memory, files = held()
                seconds = time.monotonic() - started
                print(
                    f"{number + 1:>6} deliveries {seconds:>7.0f} s {memory:>6.0f} MB {files:>4} files", flush=True
                )
    tenth = max(len(seen) // 10, 1)
    early, late = seen[2 * tenth : 3 * tenth], seen[-tenth:]
    grown = [max(one[place] for one in late) / max(one[place] for one in early) - 1 for place in (0, 1)]
    print(f"{count} deliveries, {datetime.now(UTC):%Y-%m-%d}: memory {grown[0]:+.1%}, open files {grown[1]:+.1%}")
    return int(max(grown) > MORE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
