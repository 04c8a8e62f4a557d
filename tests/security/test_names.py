"""Names that a partner chooses, of files and of columns: no folder is left, no schema changes, no name becomes SQL.

`make hostile` tries 10,000 of each.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from flows.land import MANIFEST, place, plain_name
from flows.settings import Settings
from tests.faults.counts import SEED, trials
from tests.warehouse.small_contract import contract_of
from warehouse.connection import open_memory
from warehouse.reader import inspect, load, number_rows, open_table

PIECES = (
    "..", "/", "\\", "~", "\x00", "\n", "\r", "\t", "'", '"', '""', ";", "--", "/*", "*/", "`", ",", " ",
    "$(id)", "${HOME}", "%00", "%2e%2e%2f", "con", "nul", ".part", ".manifest.json", "-rf", "{count}", "{{7*7}}",
    "\u202e", "\u2028", "\u0130", "\ufeff", "\U0001f512", "_row", "rowid", "raw", "SELECT", "<script>", "x" * 300,
    "x'); DROP TABLE kept; --", "a', 'b': 'VARCHAR'}) --", "); ATTACH '/etc/passwd' AS x; (", "waste_FY2009-Q1.csv",
)  # fmt: skip


def names(count: int) -> Iterator[str]:
    dice = random.Random(SEED)
    for number in range(count):
        yield "".join(dice.choices(PIECES, k=dice.randint(1, 5))) + (str(number) if dice.random() < 0.5 else "")


def test_a_file_lands_in_its_own_folder_whatever_it_is_called(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    folder = settings.inbox / "council" / "household_waste"
    for name in names(trials(100)):
        plain = plain_name(name)
        assert len(plain) <= 120
        assert plain.isascii()
        assert plain.isprintable()
        assert not set(plain) & set("/\\'\"`$;<>{}%~")
        target = place(settings, folder, name, b"x", {})
        assert target.parent == folder
        for made in (target, target.with_name(target.name + MANIFEST)):
            made.unlink()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_header_changes_no_schema_whatever_it_says(tmp_path: Path) -> None:
    path = tmp_path / "sent.csv"
    agreed = contract_of("a", "ref")
    attached = "SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY ALL"
    with open_memory() as connection:
        before = connection.execute(attached).fetchall()
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        for name in names(trials(100)):
            if "\x00" in name:
                continue  # not text: refused before it is read
            quoted = name.replace('"', '""')
            path.write_text(f'ref,"{quoted}"\n1,"{quoted}"\n', newline="", encoding="utf-8")
            table = open_table(path, inspect(path), agreed)
            if len({header.lower() for header in table.header}) < 2:
                continue  # the door refuses a repeated column, and a blank one at the end is none
            assert agreed.match_headers(table.header).unexpected == [table.header[1]]
            number_rows(connection, load(connection, table.readable(tmp_path), table.header))
            there = connection.execute(
                "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
                "WHERE NOT internal AND table_name IN ('raw', 'kept') GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            raw = [*table.header, "_place"] if len(there[1][1]) > 2 else table.header
            assert there == [("kept", ["one"]), ("raw", raw)]
            others = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
            assert others == [(2,)], "raw and kept"
            assert connection.execute(attached).fetchall() == before
        assert connection.execute("FROM kept").fetchall() == [(1,)]
