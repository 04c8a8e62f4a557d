"""The error report: what to mend, where, and how to answer; the same bytes for the same content, and no formula."""

import io
import zipfile
from datetime import date
from typing import Any

from python_calamine import CalamineWorkbook

from reports.error_report import ROWS_LISTED, Cell, error_report
from reports.reply import (
    ACKNOWLEDGE,
    HEADERS,
    RULE_IS_WRONG,
    TRUE_AS_SENT,
    WILL_CORRECT,
    answers_to,
    is_reply,
    read_answers,
)
from tests.unit.builders.publication import failed_rule, payload

CELLS = [Cell(4, "A", "Crime ref", "PRC-004"), Cell(9, "A", "Crime ref", "PRC-004")]


def made(**changes: Any) -> bytes:
    rules = [
        failed_rule(
            id="PRC-009", severity="warning", sentence="Rows that repeat: {count}.", failed=900, remedy="=1+1"
        ),
        failed_rule(columns=[["A", "Crime ref"]]),
    ]
    rejected = payload(state="rejected", decision="rejected", rules=rules, reason="It failed")
    return error_report({**rejected, **changes}, CELLS, 903, "=cmd|' /C calc'!A0")


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_object(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def test_it_says_what_to_mend_first_then_every_rule_then_where() -> None:
    found = sheets(made())
    assert list(found) == ["Start here", "Mend first", "By rule", "Rows", "Reply"]
    assert [row[0] for row in found["By rule"][2:]] == ["PRC-004", "PRC-009"], "the gravest first"
    assert found["Mend first"][2][-1] == "A: Crime ref"
    assert found["Rows"][1] == [
        "The first 2 of 903 faults are listed. The sheet By rule counts them all; so many usually have one cause, "
        "which is mended where the extract is made.",
        *[""] * 5,
    ]
    assert [row[:3] for row in found["Rows"][3:]] == [[4.0, "A", "Crime ref"], [9.0, "A", "Crime ref"]]


def test_the_same_content_is_the_same_bytes() -> None:
    assert made() == made()


def test_nothing_in_it_is_a_formula_a_link_or_a_merged_cell() -> None:
    for name, text in parts(made()).items():
        if name.startswith("xl/worksheets/"):
            assert not any(tag in text for tag in ("<f>", "<f ", "<hyperlink", "<mergeCell"))
    assert "'=1+1." in str(sheets(made())["By rule"])
    assert "'=cmd" in str(sheets(made())["Rows"])


def test_each_sheet_of_findings_has_one_table() -> None:
    assert len([name for name in parts(made()) if name.startswith("xl/tables/")]) == 4


def test_a_huge_number_of_faults_is_cut_with_a_sentence() -> None:
    cells = [Cell(row, "A", "Crime ref", "PRC-004") for row in range(2, ROWS_LISTED + 500)]
    content = error_report(payload(decision="rejected", rules=[failed_rule()]), cells, 100_000, None)
    assert len(sheets(content)["Rows"]) == ROWS_LISTED + 3
    assert len(content) < 400_000


def filled(*rows: list[Any]) -> list[list[Any]]:
    return [list(HEADERS), *rows]


def test_the_reply_sheet_comes_back_as_answers() -> None:
    blank = sheets(made())["Reply"]
    assert is_reply(blank)
    assert read_answers(blank) == ([], []), "an unfilled sheet says nothing"
    answers, problems = read_answers(
        filled(
            ["d-1", "The whole file", "", ACKNOWLEDGE, "", "", "d Periodic quality checks"],
            ["d-1", "PRC-004", "", WILL_CORRECT, "", date(2010, 1, 12), ""],
            ["d-1", "PRC-009", "", TRUE_AS_SENT, "One school closed", "31/08/2010", ""],
            ["d-1", "PRC-010", "", RULE_IS_WRONG, "New code", "", ""],
        )
    )
    assert problems == []
    assert [(one.rule_id, one.answer, one.day, one.checks) for one in answers] == [
        (None, ACKNOWLEDGE, None, "d"),
        ("PRC-004", WILL_CORRECT, date(2010, 1, 12), None),
        ("PRC-009", TRUE_AS_SENT, date(2010, 8, 31), None),
        ("PRC-010", RULE_IS_WRONG, None, None),
    ]


def test_nonsense_is_answered_kindly_and_not_repeated() -> None:
    answers, problems = read_answers(
        filled(
            ["d-1", "The whole file", "", "ZXCANARY do it", "", "", ""],
            ["d-1", "PRC-004", "", WILL_CORRECT, "", "ZXCANARY", ""],
            ["d-1", "PRC-004", "", WILL_CORRECT, "", "", ""],
            ["d-1", "PRC-009", "", TRUE_AS_SENT, "", date(2010, 1, 1), ""],
            ["d-1", "PRC-009", "", RULE_IS_WRONG, "x" * 501, "", ""],
            ["d-1", "The whole file", "", "", "", "", "z"],
            ["d-1", "PRC-009", "", TRUE_AS_SENT, "Ms Zxcanary left W6 9JU", date(2010, 1, 1), ""],
        )
    )
    assert answers == []
    assert [problem[:6] for problem in problems] == [f"Row {n}:" for n in range(2, 9)]
    assert "ZXCANARY" not in str(problems)


def test_what_a_critical_rule_found_cannot_be_confirmed_away() -> None:
    assert TRUE_AS_SENT not in answers_to("critical")
    assert TRUE_AS_SENT in answers_to("warning")


def test_a_row_of_the_reply_sheet_says_which_fault_it_is_about() -> None:
    shown = sheets(made())["Reply"]
    assert [row[1:4] for row in shown[:1]] == [["About", "What was found", "Your answer"]]
    assert "Rows that repeat: 900." in [row[2] for row in shown[1:]]


def test_only_a_workbook_has_a_column_for_its_sheets() -> None:
    text = error_report(payload(decision="rejected", rules=[failed_rule()]), CELLS, 2, None)
    assert sheets(text)["Rows"][1] == ["Row", "Column", "Header", "Rule", "What is wrong"]


def test_the_marking_is_on_the_first_sheet_and_above_and_below_every_printed_page() -> None:
    content = error_report(payload(decision="rejected", rules=[failed_rule()], marking="OFFICIAL"), CELLS, 2, None)
    assert sheets(content)["Start here"][0][0] == "OFFICIAL"
    pages = [part for name, part in parts(content).items() if name.startswith("xl/worksheets/sheet")]
    assert len(pages) == 5
    assert all("<oddHeader>&amp;COFFICIAL</oddHeader>" in page for page in pages)
    assert all("<oddFooter>&amp;COFFICIAL</oddFooter>" in page for page in pages)
