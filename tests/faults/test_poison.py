"""A file that brings down whatever reads it is tried three times, alone, and its neighbours go on."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.land import deliver
from flows.settings import Settings
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

ROOT = Path(__file__).parents[2]
At = Callable[[str], Settings]


def run(home: Path) -> int:
    """One ingest run of the program, with libraries that stumble over poison; its exit code."""
    environment = {
        **os.environ,
        "EXCHANGE_HOME": str(home),
        "EXCHANGE_NOW": "2009-07-20T10:00",
        "PYTHONPATH": str(Path(__file__).parent / "poison"),
    }
    command = [sys.executable, "-m", "flows.cli", "ingest"]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    "poison",
    [
        "crash",
        "door",
        pytest.param("hang", marks=pytest.mark.long),
        pytest.param("memory", marks=pytest.mark.long),
    ],
)
def test_a_poison_file_is_tried_three_times_and_its_neighbours_go_on(at: At, tmp_path: Path, poison: str) -> None:
    settings = at("2009-07-20T10:00")
    padding = "x" * (500 if poison == "hang" else 0)  # the program under test waits 4 seconds for a file that long
    deliver(settings, waste(tmp_path, f"2009-04,POISON-{poison}{padding},household,residual,efw,1.000,"), KEY)
    good = waste(tmp_path, "2009-07,kerbside_residual,household,residual,efw,4000.000,", name="next.csv")
    deliver(settings, good, KEY, "FY2009-Q2")
    assert run(settings.home) not in {0, 1}, "the first run goes down with it"
    for _ in range(3):
        run(settings.home)
    with open_warehouse(settings.home) as connection:
        found = {row["period"]: row for row in ledger.deliveries(connection)}
        told = connection.execute(
            "SELECT count(*) FROM warehouse.ledger.outbox WHERE kind = 'operator'"
        ).fetchall()
    assert found["FY2009-Q2"]["state"] == "merged"
    assert told == [(1,)]
    if poison == "door":
        (claim,) = (settings.home / "staging" / "claims").iterdir()
        assert (claim / "tries").read_bytes() == b"..."
        assert (claim / "bytes").exists()
    else:
        assert (found["FY2009-Q1"]["state"], found["FY2009-Q1"]["tries"]) == ("received", 3)
