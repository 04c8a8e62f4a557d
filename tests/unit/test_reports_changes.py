"""What an earlier release said otherwise is told, with the file behind it; what nobody could see move is not."""

from dataclasses import replace

import pandas as pd
import pytest

from reports.changes import changes
from reports.gathering import figures
from reports.page import render_page
from reports.publication import Publication
from reports.sheets import workbook
from tests.unit.builders.publication import change, shipped


@pytest.fixture(scope="module")
def corrected() -> Publication:
    rows = [
        change(),
        change(area_code="E99100010", area_name="Abbey Green", value_before=None, value=4.0),
        change(period="FY2008-Q4", value_before=8.001, value=8.002, ytd_before=31.0, ytd=31.4),
        change(period="FY2008-Q3", value_before=8.001, value=8.002, ytd_before=24.0, ytd=24.001),
        change(indicator="NI999"),
    ]
    return replace(shipped("operational"), changes=pd.DataFrame(rows))


def test_a_figure_that_moved_says_from_what_to_what_and_why(corrected: Publication) -> None:
    found = changes(corrected, figures(corrected))
    assert [(each.part, each.period, each.before_words, each.now_words) for each in found] == [
        ("", "April to June 2009", "7.90", "7.61"),
        ("", "January to March 2009, year to date", "31.00", "31.40"),
        ("Abbey Green", "April to June 2009", "not received", "4.00"),
    ]
    assert found[0].why == "now rests on police-2; no longer on police-1"


def test_the_boards_page_shows_headlines_only_and_no_ids(corrected: Publication) -> None:
    board = replace(corrected, layer=shipped("strategic").layer)
    html = render_page(board)
    section = html[html.index('<section id="moved"') : html.index('<section id="explanations"')]
    assert "7.61" in section
    assert "Abbey Green" not in section
    assert "police-2" not in section
    assert "Abbey Green" in render_page(corrected)


def test_the_spreadsheet_lists_every_one(corrected: Publication) -> None:
    (table,) = [each for each in workbook(corrected).tables if each.name == "Told otherwise before"]
    assert [row[1:5] for row in table.rows] == [
        ("The whole area", "April to June 2009", 7.9, 7.61),
        ("The whole area", "January to March 2009, year to date", 31.0, 31.4),
        ("Abbey Green", "April to June 2009", "[x]", 4.0),
    ]


def test_without_changes_there_is_no_such_section() -> None:
    assert 'id="moved"' not in render_page(shipped("executive"))
