"""The mails of the exchange: what an officer is told about a delivery, and the operator about a fault.

Plain text first, 78 columns, the most important thing first: what is wrong, what still stands, what it holds up,
what to do next and whom to write to. The HTML part says the same in the same order. Neither holds a value of a
partner's row: row numbers, counts and the sentences of the agreed definitions are all there is.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from reports import words
from reports.letters import (
    VERDICTS,
    Part,
    Payload,
    act_by,
    answering,
    dataset_name,
    holds_up_part,
    marked,
    next_part,
    one_line,
    prefix,
    received_part,
    ringing,
    rules_part,
    sentence,
    settled_part,
    stands_part,
    subject,
    time_of,
    title,
    todo,
    verdict,
    verdict_part,
)

WIDTH = 78
RULE_ID = re.compile(r"\[[A-Z0-9]+(?:-[A-Z0-9]+)+\]")
FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True)
class Mail:
    """A mail without its addresses: subject, plain text, and the same as HTML where there is one."""

    subject: str
    text: str
    html: str | None


def receipt(payload: Payload) -> Mail:
    """What the sender gets of a delivery that asks for nothing: what arrived and what became of it."""
    return written(payload, subject(payload), about_delivery(payload))


def resolved(payload: Payload) -> Mail:
    """The receipt of a correction: it ends the conversation that an alert began."""
    parts = about_delivery(payload)
    return written(payload, subject({**payload, "resolves": True}), [parts[0], settled_part(payload), *parts[1:]])


def alert(payload: Payload) -> Mail:
    """What the designated officer gets when something has to be done: what is wrong comes first."""
    parts = about_delivery(payload)
    return written(payload, subject(payload), [*parts[:3], holds_up_part(payload), *parts[3:]])


def about_delivery(payload: Payload) -> list[Part]:
    return [
        verdict_part(payload),
        rules_part(payload),
        stands_part(payload),
        next_part(payload),
        received_part(payload),
    ]


def escalation(payload: Payload) -> Mail:
    """An alert that nobody acknowledged or settled in time, for who comes next: the alert itself, and why it comes."""
    sent_to, raised = payload.get("sent_to"), words.read_day(payload.get("raised_at"))
    to = f" to {sent_to}" if sent_to else ""
    promised = words.read_day(payload.get("promised"))
    opening = (
        f"A corrected file was promised for {words.day(promised)} and has not come. This is the alert"
        if promised
        else "Nobody has answered the alert below"
    )
    why = Part(
        "",
        [
            f"{opening}{to}" + (f" of {words.day(raised)}" if raised else "") + ".",
            "It comes to you because it was to be acted on by "
            f"{act_by(payload)}. Please acknowledge it, or see that it is put right.",
        ],
    )
    parts = about_delivery({**payload, "quiet_until": None, "act_by": None})
    line = one_line(f"Not answered: {title(payload, short=True)}: {VERDICTS.get(verdict(payload), 'open')}")
    return written(payload, line, [why, *parts[:3], holds_up_part(payload), *parts[3:]])


def digest(payload: Payload, payloads: Sequence[Payload]) -> Mail:
    """One mail for many files of one partner: first those that need somebody, then those that do not."""
    needing = [one for one in payloads if one.get("kind") == "alert"]
    taken = [one for one in payloads if one.get("kind") != "alert"]
    urgent = sorted((one for one in needing if one.get("act_by")), key=lambda one: str(one["act_by"]))
    files = words.count(len(payloads), "file")
    asked = f"{words.count(len(needing), 'needs', 'need')} you" if needing else "none needs you"
    line = f"{prefix(urgent[0]) if urgent else ''}{files} taken in, {asked}"
    parts = [
        Part("", [f"We took in {files}; {asked}."]),
        Part("What needs you", points=[digest_point(one) for one in needing]),
        Part("What to do", [*answering(needing[0]), ringing(needing[0]["contact"])] if needing else []),
        Part(
            "What was taken in",
            points=[(f"{title(one)}: {VERDICTS.get(verdict(one), verdict(one))}",) for one in taken],
        ),
        Part("The files", points=[(f"{one['delivery_id']}: SHA-256 {one['sha256']}",) for one in payloads]),
    ]
    return written(payload, line, parts)


def digest_point(payload: Payload) -> tuple[str, ...]:
    """One file of a digest: what became of it, what is wrong, what stands and what to do."""
    lines = [
        *(line for part in (rules_part(payload),) for point in part.points for line in point),
        *stands_part(payload).paragraphs,
        *todo(payload),
    ]
    reason = sentence(str(payload["reason"])) if payload.get("reason") and not payload.get("rules") else ""
    said = VERDICTS.get(verdict(payload), verdict(payload))
    return (f"{title(payload)}: {said}.", *[line for line in (reason, *lines) if line])


def operator_alert(payload: Payload) -> Mail:
    """What the operator gets when the fault is the exchange's own, or a file is held."""
    problem = str(
        payload.get("problem") or payload.get("reason") or "Something failed that the exchange did not expect."
    )
    about = one_line(f"{payload.get('partner') or 'unknown partner'}/{dataset_name(payload)}")
    facts = [
        (f"Delivery: {payload.get('delivery_id') or 'none'}",),
        (f"Extract: {about}, {payload.get('period_words') or payload.get('period') or 'period not known'}",),
        (f"Time: {time_of(payload.get('at') or payload.get('received_at')) or 'not known'}",),
    ]
    if payload.get("state") == "held":
        return written(payload, f"[Operator] {about}: {problem}", held_parts(payload, problem, facts))
    parts = [
        Part("", [sentence(problem)]),
        Part(
            "What stands",
            ["No published figure was changed by this, and the partner is not blamed for a fault of ours."],
        ),
        Part(
            "What to do",
            [
                'See "exchange status", and for a fault the log of the run. Once the cause is gone, '
                '"exchange ingest" goes on from where it stopped.'
            ],
        ),
        Part("Which", points=facts),
    ]
    return written(payload, f"[Operator] {about}: {problem}", parts)


def held_parts(payload: Payload, problem: str, facts: Sequence[tuple[str, ...]]) -> list[Part]:
    """What the operator hears of a held file: where it lies, until when, and who knows."""
    until = words.read_day(payload.get("hold_until"))
    kept = f"It lies in held/{payload.get('delivery_id')}, readable by the exchange's account only"
    return [
        Part("", [sentence(problem)]),
        Part("What stands", [sentence(kept + (f", until {words.day(until)}" if until else ""))]),
        Part(
            "What to do",
            [
                "Open it for nobody. The partner's officer, its governance contact and the incident contact have been "
                "told; the file is to be erased when the hold ends."
            ],
        ),
        Part("Which", points=facts),
    ]


def written(payload: Payload, subject_line: str, parts: Sequence[Part]) -> Mail:
    """The mail of these parts, addressed, signed and marked."""
    subject_line = marked(payload, subject_line)
    officer = payload.get("officer") or {}
    greeting = f"Dear {one_line(str(officer['name']))}," if officer.get("name") else ""
    signature = one_line(str(payload.get("exchange_name") or "The partnership's data exchange"))
    shown = [part for part in parts if part.paragraphs or part.points]
    marking = str(payload.get("marking") or "")
    blocks = [
        marking,
        greeting,
        *[as_text(part) for part in shown],
        f"-- \n{signature}\nThis mail was written by the exchange.",
        marking,
    ]
    html = (
        environment()
        .get_template("mail.html.j2")
        .render(subject=subject_line, greeting=greeting, parts=shown, signature=signature, marking=marking)
    )
    return Mail(subject_line, "\n\n".join(block for block in blocks if block) + "\n", html)


def as_text(part: Part) -> str:
    blocks = [wrapped(paragraph) for paragraph in part.paragraphs]
    long_points = any(len(point) > 1 for point in part.points)
    points = [
        "\n".join([wrapped(point[0], "- ", "  "), *[wrapped(line, "  ", "  ") for line in point[1:]]])
        for point in part.points
    ]
    if points:
        blocks.append(("\n\n" if long_points else "\n").join(points))
    body = "\n\n".join(blocks)
    return f"{part.heading.upper()}\n\n{body}" if part.heading else body


def wrapped(text: str, first: str = "", rest: str = "") -> str:
    """Text at 78 columns; a word too long for that (an address, a hash) stays whole."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


@cache
def environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["whole_codes"] = whole_codes
    return made


def whole_codes(text: str) -> Markup:
    """Text as HTML in which no line breaks within a rule's id, and a fingerprint fits its line."""
    html = RULE_ID.sub(r'<span style="white-space:nowrap;color:#565d6b">\g<0></span>', str(escape(text)))
    return Markup(FINGERPRINT.sub(r'<span style="font:12px monospace">\g<0></span>', html))  # noqa: S704 - escaped above
