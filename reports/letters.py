"""The parts of a mail about a delivery: what became of it, what is wrong, what stands, what to do next.

Each part is a heading with paragraphs and points, put into words from the payload that was written with the state
change. The sentences about a rule are the agreed standard's own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reports import words

ROWS_NAMED = 20
SEVERITIES = {
    "critical": "a file that fails it is not accepted",
    "warning": "rows that fail it are set aside",
    "info": "for your information; nothing was set aside",
}
VERDICTS = {
    "accepted": "accepted",
    "accepted_with_exceptions": "accepted with exceptions",
    "merged": "accepted",
    "rejected": "not accepted",
    "held": "held, not used",
    "refused": "turned away",
    "duplicate": "already received",
}
ACTION_NEEDED = {"rejected", "held", "refused", "overdue"}
NOTHING_HERE = "nothing in this borough"
# Verbs of the standards' sentences that follow a number of rows; "1 rows have" reads badly.
SINGULAR_VERBS = {"have": "has", "are": "is", "were": "was", "do": "does"}
COUNTED = re.compile(r"\{count\}(?: (?P<noun>\w+))?(?: (?P<verb>have|are|were|do)\b)?")

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One part of a mail: a heading (or none), paragraphs, and points below them."""

    heading: str
    paragraphs: Sequence[str] = ()
    points: Sequence[Sequence[str]] = field(default_factory=tuple)  # each a first line and what hangs below it


def subject(payload: Payload) -> str:
    """Dataset, period and verdict, with [Action needed] where nothing goes on without the officer."""
    said = (
        "not received"
        if payload.get("kind") == "overdue"
        else VERDICTS.get(verdict(payload), words.humanise(verdict(payload)).lower())
    )
    if nothing_here(payload) and said == "accepted":
        said = f"accepted, but {NOTHING_HERE}"
    prefix = "[Action needed] " if verdict(payload) in ACTION_NEEDED else ""
    return one_line(f"{prefix}{title(payload)}: {said}")


def verdict(payload: Payload) -> str:
    return (
        "overdue"
        if payload.get("kind") == "overdue"
        else str(payload.get("decision") or payload.get("state") or "received")
    )


def dataset_name(payload: Payload) -> str:
    return str(payload.get("dataset") or "unknown dataset").rpartition("/")[2]


def title(payload: Payload) -> str:
    """The extract in words: "Police recorded crime, July to September 2009"."""
    named = str(payload.get("dataset_title") or words.humanise(dataset_name(payload)))
    period = payload.get("period_words") or payload.get("period")
    return f"{named}, {period}" if period else named


def verdict_part(payload: Payload) -> Part:
    """What became of the file, in two or three sentences, before anything else."""
    said = verdict(payload)
    name = title(payload)
    counts = counts_of(payload)
    reason = sentence(str(payload["reason"])) if payload.get("reason") else ""
    opening = {
        "accepted": f"Your file was accepted: {name}.",
        "merged": f"Your file was accepted: {name}.",
        "accepted_with_exceptions": f"Your file was accepted with exceptions: {name}.",
        "rejected": f"Your file was not accepted: {name}.",
        "held": f"Your file is held apart and is not being used: {name}.",
        "refused": f"Your file was turned away: {name}.",
        "duplicate": f"We already have this file, byte for byte, and it is in use: {name}.",
        "overdue": f"We have not received your file: {name}.",
    }.get(said, f"Your file: {name}. Its state is now {words.humanise(said).lower()}.")
    lines = [opening]
    if nothing_here(payload):
        received = counts["received"] or 0
        whose = "its one row is" if received == 1 else f"all of its {words.count(received, 'row')} are"
        lines = [
            f"NOTHING IN THIS FILE IS ABOUT THIS BOROUGH: {whose} about places outside our area.",
            opening
            + " We have recorded it and will read it as: nothing happened here. If that is right, you need do "
            "nothing, and thank you. If it is not, the file may be of another area: please send the right one.",
        ]
    elif counts["received"] is not None:
        lines.append(counts_sentence(counts, said))
    if reason and said != "duplicate" and not payload.get("rules"):
        lines.append(reason)
    return Part("", lines)


def counts_of(payload: Payload) -> dict[str, int | None]:
    counts = payload.get("counts") or {}
    return {name: counts.get(name) for name in ("received", "accepted", "quarantined", "out_of_scope")}


def counts_sentence(counts: Mapping[str, int | None], said: str) -> str:
    """Every row accounted for: "Of 14 rows, 11 were accepted, 2 were set aside and 1 was of other areas." """
    received = counts["received"] or 0
    rows = words.count(received, "row")
    if said not in ("accepted", "accepted_with_exceptions", "merged"):
        return f"It has {rows}; none was taken in."
    if received and counts["accepted"] == received:
        return f"All {rows} were accepted." if received > 1 else "Its one row was accepted."
    told = [
        f"{number:,} {'was' if number == 1 else 'were'} {what}"
        for number, what in (
            (counts["accepted"], "accepted"),
            (counts["quarantined"], "set aside"),
            (counts["out_of_scope"], "of other areas"),
        )
        if number
    ]
    return f"Of {rows}, {words.listed(told)}." if told else "It has no rows."


def nothing_here(payload: Payload) -> bool:
    counts = counts_of(payload)
    received = counts["received"] or 0
    return (
        received > 0
        and counts["out_of_scope"] == received
        and not counts["accepted"]
        and not counts["quarantined"]
    )


def rules_part(payload: Payload) -> Part:
    """Each rule that failed, the gravest first: sentence, where, what to do, and its id for whoever rings."""
    order = list(SEVERITIES)
    rules = sorted(
        payload.get("rules") or [],
        key=lambda rule: (
            order.index(rule["severity"]) if rule["severity"] in order else len(order),
            -(rule["failed"] or 0),
        ),
    )
    only_told = all(rule["severity"] == "info" for rule in rules)
    return Part("What we noticed" if only_told else "What is wrong", points=[rule_point(rule) for rule in rules])


def rule_point(rule: Mapping[str, Any]) -> tuple[str, ...]:
    failed = int(rule.get("failed") or 0)
    hanging = [where(rule.get("rows") or [], failed)]
    if rule.get("remedy"):
        hanging.append(sentence(str(rule["remedy"])))
    hanging.append(f"(Rule {rule['id']}: {SEVERITIES.get(rule['severity'], rule['severity'])}.)")
    return (sentence(filled(str(rule["sentence"]), failed)), *[line for line in hanging if line])


def where(rows: Sequence[int], failed: int) -> str:
    """The row numbers as a spreadsheet shows them: "Rows 4, 9 and 17." or "Rows 4, 9, 17 and 1,201 more." """
    if not rows:
        return ""
    named = [f"{row}" for row in list(rows)[:ROWS_NAMED]]
    more = failed - len(named)
    if more > 0:
        return f"Rows {', '.join(named)} and {more:,} more, as a spreadsheet numbers them."
    label = "Row" if len(named) == 1 else "Rows"
    return f"{label} {words.listed(named)}, as a spreadsheet numbers them."


def filled(text: str, failed: int) -> str:
    """A rule's sentence with its number of rows, singular where there is one ("1 row has", "1,204 rows have")."""

    def put(found: re.Match[str]) -> str:
        noun, verb = found["noun"], found["verb"]
        if failed == 1:
            noun = noun.removesuffix("s") if noun and noun.endswith("s") and not noun.endswith("ss") else noun
            verb = SINGULAR_VERBS.get(verb, verb) if verb else verb
        return " ".join(word for word in (f"{failed:,}", noun, verb) if word)

    return COUNTED.sub(put, text)


def stands_part(payload: Payload) -> Part:
    """What the figures are made from meanwhile."""
    if payload.get("stands"):
        return Part("What still stands", [sentence(str(payload["stands"]))])
    if verdict(payload) in ("rejected", "held", "refused", "overdue"):
        return Part(
            "What still stands",
            ["There is no earlier file for this period, so its figures will show as not received."],
        )
    return Part("")


def holds_up_part(payload: Payload) -> Part:
    feeds = list(dict.fromkeys((str(feed["indicator"]), str(feed["name"])) for feed in payload.get("feeds") or []))
    if not feeds:
        return Part("")
    if verdict(payload) == "accepted_with_exceptions":
        return Part(
            "What it touches",
            ["The rows set aside are not counted in:"],
            [(f"{name} ({code})",) for code, name in feeds],
        )
    return Part("What it holds up", points=[(f"{name} ({code})",) for code, name in feeds])


def next_part(payload: Payload) -> Part:
    """What to do, by when, and whom to write to."""
    said = verdict(payload)
    todo = {
        "rejected": "Please put right what is listed above and send the whole file again. A new file replaces "
        "this one; nothing has to be withdrawn first.",
        "refused": "Please check the file and where it was put, and send it again.",
        "held": "Please do not send it again as it is.",
        "accepted_with_exceptions": "If you can put right the rows that were set aside, send the whole file: the "
        "new one replaces this one. If they are right as they are, tell us.",
        "overdue": "Please send it, or tell us when it will come or that there is nothing to report.",
    }.get(said, "You need do nothing.")
    lines = [sentence(str(payload["remedy"])) if payload.get("remedy") else "", todo]
    if nothing_here(payload):
        lines = ["Only if the file is the wrong one: send the right one, and it replaces this one."]
    hold_until, next_due = words.read_day(payload.get("hold_until")), words.read_day(payload.get("next_due"))
    if hold_until:
        lines.append(
            f"The file is kept where only the exchange can read it, and is erased after {words.day(hold_until)}."
        )
    due_on = words.read_day(payload.get("due_on"))
    if due_on and said in ("rejected", "held", "refused"):
        lines.append(f"The corrected file is due by {words.day(due_on)}.")
    if next_due:
        lines.append(f"The file for the next period is due by {words.day(next_due)}.")
    if payload.get("contact"):
        lines.append(f"Questions, or a rule you think is wrong: {payload['contact']}.")
    return Part("What to do", [line for line in lines if line])


def received_part(payload: Payload) -> Part:
    """The facts of the delivery, to be quoted to whoever is asked about it."""
    facts = [
        ("Received", time_of(payload.get("received_at"))),
        ("From", payload.get("partner_name")),
        ("Delivery", payload.get("delivery_id")),
        ("SHA-256", payload.get("sha256")),
    ]
    return Part("The delivery", points=[(f"{name}: {value}",) for name, value in facts if value])


def time_of(text: Any) -> str:
    try:
        return words.moment(datetime.fromisoformat(str(text)))
    except ValueError:
        return ""


def sentence(text: str) -> str:
    """Text as a sentence: one line, with its full stop."""
    line = one_line(text)
    return line if not line or line[-1] in ".!?" else line + "."


def one_line(text: str) -> str:
    """Text on one line: no line break can get into a header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
