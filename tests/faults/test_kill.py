"""Killed at any durable step, the next run finishes the work: nothing lost, nothing doubled, the same content."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.governance.verify import verify
from flows.land import deliver
from flows.settings import Settings
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

ROOT = Path(__file__).parents[2]
KILLS = 3
SEED = 20091120


def run(home: Path, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tests" / "faults" / "drain_until.py"), str(home), str(last)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)


def content(home: Path) -> dict[str, Any]:
    """What must be the same however often it was killed: states, counts, contributions, values, messages."""
    with open_warehouse(home) as connection:
        return {
            "deliveries": [
                (
                    row["delivery_id"],
                    row["state"],
                    row["rows_received"],
                    row["rows_accepted"],
                    row["superseded_by"],
                )
                for row in ledger.deliveries(connection)
            ],
            "contributions": connection.execute(
                "SELECT * FROM warehouse.merged.contribution ORDER BY ALL"
            ).fetchall(),
            "values": connection.execute("SELECT * FROM warehouse.merged.value ORDER BY ALL").fetchall(),
            "messages": connection.execute(
                "SELECT message_id, kind, state FROM warehouse.ledger.outbox ORDER BY ALL"
            ).fetchall(),
        }


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    """A home with four deliveries waiting, the content an unkilled run makes of it, and how many steps that took."""
    folder = tmp_path_factory.mktemp("kill")
    from datetime import UTC, datetime

    settings = Settings(home=folder / "waiting", now=lambda: datetime(2009, 7, 20, 9, tzinfo=UTC))
    good = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
    for rows in ((), (good,), (good, "x,,,,,,")):
        deliver(settings, waste(folder, *rows), KEY)
    deliver(settings, waste(folder, header="month,stream"), KEY)
    whole = folder / "whole"
    shutil.copytree(settings.home, whole)
    done = run(whole, 0)
    assert done.returncode == 0, done.stderr
    return settings.home, content(whole), int(done.stdout.split()[-1])


def test_a_killed_run_is_finished_by_the_next(
    unkilled: tuple[Path, dict[str, Any], int], tmp_path: Path, at: Callable[[str], Settings]
) -> None:
    waiting, expected, steps = unkilled
    moments = sorted(random.Random(SEED).sample(range(1, steps), KILLS))
    for last in moments:
        home = tmp_path / str(last)
        shutil.copytree(waiting, home)
        assert run(home, last).returncode == -signal.SIGKILL, f"step {last} of {steps}"
        finished = run(home, 0)
        assert finished.returncode == 0, finished.stderr
        assert content(home) == expected, f"killed at step {last} of {steps}"
        assert verify(Settings(home=home))["problems"] == []
        assert not any((home / "staging").rglob("*.*"))


def test_killed_at_random_moments_twelve_deliveries_end_as_if_nothing_had_been() -> None:
    """A small part of `make faults`, with its seed."""
    command = [sys.executable, "-m", "tests.faults.harness", "kills", "--count", "2", "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
