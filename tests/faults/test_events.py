"""All events lost, or half of them, at any station: one sweep later everything is merged and everybody told.

`make faults` runs 40 schedules.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli.status import status
from flows.governance.verify import verify
from flows.ingest import ingest_waiting
from flows.land import deliver
from flows.merge import merge_accepted
from flows.notify import send_outbox
from flows.settings import Settings
from flows.sweep import PARTS, sweep
from flows.validate import validate_received
from tests.faults.counts import SEED, trials
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

# What an event would have brought about, station by station.
STATIONS: tuple[Callable[[Settings], object], ...] = (
    ingest_waiting,
    validate_received,
    merge_accepted,
    send_outbox,
)
SENT = (
    ("waste_FY2009-Q1.csv", HEADER, "2009-04,kerbside_residual,household,residual,efw,4000.000,", "merged"),
    ("waste_FY2008-Q4.csv", HEADER, "2009-01,kerbside_residual,household,residual,efw,4000.000,", "merged"),
    ("waste_FY2008-Q3.csv", f"{HEADER},surname", "2008-10,a,household,residual,efw,1.000,,A", "held"),
    ("waste.csv", HEADER, "2008-07,kerbside_residual,household,residual,efw,4000.000,", "refused"),
)


@pytest.mark.parametrize("heard", [0.0, 0.5], ids=["every event lost", "half of them lost"])
def test_a_sweep_finds_it_all_within_one_cycle(
    tmp_path: Path, at: Callable[[str], Settings], heard: float
) -> None:
    dice = random.Random(SEED)
    first = at("2009-07-20T10:00")
    for number in range(trials(1)):
        settings = Settings(home=tmp_path / str(number), now=first.now)
        settings.__dict__["partnership"] = first.partnership
        for name, header, row, _ in dice.sample(SENT, len(SENT)):
            deliver(settings, waste(tmp_path, row, header=header, name=name), KEY)
            for station in STATIONS:
                if dice.random() >= heard:
                    break
                station(settings)
        found = sweep(settings)
        told = f"schedule {number} of seed {SEED}"
        assert [swept.problem for swept in found] == [None] * len(PARTS), told
        states = sorted(row["state"] for row in status(settings)["deliveries"])
        assert states == sorted(state for *_, state in SENT), told
        with open_warehouse(settings.home) as connection:
            rows = ledger.rows(connection, "SELECT delivery_id, state FROM warehouse.ledger.outbox")
        assert {row["state"] for row in rows} == {"sent"}, told
        assert {row["delivery_id"] for row in status(settings)["deliveries"]} <= {
            row["delivery_id"] for row in rows
        }, told
        assert verify(settings)["problems"] == [], told
