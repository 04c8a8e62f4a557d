"""Honest faults: what goes wrong with a clean extract on its way, each declared by name in story.yaml."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flows.demo.sheet import Sheet


@dataclass(frozen=True)
class Fault:
    """One named fault: its kind, the kind's settings, what the exchange should decide, and why it happened."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    expect: str
    says: str

    def apply(self, sheet: Sheet) -> Sheet:
        """The sheet as it arrives. Raises GeneratorError when a column the fault names is not in the sheet."""
        _, change = KINDS[self.kind]
        return change(sheet, self.settings)


def evenly(rows: int, wanted: int) -> list[int]:
    """The places of ``wanted`` rows spread evenly over ``rows`` (all of them when there are fewer)."""
    wanted = min(wanted, rows)
    return [rows * (2 * place + 1) // (2 * wanted) for place in range(wanted)]


def missing_column(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """A column was left out of the query that drew the extract."""
    gone = sheet.place_of(settings["column"])
    return replace(
        sheet,
        names=_without(sheet.names, gone),
        header=_without(sheet.header, gone),
        rows=tuple(_without(row, gone) for row in sheet.rows),
    )


def bad_codes(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """Some rows carry a code that is in no agreed list."""
    place = sheet.place_of(settings["column"])
    rows = list(sheet.rows)
    for number in evenly(len(rows), settings["rows"]):
        rows[number] = (*rows[number][:place], settings["code"], *rows[number][place + 1 :])
    return replace(sheet, rows=tuple(rows))


def surplus_column(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """A column nobody agreed to share came along. Its values are made up, and say so."""
    values = settings["values"]
    return replace(
        sheet,
        names=(*sheet.names, settings["header"]),
        header=(*sheet.header, settings["header"]),
        rows=tuple((*row, values[number % len(values)]) for number, row in enumerate(sheet.rows)),
    )


def reordered_columns(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """The same columns from last to first."""
    return replace(
        sheet,
        names=sheet.names[::-1],
        header=sheet.header[::-1],
        rows=tuple(row[::-1] for row in sheet.rows),
    )


def saved_by_spreadsheet(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """Saved as "CSV UTF-8" by a spreadsheet program: a byte order mark in front, CRLF line ends."""
    return replace(sheet, byte_order_mark=True, newline="\r\n")


def saved_as_cp1252(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """Saved as plain "CSV" by a spreadsheet program: Windows code page 1252, CRLF line ends."""
    return replace(sheet, encoding="cp1252", newline="\r\n")


def ragged_lines(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """Some lines have a field too many: a stray comma after the first value."""
    chosen = set(evenly(len(sheet.rows), settings["rows"]))
    rows = ((row[0], "", *row[1:]) if number in chosen else row for number, row in enumerate(sheet.rows))
    return replace(sheet, rows=tuple(rows))


def repeated_rows(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """Some rows stand in the file twice; of those with ``filled`` empty, none."""
    filled = sheet.place_of(settings["filled"])
    eligible = [row for row in sheet.rows if row[filled]]
    copies = [eligible[number] for number in evenly(len(eligible), settings["rows"])]
    return replace(sheet, rows=(*sheet.rows, *copies))


def missing_rows(sheet: Sheet, settings: Mapping[str, Any]) -> Sheet:
    """The rows whose ``column`` begins with ``begins`` were not yet in the system when the extract was drawn."""
    place = sheet.place_of(settings["column"])
    return replace(sheet, rows=tuple(row for row in sheet.rows if not row[place].startswith(settings["begins"])))


def _without(row: tuple[str, ...], place: int) -> tuple[str, ...]:
    return row[:place] + row[place + 1 :]


Change = Callable[[Sheet, Mapping[str, Any]], Sheet]
KINDS: dict[str, tuple[dict[str, type], Change]] = {
    "missing_column": ({"column": str}, missing_column),
    "bad_codes": ({"column": str, "code": str, "rows": int}, bad_codes),
    "surplus_column": ({"header": str, "values": list}, surplus_column),
    "reordered_columns": ({}, reordered_columns),
    "saved_by_spreadsheet": ({}, saved_by_spreadsheet),
    "saved_as_cp1252": ({}, saved_as_cp1252),
    "ragged_lines": ({"rows": int}, ragged_lines),
    "repeated_rows": ({"filled": str, "rows": int}, repeated_rows),
    "missing_rows": ({"column": str, "begins": str}, missing_rows),
}
