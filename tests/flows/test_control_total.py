"""Control totals: the number of rows in a manifest, and a last row of totals, hold what was read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import control_total, deliver, place
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY, waste
from tests.warehouse.workbooks import Cell, xlsx
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]


def sent(settings: Settings, folder: Path, rows: Any) -> dict[str, Any]:
    file = waste(folder)
    place(settings, settings.inbox / KEY, file.name, file, {"rows": rows})
    drain(settings)
    return dict(status(settings)["deliveries"][-1])


def test_a_file_that_lacks_rows_its_manifest_promises_is_not_accepted(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    row = sent(settings, tmp_path, 1204)
    assert (row["state"], row["rows_accepted"]) == ("rejected", 0)
    with open_warehouse(settings.home) as connection:
        (told,) = ledger.rows(
            connection,
            "SELECT * FROM warehouse.ledger.rule_result WHERE rule_id = 'READ-ROWS' AND outcome = 'failed'",
        )
        (message,) = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox WHERE kind = 'alert'")
    assert (told["severity"], told["characteristic"]) == ("critical", "completeness")
    assert told["sentence"] == "The manifest says that the file has 1,204 rows, and it has 3."
    assert json.loads(message["payload"])["reason"] == told["sentence"]
    again = sent(settings, tmp_path, 3)  # the same bytes, with a manifest that is right
    assert (again["state"], again["rows_accepted"]) == ("merged", 3)


@pytest.mark.parametrize(("said", "total"), [(0, 0), (7, 7), (-1, None), (True, None), ("7", None), (None, None)])
def test_only_a_whole_number_is_a_control_total(said: Any, total: int | None) -> None:
    assert control_total({"rows": said}) == total


GOOD = (
    "2009-04,kerbside_residual,household,residual,efw,4000.000,",
    "2009-05,kerbside_recycling,household,paper_card,recycle,1000.500,0.500",
    "2009-06,kerbside_organic,household,garden,compost,500.000,",
)


def told(settings: Settings) -> dict[str, tuple[str, str]]:
    """Severity and sentence of what reading the last file found, by rule."""
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(
            connection,
            "SELECT rule_id, severity, sentence FROM warehouse.ledger.rule_result JOIN warehouse.ledger.delivery "
            "USING (delivery_id) WHERE starts_with(rule_id, 'READ-') ORDER BY received_at, rule_id",
        )
    return {row["rule_id"]: (row["severity"], row["sentence"]) for row in rows}


@pytest.mark.parametrize(
    "last",
    [
        "Total,3",
        "TOTAL,,,,,5500.5,0.5",
        '"Grand total",,,,,"5,500.500",',
        "Number of rows,3,,,,,",
        "Totals,3,,,,5500.50,0.5\n\n",
        "Total,,,,,5500.5,,,,",  # as a spreadsheet saves it, with empty cells to the right
    ],
)
def test_a_last_row_of_totals_is_no_data_and_holds_what_came_before(at: At, tmp_path: Path, last: str) -> None:
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path, *GOOD, last), KEY)
    (row,) = drain(settings)
    assert (row["decision"], row["rows_received"], row["rows_accepted"]) == ("accepted", 3, 3)
    assert told(settings)["READ-TOTAL"] == ("info", "The last row is a total, and the rows come to it.")


@pytest.mark.parametrize(
    ("last", "rule", "sentence"),
    [
        ("Total,1003", "READ-TOTAL-ROWS", "The last row says that the file has 1,003 rows, and it has 3."),
        ("Total,1,003", "READ-TOTAL-ROWS", "The last row says that the file has 1,003 rows, and it has 3."),
        (
            "Total,02079460107",
            "READ-TOTAL-ROWS",
            "The last row says that the file has far more rows, and it has 3.",
        ),
        ("Total,4,,,,5500.5,0.5", "READ-TOTAL-ROWS", "The last row says that the file has 4 rows, and it has 3."),
        (
            "Total,3,,,,5500.6,0.5",
            "READ-TOTAL-SUMS",
            "The total in the last row is not what the rows come to in 'tonnes'.",
        ),
    ],
)
def test_a_file_that_does_not_come_to_its_own_total_is_not_accepted(
    at: At, tmp_path: Path, last: str, rule: str, sentence: str
) -> None:
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path, *GOOD, last), KEY)
    (row,) = drain(settings)
    assert (row["state"], row["rows_received"], row["rows_accepted"]) == ("rejected", 3, 0)
    assert row["reason"] == sentence
    assert told(settings)[rule] == ("critical", sentence)


def test_the_total_of_a_workbook_is_told_by_its_row_and_column(at: At, tmp_path: Path) -> None:
    """Two rows of title, a blank row before the total: the report names the row that Excel shows."""
    settings = at("2009-07-20")
    lines: list[list[Cell]] = [[*line.split(",")] for line in (HEADER, *GOOD)]
    lines += [[], ["Total", "", "", "", "", 9.5, ""]]
    file = tmp_path / "waste_FY2009-Q1.xlsx"
    file.write_bytes(xlsx({"Waste": [["Household waste"], [], *lines]}))
    deliver(settings, file, KEY)
    (row,) = drain(settings)
    assert (row["state"], row["rows_received"]) == ("rejected", 3)
    (report,) = (settings.home / "collect" / "council" / "reports").glob("*.xlsx")
    listed = openpyxl.load_workbook(report)["Rows"]
    assert [cell.value for cell in list(listed.rows)[-1]][:5] == [8, "F", "tonnes", "Waste", "READ-TOTAL-SUMS"]


def test_a_total_is_taken_only_where_the_contract_agreed_on_one(at: At, tmp_path: Path) -> None:
    """A word like it further up, or in a dataset without control totals, stays a row like any other."""
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path, GOOD[0], "Total,,,,,4000,", *GOOD[1:]), KEY)
    (row,) = drain(settings)
    assert (row["rows_received"], row["rows_accepted"], row["rows_quarantined"]) == (4, 3, 1)
    assert not told(settings)
