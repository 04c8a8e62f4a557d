"""The ledger: lawful moves only; state, audit row and message together or not at all; a chain that shows tampering."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse import ledger
from warehouse.connection import Connection, WarehouseBusyError, open_warehouse, transaction
from warehouse.ledger import Actor, IllegalMoveError, Message, NewerHomeError, OlderHomeError

NOON = datetime(2009, 7, 20, 12, tzinfo=UTC)
ACTOR = Actor("dana", "run-1")
DELIVERY: dict[str, Any] = {
    "delivery_id": "police-street_crime-2018-01-aaaaaaaa",
    "sequence": 1,
    "partner": "police",
    "dataset": "street_crime",
    "period": "2018-01",
    "state": "received",
    "received_at": NOON,
}
ID = DELIVERY["delivery_id"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def connection(home: Path) -> Iterator[Connection]:
    with open_warehouse(home, writable=True) as connection:
        ledger.prepare(connection, NOON)
        ledger.add(connection, DELIVERY, actor=ACTOR, at=NOON)
        yield connection


def move(connection: Connection, state: str, **more: Any) -> None:
    ledger.move(connection, ID, state, actor=ACTOR, at=NOON, **more)


def test_every_state_of_the_design_is_in_the_machine_and_every_move_leads_to_one() -> None:
    machine = yaml.safe_load((ledger.MODELS / "states.yaml").read_text())
    states = set(machine["moves"])
    assert states == {
        *("received", "held", "accepted", "accepted_with_exceptions", "rejected", "merged", "superseded"),
        *("withdrawn", "erased", "expired", "refused", "duplicate"),
    }
    assert {target for targets in machine["moves"].values() for target in targets} <= states
    assert ledger.live_states() == ("accepted", "accepted_with_exceptions", "merged")


@pytest.mark.parametrize(
    "path", [["merged"], ["rejected", "merged"], ["accepted", "received"], ["accepted", "superseded"]]
)
def test_an_illegal_move_raises(connection: Connection, path: list[str]) -> None:
    for state in path[:-1]:
        move(connection, state)
    with pytest.raises(IllegalMoveError):
        move(connection, path[-1])


def test_a_delivery_cannot_start_where_it_should_end(connection: Connection) -> None:
    with pytest.raises(IllegalMoveError):
        ledger.add(connection, {**DELIVERY, "delivery_id": "x", "state": "merged"}, actor=ACTOR, at=NOON)


def test_state_audit_and_message_are_kept_together_or_not_at_all(connection: Connection) -> None:
    def fails() -> None:
        with transaction(connection):
            move(connection, "accepted", messages=[Message("receipt", "police", {"counts": {"received": 3}})])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert [row["state"] for row in ledger.deliveries(connection)] == ["received"]
    assert ledger.count_audit(connection) == 1
    assert ledger.rows(connection, "SELECT * FROM warehouse.ledger.outbox") == []


def test_the_chain_holds_and_shows_every_kind_of_tampering(connection: Connection) -> None:
    for state in ("accepted", "merged"):
        move(connection, state)
    assert ledger.broken_links(ledger.chain(connection)) == []
    for tampering in (
        "UPDATE warehouse.ledger.audit SET actor = 'nobody' WHERE sequence = 2",
        "UPDATE warehouse.ledger.audit SET details = '{}' WHERE sequence = 2",
        "DELETE FROM warehouse.ledger.audit WHERE sequence = 2",
        "UPDATE warehouse.ledger.audit SET sequence = 5 - sequence WHERE sequence IN (2, 3)",
    ):
        connection.execute("BEGIN")
        connection.execute(tampering)
        assert ledger.broken_links(ledger.chain(connection)), tampering
        connection.execute("ROLLBACK")


def test_the_audit_never_holds_the_name_a_partner_gave_a_file(connection: Connection) -> None:
    named = {**DELIVERY, "delivery_id": "y", "file_name": "ZXCANARY.csv"}
    ledger.add(connection, named, actor=ACTOR, at=NOON)
    assert "ZXCANARY" not in str(ledger.rows(connection, "SELECT * FROM warehouse.ledger.audit"))


def test_an_older_program_refuses_a_newer_home(connection: Connection) -> None:
    connection.execute("UPDATE warehouse.ledger.home SET schema_version = 99")
    with pytest.raises(NewerHomeError):
        ledger.prepare(connection, NOON)


def test_an_older_home_is_not_written_to_but_rebuilt(connection: Connection) -> None:
    connection.execute("UPDATE warehouse.ledger.home SET schema_version = 1")
    with pytest.raises(OlderHomeError, match="exchange replay"):
        ledger.prepare(connection, NOON)


def test_one_process_at_a_time_and_the_other_is_told(home: Path) -> None:
    with (
        open_warehouse(home, writable=True),
        pytest.raises(WarehouseBusyError),
        open_warehouse(home, writable=True, wait_seconds=0.1),
    ):
        pass


def test_moments_are_kept_in_utc(connection: Connection) -> None:
    assert ledger.deliveries(connection)[0]["received_at"] == NOON


def test_looking_at_a_home_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "mistyped") as connection:
        assert ledger.deliveries(connection) == []
    assert not (tmp_path / "mistyped").exists()
