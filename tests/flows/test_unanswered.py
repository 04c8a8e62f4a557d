"""Every Red is answered: its rows wait in the partner's folder, and one nobody spoke of is asked for by name."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from flows.drain import drain
from flows.land import deliver
from flows.officers.chase import chase
from flows.officers.collect import collect
from flows.officers.unanswered import unanswered
from flows.publish import publish
from flows.settings import Settings
from tests.flows.test_statements import HEADERS
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
COMMENTARY = "council/commentary"
BURNT = "2009-{:02},kerbside_residual,household,residual,efw,4000.000,"


def returned(folder: Path, *rows: list[str]) -> Path:
    path = folder / "council_commentary_FY2009-Q1.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])
    return path


@pytest.fixture
def red(at: At, tmp_path: Path) -> Settings:
    """A quarter in which nothing was recycled is published: residual waste and recycling are Red."""
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path, *(BURNT.format(month) for month in (4, 5, 6))), KEY)
    drain(settings)
    publish(settings, "laa-2008-11", "FY2009-Q1")
    return settings


def test_each_red_has_its_rows_in_a_workbook(red: Settings) -> None:
    collect(red)
    path = red.home / "collect" / "council" / "answers" / "commentary_FY2009-Q1.xlsx"
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Data").to_python()
    assert header == HEADERS
    ours = [row for row in rows if row[3] == "NI192"]
    assert [row[:4] + row[8:] for row in ours] == [
        ["CO-FY2009-Q1-NI192", "laa-2008-11", "commentary", "NI192", ""],
        ["CA-FY2009-Q1-NI192", "laa-2008-11", "corrective_action", "NI192", "open"],
    ]
    assert all(row[5] == "" for row in rows), "what is said is the partner's to say"


def test_a_red_without_a_word_by_the_day_is_asked_for_by_name(at: At, red: Settings, tmp_path: Path) -> None:
    """The return itself came in time, but speaks of another figure; what is sent later is not asked for again."""
    other = ["C1", "laa-2008-11", "commentary", "NI16", "", "Fewer burglaries.", "", "", ""]
    deliver(red, returned(tmp_path, other), COMMENTARY)
    drain(red)
    (asked,) = unanswered(red)
    assert [(one.indicator, one.asked) for one in asked.reds] == [("NI192", ("commentary", "corrective_action"))]
    chase(at(asked.due_on.isoformat()))
    assert letters(red) == [], "nothing is late on the day itself"
    late = at(red.partnership.working_days.after(asked.due_on, 1).isoformat())
    chase(late)
    chase(late)
    (letter,) = letters(red)
    assert '"indicator": "NI192"' in letter
    assert '"asked": "a commentary and a corrective action"' in letter

    spoken = ["C2", "laa-2008-11", "commentary", "NI192", "", "No lorry could be had.", "", "", ""]
    deliver(late, returned(tmp_path, other, spoken), COMMENTARY)
    drain(late)
    assert [one.asked for one in unanswered(late)[0].reds] == [("corrective_action",)]


def letters(settings: Settings) -> list[str]:
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox WHERE kind = 'unanswered'")
    return [row["payload"] for row in rows]


def test_before_anything_is_published_nothing_is_asked(at: At) -> None:
    assert unanswered(at("2009-07-20")) == []
