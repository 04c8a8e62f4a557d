"""How long a dropped file takes to be merged and visible in ``exchange status``: the warm worker beside a stock one.

``make bench-latency`` starts ``exchange up`` on a home of its own, drops extracts of 10,000 rows by hand one after
the other, then fifty at once; then it halts the warm worker, lets Prefect's own process worker serve the same pool,
and drops again. It prints seconds and changes nothing outside its temporary folder.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flows.cli.status import status
from flows.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
ROWS = 10_000
PATIENCE = 900.0  # seconds
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


def extract(settings: Settings, number: int, rows: int = ROWS) -> bytes:
    """Synthetic street crime of one month: month ``number`` counted from January 2015."""
    month = f"{2015 + number // 12}-{number % 12 + 1:02d}"
    area = settings.partnership.area_name
    lines = (
        f"{number:032x}{row:032x},{month},The Force,The Force,-0.22,51.49,On or near A Street,,{area} 001A,Burglary,,"
        for row in range(rows)
    )
    return "\n".join([HEADER, *lines, ""]).encode()


def drop(settings: Settings, numbers: range) -> float:
    """Seconds from the moment these extracts lie in the inbox until ``exchange status`` shows each merged."""
    folder = settings.inbox / "police" / "street_crime"
    folder.mkdir(parents=True, exist_ok=True)
    made = {number: extract(settings, number) for number in numbers}
    wanted = len(status(settings)["deliveries"]) + len(made)
    for number, content in made.items():
        (folder / f".{number}.part").write_bytes(content)
    began = time.monotonic()
    for number in made:
        (folder / f".{number}.part").rename(folder / f"street-{number}.csv")
    until(lambda: sum(row["state"] == "merged" for row in status(settings)["deliveries"]) == wanted)
    return time.monotonic() - began


def until(look: Callable[[], object]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not come about within {PATIENCE:.0f} seconds.")
        time.sleep(0.2)  # looking costs something too


def told(name: str, seconds: list[float]) -> str:
    """One line of the result."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    figures = (statistics.median(ordered), p95, ordered[0], ordered[-1])
    return f"{name:<34} {len(ordered):>3}  " + "  ".join(f"{figure:6.1f}" for figure in figures)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20, help="dropped one after the other at the warm worker")
    parser.add_argument("--stock", type=int, default=5, help="dropped one after the other at the stock worker")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "EXCHANGE_"))
        }
        environment |= {
            "EXCHANGE_HOME": f"{folder}/home",
            "PYTHONUNBUFFERED": "1",
            "EXCHANGE_PSEUDONYM_KEY": "ab" * 32,
        }
        settings = load_settings(environment)
        service = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "up", "--port", "0"],
            env=environment,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
        )
        try:
            measure(settings, service, environment, options.files, options.stock)
        finally:
            service.send_signal(signal.SIGINT)
            service.wait()


def measure(
    settings: Settings, service: "subprocess.Popen[str]", environment: dict[str, str], files: int, stock: int
) -> None:
    """Drop, and print as it goes."""
    assert service.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        said += service.stdout.readline()
    (url,) = re.findall(r"http://127\.0\.0\.1:\d+", said)
    until(lambda: "started" in (settings.home / "prefect" / "worker.log").read_text())
    print(
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; seconds"
    )
    print(f"{'':<34} {'n':>3}  {'median':>6}  {'p95':>6}  {'least':>6}  {'most':>6}")
    drop(settings, range(1))
    print(
        told("warm worker, one file", [drop(settings, range(n, n + 1)) for n in range(1, 1 + files)]), flush=True
    )
    print(told("warm worker, fifty at once", [drop(settings, range(40, 90))]), flush=True)
    if not stock:
        return
    warm = subprocess.run(
        ["pgrep", "-P", str(service.pid), "-f", "flows.cli worker"], capture_output=True, text=True
    )
    os.kill(int(warm.stdout.split()[0]), signal.SIGSTOP)
    signed_in = {
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": (settings.home / "prefect" / "auth").read_text().strip(),
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "0.5",
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", "exchange", "--type", "process"],
        env={**environment, **signed_in},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        drop(settings, range(90, 91))
        print(told("stock worker, one file", [drop(settings, range(n, n + 1)) for n in range(91, 91 + stock)]))
    finally:
        worker.send_signal(signal.SIGINT)
        worker.wait()
        os.kill(int(warm.stdout.split()[0]), signal.SIGCONT)


if __name__ == "__main__":
    main()
