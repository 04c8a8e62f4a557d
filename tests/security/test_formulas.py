"""Whatever a partner writes, no cell of what we send back is a formula, in the workbook or once it is saved as CSV.

`make hostile` writes 10,000 strings.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineWorkbook

from reports.error_report import Cell, error_report
from tests.faults.counts import SEED, trials
from tests.unit.builders.publication import failed_rule, payload

STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    " ",
    "'",
    '"',
    "\ufeff",
    "\u00a0",
    "\uff1d",
    "|",
    "%",
    ";",
    ",",
    "x",
)
BODIES = (
    "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("https://evil.example","x")', "SUM(A1:A9)", 'WEBSERVICE("https://evil.example")',
    "IMPORTXML(A1)", "DDE(A;B;C)", "-2+3", "{=1+1}", "of:=[.A1]", 'INDIRECT("A1")', "rundll32|'x'!A", "0", "",
)  # fmt: skip
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")
TOGETHER = 50


def strings(count: int) -> Iterator[str]:
    dice = random.Random(SEED)
    for number in range(count):
        start = "".join(dice.choices(STARTS, k=dice.randint(1, 3)))
        yield f"{start}{dice.choice(BODIES)}{number}"


def live(content: bytes) -> list[str]:
    """The cells that a spreadsheet would work out, now or when a sheet is saved as CSV and opened again."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            text = parts.read(name)
            if name.startswith("xl/worksheets/"):
                found += [
                    f"{name} {tag!r}" for tag in (b"<f>", b"<f ", b"<hyperlink", b"<oleObject") if tag in text
                ]
            if name.startswith("xl/externalLinks"):
                found.append(name)
    book = CalamineWorkbook.from_object(io.BytesIO(content))
    for sheet in book.sheet_names:
        saved = io.StringIO()
        csv.writer(saved).writerows(book.get_sheet_by_name(sheet).to_python())
        for row in csv.reader(io.StringIO(saved.getvalue())):
            found += [cell for cell in row if cell.startswith(LIVE) and not _is_number(cell)]
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell[0] not in "\t\r\n"


def test_no_cell_of_an_error_report_is_live() -> None:
    written = list(strings(trials(400)))
    for start in range(0, len(written), TOGETHER):
        some = written[start : start + TOGETHER]
        rules = [
            failed_rule(id=f"R-{number}", sentence=f"{text} {{count}}", remedy=text, columns=[[text, text]])
            for number, text in enumerate(some)
        ]
        about: dict[str, Any] = dict.fromkeys(("reason", "remedy", "stands", "contact", "marking"), some[0])
        said = {
            **payload(state="rejected", decision="rejected", rules=rules),
            **about,
            "delivery_id": "a-delivery",
        }
        cells = [Cell(number, text, text, f"R-{number}") for number, text in enumerate(some)]
        assert live(error_report(said, cells, len(cells), some[0])) == []
