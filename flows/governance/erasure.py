"""Erasure: a delivery's bytes and rows leave every file of the home, on request or when their days are over.

Two ends with one way of removal. *Erased*, on somebody's word: what it fed is worked out anew without it.
*Expired*, under the agreement's retention: what it added up to while it stood goes on counting, as a figure of
record. The ledger is written first and says that the files have to go; whatever a crash leaves is removed by the
next run (``finish_erasures``), and only then does the audit say that they went.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flows.files import make_private, sha256_of, write_whole
from flows.governance.said import said_folder
from flows.receiving.before import keep_for_comparison
from flows.releases.copies import holding
from flows.releases.readiness import note_restated
from flows.settings import LONDON, Settings, today
from reports.reply import points_to_a_person
from schemas.periods import in_words, parse_period
from warehouse import ledger
from warehouse.connection import Connection, one_run, open_memory, open_warehouse, rewrite_warehouse, transaction
from warehouse.contributions import write_contribution
from warehouse.reference import create_reference
from warehouse.values import Moved, create_merged, earliest_moved, recompute, remember, what_moved

GONE = "delivery.rows_gone"  # the audit event that says every file is removed


class ErasureError(Exception):
    """A delivery that cannot be erased as asked; the message says why."""


@dataclass(frozen=True)
class Certificate:
    """What an erasure did, as it is printed and kept: ids, counts, fingerprints and figures, never a value."""

    delivery_id: str
    also: tuple[str, ...]  # deliveries of the same bytes, erased with it
    about: str
    sha256: str
    reason: str
    by: str
    erased_on: date
    removed: Mapping[str, tuple[int, int]]  # place -> files, bytes
    moved: tuple[Moved, ...] = ()
    publications: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()  # places outside the home that were given one of the publications

    def to_text(self) -> str:
        """The certificate as it is read."""
        return "\n".join(_lines(self)) + "\n"


def erase(settings: Settings, delivery_id: str, reason: str, by: str) -> Certificate:
    """Erase a delivery, and every other arrival of the same bytes, from the whole home; restate what it fed.

    Raises:
        ErasureError: no such delivery, erased already, no reason given, or one that points to a person.
    """
    if not reason.strip() or not by.strip():
        raise ErasureError("Say why it is erased (--reason) and on whose word (--by).")
    if points_to_a_person(reason):
        raise ErasureError("The reason is kept for good: please name no person, address or number in it.")
    with one_run(settings.home):
        with open_warehouse(settings.home) as connection:
            found = _asked_for(connection, delivery_id)
            publications = _published_with(connection, found)
        moved = _strike_out(settings, found, reason.strip(), by.strip())
        removed = _remove(settings, found)
        with open_warehouse(settings.home) as connection:
            backups = _holding(connection, found)
        certificate = Certificate(
            delivery_id=delivery_id,
            also=tuple(row["delivery_id"] for row in found if row["delivery_id"] != delivery_id),
            about=_about(found[0]),
            sha256=found[0]["sha256"],
            reason=reason.strip(),
            by=by.strip(),
            erased_on=today(settings),
            removed=removed,
            moved=tuple(moved),
            publications=publications,
            backups=backups,
            copies=tuple(holding(settings, publications)),
        )
        write_whole(settings.home / "certificates" / f"{delivery_id}.txt", certificate.to_text().encode())
    return certificate


def expire_due(settings: Settings) -> list[str]:
    """Expire every delivery whose agreement's retention is over; returns their ids. Call it as one run's work."""
    with open_warehouse(settings.home) as connection:
        kept = ledger.deliveries(connection, "state IN ('merged', 'superseded', 'withdrawn', 'rejected')")
    day = today(settings)
    due = [row for row in kept if (last := kept_until(settings, row)) is not None and last < day]
    if due:
        moment = settings.now()
        on_record = make_private(settings.home / "archive" / "of_record")
        for row in due:
            if row["dataset"]:
                keep_for_comparison(settings, row["partner"], row["dataset"], row["delivery_id"])
        with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
            for row in due:
                of_record = row["state"] == "merged"
                because = {}
                if of_record:
                    on_file = write_contribution(connection, row["delivery_id"], on_record)
                    because = {"of_record_sha256": sha256_of(on_file)}
                ledger.move(
                    connection,
                    row["delivery_id"],
                    "expired",
                    actor=settings.actor,
                    at=moment,
                    changes={"rows_gone_at": moment, "of_record": of_record, "file_name": None},
                    because=because,
                )
                if not of_record:
                    _drop_contribution(connection, [row["delivery_id"]])
    finish_erasures(settings)
    return [row["delivery_id"] for row in due]


def kept_until(settings: Settings, delivery: Mapping[str, Any]) -> date | None:
    """The last day on which a delivery's rows are kept: its period's end and its agreement's retention days."""
    agreements = {agreement.id: agreement for agreement in settings.partnership.agreements}
    agreement = agreements.get(delivery["agreement_id"])
    if agreement is None or delivery["period"] is None:
        return None
    return parse_period(delivery["period"]).end + timedelta(days=agreement.retention_days)


def finish_erasures(settings: Settings) -> list[str]:
    """Remove what is left of deliveries whose rows had to go, as after a crash; returns their ids."""
    with open_warehouse(settings.home) as connection:
        left = ledger.deliveries(
            connection,
            "rows_gone_at IS NOT NULL AND delivery_id NOT IN "
            f"(SELECT subject FROM warehouse.ledger.audit WHERE event = '{GONE}')",
        )
    if left:
        _remove(settings, left)
    return [row["delivery_id"] for row in left]


def _asked_for(connection: Connection, delivery_id: str) -> list[dict[str, Any]]:
    """The delivery and every other one of the same bytes that is not gone yet, the one asked for first."""
    asked = ledger.deliveries(connection, "delivery_id = ?", delivery_id)
    if not asked:
        raise ErasureError(f"There is no delivery {delivery_id}. See: exchange status")
    if asked[0]["state"] == "erased":
        raise ErasureError(f"{delivery_id} is erased already; its certificate is in certificates/.")
    if asked[0]["state"] == "expired":
        went = in_words(asked[0]["rows_gone_at"].astimezone(LONDON).date())
        raise ErasureError(f"The rows of {delivery_id} went on {went}, when its time was over.")
    twins = ledger.deliveries(
        connection, "sha256 = ? AND delivery_id <> ? AND rows_gone_at IS NULL", asked[0]["sha256"], delivery_id
    )
    return [*asked, *twins]


def _strike_out(settings: Settings, found: list[dict[str, Any]], reason: str, by: str) -> list[Moved]:
    """Write the erasure into the ledger and work out anew what the deliveries fed, in one transaction."""
    moment = settings.now()
    ids = [row["delivery_id"] for row in found]
    sentence = f"Erased on {in_words(today(settings))}: {reason}"
    with open_memory() as working:
        create_reference(working, settings.partnership, last=today(settings))
        with open_warehouse(settings.home, writable=True, working=working) as connection:
            create_merged(connection)
            with transaction(connection):
                remember(connection)
                for row in found:
                    ledger.move(
                        connection,
                        row["delivery_id"],
                        "erased",
                        actor=settings.actor,
                        at=moment,
                        # What may be the partner's own words goes too: the file's name, its slot, a quoted header.
                        changes={
                            "rows_gone_at": moment,
                            "of_record": False,
                            "file_name": None,
                            "slot": None,
                            "reason": sentence,
                        },
                        because={"reason": reason, "by": by},
                    )
                    ledger.forget_words(connection, row["delivery_id"], sentence)
                _drop_contribution(connection, ids)
                recompute(
                    connection,
                    datasets={f"{row['partner']}/{row['dataset']}" for row in found if row["dataset"]},
                    today=today(settings),
                )
                note_restated(settings, connection, earliest_moved(connection))
                return what_moved(connection)


def _drop_contribution(connection: Connection, delivery_ids: list[str]) -> None:
    marks = ", ".join("?" for _ in delivery_ids)
    create_merged(connection)
    connection.execute(f"DELETE FROM warehouse.merged.contribution WHERE delivery_id IN ({marks})", delivery_ids)


def _remove(settings: Settings, found: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Remove the deliveries' files wherever they lie, and the traces of their rows in the warehouse's file."""
    removed: dict[str, tuple[int, int]] = {}
    needed = _needed_by_others(settings, found)
    for place, path in _files_of(settings, found):
        if place == "archive" and path.name in needed:
            continue
        files, size = removed.get(place, (0, 0))
        more, bytes_more = _unlink(path)
        removed[place] = (files + more, size + bytes_more)
    rewrite_warehouse(settings.home)
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for row in found:
            ledger.audit(
                connection,
                GONE,
                row["delivery_id"],
                {"sha256": row["sha256"], "files": sum(files for files, _ in removed.values())},
                actor=settings.actor,
                at=settings.now(),
            )
    return {place: counts for place, counts in removed.items() if counts[0]}


def _needed_by_others(settings: Settings, found: list[dict[str, Any]]) -> set[str]:
    """The archived bytes that another delivery still rests on, as when one of two arrivals expires first."""
    ids = {row["delivery_id"] for row in found}
    with open_warehouse(settings.home) as connection:
        kept = ledger.deliveries(connection, "rows_gone_at IS NULL AND state NOT IN ('held', 'refused')")
    return {row["sha256"] for row in kept if row["delivery_id"] not in ids}


def _files_of(settings: Settings, found: list[dict[str, Any]]) -> Iterable[tuple[str, Path]]:
    """Every place that may hold bytes or rows of these deliveries."""
    for row in found:
        delivery_id = row["delivery_id"]
        yield "archive", settings.archived(row["sha256"])
        yield "archive", settings.arrival(row["sha256"], delivery_id)
        yield "archive", said_folder(settings, delivery_id)
        yield "held", settings.held / delivery_id
        yield "staging", settings.staging / delivery_id
        yield "staging", settings.staging / "claims" / str(row["claim"])
        yield "staging", settings.staging / "contributions" / f"{delivery_id}.parquet"
        if row["dataset"]:
            # A check before sending may have quoted the same header; of which file it was, nobody keeps.
            checks = settings.home / "collect" / row["partner"] / "checks"
            yield from (("collect", path) for path in sorted(checks.glob(f"{row['dataset']}.*")))
            yield "accepted", settings.accepted(row["partner"], row["dataset"], delivery_id)
            yield "quarantine", settings.quarantined(row["partner"], row["dataset"], delivery_id)
        for folder in ("collect", "docs", "outbox"):
            yield from ((folder, path) for path in _named_after(settings.home / folder, delivery_id))
    yield from (("outbox", settings.home / "outbox" / f"{id}.eml") for id in _told_in(settings, found))
    sizes = {row["size_bytes"]: row["sha256"] for row in found}
    for path in settings.inbox.rglob("*") if settings.inbox.is_dir() else ():
        if path.is_file() and not path.is_symlink() and path.stat().st_size in sizes and _is_one_of(path, sizes):
            yield "inbox", path


def _told_in(settings: Settings, found: list[dict[str, Any]]) -> list[str]:
    """The mails that told of these deliveries among others, and those of checks that their partners asked for."""
    with open_warehouse(settings.home) as connection:
        told = ledger.rows(
            connection,
            "SELECT DISTINCT coalesce(told_in, message_id) AS id FROM warehouse.ledger.outbox "
            "WHERE list_contains(?, delivery_id) OR (kind = 'checked' AND list_contains(?, partner)) ORDER BY id",
            [[row["delivery_id"] for row in found], [row["partner"] for row in found]],
        )
    return [str(row["id"]) for row in told]


def _named_after(folder: Path, delivery_id: str) -> Iterable[Path]:
    """Files and folders that carry the delivery's id in their name, whole: not those of its namesake ``-2``."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob(f"*{delivery_id}*")):
        after = path.name.partition(delivery_id)[2]
        if not (after.startswith("-") and after[1:2].isdigit()):
            yield path


def _is_one_of(path: Path, sizes: Mapping[int, str]) -> bool:
    return sha256_of(path) in sizes.values()


def _unlink(path: Path) -> tuple[int, int]:
    """Remove a file or a folder; returns how many files and bytes went."""
    if not os.path.lexists(path):
        return 0, 0
    if path.is_dir() and not path.is_symlink():
        inside = [each for each in path.rglob("*") if each.is_file()]
        size = sum(each.lstat().st_size for each in inside)
        shutil.rmtree(path)
        return len(inside), size
    size = path.lstat().st_size
    path.unlink()
    return 1, size


def _published_with(connection: Connection, found: list[dict[str, Any]]) -> tuple[str, ...]:
    """Publications made since the first of these deliveries was merged: they may state figures that rest on it."""
    merged = [row["merged_at"] for row in found if row["merged_at"] is not None]
    if not merged:
        return ()
    made = ledger.rows(connection, "SELECT publication_id, published_at FROM warehouse.ledger.publication")
    return tuple(sorted(row["publication_id"] for row in made if row["published_at"] >= min(merged)))


def _holding(connection: Connection, found: list[dict[str, Any]]) -> tuple[str, ...]:
    """Backups that were made after the bytes arrived, and so hold them still."""
    first = min(row["received_at"] for row in found)
    made = ledger.rows(connection, "SELECT backup_id, made_at, file FROM warehouse.ledger.backup ORDER BY made_at")
    return tuple(f"{row['backup_id']} ({row['file']})" for row in made if row["made_at"] >= first)


def _about(row: Mapping[str, Any]) -> str:
    arrived = in_words(row["received_at"].astimezone(LONDON).date())
    what = f"{row['partner']}/{row['dataset']}" if row["dataset"] else "a file of no agreed dataset"
    return f"{what}, {row['period'] or 'no period'}, received on {arrived}"


def _lines(told: Certificate) -> Iterator[str]:
    yield "Erasure certificate"
    yield ""
    yield f"Delivery      {told.delivery_id}"
    yield f"              {told.about}"
    yield f"SHA-256       {told.sha256}"
    for other in told.also:
        yield f"Same bytes    {other}, erased with it"
    yield f"Reason        {told.reason}"
    yield f"On the word of {told.by}, on {in_words(told.erased_on)}"
    yield ""
    for place, (files, size) in sorted(told.removed.items()):
        yield f"Removed       {place}: {files:,} file{'' if files == 1 else 's'}, {size:,} bytes"
    yield "Rewritten     warehouse.duckdb, so that no trace of a deleted row stays in it"
    for moved in told.moved:
        part = (moved.before, moved.after) if moved.before != moved.after else (moved.ytd_before, moved.ytd_after)
        whole = "" if moved.before != moved.after else " year to date"
        change = f"{_told(part[0])} -> {_told(part[1])}"
        yield f"Restated      {moved.framework} {moved.indicator} {moved.period}{whole}: {change}"
    if told.moved:
        yield "              Nothing takes its place: the period counts as not received until a new file comes"
    for publication in told.publications:
        yield f"Published     {publication} was made while it stood and stays as it was; the next one restates it"
    for copy in told.copies:
        yield f"Copied        a publication named above to {copy}, which has it still: remove it there if it must go"
    for backup in told.backups:
        yield f"Backup        {backup} still holds it: delete or replace it"
    yield ""
    yield "The ledger keeps its id, its SHA-256, its counts, its dates and this reason."


def _told(figure: float | None) -> str:
    """A figure as a certificate shows it, to three decimals at most."""
    return "nothing" if figure is None else f"{figure:,.3f}".rstrip("0").rstrip(".")
