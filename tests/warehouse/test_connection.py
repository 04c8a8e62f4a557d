"""The working connection: engines are kept between blocks, what was in them is not."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import Connection, open_memory, open_warehouse


def contents(connection: Connection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT database_name, table_name FROM duckdb_tables() UNION ALL "
        "SELECT database_name, view_name FROM duckdb_views() WHERE NOT internal UNION ALL "
        "SELECT database_name, function_name FROM duckdb_functions() WHERE NOT internal"
    ).fetchall()


def litter(connection: Connection) -> None:
    connection.execute("CREATE SCHEMA reference; CREATE TABLE reference.area AS SELECT 1 AS one")
    connection.execute("CREATE VIEW seen AS SELECT * FROM reference.area")
    connection.execute("CREATE MACRO doubled(x) AS 2 * x; CREATE TEMP TABLE passing AS SELECT 1 AS one")
    connection.execute("SET VARIABLE value_from = 7")


def test_nothing_made_in_one_block_is_there_in_the_next() -> None:
    with open_memory() as connection:
        litter(connection)
    with open_memory() as connection:
        assert contents(connection) == []
        assert connection.execute("SELECT getvariable('value_from')").fetchall() == [(None,)]


def test_a_block_that_failed_leaves_nothing_to_the_next() -> None:
    def fail() -> None:
        with open_memory() as connection:
            litter(connection)
            connection.execute("BEGIN TRANSACTION; CREATE TABLE half AS SELECT 1 AS one")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with open_memory() as connection:
        assert contents(connection) == []


def test_two_homes_are_open_at_once_and_stay_apart(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "old", writable=True) as old:
        old.execute("CREATE TABLE warehouse.kept AS SELECT 'old' AS home")
        with open_warehouse(tmp_path / "new", writable=True) as new:
            new.execute("CREATE TABLE warehouse.kept AS SELECT 'new' AS home")
        assert old.execute("FROM warehouse.kept").fetchall() == [("old",)]
    for name in ("old", "new"):
        with open_warehouse(tmp_path / name) as connection:
            assert connection.execute("FROM warehouse.kept").fetchall() == [(name,)]


def test_a_closed_warehouse_is_whole_and_free_for_any_other_program(tmp_path: Path) -> None:
    with open_warehouse(tmp_path, writable=True) as connection:
        connection.execute("CREATE TABLE warehouse.kept AS SELECT 1 AS one")
    assert not (tmp_path / "warehouse.duckdb.wal").exists()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as another:
        assert another.execute("FROM kept").fetchall() == [(1,)]


FORKED = """
import os
from warehouse.connection import open_memory
with open_memory():
    pass
child = os.fork()
with open_memory() as connection:
    found = connection.execute("SELECT sum(range) FROM range(1_000_000)").fetchall()
if child == 0:
    os._exit(0 if found == [(499_999_500_000,)] else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_starts_an_engine_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60)
