"""Who may see what: a figure leaves for a layer and an audience only where every agreement behind it lists both."""

import json
from hashlib import sha256
from pathlib import Path

import duckdb
import frictionless
import pytest

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    add_delivery,
    add_figures,
    add_indicator,
    small_partnership,
)
from warehouse.publication import AUDIENCES, PUBLIC, RESTRICTED, build_publication, publication_frames
from warehouse.release import audience_folder, write_release

Q1 = "FY2008-Q1"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """I1 may be seen by all; I2 by the partnership only, I3 by the board and its own group only."""
    made = small_partnership()
    for indicator in ("I1", "I2", "I3"):
        add_indicator(made, indicator)
        add_figures(made, {(Q1, ALL): (40.0, None)}, indicator)
    made.execute(
        "UPDATE reference.agreement SET audiences = ['restricted', 'public'] WHERE agreement_id <> 'i2-agreement'"
    )
    made.execute(
        "UPDATE reference.agreement SET layers = ['strategic', 'safety'] WHERE agreement_id = 'i3-agreement'"
    )
    add_delivery(made, Q1, sequence=1)
    return made


def release(connection: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    publication = build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    write_release(connection, publication, folder, None, {})
    return folder


def seen(folder: Path, audience: str, layer: str) -> list[str]:
    table = (audience_folder(folder, audience) / layer / "performance.parquet").as_posix()
    rows = duckdb.sql(f"SELECT DISTINCT indicator FROM '{table}' ORDER BY ALL").fetchall()
    return [row[0] for row in rows]


def test_each_layer_and_audience_has_what_the_agreements_list(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = release(connection, tmp_path / "made")
    assert seen(folder, RESTRICTED, "board") == ["I1", "I2", "I3"]
    assert seen(folder, RESTRICTED, "executive") == ["I1", "I2"]
    assert seen(folder, RESTRICTED, "safety") == ["I1", "I2", "I3"]
    assert seen(folder, PUBLIC, "board") == ["I1", "I3"]
    assert seen(folder, PUBLIC, "executive") == ["I1"]


def test_the_page_is_told_what_is_left_out_and_by_which_agreement(connection: duckdb.DuckDBPyConnection) -> None:
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    left_out = publication_frames(connection, "executive", PUBLIC)["left_out"]
    assert left_out[["indicator", "withheld_by"]].values.tolist() == [
        ["I2", "i2-agreement"],
        ["I3", "i3-agreement"],
    ]
    assert publication_frames(connection, "health", RESTRICTED)["left_out"].empty  # not its indicators


def test_where_agreements_meet_the_strictest_wins(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO reference.term SELECT framework, 'I1', 'denominator', partner, dataset, measure, NULL, 1 "
        "FROM reference.term WHERE indicator = 'I2'"
    )
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    assert "I1" in set(publication_frames(connection, "board", PUBLIC)["left_out"]["indicator"])


def test_a_figure_for_a_purpose_that_its_agreement_does_not_name_is_left_out(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute("UPDATE reference.priority SET purpose = 'crime'")
    connection.execute("UPDATE reference.agreement SET purposes = ['housing', 'crime'] WHERE partner = 'police'")
    connection.execute("UPDATE reference.agreement SET purposes = ['housing'] WHERE agreement_id = 'i1-agreement'")
    folder = release(connection, tmp_path / "made")
    assert seen(folder, RESTRICTED, "board") == ["I2", "I3"]
    left_out = publication_frames(connection, "board")["left_out"]
    assert left_out[["indicator", "withheld_by"]].values.tolist() == [["I1", "i1-agreement"]]


def test_what_no_agreement_names_is_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM reference.agreement WHERE agreement_id = 'i1-agreement'")
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    left_out = publication_frames(connection, "board")["left_out"]
    assert left_out[["indicator", "withheld_by"]].values.tolist() == [["I1", "no agreement for police/data_i1"]]


def test_the_public_database_says_nothing_of_what_is_not_public(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = release(connection, tmp_path / "made")
    with duckdb.connect(folder / "public" / "exchange.duckdb", read_only=True) as public:
        for table in ("indicator", "provenance", "revision", "suppression"):
            rows = public.execute(f"SELECT count(*) FROM performance.{table} WHERE indicator = 'I2'").fetchall()
            assert rows == [(0,)], table
        datasets = public.execute("SELECT DISTINCT dataset FROM performance.data_quality ORDER BY ALL").fetchall()
        assert [row[0] for row in datasets] == ["data_i1", "data_i3"]
    with duckdb.connect(folder / "exchange.duckdb", read_only=True) as own:
        assert own.execute("SELECT count(*) FROM performance.indicator WHERE indicator = 'I2'").fetchall() != [
            (0,)
        ]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_data_package_describes_its_files(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, audience: str
) -> None:
    folder = audience_folder(release(connection, tmp_path / "made"), audience) / "board"
    described = json.loads((folder / "datapackage.json").read_text())
    assert {each["path"] for each in described["resources"]} == {p.name for p in folder.iterdir()} - {
        "datapackage.json"
    }
    for each in described["resources"]:
        assert each["hash"] == "sha256:" + sha256((folder / each["path"]).read_bytes()).hexdigest()
    assert all(field["description"] for field in described["resources"][0]["schema"]["fields"])
    assert described["resources"][0]["rows"] == len((folder / "performance.csv").read_text().splitlines()) - 1
    assert (described["licenses"][0]["name"] == "OGL-UK-3.0") is (audience == PUBLIC)
    assert described["sources"]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_frictionless_finds_the_data_package_valid(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, audience: str
) -> None:
    folder = audience_folder(release(connection, tmp_path / "made"), audience) / "board"
    described = json.loads((folder / "datapackage.json").read_text())
    described["resources"] = [
        each for each in described["resources"] if each["format"] == "csv"
    ]  # reads no Parquet
    report = frictionless.Package.from_descriptor(described, basepath=str(folder)).validate()
    assert report.valid, report.flatten(["type", "message"])
