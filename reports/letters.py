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

ROWS_NAMED = 5
FEEDS_NAMED = 6
RULES_NAMED = 3  # in a mail; the report has them all
SEVERITIES = {
    "critical": "a file that fails it is not accepted",
    "warning": "rows that fail it are set aside",
    "info": "for your information; nothing was set aside",
}
VERDICTS = {
    "accepted": "accepted",
    "accepted_with_exceptions": "accepted with exceptions",
    "merged": "accepted",
    "nil": "nil return",
    "rejected": "not accepted",
    "held": "held, not used",
    "refused": "turned away",
    "duplicate": "already received",
}
ACTION_NEEDED = {"rejected", "held", "refused", "overdue"}
IN_TRIAL = (
    "The agreement for this data is still in trial. The file was checked exactly as it would be otherwise; it counts "
    "in no figure, and nothing waits for it."
)
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
    """By when to act, dataset, period and verdict."""
    said = (
        "not received"
        if payload.get("kind") == "overdue"
        else VERDICTS.get(verdict(payload), words.humanise(verdict(payload)).lower())
    )
    if nothing_here(payload) and said == "accepted":
        said = f"accepted, but {NOTHING_HERE}"
    opening = "Resolved: " if payload.get("resolves") else prefix(payload)
    return f"{opening}{title(payload, short=True)}: {said}"


def prefix(payload: Payload) -> str:
    """What a subject begins with where somebody must act: "[Act by Tue 17:00] "."""
    if payload.get("act_by"):
        moment = datetime.fromisoformat(str(payload["act_by"]))
        return f"[Act by {words.weekday(moment.date())[:3]} {moment:%H:%M}] "
    return "[Action needed] " if verdict(payload) in ACTION_NEEDED else ""


def marked(payload: Payload, text: str) -> str:
    """A subject on one line, with the partnership's protective marking where it has one."""
    marking = payload.get("marking")
    return one_line(f"{text} [{marking}]" if marking else text)


def verdict(payload: Payload) -> str:
    return (
        "overdue"
        if payload.get("kind") == "overdue"
        else str(payload.get("decision") or payload.get("state") or "received")
    )


def dataset_name(payload: Payload) -> str:
    return str(payload.get("dataset") or "unknown dataset").rpartition("/")[2]


def title(payload: Payload, *, short: bool = False) -> str:
    """The extract in words: "Police recorded crime, July to September 2009", or short "..., Jul-Sep 2009"."""
    named = str(payload.get("dataset_title") or words.humanise(dataset_name(payload)))
    period = (
        (payload.get("period_short") if short else None) or payload.get("period_words") or payload.get("period")
    )
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
        "nil": f"Your nil return was taken: {name}.",
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
    elif said == "nil":
        lines.append(
            "The period counts as received, with nothing to report: its figures show zero, not a missing partner. "
            "A file that you send after all takes its place."
        )
    elif counts["received"] is not None:
        lines.append(counts_sentence(counts, said))
    if reason and said != "duplicate" and not payload.get("rules"):
        lines.append(reason)
    if payload.get("trial"):
        lines.append(IN_TRIAL)
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
    """The rules that failed, the gravest first, a line each: sentence, where, and the id for whoever rings."""
    rules = _each_fault_once(gravest_first(payload.get("rules") or []))
    only_told = all(rule["severity"] == "info" for rule in rules)
    lines = [(rule_line(rule),) for rule in rules[:RULES_NAMED]]
    more = rules[RULES_NAMED:]
    if more:
        where_else = (
            "all are in the attached report" if payload.get("report") else "all are in the exchange's report"
        )
        kinds = "kind of fault" if len(more) == 1 else "kinds of fault"
        lines.append((f"And {len(more)} more {kinds}; {where_else}.",))
    return Part("What we noticed" if only_told else "What is wrong", points=lines)


def _each_fault_once(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What says the same of the same rows as a graver rule goes last: a date that cannot be read is also not there."""
    seen: set[tuple[Any, ...]] = set()
    first: list[Mapping[str, Any]] = []
    again: list[Mapping[str, Any]] = []
    for rule in rules:
        rows = (rule.get("failed"), *(rule.get("rows") or []))
        (again if len(rows) > 1 and rows in seen else first).append(rule)
        seen.add(rows)
    return first + again


def gravest_first(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Critical before warning before info; among equals the one that fails most rows."""
    order = list(SEVERITIES)

    def place(rule: Mapping[str, Any]) -> tuple[int, int]:
        known = rule["severity"] in order
        return (order.index(rule["severity"]) if known else len(order), -(rule["failed"] or 0))

    return sorted(rules, key=place)


def rule_line(rule: Mapping[str, Any]) -> str:
    failed = int(rule.get("failed") or 0)
    said = [sentence(filled(str(rule["sentence"]), failed)), where(rule.get("rows") or [], failed)]
    return " ".join([*(text for text in said if text), f"[{rule['id']}]"])


def where(rows: Sequence[int], failed: int) -> str:
    """The row numbers as a spreadsheet shows them: "Rows 4, 9 and 17." or "Rows 4, 9, 17 and 1,201 more." """
    if not rows:
        return ""
    named = [f"{row:,}" for row in list(rows)[:ROWS_NAMED]]
    more = failed - len(named)
    if more > 0:
        return f"Rows {', '.join(named)} and {more:,} more."
    label = "Row" if len(named) == 1 else "Rows"
    return f"{label} {words.listed(named)}."


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
    if payload.get("trial"):
        return Part("")
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
    points = [(f"{name} ({code})",) for code, name in feeds[:FEEDS_NAMED]]
    if len(feeds) > FEEDS_NAMED:
        points.append((f"and {len(feeds) - FEEDS_NAMED} more indicators",))
    return Part("What it holds up", [meeting_line(one) for one in payload.get("meetings") or []], points)


def meeting_line(meeting: Mapping[str, Any]) -> str:
    """The next meeting that wants the figures, and when its papers close."""
    day, papers = words.read_day(meeting.get("on")), words.read_day(meeting.get("papers_by"))
    said = f"The {str(meeting['body']).removeprefix('The ')}" + (f" meets on {words.day(day)}" if day else "")
    return sentence(said + (f"; its papers close on {words.day(papers)}" if papers else ""))


def next_part(payload: Payload) -> Part:
    """What to do, by when, how to answer without a new file, and whom to ring."""
    said = verdict(payload)
    if nothing_here(payload):
        lines = ["Only if the file is the wrong one: send the right one, and it replaces this one."]
    else:
        lines = [*todo(payload), *answering(payload)]
    hold_until, next_due = words.read_day(payload.get("hold_until")), words.read_day(payload.get("next_due"))
    if hold_until:
        lines.append(
            f"The file is kept where only the exchange can read it, and is erased after {words.day(hold_until)}."
        )
    due_on = words.read_day(payload.get("due_on"))
    if due_on and said in ACTION_NEEDED and not payload.get("act_by"):
        lines.append(f"The corrected file is due by {words.day(due_on)}.")
    if next_due and said not in ACTION_NEEDED:
        lines.append(f"The file for the next period is due by {words.day(next_due)}.")
    if payload.get("contact") and said not in ("accepted", "merged", "duplicate", "nil"):
        lines.append(ringing(payload["contact"]))
    return Part("What to do", [line for line in lines if line])


def todo(payload: Payload) -> list[str]:
    """What is asked, and by when."""
    said = verdict(payload)
    asked = {
        "rejected": "Then send the whole file again. It replaces this one; nothing has to be withdrawn first.",
        "refused": "Then send it again.",
        "held": "Please do not send it again as it is.",
        "accepted_with_exceptions": "If you can put the rows right, send the whole file again: it replaces this "
        "one. If they are right as they are, tell us.",
        "overdue": "Please send it, or tell us when it will come or that there is nothing to report.",
    }.get(said, "You need do nothing.")
    rules = gravest_first(payload.get("rules") or [])
    remedy = payload.get("remedy") or (rules[0].get("remedy") if rules and said != "accepted" else "")
    remedy = sentence(str(remedy)) if remedy else ""
    # Many remedies of the standard ask for the file, which is said once.
    if said in ("rejected", "refused"):
        remedy = re.sub(r"(, then| and) send (it|the (whole )?\w+) again\.", ".", remedy)
    by = act_by(payload)
    when = f"By {by}{', as you said' if payload.get('as_promised') else ''}:" if by else ""
    lines = [" ".join(text for text in (when, remedy, asked) if text)]
    if payload.get("quiet_until"):
        opens = datetime.fromisoformat(str(payload["quiet_until"]))
        lines.append(f"Nothing is needed before {words.weekday(opens.date())}.")
    return lines


def act_by(payload: Payload) -> str:
    """The moment by which to act: "Tuesday 8 December at 17:00"; empty when nothing is asked."""
    if not payload.get("act_by"):
        return ""
    moment = datetime.fromisoformat(str(payload["act_by"]))
    return f"{words.weekday(moment.date())} {words.day_and_month(moment.date())} at {moment:%H:%M}"


def answering(payload: Payload) -> list[str]:
    """How to answer with no new file: the Reply sheet of the attached workbook."""
    if not payload.get("report"):
        return []
    return [
        f"The attached workbook {payload['report']} names every row. To answer without a new file (it will come "
        "later, it is true as sent, the rule is wrong), fill in its sheet Reply and put the workbook where you "
        "put your data."
    ]


def ringing(contact: Any) -> str:
    """Whom to ring or write to."""
    if not isinstance(contact, Mapping):
        return f"Questions: {contact}."
    ways = [f"ring {contact['telephone']}" if contact.get("telephone") else "", f"write to {contact['email']}"]
    return f"Questions: {contact['name']}, " + " or ".join(way for way in ways if way) + "."


def settled_part(payload: Payload) -> Part:
    """Which earlier alerts this delivery brings to an end."""
    days = [words.read_day(one.get("raised_at")) for one in payload.get("settles") or []]
    told = [words.day(day) for day in dict.fromkeys(days) if day]
    if not told:
        return Part("")
    return Part("", [f"This settles our alert{'s' if len(told) > 1 else ''} of {words.listed(told)}. Thank you."])


def received_part(payload: Payload) -> Part:
    """The facts of the delivery, to be quoted to whoever is asked about it."""
    facts = [
        ("Received", time_of(payload.get("received_at"))),
        ("From", payload.get("partner_name")),
        ("Delivery", payload.get("delivery_id")),
        ("SHA-256", payload.get("sha256")),
    ]
    return Part("The file", points=[(f"{name}: {value}",) for name, value in facts if value])


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
