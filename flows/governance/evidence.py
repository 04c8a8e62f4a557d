"""Evidence: what happened between two days, in one file that an auditor can read, reckon with, and check.

A zip: ``evidence.html`` to read, a CSV of each table to reckon with, ``audit.jsonl`` whose chain can be worked out
anew without this program, and ``manifest.json`` with the SHA-256 of every file. Ids, counts, dates, fingerprints and
people's reasons; never a value of a row, or a name a partner gave a file.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flows.files import write_whole
from flows.governance.definitions import changes_between
from flows.governance.said import words_of
from flows.governance.verify import verify
from flows.settings import LONDON, Settings
from reports.agreement_papers import Grid, Paper, Section, render_paper
from reports.words import count, day, humanise
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse

Rows = list[dict[str, Any]]
SHOWN = 400  # rows of a table on the page; the CSV beside it has them all
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# The columns of each table, and what the table is called.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "deliveries": (
        "Deliveries received",
        (
            *("received_at", "delivery_id", "partner", "dataset", "period", "state", "decision", "agreement_id"),
            *("rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope", "sha256"),
            *("agreement_fingerprint", "contract_fingerprint", "standard_fingerprint"),
        ),
    ),
    "decisions": ("Decisions", ("occurred_at", "event", "subject", "actor", "run_id", "details")),
    "response_times": (
        "Response times",
        (
            *("raised_at", "partner", "kind", "delivery_id", "act_by"),
            *("acknowledged_at", "settled_at", "hours_to_settle", "in_time"),
        ),
    ),
    "changes": ("Changed definitions", ("changed_at", "file", "key", "before", "after")),
    "erasures": ("Erased and expired", ("occurred_at", "event", "subject", "by", "reason", "actor")),
    "releases": ("Releases", ("occurred_at", "event", "subject", "framework", "period", "actor")),
}
# Of these the columns that fit a page; the CSV has all.
ON_PAGE = {
    "deliveries": (
        *("received_at", "delivery_id", "decision", "state", "agreement_id", "rows_received", "rows_accepted"),
    ),
    "decisions": ("occurred_at", "event", "subject", "actor", "why"),
    "response_times": ("raised_at", "partner", "kind", "delivery_id", "act_by", "settled_at", "in_time"),
    "changes": ("changed_at", "file", "key", "before", "after"),
    "erasures": ("occurred_at", "event", "subject", "by", "reason"),
    "releases": ("occurred_at", "subject", "framework", "period", "actor"),
}
COUNTED = {  # decisions by partner, in the order of the page
    "Accepted": ("accepted", "nil"),
    "With exceptions": ("accepted_with_exceptions",),
    "Rejected": ("rejected",),
    "Held": ("held",),
    "Refused or a duplicate": ("refused", "duplicate"),
}
SOUND = "Every row and every byte is as it was written."
NO_DECISION = {
    "delivery.received",
    "delivery.merged",
    "delivery.rows_gone",
}  # no decision: the rest of delivery.* is
GONE = ("delivery.erased", "delivery.expired", "delivery.rows_gone")


class EvidenceError(Exception):
    """Evidence that cannot be given as asked; the message says why."""


def evidence(settings: Settings, first: date, last: date) -> bytes:
    """The evidence of the days from ``first`` to ``last``, both included, as the bytes of a zip.

    Raises:
        EvidenceError: the last day is before the first.
    """
    if last < first:
        raise EvidenceError(f"{last} is before {first}: name the first day, then the last.")
    start = datetime.combine(first, time(), LONDON).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), LONDON).astimezone(UTC)
    with open_warehouse(settings.home) as connection:
        audit = [row for row in ledger.audit_rows(connection) if start <= row["occurred_at"] < end]
        tables = _tables(settings, connection, audit, start, end)
        chained = ledger.chain(connection) if ledger.is_prepared(connection) else []
    proven = verify(settings)
    moments = {row["sequence"] for row in audit}
    files = {
        "evidence.html": _page(settings, first, last, tables, proven),
        "audit.jsonl": b"".join(_line(row) for row in chained if row[0] in moments),
        "verification.json": json.dumps(proven, indent=2, sort_keys=True).encode() + b"\n",
        **{f"{name}.csv": _csv(TABLES[name][1], rows) for name, rows in tables.items()},
    }
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    about = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "audit_head": proven["audit_head"],
        "sha256": listed,
    }
    files["manifest.json"] = json.dumps(about, indent=2, sort_keys=True).encode() + b"\n"
    return _zipped(files)


def write_evidence(settings: Settings, first: date, last: date, file: Path) -> None:
    """Write the evidence to a file that only its owner may read."""
    write_whole(file, evidence(settings, first, last))


def _tables(
    settings: Settings, connection: Connection, audit: Rows, start: datetime, end: datetime
) -> dict[str, Rows]:
    received = [row for row in ledger.deliveries(connection) if start <= row["received_at"] < end]
    gone = [row for row in audit if row["event"] in GONE]
    decided = [
        row
        for row in audit
        if row["event"].startswith(("delivery.", "alert.")) and row["event"] not in NO_DECISION
    ]
    return {
        "deliveries": received,
        "decisions": [
            row | {"details": json.dumps(told, sort_keys=True, ensure_ascii=False), "why": _why(told)}
            for row in decided
            if row not in gone
            for told in [_with_words(settings, row)]
        ],
        "response_times": _response_times(connection, start, end),
        "changes": changes_between(connection, start - timedelta(microseconds=1), end),
        "erasures": [row | row["details"] for row in gone],
        "releases": [row | row["details"] for row in audit if row["event"].startswith("publication.")],
    }


def _with_words(settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    """An audit row's details, with what a person said in their own words where the delivery still stands."""
    words = words_of(settings, row["subject"], row["details"].get("said"))
    return {**row["details"], **{name: told for name, told in words.items() if name != "salt"}}


def _why(told: Mapping[str, Any]) -> str:
    """Whose word a decision rests on, and why, as the page shows it; empty where the rules alone decided."""
    reasons = [
        told.get("reason"),
        told.get("rejudged"),
        *(each["reason"] for each in told.get("confirmed", ()) if "reason" in each),
    ]
    said = "; ".join(each for each in reasons if isinstance(each, str))
    return ": ".join(filter(None, (told.get("by"), said)))


def _response_times(connection: Connection, start: datetime, end: datetime) -> Rows:
    if not ledger.is_prepared(connection):
        return []
    found = ledger.rows(
        connection,
        "SELECT created_at AS raised_at, partner, kind, delivery_id, payload->>'act_by' AS act_by, acknowledged_at, "
        "settled_at FROM warehouse.ledger.outbox WHERE kind IN ('alert', 'overdue', 'escalation') "
        "AND created_at >= ? AND created_at < ? ORDER BY created_at, message_id",
        [start.replace(tzinfo=None), end.replace(tzinfo=None)],
    )
    return [row | _how_long(row) for row in found]


def _how_long(row: Mapping[str, Any]) -> dict[str, Any]:
    settled, by = row["settled_at"], row["act_by"] and datetime.fromisoformat(row["act_by"])
    hours = (settled - row["raised_at"]).total_seconds() / 3600 if settled else None
    return {
        "act_by": by,
        "hours_to_settle": None if hours is None else round(hours, 1),
        "in_time": None if by is None or settled is None else "yes" if settled <= by else "no",
    }


def _page(
    settings: Settings, first: date, last: date, tables: Mapping[str, Rows], proven: Mapping[str, Any]
) -> bytes:
    partnership = settings.partnership
    sections = [
        Section(
            "Verification",
            facts=[
                ("Audit chain, receipts and archive", "\n".join(proven["problems"]) or SOUND),
                ("Audit rows", f"{proven['audit_rows']:,}"),
                ("Head of the chain", proven["audit_head"] or "none"),
                ("Archived files checked", f"{proven['archived']:,}"),
            ],
        ),
        _by_partner(settings, tables["deliveries"], tables["response_times"]),
        *(_section(name, rows) for name, rows in tables.items()),
    ]
    return render_paper(
        Paper(
            name="evidence.html",
            title="Evidence of the exchange",
            kind="For audit",
            summary=f"What was received, decided, changed, erased and released from {day(first)} to {day(last)}.",
            partnership=partnership.name,
            imprint=[f"{TABLES[name][0].lower()}: {len(rows):,}" for name, rows in tables.items()],
            sections=sections,
            marking=partnership.marking,
        )
    )


def _by_partner(settings: Settings, received: Rows, answered: Rows) -> Section:
    """How many extracts of each partner met which decision, and how many of its alerts were settled in time."""
    rows = []
    for partner in settings.partnership.partners.values():
        own = [row for row in received if row["partner"] == partner.id]
        timed = [row["in_time"] for row in answered if row["partner"] == partner.id and row["in_time"]]
        counts = [sum(row["decision"] in decisions for row in own) for decisions in COUNTED.values()]
        settled = f"{timed.count('yes'):,} of {len(timed):,}" if timed else "none due"
        rows.append((partner.name, *(f"{number:,}" for number in (len(own), *counts)), settled))
    header = ("Partner", "Received", *COUNTED, "Alerts settled in time")
    return Section("Partner by partner", grids=[Grid("Extracts received, by what was decided", header, rows)])


def _section(name: str, rows: Rows) -> Section:
    title, columns = TABLES[name][0], ON_PAGE[name]
    if not rows:
        return Section(title, paragraphs=["There were none."])
    first = f"The first {SHOWN} of {len(rows):,} are shown. " if len(rows) > SHOWN else ""
    more = [f"{first}All of it, with fingerprints and runs, is in {name}.csv."]
    header = tuple(column.replace("_", " ").capitalize() for column in columns)
    shown = [tuple(_shown(row.get(column), column) for column in columns) for row in rows[:SHOWN]]
    return Section(title, paragraphs=more, grids=[Grid(f"{title}: {count(len(rows), 'row')}", header, shown)])


def _shown(value: Any, column: str) -> str:
    if column in ("decision", "state", "kind", "partner") and value:
        return humanise(str(value))
    if isinstance(value, datetime):
        return f"{value.astimezone(LONDON):%Y-%m-%d %H:%M}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _csv(columns: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """A value as a spreadsheet may open it: moments in UTC, nothing that runs as a formula."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _line(row: Sequence[Any]) -> bytes:
    fields = ("sequence", "occurred_at", "actor", "run_id", "event", "subject", "details", "previous_hash", "hash")
    told = dict(zip(fields, row, strict=True)) | {"occurred_at": row[1].isoformat()}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writing:
        for name, content in sorted(files.items()):
            about = zipfile.ZipInfo(
                name, (1980, 1, 1, 0, 0, 0)
            )  # no clock, so that the same content is the same bytes
            about.external_attr, about.compress_type = 0o600 << 16, zipfile.ZIP_DEFLATED
            writing.writestr(about, content)
    return packed.getvalue()
