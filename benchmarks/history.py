"""Does the cost of a delivery grow with the history? 24 monthly street-crime files of 100,000 rows, one after another.

    .venv/bin/python -m benchmarks.history [--months 24] [--rows 100000]

Each month is delivered, taken in, validated, merged and receipted by the exchange's own functions, in a home of its
own; then month 12 is corrected. The claim: the 24th month costs at most 1.3 times the first (as the median of the
last three against the median of months 2 to 4, in processor seconds: the first month also pays for imports, a single
one is noise, and other work on the machine does not count).
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.demo.extracts import extract, file_name
from flows.demo.scene import Setting, load_setting
from flows.drain import drain
from flows.ingest import ingest_waiting
from flows.land import deliver
from flows.merge import merge_accepted, restated_by
from flows.settings import Settings, load_settings
from flows.validate import validate_received
from schemas.periods import Period, periods_between

KEY = "police/street_crime"
CLAIM = 1.3


def main() -> int:
    """Run it and print a line a month; exit code 1 when the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    first = datetime(2023, 4, 1, tzinfo=UTC).date()
    months = periods_between("month", first, first + timedelta(days=31 * options.months))[: options.months]
    setting = _setting(load_setting(), months, options.rows)
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as folder:
        settings = load_settings({"EXCHANGE_NOW": "2026-05-01"}, Path(folder) / "home")
        seconds = [_month(settings, setting, month, Path(folder)) for month in months]
        _correct(settings, setting, months[len(months) // 2], Path(folder))
    early, late = (statistics.median(each) for each in (_totals(seconds)[1:4], _totals(seconds)[-3:]))
    merges = [statistics.median(merge for _, merge in each) for each in (seconds[1:4], seconds[-3:])]
    print(f"whole delivery: {early:.2f} s early, {late:.2f} s late: {late / early:.2f} times (claim: {CLAIM})")
    print(f"merge alone:    {merges[0]:.2f} s early, {merges[1]:.2f} s late: {merges[1] / merges[0]:.2f} times")
    return 0 if late <= CLAIM * early else 1


def _setting(setting: Setting, months: list[Period], rows: int) -> Setting:
    """The demo's setting with months of so many rows, a fiftieth of them the area's own, as in a force's file."""
    own = rows // 50
    volumes = {"area": own, "newer_codes": 10, "elsewhere": rows - own - 30, "no_location": 20}
    return replace(setting, volumes={**setting.volumes, KEY: {month.id: volumes for month in months}})


def _totals(seconds: list[tuple[float, float]]) -> list[float]:
    return [before + merge for before, merge in seconds]


def _month(settings: Settings, setting: Setting, month: Period, folder: Path) -> tuple[float, float]:
    """Processor seconds to take in and validate a month, and to merge it; making the file is not counted.

    The processor's and not the clock's, so that what else the machine does does not count.
    """
    path = folder / file_name(KEY, month)
    path.write_bytes(extract(settings.partnership, setting, KEY, month, month.end))
    started = time.process_time()
    deliver(settings, path, KEY)
    ingest_waiting(settings)
    validate_received(settings)
    validated = time.process_time()
    merged = merge_accepted(settings)
    ended = time.process_time()
    assert len(merged) == 1, "the month was not merged"
    print(f"{month.id}: {validated - started:6.2f} s to validate, {ended - validated:6.2f} s to merge", flush=True)
    path.unlink()
    return validated - started, ended - validated


def _correct(settings: Settings, setting: Setting, month: Period, folder: Path) -> None:
    """The same month once more, a tenth of the area's rows fewer."""
    volumes = setting.volumes[KEY][month.id]
    fewer = {**volumes, "area": volumes["area"] * 9 // 10}
    corrected = replace(setting, volumes={**setting.volumes, KEY: {month.id: fewer}})
    path = folder / file_name(KEY, month)
    path.write_bytes(extract(settings.partnership, corrected, KEY, month, month.end))
    deliver(settings, path, KEY)
    started = time.process_time()
    (row,) = drain(settings)
    moved = restated_by(settings, [row["delivery_id"]])
    periods = sorted({one.period for one in moved})
    print(
        f"{month.id} corrected: {time.process_time() - started:.2f} s; {len(moved)} figures restated, "
        f"of {periods[0]} to {periods[-1]}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
