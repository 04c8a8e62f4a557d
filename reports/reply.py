"""The Reply sheet: the answers an officer may give in the error report, and how a filled sheet is read.

Pure: cells in, answers out. What comes back is hostile input like any other: a text that is none of the agreed
answers becomes a kind sentence, and nothing of it is echoed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

REPLY_SHEET = "Reply"
HEADERS = ("Delivery", "About", "What was found", "Your answer", "Reason", "Day", "Checks made")
ABOUT_FILE = "The whole file"
ACKNOWLEDGE = "Acknowledged"
WILL_CORRECT = "Will correct by the day given"
NIL = "Nil return: nothing to report"
WITHDRAW = "Withdraw this file"
TRUE_AS_SENT = "True as sent"
RULE_IS_WRONG = "The rule is wrong"
# The scale of the homelessness return P1E's sign-off: which checks were made on the data.
CHECKS = {
    "a": "a National audit",
    "b": "b Local audit",
    "c": "c Random quality checks",
    "d": "d Periodic quality checks",
    "e": "e No checks",
}
# What points to a person: a title with a name, an address of mail or of a house, a telephone or NHS number.
POINTS_TO_A_PERSON = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Cllr|Councillor|PC|Sgt|Sir|Dame)[.]? +[A-Z][a-z]"
    r"|[^\s@]+@[^\s@]+[.][A-Za-z]|(?<![0-9])(?:[+]44|0)[0-9 ]{9,}|(?<![0-9])[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}(?![0-9])"
    r"|(?<![A-Z0-9])[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}(?![A-Z0-9])"
)
TOLD_BESIDE_THE_FIGURE = (
    "the reason is shown beside the figure, so please name no person, address, telephone or NHS number in it."
)
LONGEST_REASON = 500
ROWS_READ = 2_000


@dataclass(frozen=True)
class Answer:
    """One answer: to the whole file (``rule_id`` None) or to one rule."""

    row: int  # of the sheet
    delivery_id: str
    rule_id: str | None
    answer: str
    reason: str
    day: date | None
    checks: str | None  # a to e


def checks_words(code: str | None) -> str:
    """Which checks were made before a file was sent: "random quality checks"; empty where nothing was said."""
    said = CHECKS.get(code or "", "")[2:]
    return said[:1].lower() + said[1:]


def points_to_a_person(text: str) -> bool:
    """Whether a text has what may not stand beside a figure: a titled name, an address, a personal number."""
    return POINTS_TO_A_PERSON.search(text) is not None


def answers_to_file(verdict: str) -> tuple[str, ...]:
    """What may be said of a whole file."""
    return (ACKNOWLEDGE, WILL_CORRECT, NIL, *((WITHDRAW,) if verdict == "accepted_with_exceptions" else ()))


def answers_to(severity: str) -> tuple[str, ...]:
    """What may be said to a rule; what a critical one found cannot be confirmed away."""
    return (WILL_CORRECT, *(() if severity == "critical" else (TRUE_AS_SENT,)), RULE_IS_WRONG)


def is_reply(cells: Sequence[Sequence[Any]]) -> bool:
    """Whether a sheet's cells are those of a Reply sheet."""
    return bool(cells) and tuple(_text(cell) for cell in cells[0][: len(HEADERS)]) == HEADERS


def read_answers(cells: Sequence[Sequence[Any]]) -> tuple[list[Answer], list[str]]:
    """The answers of a filled sheet, and a sentence on each row that cannot be understood. Empty rows are passed."""
    answers, problems = [], []
    known = {ACKNOWLEDGE, WILL_CORRECT, NIL, WITHDRAW, TRUE_AS_SENT, RULE_IS_WRONG}
    for number, row in enumerate(cells[1 : ROWS_READ + 1], start=2):
        delivery, about, _, answer, reason, day, checks = (list(row) + [""] * len(HEADERS))[: len(HEADERS)]
        chosen, made = _text(answer), _text(checks)
        if not chosen and not made:
            continue
        code = next((code for code, words in CHECKS.items() if made in (code, words)), None)
        problem = _problem(chosen, known, made, code, _text(reason), day)
        if problem:
            problems.append(f"Row {number}: {problem}")
            continue
        answers.append(
            Answer(
                row=number,
                delivery_id=_text(delivery)[:200],
                rule_id=None if _text(about) == ABOUT_FILE else _text(about)[:60],
                answer=chosen,
                reason=_text(reason),
                day=_day(day),
                checks=code,
            )
        )
    if len(cells) > ROWS_READ + 1:
        problems.append(f"Only the first {ROWS_READ:,} rows were read.")
    return answers, problems


def _problem(chosen: str, known: set[str], made: str, code: str | None, reason: str, day: Any) -> str:
    if chosen and chosen not in known:
        return "the answer is none of the list. Please choose one from the drop-down."
    if made and code is None:
        return "the checks made are none of the list. Please choose one from the drop-down."
    if _text(day) and _day(day) is None:
        return "the day is not a date. Please write it as 14/07/2009."
    if len(reason) > LONGEST_REASON:
        return f"the reason is longer than {LONGEST_REASON} characters. Please say it shorter."
    if chosen in (WILL_CORRECT, TRUE_AS_SENT) and _day(day) is None:
        return "please give a day."
    if chosen in (TRUE_AS_SENT, RULE_IS_WRONG, NIL, WITHDRAW) and not reason:
        return "please give a reason."
    if chosen == TRUE_AS_SENT and points_to_a_person(reason):
        return TOLD_BESIDE_THE_FIGURE
    return ""


def _text(cell: Any) -> str:
    return " ".join(str(cell).split()) if cell is not None else ""


def _day(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(_text(cell), shape).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None


def summary_of(answers: Sequence[Answer]) -> Mapping[str, int]:
    """How many answers of each kind; no reason is repeated, since it is free text."""
    counted: dict[str, int] = {}
    for answer in answers:
        counted[answer.answer or "Checks made"] = counted.get(answer.answer or "Checks made", 0) + 1
    return counted
