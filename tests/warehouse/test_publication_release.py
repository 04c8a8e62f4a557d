"""The files of a release, and the switch that puts them into place whole or not at all."""

import csv
import json
import os
import shutil
import stat
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    add_delivery,
    add_figures,
    add_indicator,
    category,
    small_partnership,
    ward,
)
from warehouse.publication import TABLES, Publication, build_publication
from warehouse.release import StaleReleaseError, altered, in_force, read_manifest, switch, write_release

Q1, Q2 = "FY2008-Q1", "FY2008-Q2"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    made = small_partnership()
    add_indicator(made, "I1", targets={"FY2008": 100})
    add_indicator(made, "I2", layer="health", priority="well", name="=1+1")
    figures = {(Q1, ALL): (40.0, None), (Q1, ward("W1")): (40.0, None), (Q1, category("sex", "F")): (40.0, None)}
    for indicator in ("I1", "I2"):
        add_figures(made, figures | {(Q2, ALL): (50.0, None)}, indicator)
    add_delivery(made, Q1, sequence=1)
    return made


def build(connection: duckdb.DuckDBPyConnection, period: str = Q1, hours: int = 0) -> Publication:
    return build_publication(connection, FRAMEWORK, parse_period(period), NOW + timedelta(hours=hours))


def written(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    published: Path | None = None,
    period: str = Q1,
    hours: int = 0,
) -> tuple[Publication, Path]:
    """A release in a folder of its own, on top of what is published."""
    publication = build(connection, period, hours)
    current = None if published is None else published / "current" / "exchange.duckdb"
    pages = {
        ("restricted", layer["layer"]): {"index.html": f"<p>{layer['name']}</p>\n".encode()}
        for layer in publication.layers
    }
    write_release(connection, publication, folder, current if current and current.exists() else None, pages)
    return publication, folder


def released(connection: duckdb.DuckDBPyConnection, root: Path, period: str = Q1, hours: int = 0) -> Path:
    _, folder = written(connection, root / "making", root / "published", period, hours)
    return switch(root / "published", folder, FRAMEWORK, period)


def move(connection: duckdb.DuckDBPyConnection, value: int) -> None:
    """A correction: the first quarter's headline becomes another number."""
    connection.execute(
        "UPDATE warehouse.merged.value SET numerator = $1, value = $1, ytd = $1 "
        "WHERE period = 'FY2008-Q1' AND area_code = 'B1' AND breakdown = 'all' AND indicator = 'I1'",
        [value],
    )


def asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{path}' AS published (READ_ONLY)")
        reader.execute("USE published")
        return reader.execute(query).fetchall()


def test_a_release_has_every_layers_files(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, folder = written(connection, tmp_path / "made")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    layers = ("board", "executive", "health", "safety")
    tables = ("datapackage.json", "performance.csv", "performance.parquet")
    expected = [f"{place}{layer}/{name}" for place in ("", "public/") for layer in layers for name in tables]
    drawn = [f"{layer}/index.html" for layer in layers]
    assert files == sorted([*expected, *drawn, "exchange.duckdb", "public/exchange.duckdb", "manifest.json"])
    assert (folder / "board" / "index.html").read_text(encoding="utf-8") == "<p>The Board</p>\n"


def test_nobody_can_write_a_file_of_it_and_others_can_read_the_public_ones_only(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _, folder = written(connection, tmp_path / "made")
    modes: dict[tuple[bool, bool], set[int]] = {}
    for path in (folder, *folder.rglob("*")):
        public = path.is_relative_to(folder / "public")
        modes.setdefault((public, path.is_file()), set()).add(stat.S_IMODE(path.stat().st_mode))
    assert modes == {
        (False, True): {0o440},
        (False, False): {0o750},
        (True, True): {0o444},
        (True, False): {0o755},
    }


def test_csv_is_plain_and_runs_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    connection.execute("UPDATE reference.area SET area_name = '@x, \"quoted\"' WHERE area_code = 'B1'")
    connection.execute("UPDATE warehouse.merged.value SET value = -5 WHERE period = 'FY2008-Q1'")
    _, folder = written(connection, tmp_path / "made")
    raw = (folder / "board" / "performance.csv").read_bytes()
    assert b"\r" not in raw
    rows = list(csv.DictReader(raw.decode().splitlines()))
    assert {row["name"] for row in rows} == {"Indicator I1", "'=1+1"}
    assert {row["area_name"] for row in rows} == {'\'@x, "quoted"'}
    assert {row["value"] for row in rows} == {"-5.0"}  # a number is no formula
    with duckdb.connect() as reader:
        found = reader.execute(
            f"SELECT DISTINCT name FROM '{folder}/board/performance.parquet' ORDER BY 1"
        ).fetchall()
    assert found == [("=1+1",), ("Indicator I1",)]


def test_csv_and_parquet_hold_the_same_figures_for_each_layer(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _, folder = written(connection, tmp_path / "made")
    seen = {}
    for layer in ("board", "executive", "safety"):
        with (folder / layer / "performance.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["indicator"], row["area_code"], row["category"]) for row in csv.DictReader(file)]
        with duckdb.connect() as reader:
            query = f"SELECT indicator, area_code, category FROM '{folder}/{layer}/performance.parquet'"
            assert reader.execute(query).fetchall() == rows
        seen[layer] = rows
    assert seen["board"] == [("I1", "B1", "all"), ("I2", "B1", "all")]
    assert seen["executive"] == [
        ("I1", "B1", "all"),
        ("I1", "W1", "all"),
        ("I2", "B1", "all"),
        ("I2", "W1", "all"),
    ]
    assert seen["safety"] == [("I1", "B1", "all"), ("I1", "B1", "F"), ("I1", "W1", "all")]


def test_the_published_file_stands_alone_and_explains_itself(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _, folder = written(connection, tmp_path / "made")
    file = folder / "exchange.duckdb"
    tables = {
        name for (name,) in asked(file, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'performance'")
    }
    assert tables == set(TABLES)
    assert asked(file, "SELECT count(*) > 15 FROM duckdb_tables() WHERE schema_name = 'reference'") == [(True,)]
    bare = (
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'published' AND comment IS NULL"
    )
    assert asked(file, bare) == []
    assert (
        asked(file, bare.replace("duckdb_tables()", "duckdb_columns()").replace("table_name F", "column_name F"))
        == []
    )
    assert asked(file, "SELECT count(*) FROM duckdb_views() WHERE NOT internal") == [(0,)]
    assert asked(file, "SELECT count(*) FROM duckdb_tables() WHERE sql LIKE '%warehouse.%'") == [(0,)]
    assert not (folder / "exchange.duckdb.wal").exists()


def test_a_withheld_number_is_in_no_byte_of_a_release(tmp_path: Path) -> None:
    connection = small_partnership()
    add_indicator(connection, "I1", threshold=3_000_001)
    add_figures(connection, {(Q1, ALL): (2_718_281, None)})
    _, folder = written(connection, tmp_path / "made")
    assert asked(folder / "exchange.duckdb", "SELECT suppressed FROM performance.indicator") == [(True,)]
    packed = [
        form(2_718_281) for form in (lambda n: str(n).encode(), lambda n: (n * 10**9).to_bytes(16, "little"))
    ]
    packed += [struct.pack("<d", 2_718_281.0)]
    for path in folder.rglob("*"):
        if path.is_file():
            assert not [needle for needle in packed if needle in path.read_bytes()], path.name


def test_the_same_inputs_give_the_same_bytes(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, one = written(connection, tmp_path / "one")
    connection.execute("SET threads = 1")
    _, other = written(connection, tmp_path / "other")
    assert read_manifest(one) == read_manifest(other)
    for path in one.rglob("*"):
        if path.is_file() and path.name != "exchange.duckdb":
            assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()


def test_the_manifest_catches_every_change(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, folder = written(connection, tmp_path / "made")
    assert altered(folder) == []
    page = folder / "board" / "index.html"
    page.chmod(0o640)
    page.write_text("<p>Other</p>", encoding="utf-8")
    (folder / "executive" / "performance.csv").unlink()
    (folder / "new.txt").write_text("new", encoding="utf-8")
    database = folder / "exchange.duckdb"
    database.chmod(0o640)
    with duckdb.connect() as editor:
        editor.execute(f"ATTACH '{database}' AS file")
        editor.execute("UPDATE file.performance.indicator SET value = 1 WHERE indicator = 'I1'")
    assert altered(folder) == ["board/index.html", "exchange.duckdb", "executive/performance.csv", "new.txt"]
    database.write_bytes(b"no database")
    assert "exchange.duckdb" in altered(folder)


def test_a_release_wants_a_fresh_folder_and_known_layers(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publication = build(connection)
    with pytest.raises(LookupError, match="no layer cabinet"):
        write_release(connection, publication, tmp_path / "a", None, {("restricted", "cabinet"): {}})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    with pytest.raises(FileExistsError):
        write_release(connection, publication, tmp_path / "b", None, {})


def test_switching_points_both_links_at_the_release(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    place = released(connection, tmp_path)
    published = tmp_path / "published"
    publication = build(connection)
    assert place == published / "releases" / publication.publication_id
    assert (published / "current").resolve() == place
    assert (published / FRAMEWORK / Q1).resolve() == place
    assert not os.path.isabs(os.readlink(published / "current"))  # the folder can be moved
    assert not (tmp_path / "making").exists()
    assert in_force(published, publication) == place


def test_the_newest_release_holds_every_period_once_and_what_each_release_said(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = released(connection, tmp_path, Q2)
    move(connection, 44)
    second = released(connection, tmp_path, Q1, hours=1)  # the older quarter anew, after a correction
    file = tmp_path / "published" / "current" / "exchange.duckdb"
    headlines = (
        "SELECT period, value, publication_id FROM performance.indicator "
        "WHERE indicator = 'I1' AND area_code = 'B1' AND breakdown = 'all' ORDER BY period"
    )
    assert asked(file, headlines) == [(Q1, 44, second.name), (Q2, 50, first.name)]
    assert asked(file, "SELECT period, publication_id FROM performance.publication ORDER BY 1") == [
        (Q1, second.name),
        (Q2, first.name),
    ]
    said = (
        "SELECT publication_id, value FROM performance.revision "
        "WHERE indicator = 'I1' AND period = 'FY2008-Q1' ORDER BY value"
    )
    assert asked(file, said) == [(first.name, 40), (second.name, 44)]
    assert asked(first / "exchange.duckdb", headlines)[0][1] == 40  # the old release is as it was
    key = "framework, period, indicator, area_code, breakdown, category"
    doubled = f"SELECT {key} FROM performance.indicator GROUP BY ALL HAVING count(*) > 1"
    assert asked(file, doubled) == []
    assert asked(file, "SELECT count(*) FROM performance.rule_result") == [(1,)]


def test_another_frameworks_publication_is_carried_over(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    released(connection, tmp_path)
    tables = connection.execute(
        "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'reference' AND column_name = 'framework'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"UPDATE reference.{table} SET framework = 'second'")
    connection.execute("UPDATE warehouse.merged.value SET framework = 'second'")
    publication = build_publication(connection, "second", parse_period(Q1), NOW)
    current = tmp_path / "published" / "current" / "exchange.duckdb"
    write_release(connection, publication, tmp_path / "making", current, {})
    switch(tmp_path / "published", tmp_path / "making", "second", Q1)
    found = asked(current, "SELECT DISTINCT framework FROM performance.indicator ORDER BY 1")
    assert found == [(FRAMEWORK,), ("second",)]
    assert len(asked(current, "SELECT * FROM performance.layer")) == 8
    assert (tmp_path / "published" / FRAMEWORK / Q1).resolve() != (
        tmp_path / "published" / "second" / Q1
    ).resolve()


def test_columns_that_an_older_release_lacks_stay_empty(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    older = released(connection, tmp_path, Q2) / "exchange.duckdb"
    older.chmod(0o640)
    with duckdb.connect() as editor:
        editor.execute(f"ATTACH '{older}' AS file")
        editor.execute("ALTER TABLE file.performance.indicator DROP COLUMN forecast")
    move(connection, 44)
    released(connection, tmp_path, Q1, hours=1)
    found = asked(
        tmp_path / "published" / "current" / "exchange.duckdb",
        "SELECT forecast FROM performance.indicator WHERE period = 'FY2008-Q2' AND indicator = 'I1'",
    )
    assert found == [(None,)]


def test_publishing_the_same_again_changes_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    place = released(connection, tmp_path)
    before = tree(tmp_path / "published")
    assert released(connection, tmp_path, hours=5) == place
    assert tree(tmp_path / "published") == before


def test_figures_that_go_back_get_a_folder_of_their_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = released(connection, tmp_path)
    move(connection, 44)
    released(connection, tmp_path, hours=1)
    move(connection, 40)
    back = released(connection, tmp_path, hours=2)
    assert back.name == f"{first.name}-2"
    assert (tmp_path / "published" / "current").resolve() == back
    said = "SELECT count(DISTINCT published_at) FROM performance.revision"
    assert asked(back / "exchange.duckdb", said) == [(3,)]
    move(connection, 44)
    assert released(connection, tmp_path, hours=3).name.endswith("-2")


def test_a_release_written_on_top_of_another_one_is_turned_away(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    _, slow = written(connection, tmp_path / "slow", published, Q2)
    first = released(connection, tmp_path)
    with pytest.raises(StaleReleaseError):
        switch(published, slow, FRAMEWORK, Q2)
    assert (published / "current").resolve() == first
    assert not (published / FRAMEWORK / Q2).exists()
    assert in_force(published, build(connection, Q2)) is None


class KilledError(BaseException):
    """Stands for the process dying at a system call."""


def dying(call: Callable[..., Any], at: list[int]) -> Callable[..., Any]:
    def called(*arguments: Any, **options: Any) -> Any:
        at[0] -= 1
        if at[0] == 0:
            raise KilledError
        return call(*arguments, **options)

    return called


@pytest.mark.parametrize("again", ["same folder", "written anew"])
def test_killed_at_any_call_it_leaves_the_old_or_the_new_and_finishes_when_run_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / "start"
    old_name = released(connection, start).name
    move(connection, 44)
    publication, _ = written(connection, start / "making", start / "published", hours=1)
    # Written anew after a kill before `current` was switched, and after it: on top of the old, or of the new itself.
    written(connection, start / "anew", start / "published", hours=2)
    finished, kill = False, 0
    while not finished:
        kill += 1
        root = tmp_path / str(kill)
        shutil.copytree(start, root, symlinks=True)
        published, folder = root / "published", root / "making"
        countdown = [kill]
        with monkeypatch.context() as patch:
            for name in ("replace", "symlink", "fsync", "unlink", "mkdir", "rmdir"):
                patch.setattr(os, name, dying(getattr(os, name), countdown))
            try:
                switch(published, folder, FRAMEWORK, Q1)
                finished = True
            except KilledError:
                pass
        old, new = (published / "releases" / name for name in (old_name, publication.publication_id))
        for link in (published / "current", published / FRAMEWORK / Q1):
            assert link.resolve() in (old, new)
        if again == "written anew":
            folder = root / "anew"
        assert switch(published, folder, FRAMEWORK, Q1) == new
        assert (published / "current").resolve() == new
        assert (published / FRAMEWORK / Q1).resolve() == new
        assert {path.name for path in (published / "releases").iterdir()} == {old.name, new.name}
        assert altered(old) == altered(new) == []
    assert kill > 5


def test_there_must_be_something_to_switch_to(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no release of little-agreement"):
        switch(tmp_path / "published", tmp_path / "nothing", FRAMEWORK, Q1)


def test_the_manifest_says_what_the_release_was_built_on(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = released(connection, tmp_path)
    second = released(connection, tmp_path, Q2, hours=1)
    manifest = json.loads((second / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["built_on"] == first.name
    assert [(row["period"], row["publication_id"]) for row in manifest["holds"]] == [
        (Q1, first.name),
        (Q2, second.name),
    ]


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else str(path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("value", [44, 45, 46, 47])
def test_killed_before_the_links_it_finishes_whichever_id_comes_first(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids are hashes: the old release's may sort before the new one's or after it."""
    released(connection, tmp_path)
    move(connection, value)
    publication, folder = written(connection, tmp_path / "making", tmp_path / "published", hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", dying(os.symlink, [1]))
        with pytest.raises(KilledError):
            switch(tmp_path / "published", folder, FRAMEWORK, Q1)
    assert not folder.exists()
    assert switch(tmp_path / "published", folder, FRAMEWORK, Q1).name == publication.publication_id
