"""Replay: a new home from the archive, the receipts and the definitions of the day, and the proof that it is equal.

Each delivery is judged again by what was agreed when it was decided, and drawn again by what was agreed when it was
merged. Rows that are erased or expired do not come back: of an expired delivery the figures of record are taken over.
The audit is carried over line by line, so its chain goes on. An upgrade to a newer exchange is a replay.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from flows.files import make_private
from flows.governance.definitions import SEEN, lay_out, note_definitions
from flows.governance.said import words_of
from flows.receiving.examine import Verdict
from flows.settings import LONDON, Settings, today
from flows.validate import verdict_on
from schemas.periods import parse_period
from warehouse import ledger, rebuilding
from warehouse.connection import Connection, one_run, open_memory, open_warehouse, transaction
from warehouse.contributions import contribute
from warehouse.receipts import read_receipts
from warehouse.reference import create_reference
from warehouse.values import create_merged, recompute

JUDGED = {"accepted", "accepted_with_exceptions", "rejected"}
CARRIED = (
    "archive",
    "held",
    "published",
    "certificates",
    "collect",
    "inbox",
    "keys",
    "channels",
)  # folders of the home that move along
KEYS = "pseudonym.key"


class ReplayError(Exception):
    """A replay that cannot be done as asked; the message says why."""


@dataclass(frozen=True)
class Replayed:
    """What a replay did. ``differences``: rows that are not as they were, by what they are; None: none to compare."""

    deliveries: int
    judged: int
    of_record: int  # deliveries whose rows are gone and whose totals stay
    problems: tuple[str, ...]
    differences: Mapping[str, int] | None

    @property
    def sound(self) -> bool:
        return not self.problems and not self.differences


def replay(settings: Settings, new: Path | None) -> Replayed:
    """Rebuild the home into ``new`` (None: into a temporary folder, to prove it equal, and away again).

    Raises:
        ReplayError: there is nothing to replay, the receipts do not hold, or ``new`` is in use.
    """
    if new is not None and new.exists() and any(new.iterdir()):
        raise ReplayError(f"{new} holds something: name an empty or a new folder.")
    receipts = _receipts(settings)
    with one_run(settings.home), tempfile.TemporaryDirectory(dir=settings.home, prefix=".replay-") as folder:
        work = Path(folder) if new is None else make_private(new.absolute())
        target = replace(settings, home=work)
        _carry(settings, target)
        return _rebuild(settings, target, receipts)


def _receipts(settings: Settings) -> list[dict[str, Any]]:
    try:
        receipts = list(read_receipts(settings.home))
    except ValueError as error:
        raise ReplayError(f"The receipts do not hold: {error}.") from None
    if not receipts:
        raise ReplayError(
            f"{settings.home} has no receipts: nothing has arrived, or it was made before there were any. "
            "Deliver its extracts into a new home."
        )
    broken = ledger.broken_links([list(_as_stored(receipt).values()) for receipt in receipts])
    if broken:
        raise ReplayError(f"The receipts do not hold: line {broken[0]} does not follow from the one before it.")
    return receipts


def _as_stored(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {**receipt, "occurred_at": receipt["occurred_at"].replace(tzinfo=None)}


def _carry(settings: Settings, target: Settings) -> None:
    for name in CARRIED:
        source = settings.home / name
        if source.is_dir():
            shutil.copytree(source, target.home / name, symlinks=True, dirs_exist_ok=True)
    (target.home / "archive" / "receipts.jsonl").unlink(missing_ok=True)  # written anew behind the audit
    if (settings.home / KEYS).is_file():
        shutil.copy2(settings.home / KEYS, target.home / KEYS)


def _rebuild(settings: Settings, target: Settings, receipts: list[dict[str, Any]]) -> Replayed:
    details = {receipt["sequence"]: json.loads(receipt["details"]) for receipt in receipts}
    rows = rebuilding.told_deliveries(receipts, details)
    for row in rows:
        row |= _partners_words(target, row)
    last = receipts[-1]["occurred_at"]
    with _opened(settings, target) as (connection, has_old):
        ledger.prepare(connection, last)
        with transaction(connection):
            rebuilding.restore_audit(connection, [_as_stored(receipt) for receipt in receipts])
            rebuilding.restore_deliveries(connection, rows)
            if has_old:
                rebuilding.take_over(connection)
            else:
                _publications(connection, receipts, details)
                _confirmations(target, connection, receipts, details, rows)
    days = _days_of(receipts, details)
    problems = []
    decided = {(receipt["subject"], receipt["event"]): receipt["sequence"] for receipt in receipts}
    judged = [
        row | {"decided_in": decided[row["delivery_id"], f"delivery.{row['decision']}"]}
        for row in rows
        if row.get("decision") in JUDGED and row.get("rows_gone_at") is None
    ]
    judged.sort(key=lambda row: row["decided_in"])  # what a decision compared with was decided before it
    with _laid_out(target, days.values()) as roots:
        said = [(row, _judged_again(target, row, roots, days)) for row in judged]
        drawn, of_record = _draw(target, rows, roots, days)
    with _opened(settings, target) as (connection, has_old):
        create_merged(connection)
        with transaction(connection):
            for row, verdict in said:
                problems += _write(connection, row, verdict)
            if has_old:
                rebuilding.take_over_rules(connection)
            for row, path in drawn:
                rebuilding.add_contribution(connection, row, path)
        create_reference(connection, target.partnership, last=today(target))
        with transaction(connection):
            recompute(connection, today=min(today(target), last.astimezone(LONDON).date()))
        apart = rebuilding.differences(connection) if has_old else None
        with transaction(connection):
            told = {"deliveries": len(rows), "of_record": of_record, "schema_version": ledger.SCHEMA_VERSION}
            ledger.audit(connection, "home.replayed", "home", told, actor=target.actor, at=target.now())
        note_definitions(target, connection)
    shutil.rmtree(target.staging, ignore_errors=True)
    return Replayed(len(rows), len(judged), of_record, tuple(problems), apart)


@contextmanager
def _opened(settings: Settings, target: Settings) -> Iterator[tuple[Connection, bool]]:
    """The new warehouse, with the one it replaces beside it where that can still be read."""
    with open_memory() as working:
        has_old = rebuilding.attach_old(working, settings.home / "warehouse.duckdb")
        with open_warehouse(target.home, writable=True, working=working) as connection:
            yield connection, has_old


def _partners_words(target: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    """The name a file came with and why it was held, from beside its bytes; no receipt holds them."""
    places = (
        target.arrival(str(row.get("sha256")), row["delivery_id"]),
        target.held / row["delivery_id"] / "arrival.json",
    )
    path = next((path for path in places if path.is_file()), None)
    if path is None or row.get("rows_gone_at"):
        return {"file_name": None}
    told = json.loads(path.read_text(encoding="utf-8"))
    return {name: told[name] for name in ("file_name", "reason") if name in told}


def _days_of(
    receipts: list[dict[str, Any]], details: Mapping[int, Mapping[str, Any]]
) -> dict[tuple[str, str], str]:
    """The manifest of definitions by which each delivery was last brought to a state, by delivery and state."""
    manifest, found = "", {}
    for receipt in receipts:
        if receipt["event"] == SEEN:
            manifest = receipt["subject"]
        state = details[receipt["sequence"]].get("state")
        if receipt["event"].startswith("delivery.") and state:
            if not manifest:
                raise ReplayError("The definitions by which the first deliveries were judged were not kept.")
            found[receipt["subject"], state] = manifest
    return found


@contextmanager
def _laid_out(target: Settings, manifests: Any) -> Iterator[dict[str, Settings]]:
    """Settings that follow the definitions of each day that is needed."""
    with tempfile.TemporaryDirectory(dir=target.home, prefix=".definitions-") as folder:
        yield {
            manifest: replace(
                target, partnership_root=lay_out(target, manifest, make_private(Path(folder) / manifest))
            )
            for manifest in set(manifests)
            if manifest
        }


def _judged_again(
    target: Settings, row: Mapping[str, Any], roots: Mapping[str, Settings], days: Mapping[tuple[str, str], str]
) -> Any:
    of_the_day = roots[days[row["delivery_id"], row["decision"]]]
    decided_at = row["decided_at"]
    judging = replace(of_the_day, now=lambda: decided_at)
    vars(judging)["partnership"] = of_the_day.partnership  # read once for all deliveries of that day
    return verdict_on(judging, dict(row))


def _write(connection: Connection, row: Mapping[str, Any], verdict: Any) -> list[str]:
    """Write what judging again gave; the problems, where it is not what was decided."""
    if not isinstance(verdict, Verdict):
        return [f"{row['delivery_id']} could not be judged again: {verdict.problem}."]
    ledger.record_rules(connection, row["delivery_id"], verdict.rules)
    ledger.change(connection, row["delivery_id"], {"slot": verdict.slot, "reason": verdict.reason})
    counts = verdict.counts
    now = (verdict.decision, counts and counts.received, counts and counts.accepted, counts and counts.quarantined)
    was = tuple(row.get(name) for name in ("decision", "rows_received", "rows_accepted", "rows_quarantined"))
    return [] if now == was else [f"{row['delivery_id']} was {was} and is now {now}."]


def _draw(
    target: Settings,
    rows: list[dict[str, Any]],
    roots: Mapping[str, Settings],
    days: Mapping[tuple[str, str], str],
) -> tuple[list[tuple[dict[str, Any], Path]], int]:
    """Each delivery's contribution: drawn again from its rows, or, where they are gone, as it stands on record."""
    drawn, of_record = [], 0
    folder = make_private(target.staging / "contributions")
    for row in rows:
        if row["state"] == "expired" and target.of_record(row["delivery_id"]).is_file():
            drawn.append((row, target.of_record(row["delivery_id"])))
            of_record += 1
    # A nil return adds nothing up: it stands by its row in the ledger alone.
    standing = [row for row in rows if row["state"] in {"merged", "superseded"} and row.get("decision") != "nil"]
    for manifest in sorted({days[row["delivery_id"], "merged"] for row in standing}):
        partnership = roots[manifest].partnership
        with open_memory() as working:
            create_reference(working, partnership, last=today(target))
            for row in standing:
                if days[row["delivery_id"], "merged"] != manifest:
                    continue
                path = folder / f"{row['delivery_id']}.parquet"
                accepted = target.accepted(row["partner"], row["dataset"], row["delivery_id"])
                contract = partnership.contracts[f"{row['partner']}/{row['dataset']}"]
                if accepted.is_file():  # without it the problem is told of already: it could not be judged again
                    contribute(working, partnership, contract, accepted, parse_period(row["period"]), path)
                    drawn.append((row, path))
    return drawn, of_record


def _confirmations(
    target: Settings,
    connection: Connection,
    receipts: list[dict[str, Any]],
    details: Mapping[int, Mapping[str, Any]],
    rows: list[dict[str, Any]],
) -> None:
    """What people confirmed as true, from the receipts and their words, where the old warehouse is gone."""
    deliveries = {row["delivery_id"]: row for row in rows}
    for receipt in receipts:
        told = details[receipt["sequence"]]
        for one in words_of(target, receipt["subject"], told.get("said")).get("confirmed", ()):
            ledger.remember_confirmation(
                connection,
                {**deliveries[receipt["subject"]], "slot": one["slot"]},
                one["rule_id"],
                reason=one["reason"],
                until=date.fromisoformat(one["until"]),
                by=told["by"],
                at=receipt["occurred_at"],
            )


def _publications(
    connection: Connection, receipts: list[dict[str, Any]], details: Mapping[int, Mapping[str, Any]]
) -> None:
    """The publications that the receipts tell of, where the old warehouse is gone."""
    for receipt in receipts:
        if receipt["event"] == "publication.released":
            told = details[receipt["sequence"]]
            connection.execute(
                "INSERT INTO warehouse.ledger.publication "
                "(publication_id, framework, period, status, published_at, actor) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    receipt["subject"],
                    told["framework"],
                    told["period"],
                    "provisional",
                    receipt["occurred_at"].replace(tzinfo=None),
                    receipt["actor"],
                ],
            )
