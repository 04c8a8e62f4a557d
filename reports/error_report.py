"""The error report: a workbook that says what to mend first, every rule that failed, and where; with a Reply sheet.

It holds counts, row numbers, column letters and agreed sentences, never a value of the file. Same content, same
bytes. Text is written as text, whatever it begins with, so that nothing in it is ever a formula.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from reports.letters import (
    SEVERITIES,
    VERDICTS,
    Payload,
    act_by,
    counts_of,
    counts_sentence,
    filled,
    gravest_first,
    ringing,
    sentence,
    title,
    verdict,
)
from reports.reply import ABOUT_FILE, CHECKS, HEADERS, LONGEST_REASON, REPLY_SHEET, answers_to, answers_to_file

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # fixed: same content, same bytes
ROWS_LISTED = 10_000  # more than anybody mends by hand; the rules' counts are whole
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula, once saved as CSV
SHADE = "#E8EDF4"


@dataclass(frozen=True)
class Cell:
    """One place to mend: the row's number as Excel shows it, the column's letter and header, and the rule."""

    row: int
    letter: str
    header: str
    rule_id: str


@dataclass(frozen=True)
class Table:
    """A sheet's one table: a heading above it, its headers with their widths, its rows."""

    name: str
    heading: str
    note: str
    headers: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Any]]


def error_report(payload: Payload, cells: Sequence[Cell], failing: int, sheet: str | None) -> bytes:
    """The workbook for one delivery. ``cells`` are the first places in the order of rows, of ``failing`` in all."""
    import xlsxwriter  # here, since whoever only counts places needs no writer

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": f"Error report: {title(payload)}", "created": CREATED, "author": ""})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 16}),
        "head": book.add_format(
            {"bold": True, "bg_color": SHADE, "bottom": 1, "text_wrap": True, "valign": "top"}
        ),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "bold": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0", "valign": "top"}),
        "answer": book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF8DC", "border": 1}),
        "date": book.add_format(
            {"num_format": "d mmmm yyyy", "valign": "top", "bg_color": "#FFF8DC", "border": 1, "align": "left"}
        ),
    }
    rules = gravest_first(payload.get("rules") or [])
    _cover(book, formats, payload)
    for table in (_mend_first(payload, rules), _by_rule(rules), _rows(cells, failing, rules, sheet)):
        _write_table(book, formats, table, str(payload.get("marking") or ""))
    if payload.get("delivery_id"):  # a file that was only checked asks for no answer
        _reply(book, formats, payload, rules)
    print_marking(book, str(payload.get("marking") or ""))
    book.close()
    return stream.getvalue()


def print_marking(book: Any, marking: str) -> None:
    """The protective marking above and below every printed page of a workbook that xlsxwriter makes."""
    for sheet in book.worksheets() if marking else ():
        sheet.set_header(f"&C{marking.replace('&', '&&')}")
        sheet.set_footer(f"&C{marking.replace('&', '&&')}")


def safe(text: Any) -> Any:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if isinstance(text, str) and text.startswith(LIVE) else text


def _cover(book: Any, formats: Mapping[str, Any], payload: Payload) -> None:
    sheet = book.add_worksheet("Start here")
    sheet.set_column(0, 0, 100)
    sheet.hide_gridlines(2)
    counts = counts_of(payload)
    said = verdict(payload)
    by = act_by(payload)
    lines = [
        (str(payload.get("marking") or ""), "bold"),
        (f"{title(payload)}: {VERDICTS.get(said, said)}", "title"),
        (counts_sentence(counts, said) if counts["received"] is not None else "", "text"),
        (sentence(str(payload["reason"])) if payload.get("reason") else "", "text"),
        (sentence(str(payload["remedy"])) if payload.get("remedy") else "", "text"),
        (f"Please act by {by}." if by else "", "bold"),
        (sentence(str(payload["stands"])) if payload.get("stands") else "", "text"),
        ("What is in this workbook", "bold"),
        ("Mend first: what to put right, the gravest first.", "text"),
        ("By rule: each rule that failed, with how many rows and what to do.", "text"),
        ("Rows: where each fault is, by the row numbers and column letters your spreadsheet shows.", "text"),
        (
            "Reply: to answer without a new file. Fill in the yellow cells, save, and put this workbook where you "
            "put your data."
            if payload.get("delivery_id")
            else "",
            "text",
        ),
        ("No value of your file is in this workbook: only row numbers, counts and the agreed rules.", "text"),
        (ringing(payload["contact"]) if payload.get("contact") else "", "text"),
        (f"Delivery {payload['delivery_id']}" if payload.get("delivery_id") else "Checked, not delivered", "text"),
        (f"SHA-256 {payload['sha256']}" if payload.get("sha256") else "", "text"),
    ]
    for row, (text, style) in enumerate((text, style) for text, style in lines if text):
        sheet.write_string(row, 0, safe(text), formats[style])


def _mend_first(payload: Payload, rules: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[list[Any]] = []
    if payload.get("reason") and not rules:
        rows.append([1, sentence(str(payload["reason"])), "", sentence(str(payload.get("remedy") or "")), ""])
    for place, rule in enumerate((one for one in rules if one["severity"] != "info"), start=1):
        rows.append(
            [place, _said(rule), rule.get("failed") or 0, sentence(str(rule.get("remedy") or "")), _columns(rule)]
        )
    headers = [("Order", 8), ("What is wrong", 50), ("Rows", 10), ("What to do", 60), ("Column", 28)]
    return Table("Mend first", "What to put right, the gravest first", "", headers, rows)


def _by_rule(rules: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [
            rule["id"],
            _said(rule),
            SEVERITIES.get(rule["severity"], rule["severity"]),
            rule.get("failed") or 0,
            sentence(str(rule.get("remedy") or "")),
        ]
        for rule in rules
    ]
    headers = [("Rule", 16), ("What is wrong", 50), ("What follows", 32), ("Rows", 10), ("What to do", 60)]
    return Table("By rule", "Every rule that failed", "", headers, rows)


def _rows(cells: Sequence[Cell], failing: int, rules: Sequence[Mapping[str, Any]], sheet: str | None) -> Table:
    said = {str(rule["id"]): _said(rule, counted=False) for rule in rules}
    of_sheet = [sheet] if sheet else []  # a file of text has none
    rows = [
        [cell.row, cell.letter, cell.header, *of_sheet, cell.rule_id, said.get(cell.rule_id, "")]
        for cell in cells[:ROWS_LISTED]
    ]
    note = ""
    if failing > len(rows):
        note = (
            f"The first {len(rows):,} of {failing:,} faults are listed. The sheet By rule counts them all; so many "
            "usually have one cause, which is mended where the extract is made."
        )
    headers = [("Row", 10), ("Column", 9), ("Header", 24), *[("Sheet", 18) for _ in of_sheet]]
    headers += [("Rule", 16), ("What is wrong", 60)]
    return Table("Rows", "Where each fault is in the file as you sent it", note, headers, rows)


def _said(rule: Mapping[str, Any], *, counted: bool = True) -> str:
    text = filled(str(rule["sentence"]), int(rule.get("failed") or 0))
    if counted:
        return sentence(text)
    # The count, and what follows from it, belongs to the rule and not to one row of it.
    return sentence(text.removesuffix(".").partition(f": {int(rule.get('failed') or 0):,}")[0])


def _columns(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"{letter}: {header}" for letter, header in rule.get("columns") or [])


def _write_table(book: Any, formats: Mapping[str, Any], table: Table, marking: str) -> None:
    sheet = book.add_worksheet(table.name)
    sheet.write_string(0, 0, safe(f"{table.heading}{f' ({marking})' if marking else ''}"), formats["title"])
    if table.note:
        sheet.write_string(1, 0, safe(table.note))
    top = 2 if table.note else 1
    for place, (_, width) in enumerate(table.headers):
        sheet.set_column(place, place, width)
    rows = [list(row) for row in table.rows] or [["Nothing to list.", *[""] * (len(table.headers) - 1)]]
    sheet.add_table(
        top,
        0,
        top + len(rows),
        len(table.headers) - 1,
        {
            "name": table.name.replace(" ", "_"),
            "style": None,
            "columns": [{"header": header, "header_format": formats["head"]} for header, _ in table.headers],
        },
    )
    for number, row in enumerate(rows, start=top + 1):
        for place, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, place, value, formats["number"])
            else:
                sheet.write_string(number, place, safe(str(value)), formats["text"])
    sheet.freeze_panes(top + 1, 0)


def _reply(book: Any, formats: Mapping[str, Any], payload: Payload, rules: Sequence[Mapping[str, Any]]) -> None:
    """The sheet that comes back: one row for the whole file and one for each rule, drop-downs for the answers."""
    sheet = book.add_worksheet(REPLY_SHEET)
    for place, width in enumerate((24, 16, 50, 34, 40, 20, 30)):
        sheet.set_column(place, place, width)
    delivery = str(payload.get("delivery_id") or "")
    about: list[tuple[str, str, Sequence[str]]] = [(ABOUT_FILE, title(payload), answers_to_file(verdict(payload)))]
    about += [(str(rule["id"]), _said(rule), answers_to(str(rule["severity"]))) for rule in rules]
    sheet.add_table(
        0,
        0,
        len(about),
        len(HEADERS) - 1,
        {
            "name": REPLY_SHEET,
            "style": None,
            "autofilter": False,
            "columns": [{"header": header, "header_format": formats["head"]} for header in HEADERS],
        },
    )
    for row, (subject, meaning, answers) in enumerate(about, start=1):
        sheet.write_string(row, 0, delivery, formats["text"])
        sheet.write_string(row, 1, subject, formats["text"])
        sheet.write_string(row, 2, safe(meaning), formats["text"])
        for place in (3, 4, 6):
            sheet.write_blank(row, place, None, formats["answer"])
        sheet.data_validation(
            row,
            4,
            row,
            4,
            {
                "validate": "length",
                "criteria": "<=",
                "value": LONGEST_REASON,
                "input_title": "Reason",
                "input_message": "For true as sent it is shown beside the figure. Name no person, address or number.",
                "error_title": "Too long",
                "error_message": f"Please say it in at most {LONGEST_REASON} characters.",
            },
        )
        sheet.write_blank(row, 5, None, formats["date"])
        sheet.data_validation(
            row,
            3,
            row,
            3,
            {
                "validate": "list",
                "source": list(answers),
                "input_title": "Your answer",
                "input_message": "Choose one from the list, or leave it empty.",
                "error_title": "Not in the list",
                "error_message": "Please choose one of the answers.",
            },
        )
        sheet.data_validation(
            row,
            5,
            row,
            5,
            {
                "validate": "date",
                "criteria": ">=",
                "value": date(2000, 1, 1),
                "input_title": "Day",
                "input_message": "Will correct: the day the file comes. True as sent: the day until which it holds.",
                "error_title": "Not a date",
                "error_message": "Please write a date, such as 14/07/2009.",
            },
        )
    sheet.data_validation(
        1,
        6,
        1,
        6,
        {
            "validate": "list",
            "source": list(CHECKS.values()),
            "input_title": "Checks made",
            "input_message": "Which checks were made on the data before it was sent?",
        },
    )
    sheet.freeze_panes(1, 3)


def report_name(delivery_id: str) -> str:
    """What the workbook of a delivery is called."""
    return f"{delivery_id}-errors.xlsx"
