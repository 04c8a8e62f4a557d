"""`exchange check` says offline what the exchange says of the same file once it is sent: verdict, rules and report.

Over every kind of mistake that the tests know, in every kind of file.
"""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import deliver
from flows.officers.decisions import confirm
from flows.receiving.check import as_json, check, report_of
from flows.receiving.examine import Verdict
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY
from tests.warehouse.workbooks import Cell, ods, xls, xlsx, zipped
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
NOW = "2009-07-20T10:00"
GOOD = (
    "2009-04,kerbside_residual,household,residual,efw,4000.000,",
    "2009-05,kerbside_recycling,household,paper_card,recycle,1000.500,0.500",
    "2009-06,kerbside_organic,household,garden,compost,500.000,",
)
ODD = "2009-05,kerbside_residual,household,residual,moon,21000.000,"


def text(*lines: str, header: str = HEADER, encoding: str = "utf-8", end: str = "\n") -> bytes:
    return (end.join([header, *lines]) + end).encode(encoding)


def cells(*lines: str) -> list[list[Cell]]:
    return [[*line.split(",")] for line in (HEADER, *lines)]


def records(*lines: str) -> bytes:
    return json.dumps([dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in lines]).encode()


MISTAKES: dict[str, bytes] = {
    "good_FY2009-Q1.csv": text(*GOOD),
    "spreadsheet_FY2009-Q1.csv": text(*GOOD, ODD, encoding="utf-8-sig", end="\r\n"),
    "utf-16_FY2009-Q1.csv": text(*GOOD, ODD, encoding="utf-16"),
    "semicolons_FY2009-Q1.csv": text(*GOOD, ODD).replace(b",", b";"),
    "ragged_FY2009-Q1.csv": text(GOOD[0], GOOD[1] + ",more", *GOOD[2:], "2009-04,short"),
    "surplus_FY2009-Q1.csv": text(GOOD[0] + ",,,", *GOOD[1:]),
    "unread_FY2009-Q1.csv": text(*GOOD, "June,kerbside_residual,household,residual,efw,many,"),
    "copies_FY2009-Q1.csv": text(*GOOD, GOOD[0], GOOD[1].replace("1000", "1001")),
    "blanks_FY2009-Q1.csv": text(*GOOD, "2009-06,,,,,,"),
    "other_month_FY2009-Q1.csv": text(*GOOD, GOOD[0].replace("2009-04", "2008-04")),
    "nothing_good_FY2009-Q1.csv": text(ODD),
    "no_row_FY2009-Q1.csv": text(),
    "total_FY2009-Q1.csv": text(*GOOD, "Total,,,,,5500.5,0.5"),
    "wrong_total_FY2009-Q1.csv": text(*GOOD, "Total,4"),
    "renamed_FY2009-Q1.csv": text(*GOOD, header=HEADER.replace("destination", "destinations")),
    "missing_FY2009-Q1.csv": text(*(line.rsplit(",", 2)[0] for line in GOOD), header=HEADER.rsplit(",", 2)[0]),
    "no_header_FY2009-Q1.csv": text(*GOOD[1:], header=GOOD[0]),
    "surname_FY2009-Q1.csv": text(*(line + ",x" for line in GOOD), header=HEADER + ",surname"),
    "quote_FY2009-Q1.csv": text(GOOD[0], '"' + GOOD[1], GOOD[2]),
    "other_period_FY2008-Q4.csv": text(*GOOD),
    "no_period.csv": text(*GOOD),
    "two_periods_FY2009-Q1_FY2008-Q4.csv": text(*GOOD),
    "book_FY2009-Q1.xlsx": xlsx({"Waste": [["Title"], [], *cells(*GOOD, ODD), [], ["A note"]], "Other": [["x"]]}),
    "hidden_FY2009-Q1.xlsx": xlsx({"Front": [["x"]], "Waste": cells(*GOOD)}, hidden=["Waste"]),
    "twice_FY2009-Q1.xlsx": xlsx({"One": cells(*GOOD), "Two": cells(*GOOD)}),
    "book_FY2009-Q1.ods": ods({"Waste": [["Title"], *cells(*GOOD, ODD)]}),
    "book_FY2009-Q1.xls": xls(cells(*GOOD, ODD), "Waste"),
    "records_FY2009-Q1.json": records(*GOOD, ODD),
    "object_FY2009-Q1.json": b'{"month": "2009-04"}',
    "packed_FY2009-Q1.zip": zipped({"waste.csv": text(*GOOD, ODD)}),
    "two_FY2009-Q1.zip": zipped({"a.csv": text(*GOOD), "b.csv": text(*GOOD)}),
    "macros_FY2009-Q1.xlsm": zipped({"xl/workbook.xml": "", "xl/vbaProject.bin": ""}),
    "page_FY2009-Q1.pdf": b"%PDF-1.7\n",
    "nothing_FY2009-Q1.csv": b"",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Verdict, Settings, dict[str, Any]]]:
    """By file: what check says of it, from nothing but the definitions, and what became of it when it was sent."""
    root = tmp_path_factory.mktemp("sent")
    moment = datetime.fromisoformat(NOW).replace(tzinfo=UTC)
    at = Settings(home=root / "home", now=lambda: moment)
    checked = {}
    for name, content in MISTAKES.items():
        (root / name).write_bytes(content)
        checked[name] = check(at, root / name, KEY)
    assert not at.home.exists(), "a check writes nothing"
    for name in MISTAKES:
        deliver(at, root / name, KEY)
    drain(at)
    rows = {row["file"]: row for row in status(at)["deliveries"]}
    return {name: (checked[name], at, rows[name]) for name in MISTAKES}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_verdict_before_sending_is_the_verdict_after(
    said: dict[str, tuple[Verdict, Settings, dict[str, Any]]], name: str
) -> None:
    verdict, settings, row = said[name]
    before = as_json(verdict)
    assert before["decision"] == row["decision"]
    assert before["reason"] == row["reason"]
    counts = ("rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope")
    assert [before[count] for count in counts] == [row[count] for count in counts]
    with open_warehouse(settings.home) as connection:
        after = ledger.rows(
            connection,
            "SELECT rule_id, severity, sentence, outcome, failed FROM warehouse.ledger.rule_result "
            f"WHERE delivery_id = '{row['delivery_id']}' ORDER BY rule_id",
        )
    kept = ("rule_id", "severity", "sentence", "outcome", "failed")
    assert (
        sorted(({key: rule[key] for key in kept} for rule in before["rules"]), key=lambda r: r["rule_id"]) == after
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_the_report_before_sending_lists_the_same_places(
    said: dict[str, tuple[Verdict, Settings, dict[str, Any]]], name: str
) -> None:
    verdict, settings, row = said[name]
    came = settings.home / "collect/council/reports" / f"{row['delivery_id']}-errors.xlsx"
    if row["decision"] not in ("rejected", "accepted_with_exceptions"):
        assert not came.exists()
        return
    before, after = (
        openpyxl.load_workbook(source) for source in (io.BytesIO(report_of(settings, verdict, KEY)), came)
    )
    for sheet in ("Mend first", "By rule", "Rows"):
        assert list(before[sheet].values) == list(after[sheet].values)


def test_what_was_confirmed_as_true_is_true_for_a_check_too(at: At, tmp_path: Path) -> None:
    settings = at(NOW)
    file = tmp_path / "waste_FY2009-Q1.csv"
    file.write_bytes(text(*GOOD, ODD.replace("moon", "efw")))
    assert check(settings, file, KEY).decision == "accepted_with_exceptions"
    deliver(settings, file, KEY)
    (row,) = drain(settings)
    confirm(settings, row["delivery_id"], "CHW-015", reason="Weighed", until=date(2009, 12, 31), by="A. Officer")
    assert check(settings, file, KEY).decision == "accepted"
