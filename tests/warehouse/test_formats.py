"""What partners really send, besides a clean CSV: read into the same text, or turned away with its own sentence."""

import json
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from schemas.contract import Contract, WorkbookRule
from tests.warehouse.small_contract import column_of, contract_of
from tests.warehouse.workbooks import Cell, Rows, compound, ods, ods_content, ods_of, xls, xlsx, xlsx_parts, zipped
from warehouse.connection import open_memory
from warehouse.reader import Origin, UnreadableError, inspect, load, number_rows, open_table

TOWNS = contract_of("Ref", "Town", column_of("N", "integer", "BIGINT"))
ROWS: list[list[Cell]] = [["Ref", "Town", "N"], ["00123", "Zoë, on sea", 4], ["NA", 'the "Mill"', 5]]
TEXTS = [("00123", "Zoë, on sea", "4"), ("NA", 'the "Mill"', "5")]


def read(
    content: bytes, folder: Path, contract: Contract = TOWNS
) -> tuple[Origin, list[tuple[str | None, ...]], list[int]]:
    """Where the table stands, its rows as text, and the row numbers a spreadsheet shows."""
    path = folder / "sent"
    path.write_bytes(content)
    table = open_table(path, inspect(path), contract)
    with open_memory() as connection:
        number_rows(connection, load(connection, table.readable(folder), table.header))
        rows = connection.execute("SELECT * FROM numbered ORDER BY _row").fetchall()
    return table.origin, [row[1:] for row in rows], [row[0] + table.origin.row_offset for row in rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_under_which_the_header_is_the_agreed_one(tmp_path: Path, separator: str) -> None:
    text = separator.join(["Ref", "Town", "N"]) + "\n" + separator.join(['"1"', '"a, b; c"', "2"]) + "\n"
    origin, rows, _ = read(text.encode(), tmp_path)
    assert rows == [("1", "a, b; c", "2")]
    assert origin.separator == separator


@pytest.mark.parametrize(
    ("content", "rows", "numbers"),
    [
        (b"Ref,Town,N\n1,a,2,\n2,b,3\n", [("1", "a", "2"), ("2", "b", "3")], [2, 3]),
        (b"Ref,Town,N,,\n1,a,2,,\n", [("1", "a", "2")], [2]),
        (b'Ref,Town,N\r\n1,a,2,""\r\n"2",b,""\r\n', [("1", "a", "2"), ("2", "b", None)], [2, 3]),
        (b"Ref,Town,N\n\n1,a,2\n\n\n2,b,3\n", [("1", "a", "2"), ("2", "b", "3")], [3, 6]),
        (b'Ref,Town,N\n1,"two\nlines",2\n\n2,b,3', [("1", "two\nlines", "2"), ("2", "b", "3")], [2, 4]),
    ],
    ids=["a line", "every line", "quoted", "blank lines", "a break inside quotes"],
)
def test_no_byte_is_passed_over_in_silence(
    tmp_path: Path, content: bytes, rows: list[tuple[str | None, ...]], numbers: list[int]
) -> None:
    """DuckDB skips blank lines and drops empty fields too many without a word: then rows keep their true numbers."""
    _, found, places = read(content, tmp_path)
    assert (found, places) == (rows, numbers)


def test_surplus_empty_fields_are_named(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(b"Ref,Town,N\n1,a,2,\n2,b,3\n3,c,4,\n4,d,5,x\n")
    table = open_table(tmp_path / "sent", inspect(tmp_path / "sent"), TOWNS)
    with open_memory() as connection:
        loaded = load(connection, table.readable(tmp_path), table.header)
    assert loaded.surplus == [2, 4]
    assert [(line.line, line.problem) for line in loaded.ragged] == [(5, "too many fields")]


WORKBOOKS = {"xlsx": xlsx({"Data": ROWS}), "ods": ods({"Data": ROWS}), "xls": xls(ROWS, "Data")}


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_a_workbook_reads_as_the_same_text(tmp_path: Path, kind: str) -> None:
    origin, rows, numbers = read(WORKBOOKS[kind], tmp_path)
    assert rows == TEXTS
    assert (origin.kind, origin.sheet, origin.letters, numbers) == (kind, "Data", ("A", "B", "C"), [2, 3])


@pytest.mark.parametrize("make", [xlsx, ods], ids=["xlsx", "ods"])
def test_titles_notes_blank_rows_and_other_sheets_are_passed_over(tmp_path: Path, make: type) -> None:
    sheet: list[list[Cell]] = [
        ["Towns of the borough"],
        [],
        [None, *ROWS[0]],
        [None, *ROWS[1]],
        [],
        [None, *ROWS[2]],
        [],
        ["Source: the register"],
        ["1 Revised"],
    ]
    origin, rows, numbers = read(make({"Read me": [["Contents"]], "Data": sheet}), tmp_path)
    assert rows == TEXTS
    assert numbers == [4, 6]
    assert (origin.letters, origin.header_rows, origin.notes) == (("B", "C", "D"), (3, 3), 2)
    assert origin.sentence == (
        "Read sheet 'Data' with the column names in row 3; 2 lines of notes below it were not read."
    )


def covered(sheets: Mapping[str, Rows]) -> bytes:
    """An ODS as LibreOffice writes merged cells: those that a cell spans are there, covered."""
    with zipfile.ZipFile(BytesIO(ods(sheets))) as file:
        content = file.read("content.xml").decode()
    return ods_of(content.replace("<table:table-cell/>", "<table:covered-table-cell/>"))


@pytest.mark.parametrize("make", [xlsx, ods, covered])
def test_a_merged_header_is_one_name_for_each_column(
    tmp_path: Path, make: Callable[[Mapping[str, Rows]], bytes]
) -> None:
    """Upper cells span the columns to their right; note numbers fall away; a nameless column is called by letter."""
    sheet: list[list[Cell]] = [
        ["Table 1: cases"],
        [None, "Owed a duty1,2", None, None, None, "Not owed"],
        [None, "Total", "Of which:", None, None, None],
        [None, None, "single3", "family", None, None],
        ["E1", 5, 2, 3, None, 7],
        ["E2", 6, 2, 4, None, 8],
        ["Notes"],
        ["E3", "nothing of the table"],
    ]
    contract = contract_of(
        "column A",
        "Owed a duty | Total",
        "Owed a duty | Of which: | single",
        "Owed a duty | Of which: | family",
        "Not owed",
        workbook=WorkbookRule(sheet="T.", header_rows=(2, 4), ends="Notes", footnotes=True),
    )
    origin, rows, numbers = read(make({"Cover": [["E1"]], "T1": sheet}), tmp_path, contract)
    assert rows == [("E1", "5", "2", "3", "7"), ("E2", "6", "2", "4", "8")]
    assert numbers == [5, 6]
    assert origin.column("Not owed") == "F"
    assert origin.headers == tuple(column.header for column in contract.columns)


@pytest.mark.parametrize(
    ("cell", "column", "text"),
    [
        (0.1 + 0.2, column_of("A"), "0.3"),
        (19999.847999999998, column_of("A"), "19999.848"),
        (1e-7, column_of("A"), "0.0000001"),
        (1e20, column_of("A"), "100000000000000000000"),
        (205.0, column_of("A"), "205"),
        (9007199254740991, column_of("A"), "9007199254740991"),
        (-1.5, column_of("A"), "-1.5"),
        (date(2009, 7, 14), column_of("A", "date", "DATE", "yyyy-MM-dd"), "2009-07-14"),
        (date(2009, 7, 14), column_of("A", "date", "DATE", "dd/MM/yyyy"), "14/07/2009"),
        (date(2009, 7, 1), column_of("A", "date", "DATE", "yyyy-MM"), "2009-07"),
        (date(2009, 7, 14), column_of("A", "date", "DATE", "yyyy-MM"), "2009-07-14"),
        (date(2009, 7, 14), column_of("A", "timestamp", "TIMESTAMP"), "2009-07-14T00:00:00"),
        (True, column_of("A", "boolean", "BOOLEAN"), "true"),
        ("  x ", column_of("A"), "  x "),
    ],
)
def test_a_cell_becomes_the_text_that_its_contract_reads(
    tmp_path: Path, cell: Cell, column: object, text: str
) -> None:
    contract = contract_of(column, "B")  # type: ignore[arg-type]
    _, rows, _ = read(xlsx({"S": [["A", "B"], [cell, "x"]]}), tmp_path, contract)
    assert rows == [(text, "x")]


def test_days_counted_from_1904_are_the_same_days(tmp_path: Path) -> None:
    contract = contract_of(column_of("A", "date", "DATE", "yyyy-MM-dd"), "B")
    for from_1904 in (False, True):
        content = xlsx({"S": [["A", "B"], [date(2009, 7, 14), "x"]]}, from_1904=from_1904)
        assert read(content, tmp_path, contract)[1] == [("2009-07-14", "x")]


def test_json_records_are_flattened_and_stay_text(tmp_path: Path) -> None:
    contract = contract_of("id", "place.name", "place.x", "outcome.category", "seen")
    sent = [
        {"id": 1, "place": {"name": "On or near A", "x": "0.10"}, "outcome": None, "seen": True},
        {"id": 2.50, "place": {"name": "", "x": "1"}, "outcome": {"category": "c"}, "seen": None},
    ]
    origin, rows, numbers = read(json.dumps(sent).encode(), tmp_path, contract)
    assert dict(zip(origin.headers, zip(*rows, strict=True), strict=True)) == {
        "id": ("1", "2.5"),
        "place.name": ("On or near A", None),
        "place.x": ("0.10", "1"),
        "seen": ("true", None),
        "outcome.category": (None, "c"),
    }
    assert numbers == [1, 2]


@pytest.mark.parametrize("inner", ["towns.csv", "towns.xlsx"])
def test_a_zip_with_one_file_is_read_as_that_file(tmp_path: Path, inner: str) -> None:
    plain = 'Ref,Town,N\n00123,"Zoë, on sea",4\nNA,"the ""Mill""",5\n'.encode()
    content = zipped({inner: plain if inner.endswith("csv") else WORKBOOKS["xlsx"], "__MACOSX/._towns": b"x"})
    origin, rows, _ = read(content, tmp_path)
    assert rows == TEXTS
    assert origin.member == inner


def macro() -> bytes:
    return zipped({**xlsx_parts({"Data": ROWS}), "xl/vbaProject.bin": b"x"})


def locked_zip() -> bytes:
    """A zip whose member says that it is encrypted (bit 0 of its flags, in both headers)."""
    content = bytearray(zipped({"a.csv": b"a,b\n1,2\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "problem", "remedy"),
    [
        (b"", "The file is empty.", "Send it again with its header"),
        (b"%PDF-1.7\n...", "is a PDF", ".xlsx"),
        (b"\x89PNG\r\n\x1a\n...", "is a picture", ".xlsx"),
        (b"{\\rtf1 ...}", "text document", ".xlsx"),
        (b"\x1f\x8b\x08...", "packed with gzip", "unpacked"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "is a web page", "Open it in Excel"),
        (b'<?xml version="1.0"?><Workbook/>', "is an XML document", "Open it in Excel"),
        (compound({"EncryptedPackage": b"x"}), "protected by a password", "Take the password off"),
        (compound({"WordDocument": b"x"}), "is a Word document", ".xlsx"),
        (compound({"Workbook": b"x", "_VBA_PROJECT_CUR": b"x"}), "holds macros", "without macros"),
        (zipped({"word/document.xml": b"<w/>"}), "is a Word document", ".xlsx"),
        (zipped({"xl/workbook.bin": b"x"}), "binary workbook (.xlsb)", ".xlsx"),
        (macro(), "holds macros", "without macros"),
        (locked_zip(), "zip file is protected by a password", "without a password"),
        (zipped({"a.csv": b"a", "b.csv": b"b"}), "holds 2 files", "a zip of its own"),
        (zipped({"a.zip": zipped({"a.csv": b"a,b\n"})}), "holds another zip file", "in one zip"),
        (WORKBOOKS["xlsx"][:-80], "damaged", "again"),
        (xlsx({"Data": [["x", "y"]]}), "No sheet of the workbook has the agreed column names", "in one row"),
        (xlsx({"One": ROWS, "Two": ROWS}), "stand in 2 sheets: 'One', 'Two'", "with one of them"),
        (xlsx({"One": [["x"]], "Two": ROWS}, hidden=["Two"]), "stand in a hidden sheet", "Unhide"),
        (b'[{"a": 1}, 2]', "Record 2 of the JSON is no object", "array of objects"),
        (b'{"a": 1}', "is a single object", "array of records"),
        (b'[{"a": [1]}]', "Record 1 of the JSON holds a list", "single values"),
        (b'[{"a": 1, "a": 2}]', "cannot be read", "whole and unchanged"),
        (b'[{"a":' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"]", "cannot be read", "unchanged"),
    ],
)
def test_what_is_not_read_has_its_own_sentence_and_remedy(
    tmp_path: Path, content: bytes, problem: str, remedy: str
) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(content, tmp_path)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def deep(size: int) -> bytes:
    """A part of that many bytes, made of one letter."""
    return b"<sst><si><t>" + b"a" * size + b"</t></si></sst>"


def lying(content: bytes, name: bytes, size: int) -> bytes:
    """The same zip with another size in the directory and in the part's own header."""
    made = bytearray(content)
    with zipfile.ZipFile(BytesIO(content)) as file:
        part = file.getinfo(name.decode())
    made[part.header_offset + 22 : part.header_offset + 26] = size.to_bytes(4, "little")
    central = made.rindex(name, 0, len(made)) - 46
    made[central + 24 : central + 28] = size.to_bytes(4, "little")
    return bytes(made)


def far_cell() -> bytes:
    parts = xlsx_parts({"Data": ROWS})
    parts["xl/worksheets/sheet1.xml"] = str(parts["xl/worksheets/sheet1.xml"]).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    return zipped(parts)


def tall_sheet() -> bytes:
    parts = xlsx_parts({"Data": ROWS})
    parts["xl/worksheets/sheet1.xml"] = str(parts["xl/worksheets/sheet1.xml"]).replace(
        "</sheetData>", '<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row></sheetData>'
    )
    return zipped(parts)


def repeated_cells() -> bytes:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return ods_of(ods_content(f'<table:table table:name="Data">{row}</table:table>'))


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    parts = xlsx_parts({"Data": ROWS})
    parts["xl/sharedStrings.xml"] = f'<!DOCTYPE sst [<!ENTITY l0 "lol">{entities}]><sst><si><t>&l9;</t></si></sst>'
    return zipped(parts)


BOMBS = {
    "a cell of 300 MB": zipped({**xlsx_parts({"D": ROWS}), "xl/sharedStrings.xml": deep(300_000_000)}),
    "a packed file of 300 MB": zipped({"a.csv": b"a" * 300_000_000}),
    "a directory that lies": lying(
        zipped({**xlsx_parts({"D": ROWS}), "xl/sharedStrings.xml": deep(30_000_000)}), b"xl/sharedStrings.xml", 900
    ),
    "the last cell of a sheet": far_cell(),
    "a million rows of 700 columns": tall_sheet(),
    "an ODS of repeated cells": repeated_cells(),
    "a billion laughs": laughs(),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "sent"
    path.write_bytes(BOMBS[bomb])
    facts = inspect(path)
    tracemalloc.start()
    with pytest.raises(UnreadableError):
        open_table(path, facts, TOWNS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
