"""What fails half-way leaves nothing behind: no row, no receipt of one, no half of a file."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from warehouse import connection as connecting
from warehouse import ledger
from warehouse.connection import open_memory, open_warehouse, transaction
from warehouse.ledger import Actor
from warehouse.receipts import read_receipts

NOON = datetime(2009, 7, 20, 12, tzinfo=UTC)
ACTOR = Actor("dana", "run-1")


class Failing:
    """A connection on which one statement fails before DuckDB hears of it, as when the call is interrupted."""

    def __init__(self, real: Any, statement: str) -> None:
        self._real, self._statement = real, statement

    def execute(self, statement: str, *given: Any) -> Any:
        if statement == self._statement:
            raise duckdb.IOException("made to fail")
        return self._real.execute(statement, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def write(connection: Any, event: str) -> None:
    with transaction(connection):
        ledger.audit(connection, event, "s", {}, actor=ACTOR, at=NOON)


def test_what_was_not_committed_has_no_receipt(tmp_path: Path) -> None:
    with open_warehouse(tmp_path, writable=True) as connection:
        ledger.prepare(connection, NOON)
        write(connection, "first")
    with open_memory() as working:
        failing: Any = Failing(working, "COMMIT")
        with (
            pytest.raises(duckdb.IOException, match="made to fail"),
            open_warehouse(tmp_path, writable=True, working=failing) as connection,
        ):
            write(connection, "second")
    with open_warehouse(tmp_path, writable=True) as connection:
        write(connection, "third")
        kept = [row["event"] for row in ledger.audit_rows(connection)]
    assert kept == ["first", "third"]
    assert [receipt["event"] for receipt in read_receipts(tmp_path)] == kept


def test_a_disk_that_was_full_when_the_warehouse_was_made_leaves_no_half_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str) -> Any:
        Path(path).write_bytes(b"\0" * 4096)  # as far as it got
        raise duckdb.IOException("Could not write file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(connecting, "duckdb", SimpleNamespace(connect=full, IOException=duckdb.IOException))
        with pytest.raises(duckdb.IOException, match="No space"), open_warehouse(tmp_path, writable=True):
            pass
    with open_warehouse(tmp_path, writable=True) as connection:
        ledger.prepare(connection, NOON)
    assert [path.name for path in tmp_path.glob("*.duckdb")] == ["warehouse.duckdb"]


def test_a_file_that_is_no_warehouse_is_told_at_once_and_not_as_busy(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"x" * 20_000)
    with pytest.raises(duckdb.IOException, match="not a valid DuckDB"), open_warehouse(tmp_path, wait_seconds=60):
        pass
