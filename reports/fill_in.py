"""The workbook to fill in for a dataset: its columns with lists to choose from, a guide with an example, due dates.

A filled one is a delivery like any other: the first sheet has the agreed names in row 1 and nothing else.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from reports import words
from reports.error_report import CREATED, SHADE, print_marking, safe

ROWS = 2_000  # that have drop-downs and formats; more can be pasted in
DATES = {"yyyy-MM-dd": "yyyy-mm-dd", "dd/MM/yyyy": "dd/mm/yyyy", "yyyy-MM": "yyyy-mm"}


def fill_in(said: Mapping[str, Any], rows: Sequence[Mapping[str, str]] = ()) -> bytes:
    """The workbook, with what is known of some rows (text by header) written already. Same content, same bytes."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": f"{said['title']}: to fill in", "created": CREATED, "author": ""})
    columns = [column for column in said["columns"] if column["shared"]]
    lists = {column["header"]: [code for code, _ in column["codes"]] for column in columns if column["codes"]}
    _data(book, columns, list(lists), rows)
    _guide(book, said, columns)
    _lists(book, lists)
    print_marking(book, said["marking"])
    book.close()
    return stream.getvalue()


def _data(book: Any, columns: list[dict[str, Any]], listed: list[str], rows: Sequence[Mapping[str, str]]) -> None:
    sheet = book.add_worksheet("Data")
    head = book.add_format({"bold": True, "bg_color": SHADE, "bottom": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@"})
    for place, column in enumerate(columns):
        shape = book.add_format({"num_format": DATES[column["format"]]}) if column["format"] in DATES else None
        # Text cells keep a leading nought; numbers stay numbers.
        plain = shape or (text if column["type"] == "text" else None)
        sheet.set_column(place, place, max(14, min(len(column["header"]) + 4, 36)), plain)
        sheet.write_string(0, place, column["header"], head)
        choice = _choice(column, listed)
        if choice:
            sheet.data_validation(1, place, ROWS, place, choice | _help(column))
        for row, known in enumerate(rows, start=1):
            if column["header"] in known:
                sheet.write_string(row, place, safe(known[column["header"]]), plain)
    sheet.freeze_panes(1, 0)


def _choice(column: Mapping[str, Any], listed: list[str]) -> dict[str, Any]:
    """The list to choose from, or what a cell is held to; empty where anything goes."""
    if column["header"] in listed:
        place = listed.index(column["header"])
        from xlsxwriter.utility import xl_col_to_name

        letter = xl_col_to_name(place)
        return {
            "validate": "list",
            "source": f"=Lists!${letter}$2:${letter}${len(column['codes']) + 1}",
            "error_type": "warning",
            "error_title": "Not in the agreed list",
            "error_message": "Please choose one from the list, unless you know the code to be new.",
        }
    return {"validate": "any"}


def _help(column: Mapping[str, Any]) -> dict[str, Any]:
    message = f"{column['description']} Example: {column['example']}"
    return {"input_title": column["header"][:32], "input_message": message[:255]}


def _guide(book: Any, said: Mapping[str, Any], columns: list[dict[str, Any]]) -> None:
    """What each column holds, an example row upright, and when the file is due; below five lines of plain words."""
    sheet = book.add_worksheet("Guide")
    sheet.hide_gridlines(2)
    title = book.add_format({"bold": True, "font_size": 16})
    bold = book.add_format({"bold": True, "bg_color": SHADE, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((28, 60, 18, 12, 26)):
        sheet.set_column(place, place, width)
    marking = f" ({said['marking']})" if said["marking"] else ""
    lines = (
        f"How to fill in {said['title'].lower()}{marking}",
        "Fill in the sheet Data, one row below the other, and leave its first row as it is.",
        f"Save it under the name of its period, as this one is: {said['workbook']}",
        f"Put it into the folder inbox/{said['key']}; to try it first, into the folder check inside it.",
        "Every example here is invented. Questions: "
        + ", ".join(
            str(said["contact"][name]) for name in ("name", "email", "telephone") if said["contact"][name]
        ),
    )
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, safe(line), title if row == 0 else None)
    row = len(lines) + 1
    for place, name in enumerate(("Column", "What it holds", "Written as", "Must be filled", "Example")):
        sheet.write_string(row, place, name, bold)
    for column in columns:
        row += 1
        form = f"{column['type']}, {column['format']}" if column["format"] else column["type"]
        needed = "yes" if column["required"] else "no"
        cells = (column["header"], column["description"], form, needed, column["example"])
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, safe(cell), wrap)
    if said.get("asked"):
        row += 2
        sheet.write_string(row, 0, f"What is asked for {said['asked_for']}", bold)
        row += 1
        sheet.write_string(row, 0, "A return takes the place of the one before: add these rows to what you sent.")
        row += 1
        for place, name in enumerate(("Layer", "Indicator", "Code", "Asked")):
            sheet.write_string(row, place, name, bold)
        for layer, code, name, asked in said["asked"]:
            row += 1
            for place, cell in enumerate((layer, name, code, asked)):
                sheet.write_string(row, place, safe(cell), wrap)
    if said["due"]:
        row += 2
        for place, name in enumerate(("Period", "Covers", "Due by")):
            sheet.write_string(row, place, name, bold)
        for one in said["due"]:
            row += 1
            for place, cell in enumerate((one["period"], one["title"], words.day(one["due_on"]))):
                sheet.write_string(row, place, cell, wrap)


def _lists(book: Any, lists: Mapping[str, list[str]]) -> None:
    """The codes behind the drop-downs, hidden: a sheet to be chosen from, not to be sent."""
    if not lists:
        return
    sheet = book.add_worksheet("Lists")
    for place, (header, codes) in enumerate(lists.items()):
        sheet.write_string(0, place, header)
        for row, code in enumerate(codes, start=1):
            sheet.write_string(row, place, code)  # as agreed, sign for sign
    sheet.hide()
