"""One publication, many formats: the same numbers, the same words for why there is none, nothing that runs."""

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pypdf
import pytest
import python_calamine

from reports.board_paper import board_paper, told
from reports.documents import documents
from reports.gathering import figures
from reports.opendocument import opendocument
from reports.publication import Publication
from reports.sheets import SHORTHAND, workbook
from reports.spreadsheet import spreadsheet
from tests.unit.builders.publication import indicator_row, missing, ninety, shipped, small, whole

ROLES = ("strategic", "executive", "operational")
LINK = '=HYPERLINK("http://evil.example","x") [link](javascript:alert(1))'
HOSTILE = LINK + " <script>alert(1)</script> $$note$$ #eval \x07 😀"
TABLE, TEXT, OFFICE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "text", "office")
)


@pytest.fixture(scope="module")
def drawn() -> dict[str, dict[str, bytes]]:
    return {role: documents(shipped(role)).files for role in ROLES}


def xlsx_sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {
        sheet.title: [[c for c in row if c is not None] for row in sheet.iter_rows(values_only=True)]
        for sheet in book
    }


def ods_sheets(content: bytes) -> dict[str, list[list[Any]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        root = ElementTree.fromstring(parts.read("content.xml"))
    return {
        table.attrib[TABLE + "name"]: [
            [ods_value(cell) for cell in row.iter(TABLE + "table-cell")] for row in table.iter(TABLE + "table-row")
        ]
        for table in root.iter(TABLE + "table")
    }


def ods_value(cell: ElementTree.Element) -> Any:
    said = cell.attrib.get(OFFICE + "value")
    return float(said) if said is not None else "".join(cell.itertext())


@pytest.mark.parametrize("role", ROLES)
def test_every_sheet_says_the_same_in_both_formats(drawn: dict[str, dict[str, bytes]], role: str) -> None:
    excel, open_document = (
        xlsx_sheets(drawn[role]["performance.xlsx"]),
        ods_sheets(drawn[role]["performance.ods"]),
    )
    assert list(excel) == list(open_document)
    assert list(excel)[:3] == ["Cover", "Contents", "Notes"]
    for table in workbook(shipped(role)).tables:
        wanted = [list(row) for row in table.rows]
        assert excel[table.name][-len(wanted) :] == wanted
        assert open_document[table.name][-len(wanted) :] == wanted


@pytest.mark.parametrize("role", ROLES)
def test_page_paper_and_sheet_show_the_same_numbers(drawn: dict[str, dict[str, bytes]], role: str) -> None:
    publication = shipped(role)
    shown = figures(publication)
    html = drawn[role]["index.html"].decode()
    (table,) = [t for t in workbook(publication).tables if t.name == "Indicators"]
    paper = {f["name"]: f for group in told(publication, shown)["priorities"] for f in group["figures"]}
    for figure, row in zip(shown, table.rows, strict=True):
        cells = dict(zip(table.headings, row, strict=True))
        said = figure.shown(figure.latest.value)
        if isinstance(cells["This period"], str):
            assert cells["This period"] in SHORTHAND
            assert not said or cells["This period"] == "[low]"
        else:
            assert re.sub(r"[^\d.\-]", "", said.replace("−", "-")) == f"{cells['This period']:.{figure.decimals}f}"
        assert paper[figure.name]["word"] == cells["Status"]
        if judged := figure.shown(figure.latest.judged):
            assert judged in html
            assert paper[figure.name]["value"] == judged


def test_what_is_withheld_is_shorthand_in_every_cell_it_could_be_told_from() -> None:
    hidden = indicator_row(suppressed=True, value=3.0, numerator=3.0, status="confidential")
    (table,) = [t for t in workbook(small(hidden)).tables if t.name == "Indicators"]
    cells = dict(zip(table.headings, table.rows[0], strict=True))
    told_by = (
        "This period",
        "Numerator",
        "Denominator",
        "Lower 95% limit",
        "Upper 95% limit",
        "Year to date",
        "Year-end forecast",
    )
    assert {cells[name] for name in told_by} == {"[c]"}
    assert (cells["Status"], cells["Since last period"]) == ("Confidential", "[z]")


def test_a_missing_figure_is_never_nought() -> None:
    (table,) = [t for t in workbook(small(missing(indicator_row()))).tables if t.name == "Indicators"]
    cells = dict(zip(table.headings, table.rows[0], strict=True))
    assert (cells["This period"], cells["Year to date"], cells["Status"]) == ("[x]", "[x]", "Not received")


@pytest.mark.parametrize("role", ROLES)
def test_the_same_content_gives_the_same_bytes(drawn: dict[str, dict[str, bytes]], role: str) -> None:
    assert documents(shipped(role)).files == drawn[role]


@pytest.mark.parametrize("role", ROLES)
def test_what_another_audience_is_given_too_is_drawn_once_and_is_the_same_bytes(role: str) -> None:
    restricted = documents(shipped(role))
    public = replace(shipped(role), audience="public")
    assert documents(public, restricted).files == documents(public).files
    assert documents(public, restricted).shown is restricted.shown
    marked = documents(replace(shipped(role), marking="OFFICIAL"))
    assert documents(public, marked).files == documents(public).files


def test_what_another_audience_is_not_given_is_not_shown_to_it() -> None:
    restricted = documents(small(indicator_row(value=41.5)))
    public = replace(small(missing(indicator_row())), audience="public")
    assert documents(public, restricted).files == documents(public).files


def hostile() -> Publication:
    row = indicator_row(
        name=HOSTILE, commentary=(HOSTILE * 10)[:300], target="to be agreed", ytd_target=None, rag=None
    )
    return replace(small(row), title=HOSTILE, left_out=pd.DataFrame([{"name": HOSTILE, "withheld_by": "x"}]))


def test_nothing_a_partner_wrote_runs_in_any_format() -> None:
    made = documents(hostile()).files
    for sheet in openpyxl.load_workbook(io.BytesIO(made["performance.xlsx"])):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f"
            assert cell.hyperlink is None or str(cell.hyperlink.location or "").startswith("'")
    with zipfile.ZipFile(io.BytesIO(made["performance.ods"])) as parts:
        text = parts.read("content.xml").decode()
    assert "table:formula" not in text
    assert "xlink" not in text
    assert "<script>alert" not in made["index.html"].decode()
    assert b"/JavaScript" not in made["report.pdf"]
    assert b"/URI" not in made["report.pdf"]


def test_a_target_that_is_text_is_shown_as_it_is() -> None:
    (table,) = [t for t in workbook(hostile()).tables if t.name == "Indicators"]
    cells = dict(zip(table.headings, table.rows[0], strict=True))
    assert (cells["Year’s target"], cells["Status"]) == ("to be agreed", "No target")


def test_a_layer_with_no_figure_still_has_its_documents() -> None:
    publication = shipped("operational")
    empty = replace(publication, indicators=publication.indicators.iloc[:0])
    assert set(documents(empty).files) == {"index.html", "report.pdf", "performance.xlsx", "performance.ods"}


def test_the_strategic_paper_is_one_side(tmp_path: Path) -> None:
    from reports.board_paper import pages

    publication = shipped("strategic")
    assert pages(told(publication, figures(publication)), 5.6) == 1


def test_the_marking_is_on_every_page_of_the_paper_and_at_the_top_of_each_workbook() -> None:
    marked = replace(shipped("operational"), marking="OFFICIAL")
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(board_paper(marked))).pages]
    assert pages
    assert all("OFFICIAL" in page for page in pages)
    for content in (spreadsheet(workbook(marked)), opendocument(workbook(marked))):
        first = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content)).get_sheet_by_index(0)
        assert "OFFICIAL" in [row[0] for row in first.to_python()]


def test_ninety_indicators_still_fit_one_side_counted_and_the_troubled_shown() -> None:
    many = ninety(shipped("strategic"))
    paper = board_paper(many)
    assert len(pypdf.PdfReader(io.BytesIO(paper)).pages) == 1
    blocks = [block for column in told(many, figures(many))["columns"] for block in column]
    assert sum(each["count"] for block in blocks for each in block["tally"]) == len(figures(many)) == 95
    assert {figure["standing"] for block in blocks for figure in block["figures"]} == {"red", "missing"}


@pytest.mark.parametrize("write", [spreadsheet, opendocument])
def test_one_marked_up_table_stands_on_each_sheet(write: Any) -> None:
    book = workbook(shipped("executive"))
    content = write(book)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if write is spreadsheet:
            marked = [name for name in parts.namelist() if name.startswith("xl/tables/")]
        else:
            marked = re.findall("<table:database-range ", parts.read("content.xml").decode())
    assert len(marked) == len(book.tables) + 2  # contents and notes are tables too


def test_every_document_says_who_may_read_it() -> None:
    for audience, said in (
        ("public", "For the public"),
        ("restricted", "Restricted: for the partnership’s own bodies"),
    ):
        publication = replace(shipped("executive"), audience=audience)
        made = documents(publication).files
        assert said in made["index.html"].decode()
        assert told(publication, figures(publication))["audience"] == said
        assert f"Audience: {audience}." in str(xlsx_sheets(made["performance.xlsx"])["Cover"])


def test_comparators_have_a_sheet_and_a_confidential_one_says_so() -> None:
    publication = shipped("executive")
    hidden = publication.comparators.assign(suppressed=[True, *[False] * 5])
    (table,) = [t for t in workbook(replace(publication, comparators=hidden)).tables if t.name == "Comparators"]
    assert table.headings == ("Reference", "Indicator", "Area", "Period", "Figure")
    assert table.rows[0] == ("NI16", "Serious acquisitive crime rate", "London", "April to June 2008", "[c]")
    assert table.rows[1][-1] == 8.0


def test_an_action_has_its_owner_and_its_day_in_the_sheet() -> None:
    (table,) = [t for t in workbook(shipped("executive")).tables if t.name == "Indicators"]
    (row,) = [dict(zip(table.headings, each, strict=True)) for each in table.rows if each[1] == "NI20"]
    assert str(row["Corrective action"]).startswith("Put the second town-centre patrol")
    assert (row["Action owner"], row["Action due"]) == ("Community safety lead", "16 October 2009")


def test_another_process_with_another_hash_seed_draws_the_same_bytes() -> None:
    draw = (
        "import hashlib, json; from reports.documents import documents; "
        "from tests.unit.builders.publication import whole; "
        "files = documents(whole('operational')).files; "
        "print(json.dumps({name: hashlib.sha256(content).hexdigest() for name, content in files.items()}))"
    )
    made = subprocess.run(
        [sys.executable, "-c", draw],
        check=True,
        capture_output=True,
        env={"PYTHONHASHSEED": "4711", "PYTHONPATH": str(Path.cwd()), "PATH": ""},
    )
    here = documents(whole("operational")).files
    assert json.loads(made.stdout) == {name: hashlib.sha256(content).hexdigest() for name, content in here.items()}
