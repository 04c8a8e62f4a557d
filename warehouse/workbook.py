"""A table in a workbook: which sheet, under which header, and each cell as the text its column's contract reads.

The sheet and the header row are found by the agreed column names, or declared (contract property `workbook`);
nothing is guessed from how cells look. A cell's number becomes the digits Excel shows, a date the contract's form.
"""

import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from schemas.contract import Column, Contract
from warehouse.packed import column_letters
from warehouse.sent import PASSWORD, Content, UnreadableError

FILL_IN = "Data"  # the sheet of the workbook that the exchange hands out to be filled in
HEADER_WITHIN = 50  # rows from the top in which a header is looked for
EXACT_WHOLE = 2**53  # a double holds every whole number up to here
_MARK = re.compile(r"(?<=[a-z)])[0-9]+(,[0-9]+)*(?=\s|$)")  # a note's number, set small after a word


@dataclass(frozen=True)
class Sheet:
    """A table in a sheet: header names in column order, and the rows below with their row numbers."""

    name: str
    header_rows: tuple[int, int]  # first and last row number of the header
    header: list[str]
    places: list[int]  # the column's number, A = 1
    rows: list[tuple[int, list[Any]]]  # row number, cells as they stand under the header
    notes: int  # rows below the table that are no part of it
    title: str  # what stands above the header
    elsewhere: list[str]  # the first lines' cells of the other visible sheets


def read_sheet(content: Content, kind: str, contract: Contract) -> Sheet:
    """The one sheet that holds the contract's table.

    Raises:
        UnreadableError: damaged or protected, no such sheet, several, or a header that is not there.
    """
    workbook = _open(content, kind)
    declared = contract.workbook
    shown = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
    if declared is not None and declared.sheet is not None:
        named = [name for name in shown if re.fullmatch(declared.sheet, name)]
        if not named and FILL_IN in shown:  # our own workbook, whose header is in row 1
            named, declared = [FILL_IN], None
        shown = named
        if declared is not None and not shown:
            raise UnreadableError(
                f"The workbook has no visible sheet named as agreed ({declared.sheet}).",
                "Name the sheet as agreed, show it if it is hidden, and send the workbook again.",
            )
    found: list[tuple[int, str, list[list[Any]], tuple[int, int]]] = []
    for name in shown:
        cells = _cells(workbook, name)
        if declared is not None and declared.header_rows is not None:
            found.append((1, name, cells, declared.header_rows))
        elif (row := _header_row(cells, contract)) is not None:
            found.append((row[0], name, cells, (row[1], row[1])))
    if not found:
        raise UnreadableError(*_nowhere(workbook, contract))
    if len(found) > 1:
        names = ", ".join(f"'{name[:40]}'" for _, name, _, _ in found[:5])
        raise UnreadableError(
            f"The agreed columns stand in {len(found)} sheets: {names}.", "Send a workbook with one of them."
        )
    _, name, cells, header_rows = found[0]
    known = {name}
    if declared is not None and declared.others is not None:
        known |= {each for each in workbook.sheet_names if re.fullmatch(declared.others, each)}
    return _table(name, cells, header_rows, contract, first_lines(content, kind, besides=known))


def first_lines(content: Content, kind: str, lines: int = 5, besides: Collection[str] = frozenset()) -> list[str]:
    """The cells of the first lines of every visible sheet ``besides`` some: all that can be said without a header."""
    workbook = _open(content, kind)
    cells: list[str] = []
    for sheet in workbook.sheets_metadata:
        if sheet.visible == SheetVisibleEnum.Visible and sheet.name not in besides:
            rows = (row for row in _cells(workbook, sheet.name) if any(cell != "" for cell in row))
            for row, _ in zip(rows, range(lines), strict=False):
                cells += [cell.strip() for cell in row if isinstance(cell, str)]
    return [cell for cell in cells if cell and len(cell) <= 60]


def _open(content: Content, kind: str) -> CalamineWorkbook:
    try:
        source = content.path if content.member is None else io.BytesIO(b"".join(content.blocks()))
        return CalamineWorkbook.from_object(source)
    except PasswordError:
        raise UnreadableError(*PASSWORD) from None
    except (CalamineError, OSError, ValueError):
        raise UnreadableError(
            "The workbook is damaged: it cannot be opened.", "Open it, save it again as .xlsx, and send that."
        ) from None


def _cells(workbook: CalamineWorkbook, name: str) -> list[list[Any]]:
    """Every cell of a sheet from its corner, row 1 first. A sheet that is no grid (a chart) has none."""
    try:
        sheet: CalamineSheet = workbook.get_sheet_by_name(name)
        if sheet.end is None:
            return []
        return sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError):
        raise UnreadableError(
            f"The sheet '{name[:40]}' cannot be read.", "Save the workbook again as .xlsx and send that."
        ) from None


def _header_row(cells: list[list[Any]], contract: Contract) -> tuple[int, int] | None:
    """How many agreed columns the best row names, and its number; None where no row names half of them."""
    needed = sum(not column.may_be_absent for column in contract.columns)
    best = max(
        (
            (sum(column is not None for column in contract.match_headers(_plain(row)).columns), -number)
            for number, row in enumerate(cells[:HEADER_WITHIN], 1)
        ),
        default=(0, 0),
    )
    return (best[0], -best[1]) if best[0] and best[0] * 2 >= needed else None


def _plain(row: Sequence[Any]) -> list[str]:
    return [text for cell in row if (text := _header_text(cell))]


def _header_text(cell: Any) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else _as_text(cell, None)


def _nowhere(workbook: CalamineWorkbook, contract: Contract) -> tuple[str, str]:
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible and _header_row(_cells(workbook, sheet.name), contract):
            return (
                "The agreed columns stand in a hidden sheet, and hidden sheets are not read.",
                "Show the sheet (right click on the sheet names, Unhide) and send the workbook again.",
            )
    return (
        f"No sheet of the workbook has the agreed column names in its first {HEADER_WITHIN} rows.",
        "Put them in one row above the data and send the workbook again.",
    )


def _table(
    name: str, cells: list[list[Any]], header_rows: tuple[int, int], contract: Contract, elsewhere: list[str]
) -> Sheet:
    first, last = header_rows
    declared = contract.workbook
    names = _joined(cells[first - 1 : last], footnotes=declared is not None and declared.footnotes)
    width = max((len(row) for row in cells), default=0)
    names += [""] * (width - len(names))
    below = [(number, row) for number, row in enumerate(cells[last:], last + 1)]
    rows, notes = _without_notes(below, declared.ends if declared is not None else None, sum(map(bool, names)))
    used = [place for place in range(width) if names[place] or any(_filled(row[place]) for _, row in rows)]
    title = " ".join(_header_text(cell) for row in cells[: first - 1] for cell in row if isinstance(cell, str))
    return Sheet(
        name=name,
        header_rows=header_rows,
        # A column with values and no name is called by its letter, so that it is agreed or named, never lost.
        header=[names[place] or f"column {column_letters(place + 1)}" for place in used],
        places=[place + 1 for place in used],
        rows=[(number, [row[place] for place in used]) for number, row in rows],
        notes=notes,
        title=title,
        elsewhere=elsewhere,
    )


def _joined(rows: list[list[Any]], *, footnotes: bool) -> list[str]:
    """One name for each column from the rows of a header, upper cells reaching right over the columns they span.

    A span ends where the next cell of its row begins; a column with nothing of its own in a lower row has no part
    in the span beside it.
    """
    width = max((len(row) for row in rows), default=0)
    texts = [[_header_text(row[place]) if place < len(row) else "" for place in range(width)] for row in rows]
    if footnotes:
        texts = [[_MARK.sub("", text).strip() for text in row] for row in texts]
    names = []
    for place in range(width):
        parts = []
        for level, row in enumerate(texts):
            own = any(lower[place] for lower in texts[level + 1 :])
            spanning = next((text for text in reversed(row[:place]) if text), "") if own else ""
            parts.append(row[place] or spanning)
        names.append(" | ".join(part for part in parts if part))
    return names


def _without_notes(
    rows: list[tuple[int, list[Any]]], ends: str | None, named: int
) -> tuple[list[tuple[int, list[Any]]], int]:
    """The filled rows of the table, and how many filled rows of notes stand below it.

    Notes begin at the row whose first filled cell is as declared; undeclared, below the first empty row from which
    on no row has more than one filled cell (of a table of three columns or more).
    """
    filled = [(number, row) for number, row in rows if any(_filled(cell) for cell in row)]
    end = len(filled)
    if ends is not None:
        for position, (_, row) in enumerate(filled):
            if re.fullmatch(ends, next(_header_text(cell) for cell in row if _filled(cell))):
                end = position
                break
    elif named > 2:
        while end and sum(_filled(cell) for cell in filled[end - 1][1]) == 1:
            end -= 1
        while 0 < end < len(filled) and filled[end][0] == filled[end - 1][0] + 1:
            end += 1  # no empty row between: it belongs to the table
    return filled[:end], len(filled) - end


def _filled(cell: Any) -> bool:
    return cell is not None and cell != ""


def as_texts(sheet: Sheet, columns: Sequence[Column | None]) -> Iterator[tuple[int, list[str]]]:
    """Each row's number and cells, as the text the column's contract reads."""
    for number, row in sheet.rows:
        yield number, [_as_text(cell, column) for cell, column in zip(row, columns, strict=True)]


def _as_text(cell: Any, column: Column | None) -> str:
    """A cell as text: whole numbers without a point, others to Excel's 15 digits, dates in the column's form."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return str(cell).lower() if column is not None and column.logical_type == "boolean" else str(cell).upper()
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) <= EXACT_WHOLE:
            return str(int(cell))
        return f"{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime | date):
        return _day_as_text(cell, column)
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return cell.isoformat() if isinstance(cell, time) else str(cell)


_DAY_FORMS = {"yyyy-MM-dd": "%Y-%m-%d", "dd/MM/yyyy": "%d/%m/%Y", "yyyy-MM": "%Y-%m"}


def _day_as_text(cell: date, column: Column | None) -> str:
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    if column is not None and column.logical_type == "timestamp":
        return moment.isoformat(timespec="seconds")
    if moment.time() != time():
        return moment.isoformat(timespec="seconds")
    form = column.date_format if column is not None else None
    if form == "yyyy-MM" and moment.day != 1:
        form = None  # a day where a month should stand is not read as its month
    return moment.strftime(_DAY_FORMS.get(form or "yyyy-MM-dd", "%Y-%m-%d"))


def named_cells(content: Content, kind: str, name: str) -> list[list[Any]] | None:
    """Every cell of the visible sheet of that name; None when the workbook has none.

    Raises:
        UnreadableError: the workbook is damaged or protected.
    """
    workbook = _open(content, kind)
    shown = {sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible}
    return _cells(workbook, name) if name in shown else None
