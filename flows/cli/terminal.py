"""What a person sees on a terminal: short tables and plain sentences. Colour only on a terminal, never alone."""

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flows.receiving.examine import Verdict
from warehouse.values import Moved

if TYPE_CHECKING:  # commands that only look need not import what judges
    from flows.officers.rejudge import Outcome
    from flows.service.doctor import Finding

WORDS = {
    "accepted_with_exceptions": "accepted with exceptions",
    "received": "received, not yet decided",
    "nil": "nil return",
}
COLOURS = {"rejected": "31", "held": "35", "refused": "31", "overdue": "31", "accepted with exceptions": "33"}


def word(state: str) -> str:
    """A state in plain words."""
    return WORDS.get(state, state)


def _standing(row: Mapping[str, Any]) -> str:
    """A delivery's state in words; one that counts and says there is nothing to report is called what it is."""
    return word("nil" if row["decision"] == "nil" and row["state"] == "merged" else row["state"])


def _painted(text: str, state: str) -> str:
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty() or state not in COLOURS:
        return text
    return f"\x1b[{COLOURS[state]}m{text}\x1b[0m"


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> str:
    """A plain table; columns listed in ``right`` are set flush right."""
    texts = [
        ["" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row]
        for row in rows
    ]
    widths = [max(len(line[place]) for line in [list(headers), *texts]) for place in range(len(headers))]
    lines = []
    for number, line in enumerate([list(headers), ["-" * width for width in widths], *texts]):
        cells = [
            text.rjust(width) if place in right and number != 1 else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(_coloured(line) for line in lines)


def _coloured(line: str) -> str:
    for state in COLOURS:
        if f" {state}" in line:
            return _painted(line, state)
    return line


def findings_text(found: "Sequence[Finding]") -> str:
    """The doctor's findings, one a line, longer ones wrapped; and how it stands."""
    width = max(len(finding.about) for finding in found)
    lines = []
    for finding in found:
        lead = f"{finding.state:<5}  {finding.about:<{width}}  "
        lines.append(textwrap.fill(finding.says, 110, initial_indent=lead, subsequent_indent=" " * len(lead)))
    wrong = sum(finding.state == "wrong" for finding in found)
    ends = "Nothing stands in the way." if not wrong else f"{wrong} to mend before it can run."
    return "\n".join([*lines, "", ends])


def deliveries_text(found: Sequence[Mapping[str, Any]]) -> str:
    """The deliveries of a run, with a sentence on each that somebody must look at."""
    if not found:
        return "Nothing was waiting."
    rows = [
        (
            f"{row['partner'] or '?'}/{row['dataset'] or '?'}",
            row["period"] or "?",
            word(row["decision"] or row["state"]),
            row["rows_received"],
            row["rows_accepted"],
            row["rows_quarantined"],
            row["rows_out_of_scope"],
        )
        for row in found
    ]
    headers = ("dataset", "period", "decision", "received", "accepted", "quarantined", "out of scope")
    notes = [
        textwrap.fill(f"{row['delivery_id']}: {row['reason']}", 110, subsequent_indent="  ")
        for row in found
        if row["reason"]
    ]
    return "\n".join([table(headers, rows, right=(3, 4, 5, 6)), *([""] if notes else []), *notes])


def restated_lines(restated: Sequence[Moved]) -> Iterator[str]:
    """Which figures that had been there moved, and by how much; of a small count only that it did."""
    if restated:
        yield f"\n{len(restated)} figure{' was' if len(restated) == 1 else 's were'} restated:"
    for moved in restated:
        told = "by numbers too small to show" if moved.small else "; ".join(_moves(moved))
        yield f"  {moved.framework} {moved.indicator} {moved.period}: {told}"


def _moves(moved: Moved) -> Iterator[str]:
    for name, before, after in (
        ("", moved.before, moved.after),
        ("year to date ", moved.ytd_before, moved.ytd_after),
    ):
        if before != after and (name == "" or (before, after) != (moved.before, moved.after)):
            by = f" ({after - before:+,.6g})" if before is not None and after is not None else ""
            yield f"{name}{_amount(before)} -> {_amount(after)}{by}"


def _amount(value: float | None) -> str:
    return "missing" if value is None else f"{value:,.6g}"


def status_text(found: Mapping[str, Any]) -> str:
    """How many deliveries are in which state, the latest ones, and what is owed."""
    deliveries = found["deliveries"]
    if not deliveries:
        return "Nothing has arrived yet. Deliver a file with: exchange deliver FILE --as PARTNER/DATASET"
    counts = Counter(_standing(row) for row in deliveries)
    parts = [
        f"{len(deliveries)} {'delivery' if len(deliveries) == 1 else 'deliveries'}: "
        + ", ".join(f"{n} {state}" for state, n in counts.most_common()),
        "",
    ]
    rows = [
        (
            row["received_at"][:10],
            f"{row['partner'] or '?'}/{row['dataset'] or '?'}",
            row["period"] or "?",
            _standing(row),
            row["rows_received"],
            row["rows_accepted"],
            row["rows_quarantined"],
            row["rows_out_of_scope"],
        )
        for row in deliveries[-25:]
    ]
    if len(deliveries) > 25:
        parts.append("The latest 25 (all of them: exchange status --json):")
    parts.append(
        table(
            ("arrived", "dataset", "period", "state", "received", "accepted", "quarantined", "elsewhere"),
            rows,
            right=(4, 5, 6, 7),
        )
    )
    owed = found["due"]
    parts.append("")
    if owed:
        parts.append("Owed and not in:")
        parts.append(
            table(
                ("due on", "dataset", "period", "state"),
                [
                    (row["due_on"], f"{row['partner']}/{row['dataset']}", row["period"], row["state"])
                    for row in owed
                ],
            )
        )
    else:
        parts.append("Nothing is owed.")
    return "\n".join([*parts, *_mail_lines(found["mail"])])


def _mail_lines(mail: Mapping[str, Any]) -> list[str]:
    """What no officer has yet, and how to try again; nothing where all is sent."""
    lines = []
    if mail["dead"]:
        lines.append(f"{mail['dead']:,} given up: the mail server refused them too often ({mail['last_error']}).")
    if mail["waiting"]:
        lines.append(f"{mail['waiting']:,} waiting to be sent, the oldest since {mail['oldest'][:16]}.")
    return (
        ["", "Mail:", *(f"  {line}" for line in lines), "  Try again with: exchange alerts send"] if lines else []
    )


def alerts_text(found: Sequence[Mapping[str, Any]]) -> str:
    """Each alert in a few lines: what, for whom, what is wrong."""
    if not found:
        return "No alert is open."
    parts = []
    for row in found:
        about = f"{row['dataset'] or 'a file'} {row['period'] or ''}".strip()
        sent = f"sent to {row['sent_to']}" if row["sent"] else "not sent yet"
        parts.append(f"{row['id']}  (for the {row['for']}; {sent})")
        said = [about + ":", f"{word(row['decision'])}." if row["decision"] else "", row["reason"] or ""]
        line = " ".join(part for part in said if part)
        parts.append(textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  "))
        parts += [f"  - {rule['id']}: {rule['sentence']}" for rule in row["rules"]]
    return "\n".join([*parts, "", "Acknowledge one with: exchange alerts ack ID --by NAME"])


def rejudged_text(found: "Sequence[Outcome]", *, applied: bool) -> str:
    """What a change of rules did, or would do, to the deliveries that stand."""
    if not found:
        return "Every delivery that stands was judged by the rules of today."
    changed = [outcome for outcome in found if outcome.changes]
    rows = [
        (
            outcome.delivery_id,
            word(outcome.before[0]),
            word(outcome.after[0]),
            outcome.before[1],
            outcome.after[1],
            " ".join([*(f"+{rule}" for rule in outcome.failing), *(f"-{rule}" for rule in outcome.passing)]),
        )
        for outcome in changed
    ]
    said = "was judged" if len(found) == 1 else "were judged"
    parts = [
        f"{len(found):,} {said} by earlier rules; {len(changed):,} {'changed' if applied else 'would change'}."
    ]
    if rows:
        headers = (
            "delivery",
            "was",
            "is" if applied else "would be",
            "set aside",
            "now",
            "rules (+ fails, - passes)",
        )
        parts += ["", table(headers, rows, right=(3, 4))]
    if not applied:
        parts += ["", 'Nothing was changed. To let it: exchange rejudge --apply --reason "..." --by NAME']
    return "\n".join(parts)


def verdict_text(verdict: Verdict) -> str:
    """The verdict on a checked file, as its sender would want to read it."""
    parts = [f"Verdict: {word(verdict.decision)}."]
    if verdict.reason:
        parts.append(textwrap.fill(verdict.reason, 100))
    if verdict.origin is not None:
        parts.append(textwrap.fill(verdict.origin.sentence, 100))
    if verdict.counts is not None:
        counts = verdict.counts
        parts.append(
            f"{counts.received:,} rows: {counts.accepted:,} accepted, {counts.quarantined:,} quarantined, "
            f"{counts.out_of_scope:,} of elsewhere."
        )
    for rule in verdict.failed_rules:
        rows = ", ".join(str(row) for row in rule["first_rows"])
        parts.append(
            textwrap.fill(
                f"- {rule['rule_id']} ({rule['severity']}): {rule['sentence']}"
                + (f" Rows {rows}{' ...' if rule['failed'] > len(rule['first_rows']) else ''}." if rows else ""),
                100,
                subsequent_indent="  ",
            )
        )
        if rule["remedy"]:
            parts.append(textwrap.fill(rule["remedy"], 100, initial_indent="  ", subsequent_indent="  "))
    if verdict.remedy:
        parts.append(textwrap.fill(f"What to do: {verdict.remedy}", 100))
    return "\n".join(parts)
