"""The whole job on one street-crime file, beside what a team might run instead: one run, side by side, ratios.

    python -m benchmarks.whole_job [--rows 10000 1000000 10000000] [--repeat 3]

Ours goes from a file in the inbox to figures in the warehouse: claimed, fingerprinted, archived, read strictly, judged
by the agreed standard, its failing rows set apart, its accepted rows written, merged, its officer told. The peers:

    script   a hand-written DuckDB script: load, the same checks in one scan, aggregate, hash (the limit)
    pandas   pandas and Great Expectations the way their tutorials show
    dbt      dbt-duckdb with the same checks as tests; run where ``--dbt`` names its Python, for it has other pins

Each runs in a process of its own, timed there after its imports (a service is warm); the memory is that process's peak.
Processor seconds (of all its threads) say what it costs where the machine has other work.
Results go to benchmarks/results.md; a ratio a fifth worse than the one recorded there is reported.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import street_crime
from benchmarks.results import RESULTS, got_worse, with_sizes

MONTH = "2025-10"
NOW = "2025-12-01T09:00"
DBT = Path(__file__).parent / "peers" / "dbt"


def ours(file: Path, folder: Path) -> Callable[[], None]:
    """The exchange: the file waits in the inbox of a new home."""
    from expectations import docs, run  # noqa: F401  # imported before the clock starts, as in a warm worker
    from flows.drain import drain
    from flows.settings import load_settings
    from warehouse import ledger
    from warehouse.connection import open_warehouse

    settings = load_settings({"EXCHANGE_NOW": NOW}, folder / "home")
    inbox = settings.inbox / street_crime.KEY
    inbox.mkdir(parents=True)
    waiting = Path(shutil.copyfile(file, inbox / f"{MONTH}-metropolitan-street.csv"))
    os.utime(waiting, (1, 1))  # long at rest
    _ = settings.partnership

    def job() -> None:
        drain(settings)
        with open_warehouse(settings.home) as connection:
            (delivery,) = ledger.deliveries(connection)
        assert delivery["state"] == "merged", (delivery["state"], delivery["reason"])

    return job


def peer(name: str) -> Callable[[Path, Path], Callable[[], None]]:
    """A peer that is a Python module here."""

    def prepare(file: Path, folder: Path) -> Callable[[], None]:
        from importlib import import_module

        from schemas.partnership import load_partnership

        if name == "pandas_gx":
            import great_expectations  # noqa: F401
            import pandas  # noqa: F401  # imports come before the clock
        lists = load_partnership().codelists
        types, outcomes = ([code for code, _ in lists[each]] for each in ("crime_types", "outcomes"))
        run = import_module(f"benchmarks.peers.{name}").run
        return lambda: run(file, folder, MONTH, types, outcomes)

    return prepare


PARTS: dict[str, Callable[[Path, Path], Callable[[], None]]] = {
    "exchange": ours,
    "script": peer("script"),
    "pandas": peer("pandas_gx"),
}
DBT_PROGRAM = """
import json, resource, sys, time
from dbt.cli.main import dbtRunner
runner = dbtRunner()
began, worked = time.perf_counter(), time.process_time()
done = runner.invoke(["--quiet", "build", "--project-dir", sys.argv[1], "--profiles-dir", sys.argv[1],
                      "--target-path", sys.argv[2] + "/target", "--log-path", sys.argv[2] + "/logs"])
seconds, processor = time.perf_counter() - began, time.process_time() - worked
assert done.exception is None, done.exception
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "processor": processor, "memory": memory}))
"""


def measure(part: str, file: Path, dbt: str | None) -> dict[str, float]:
    """Run one part in a process of its own; returns its seconds and its peak memory in bytes."""
    with tempfile.TemporaryDirectory(prefix="exchange-bench-", dir=file.parent) as folder:
        environment = {**os.environ, "BENCH_FILE": str(file), "BENCH_FOLDER": folder, "BENCH_MONTH": MONTH}
        if part == "dbt":
            command = [str(dbt), "-c", DBT_PROGRAM, str(DBT), folder]
        else:
            command = [sys.executable, "-m", "benchmarks.whole_job", "--part", part, str(file), folder]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured


def run_part(part: str, file: Path, folder: Path) -> None:
    """Be the process of one part."""
    job = PARTS[part](file, folder)
    began, worked = time.perf_counter(), time.process_time()
    job()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "memory": memory}))


def table(rows: int, size: int, found: dict[str, list[dict[str, float]]], measured: str) -> list[str]:
    """The results for one size, as lines of Markdown."""
    limit = statistics.median(each["seconds"] for each in found["script"])
    lines = [
        f"### {rows:,} rows, {size / 1e6:,.1f} MB",
        "",
        measured,
        "",
        "| what | seconds (median) | fastest | slowest | processor seconds | peak memory, MB | times the script |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for part, runs in found.items():
        seconds = [each["seconds"] for each in runs]
        processor = statistics.median(each["processor"] for each in runs)
        median, memory = statistics.median(seconds), max(each["memory"] for each in runs) / 1e6
        spread = f"{median:.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {processor:.2f}"
        lines.append(f"| {part} | {spread} | {memory:,.0f} | {median / limit:.2f} |")
    return [*lines, ""]


def main(arguments: list[str]) -> int:
    """Measure every part at every size, print and record."""
    if arguments[:1] == ["--part"]:
        run_part(arguments[1], Path(arguments[2]), Path(arguments[3]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--dbt", help="a Python that has dbt-core and dbt-duckdb")
    options = parser.parse_args(arguments)
    parts = [*PARTS, *(["dbt"] if options.dbt else [])]
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    head = (
        "# The whole job, beside its peers\n\nWritten by `make bench`; what is compared stands in "
        "`benchmarks/whole_job.py`."
    )
    measured = (
        f"{datetime.now(UTC):%-d %B %Y}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{options.repeat} runs each, in turn."
    )
    sizes: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as folder:
        for rows in options.rows:
            file = Path(folder) / "crimes.csv"
            street_crime.write(file, rows, MONTH)
            found: dict[str, list[dict[str, float]]] = {part: [] for part in parts}
            for _ in range(options.repeat):
                for part in parts:
                    found[part].append(measure(part, file, options.dbt))
            told = table(rows, file.stat().st_size, found, measured)
            print("\n".join(told), flush=True)
            sizes[rows] = "\n".join(told)
    worse = got_worse(before, "\n".join(sizes.values()))
    for sentence in worse:
        print(f"WORSE: {sentence}")
    RESULTS.write_text(with_sizes(before, head, sizes), encoding="utf-8")
    return int(bool(worse))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
