"""Duplicates, files out of order, old periods late, corrections of corrections: whatever the schedule, one end.

Runs fail and come again, so files are judged and merged in any order; clocks are a day off and put forward and back.
What counts in the end is each slot's last file by its number, and the figures are those of a run that had only these.
`make faults` runs 5,000 schedules.
"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flows.merge import _commit
from flows.settings import Settings
from schemas.periods import parse_period
from tests.faults.counts import SEED, trials
from tests.warehouse.small_partnership import add_indicator, small_partnership
from warehouse import ledger
from warehouse.connection import transaction

PERIODS = ("FY2008-Q4", "FY2009-Q1", "FY2009-Q2")
VERSIONS = (3, 5, 8)  # what a file says; two of one version are the same bytes
SUMMER_TIME_ENDS = datetime(2009, 10, 25, 0, 30, tzinfo=UTC)
OFF = (timedelta(0), timedelta(hours=25), timedelta(hours=-25), timedelta(hours=1), timedelta(hours=-1))


class Ledger:
    """A warehouse with one dataset, whose deliveries arrive, are judged and are merged when a schedule says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = small_partnership()
        add_indicator(self.connection)
        self.moment = SUMMER_TIME_ENDS
        self.settings = Settings(home=folder, now=lambda: self.moment)
        self.sent: list[dict[str, Any]] = []
        for period in PERIODS:
            for cases in VERSIONS:
                self._write_contribution(period, cases)

    def _write_contribution(self, period: str, cases: int) -> None:
        days = parse_period(period)
        self.connection.execute(
            f"COPY (SELECT * EXCLUDE (delivery_id, partner, dataset) FROM (FROM warehouse.merged.contribution "
            f"UNION ALL SELECT '', '', '', 'offences', DATE '{days.start}', DATE '{days.end}', 'B1', 'all', 'all', "
            f"{cases}, 1)) TO '{self.drawn(period, cases)}' (FORMAT parquet)"
        )

    def drawn(self, period: str, cases: int) -> Path:
        return self.folder / f"{period}-{cases}.parquet"

    def forget(self) -> None:
        for table in ("ledger.delivery", "ledger.audit", "ledger.outbox", "merged.contribution", "merged.value"):
            self.connection.execute(f"DELETE FROM warehouse.{table}")
        self.sent = []

    def arrive(self, period: str, cases: int) -> None:
        sequence = len(self.sent) + 1
        delivery = {
            "delivery_id": f"{period}-{sequence}",
            "sequence": sequence,
            "partner": "police",
            "dataset": "data_i1",
            "period": period,
            "sha256": f"{cases:064}",
            "state": "received",
            "received_at": self.moment,
            "tries": 0,
        }
        with transaction(self.connection):
            ledger.add(self.connection, delivery, actor=self.settings.actor, at=self.moment)
        self.sent.append(delivery | {"cases": cases})

    def judge(self, delivery: dict[str, Any]) -> None:
        twin = ledger.standing_twin(self.connection, delivery)
        decision = "accepted" if twin is None else "duplicate"
        with transaction(self.connection):
            ledger.move(
                self.connection,
                delivery["delivery_id"],
                decision,
                actor=self.settings.actor,
                at=self.moment,
                changes={"decision": decision},
            )

    def merge(self, able: float, dice: random.Random) -> None:
        waiting = ledger.deliveries(self.connection, "state = 'accepted'")
        drawn = {
            row["delivery_id"]: self.drawn(row["period"], int(row["sha256"]))
            for row in waiting
            if dice.random() < able
        }
        with transaction(self.connection):
            _commit(self.settings, self.connection, waiting, drawn)

    def figures(self) -> dict[str, float]:
        return dict(
            self.connection.execute(
                "SELECT period, numerator FROM warehouse.merged.value WHERE status = 'ok' AND breakdown = 'all'"
            ).fetchall()
        )


def run(home: Ledger, dice: random.Random) -> None:
    """Three to nine files; between any two of them, some of what waits is judged and merged, and some fails."""
    home.forget()
    for _ in range(dice.randint(3, 9)):
        home.moment = SUMMER_TIME_ENDS + timedelta(minutes=dice.randint(0, 120)) + dice.choice(OFF)
        home.arrive(dice.choice(PERIODS), dice.choice(VERSIONS))
        if dice.random() < 0.4:
            received = ledger.deliveries(home.connection, "state = 'received'")
            for delivery in dice.sample(received, dice.randint(0, len(received))):
                home.judge(delivery)
        if dice.random() < 0.4:
            home.merge(0.7, dice)
    for delivery in ledger.deliveries(home.connection, "state = 'received'"):
        home.judge(delivery)
    home.merge(1.0, dice)


def test_every_schedule_ends_with_each_slots_last_file(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    home = Ledger(tmp_path)
    for number in range(trials(12)):
        if number % 100 == 99:
            home = Ledger(tmp_path)  # deleted rows stay in memory, and slow down
        run(home, dice)
        told = f"schedule {number} of seed {SEED}"
        last = {one["period"]: one["cases"] for one in home.sent}
        rows = ledger.deliveries(home.connection)
        standing = {row["period"]: int(row["sha256"]) for row in rows if row["state"] == "merged"}
        assert standing == last, told
        assert Counter(row["state"] for row in rows)["merged"] == len(last), told
        assert {row["state"] for row in rows} <= {"merged", "superseded", "duplicate"}, told
        assert home.figures() == last, told
        assert ledger.broken_links(ledger.chain(home.connection)) == [], told
        assert [row["sequence"] for row in rows] == sorted(row["sequence"] for row in rows), told
