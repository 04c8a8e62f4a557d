"""What the reader says of a file besides its rows: where the table stands, its first record, a column, its sheets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.warehouse.small_contract import column_of, contract_of
from tests.warehouse.workbooks import Cell, ods, xls, xlsx, zipped
from warehouse import reader
from warehouse.connection import open_memory
from warehouse.delimited import Readable
from warehouse.reader import Origin, Table, UnreadableError, first_lines, inspect, load, number_rows, open_table

TOWNS = contract_of("Ref", "Town", column_of("N", "integer", "BIGINT"))
ROWS: list[list[Cell]] = [["Ref", "Town", "N"], ["1", "Acton", 4], ["2", "Bow", 5]]
CSV = b"Ref,Town,N\n1,Acton,4\n2,Bow,5\n"
JSON = b'[{"Ref": "1", "Town": "Acton", "N": 4}, {"Ref": "2", "Town": "Bow", "N": 5}]'
Put = Callable[[bytes], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(content: bytes) -> Path:
        path = tmp_path / "sent"
        path.write_bytes(content)
        return path

    return write


def opened(path: Path) -> Table:
    return open_table(path, inspect(path), TOWNS)


@pytest.mark.parametrize(
    ("origin", "sentence"),
    [
        (Origin("csv", (), ()), "Read text separated by commas."),
        (
            Origin("csv", (), (), separator="|", member="x.csv"),
            "Read text separated by bars, from the file inside the zip.",
        ),
        (Origin("json", (), (), header_rows=(0, 0)), "Read a JSON array of records."),
        (Origin("json", (), (), "x.json"), "Read a JSON array of records, from the file inside the zip."),
        (Origin("xlsx", (), (), sheet="Data"), "Read sheet 'Data' with the column names in row 1."),
        (
            Origin("xlsx", (), (), "x.xlsx", "S" * 80, (2, 4), notes=3),
            f"Read sheet '{'S' * 60}' with the column names in rows 2 to 4, from the file inside the zip; "
            "3 lines of notes below it were not read.",
        ),
    ],
)
def test_what_was_read_is_said_in_words(origin: Origin, sentence: str) -> None:
    assert origin.sentence == sentence


def test_a_column_is_found_by_its_header() -> None:
    origin = Origin("csv", ("A", "B"), ("Ref", "Town"))
    assert origin.column("Town") == "B"
    assert (origin.row_offset, Origin("json", (), ()).row_offset) == (2, 1)
    with pytest.raises(ValueError, match="not in tuple"):
        origin.column("N")


@pytest.mark.parametrize(
    "content",
    [
        *(CSV, xlsx({"Data": ROWS}), xls(ROWS, "Data"), ods({"Data": ROWS}), JSON),
        *(zipped({"a.csv": CSV}), zipped({"a.json": JSON})),
    ],
    ids=["csv", "xlsx", "xls", "ods", "json", "csv in a zip", "json in a zip"],
)
def test_the_first_record_and_a_columns_values_in_every_format(put: Put, content: bytes) -> None:
    table = opened(put(content))
    assert table.header == ["Ref", "Town", "N"]
    assert table.first_record() == ["1", "Acton", "4"]
    assert table.column_values(1) == {"Acton", "Bow"}


def test_a_workbook_or_json_without_rows_has_no_first_record(put: Put) -> None:
    assert opened(put(xlsx({"Data": ROWS[:1]}))).first_record() is None


def test_the_cells_of_a_sheet_by_its_name(put: Put) -> None:
    book = xlsx({"Data": ROWS, "Reply": [["Delivery", "Rule"]]})
    assert reader.sheet_cells(put(book), "Reply") == [["Delivery", "Rule"]]
    assert reader.sheet_cells(put(book), "Answers") is None
    for other in (CSV, JSON, zipped({"a.xlsx": book}), b"", b"%PDF", b"PK\x03\x04"):
        assert reader.sheet_cells(put(other), "Reply") is None


def test_the_first_lines_of_what_no_contract_knows(put: Put) -> None:
    lines = {
        content: first_lines(put(content), inspect(put(content))) for content in (CSV, zipped({"a.csv": CSV}))
    }
    for said in lines.values():
        assert {"Ref", "Town", "N", "1", "Acton"} <= set(said)
    path = put(xlsx({"Data": ROWS, "Other": [["Surname"]]}))
    assert {"Ref", "Surname"} <= set(first_lines(path, inspect(path)))
    for unread in (b"%PDF-1.7", b"PK\x03\x04"):
        assert first_lines(put(unread), inspect(put(unread))) == []


def test_a_header_of_one_agreed_column_needs_no_separator(put: Put, tmp_path: Path) -> None:
    path = put(b"Ref\n1\n2\n")
    table = open_table(path, inspect(path), contract_of("Ref"))
    assert (table.header, table.first_record()) == (["Ref"], ["1"])
    with pytest.raises(UnreadableError, match="separated by bars"):
        opened(put(b"x|y\n1|2\n"))


def test_a_zip_in_a_zip_is_refused(put: Put) -> None:
    with pytest.raises(UnreadableError, match="holds another zip file"):
        opened(put(zipped({"a.zip": zipped({"b.csv": CSV})})))


def test_json_without_records_is_refused_and_an_empty_root_left_out(put: Put) -> None:
    with pytest.raises(UnreadableError, match="holds no record"):
        opened(put(b"[ ]"))
    path = put(b'[{"a": null, "b": "1"}]')
    deep = contract_of("a.name", "b")
    assert open_table(path, inspect(path), deep).header == ["b"]
    assert open_table(path, inspect(path), contract_of("a", "b")).header == ["b", "a"]


def test_what_the_files_name_says_stands_on_every_row(put: Put, tmp_path: Path) -> None:
    table = opened(put(CSV))
    with open_memory() as connection:
        loaded = load(connection, table.readable(tmp_path), table.header)
        number_rows(connection, loaded, {"force": "North'; DROP TABLE raw; --"})
        rows = connection.execute("SELECT _row, Ref, force FROM numbered ORDER BY _row").fetchall()
        assert rows == [(0, "1", "North'; DROP TABLE raw; --"), (1, "2", "North'; DROP TABLE raw; --")]
        left = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    assert left == [("raw",), ("said",)]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b'Ref,Town,N\n1,"Ac"ton,4\n', "line 2"),
        (b'Ref,Town,N\n1,Acton,4\n2,"Bow" x,5\n', "line 3"),
        (b"Ref,Town,N\n1,Acton,4\n2," + b"x" * 2_100_000 + b",5\n", "line"),
    ],
    ids=["at once", "later", "a line of two million letters"],
)
def test_a_quotation_mark_that_breaks_the_columns_is_told_with_its_line(
    put: Put, tmp_path: Path, content: bytes, lines: str
) -> None:
    table = opened(put(content))
    with open_memory() as connection, pytest.raises(UnreadableError) as told:
        load(connection, table.readable(tmp_path), table.header)
    assert lines in told.value.problem
    assert lines in told.value.remedy


def test_a_file_is_read_whole_whatever_its_last_byte(put: Put, tmp_path: Path) -> None:
    for ending in (b"", b"\n", b"\r\n", b"\n\n"):
        table = opened(put(b'"Ref","Town",N\n1,"A\nB",4\n2,"say ""no""",5' + ending))
        with open_memory() as connection:
            number_rows(connection, load(connection, table.readable(tmp_path), table.header))
            rows = connection.execute("SELECT * FROM numbered ORDER BY _row").fetchall()
        assert [row[1:] for row in rows] == [("1", "A\nB", "4"), ("2", 'say "no"', "5")], ending


def test_a_column_name_of_two_lines_is_one_name(put: Put, tmp_path: Path) -> None:
    table = opened(put(b'Ref,"Town\nor ""city""",N\n1,"Acton",4\n'))
    assert table.header == ["Ref", 'Town\nor "city"', "N"]
    with open_memory() as connection:
        number_rows(connection, load(connection, table.readable(tmp_path), ["Ref", "Town", "N"]))
        assert connection.execute("SELECT * FROM numbered").fetchall() == [(0, "1", "Acton", "4")]


def test_what_the_engine_says_of_a_file_it_cannot_read_does_not_leave(tmp_path: Path) -> None:
    with open_memory() as connection, pytest.raises(UnreadableError) as told:
        load(connection, Readable(tmp_path / "ZXCANARY.csv", tmp_path), ["Ref"])
    assert "ZXCANARY" not in f"{told.value.problem} {told.value.remedy}"
    assert told.value.problem == "The text on a line cannot be read as comma-separated values."
    assert told.value.__cause__ is None
