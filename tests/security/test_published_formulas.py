"""Ten thousand texts that a spreadsheet might run: none of them is alive in a published CSV, XLSX or ODS."""

import csv
import io
import unicodedata
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import openpyxl
import pytest

from reports.opendocument import opendocument
from reports.sheets import Table, Workbook, cell
from reports.spreadsheet import spreadsheet
from tests.security.test_formulas import strings
from warehouse.release import CSV, inert

HOSTILE = list(strings(10_000))
SIGNS = set("=+-@")


@pytest.fixture(scope="module")
def book() -> Workbook:
    rows = tuple((cell(text), cell(f"x {text}")) for text in HOSTILE)
    table = Table("T", "=1+1", "=1+1", ("=A", "+B"), rows)
    return Workbook("=1+1", ("=1+1",), ("@SUM(1)",), (("=1", "=1"),), (table,))


def test_none_is_alive_in_a_csv(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE said AS SELECT unnest(?) AS commentary", [HOSTILE])
    connection.execute(f"COPY (SELECT {inert('commentary')} FROM said) TO '{tmp_path / 'said.csv'}' {CSV}")
    with (tmp_path / "said.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [row for row in rows if len(row) != 1 or is_alive(row[0])] == []
    # Nothing is lost by it: at most the apostrophe is more.
    assert all(row[0] in (said, f"'{said}") for row, said in zip(rows, HOSTILE, strict=True))


def is_alive(text: str) -> bool:
    """Whether some spreadsheet might run it: the sign of a formula comes first, after what one or other skips."""
    shown = unicodedata.normalize("NFKC", text)
    while shown and (shown[0].isspace() or unicodedata.category(shown[0]).startswith("C")):
        shown = shown[1:]
    return text[:1] in ("\t", "\r", "\n") or shown[:1] in SIGNS


def test_none_is_alive_in_a_workbook(book: Workbook) -> None:
    made = spreadsheet(book)
    sheets = openpyxl.load_workbook(io.BytesIO(made)).worksheets
    cells = [each for sheet in sheets for row in sheet.iter_rows() for each in row if each.value is not None]
    assert len(cells) > 2 * len(HOSTILE)
    assert [each.coordinate for each in cells if each.data_type == "f"] == []
    # Its own contents lead to its own sheets; nothing leads out.
    links = [each.hyperlink for each in cells if each.hyperlink is not None]
    assert [link.ref for link in links if link.target or not str(link.location).startswith("'")] == []
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()] == []
        assert b"<f>" not in b"".join(parts.read(name) for name in parts.namelist() if "worksheets" in name)


def test_none_is_alive_in_an_open_document(book: Workbook) -> None:
    with zipfile.ZipFile(io.BytesIO(opendocument(book))) as parts:
        content = ElementTree.fromstring(parts.read("content.xml"))
    names = [name for each in content.iter() for name in (each.tag, *each.attrib)]
    assert len(names) > 2 * len(HOSTILE)
    assert [
        name for name in names if name.endswith(("}formula", "}a", "}href", "}script", "}event-listener"))
    ] == []
    kinds = {
        value for each in content.iter() for name, value in each.attrib.items() if name.endswith("}value-type")
    }
    assert kinds == {"string"}
