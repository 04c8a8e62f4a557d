"""The error report names the place of a fault as the program shows it in which the file was made, in every format."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.receiving.check import check
from flows.settings import Settings
from tests.flows.test_check_is_ingest import GOOD, cells, records, text
from tests.flows.waste import HEADER, KEY
from tests.warehouse.workbooks import Rows, ods, xls, xlsx, zipped

At = Callable[[str], Settings]
ODD = "2009-05,kerbside_residual,household,residual,moon,4000.000,"  # the fifth column


def shifted(rows: Rows) -> Rows:
    """The table a column further right, below a title, with an empty row above its last."""
    below = [[None, *row] for row in rows]
    return [["Waste of the borough"], [], *below[:-1], [], below[-1]]


PLACES: dict[str, tuple[bytes, int, str]] = {
    "plain_FY2009-Q1.csv": (text(*GOOD, ODD), 5, "E"),
    "semicolons_FY2009-Q1.csv": (text(*GOOD, ODD).replace(b",", b";"), 5, "E"),
    "ragged_above_FY2009-Q1.csv": (text(GOOD[0] + ",more", *GOOD[1:], ODD), 5, "E"),
    "blank_line_above_FY2009-Q1.csv": (text(*GOOD, "", ODD), 6, "E"),
    # A value of two lines is one row of a spreadsheet.
    "two_lines_above_FY2009-Q1.csv": (text(GOOD[0].replace("residual,efw", '"resi\ndual",efw'), ODD), 3, "E"),
    "other_order_FY2009-Q1.csv": (
        text(
            *(",".join(line.split(",")[::-1]) for line in (*GOOD, ODD)), header=",".join(HEADER.split(",")[::-1])
        ),
        5,
        "C",
    ),
    "book_FY2009-Q1.xlsx": (xlsx({"Waste": shifted(cells(*GOOD, ODD))}), 8, "F"),
    "book_FY2009-Q1.ods": (ods({"Waste": shifted(cells(*GOOD, ODD))}), 8, "F"),
    "book_FY2009-Q1.xls": (xls(cells(*GOOD, ODD), "Waste"), 5, "E"),
    "records_FY2009-Q1.json": (records(*GOOD, ODD), 4, ""),  # the fourth record; no letter stands above it
    "packed_FY2009-Q1.zip": (zipped({"waste.csv": text(*GOOD, ODD)}), 5, "E"),
    "packed_book_FY2009-Q1.zip": (zipped({"waste.xlsx": xlsx({"Waste": shifted(cells(*GOOD, ODD))})}), 8, "F"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_is_named_by_the_row_and_column_that_its_sender_sees(at: At, tmp_path: Path, name: str) -> None:
    content, row, letter = PLACES[name]
    (tmp_path / name).write_bytes(content)
    verdict = check(at("2009-07-20"), tmp_path / name, KEY)
    (cell,) = [cell for cell in verdict.cells if cell.rule_id == "CHW-013"]
    assert (cell.row, cell.letter, cell.header) == (row, letter, "destination")
