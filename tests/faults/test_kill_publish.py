"""A publication killed at any moment leaves the old release or the new one, and the next run finishes it."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from flows.governance.verify import verify
from flows.publish import publish
from flows.settings import Settings

ROOT = Path(__file__).parents[2]
FRAMEWORK, OLD, NEW = "local-outcomes-2026", "FY2025-Q3", "FY2025-Q4"
KILLS = 3
SEED = 20260410
PUBLISH = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.publish import publish
from flows.settings import Settings

settings = Settings(home=Path(sys.argv[1]), now=lambda: datetime(2026, 4, 10, tzinfo=UTC))
settings.partnership
print("begun", flush=True)
publish(settings, "{FRAMEWORK}", "{NEW}")
"""


def at(home: Path) -> Settings:
    return Settings(home=home, now=lambda: datetime(2026, 4, 10, tzinfo=UTC))


def begun(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(process: subprocess.Popen[str]) -> int:
    with process:
        return process.wait()


@pytest.fixture
def how_long(tmp_path: Path) -> float:
    """Seconds that a publication takes which nobody kills."""
    start = time.monotonic()
    assert ended(begun(tmp_path / "unkilled")) == 0
    return time.monotonic() - start


def test_killed_anywhere_a_reader_has_the_old_or_the_new(tmp_path: Path, how_long: float) -> None:
    settings = at(tmp_path / "home")
    old = publish(settings, FRAMEWORK, OLD)
    current = settings.published / "current"
    dice = Random(SEED)
    for _ in range(KILLS):
        process = begun(settings.home)
        time.sleep(dice.uniform(0.2, 1.0) * how_long)
        os.kill(process.pid, signal.SIGKILL)
        ended(process)
        # Whole, whichever it is: every file has the checksum its manifest says.
        assert verify(settings)["problems"] == []
        assert (current / "exchange.duckdb").is_file()
        assert (settings.published / FRAMEWORK / OLD).resolve() == old.folder
    new = publish(settings, FRAMEWORK, NEW)
    assert current.resolve() == new.folder
    assert verify(settings)["problems"] == []
    assert new.folder.name in (settings.published / "index.html").read_text()
