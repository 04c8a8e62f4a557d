"""Verify: the audit chain is whole, and each file it tells of is as it was: what arrived, what was said, what was
agreed, figures of record, releases.
"""

from pathlib import Path
from typing import Any

from flows.files import sha256_of
from flows.governance.definitions import SEEN, kept_path, read_manifest
from flows.governance.said import altered_words
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.reader import inspect
from warehouse.receipts import read_receipts
from warehouse.release import MANIFEST, altered

RELEASED, EXPIRED = "publication.released", "delivery.expired"
GONE = {"held", "refused", "erased", "expired"}  # states whose bytes are not in the archive


def verify(settings: Settings) -> dict[str, Any]:
    """What was checked and what does not hold, as plain JSON values."""
    with open_warehouse(settings.home) as connection:
        found = ledger.deliveries(connection)
        chained = ledger.chain(connection) if ledger.is_prepared(connection) else []
        told = ledger.last_told(connection) if found else {}
        audit = ledger.audit_rows(connection)
    problems = [
        f"Audit row {sequence} does not follow from the one before it."
        for sequence in ledger.broken_links(chained)
    ]
    problems += _against_receipts(settings, chained)
    problems += [
        f"The audit last told of {row['delivery_id']} as {told.get(row['delivery_id'])}, the ledger has {row['state']}."
        for row in found
        if told.get(row["delivery_id"]) != row["state"]
    ]
    problems += altered_words(
        settings, audit, {row["delivery_id"] for row in found if row["rows_gone_at"] is None}
    )
    kept = {row["sha256"] for row in found if row["state"] not in GONE and row["rows_gone_at"] is None}
    for sha256 in sorted(kept):
        path = settings.archived(sha256)
        if not path.is_file():
            problems.append(f"The archive has no file {sha256}.")
        elif inspect(path).sha256 != sha256:
            problems.append(f"The archived file {sha256} is no longer the bytes that arrived.")
    problems += _of_record(settings, audit, found)
    problems += _definitions(settings, audit)
    problems += _released(settings, audit)
    return {
        "problems": problems,
        "audit_rows": len(chained),
        "audit_head": chained[-1][-1] if chained else None,
        "archived": len(kept),
    }


def _of_record(settings: Settings, audit: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """The figures of record that still stand, and are not as they were when their rows expired."""
    standing = {row["delivery_id"] for row in found if row["of_record"]}
    told = {row["subject"]: row["details"].get("of_record_sha256") for row in audit if row["event"] == EXPIRED}
    return [
        f"The figures of record of {delivery_id} are not as they were."
        for delivery_id, sha256 in told.items()
        if sha256 and delivery_id in standing and not _is(settings.of_record(delivery_id), sha256)
    ]


def _definitions(settings: Settings, audit: list[dict[str, Any]]) -> list[str]:
    """The kept definitions of a day that are gone, or not as they were agreed."""
    seen = dict.fromkeys(row["subject"] for row in audit if row["event"] == SEEN)
    broken = [sha256 for sha256 in seen if not _is(kept_path(settings, sha256), sha256)]
    files: dict[str, str] = {}
    for sha256 in seen:
        if sha256 not in broken:
            files |= {kept: file for file, kept in read_manifest(settings, sha256).items()}
    return [f"The list of definitions {sha256} is not as it was kept." for sha256 in broken] + [
        f"{file}, as it was agreed once ({sha256}), is not as it was kept."
        for sha256, file in files.items()
        if not _is(kept_path(settings, sha256), sha256)
    ]


def _released(settings: Settings, audit: list[dict[str, Any]]) -> list[str]:
    """Releases that are gone, whose manifest is not the one that was released, or whose files are not as it says."""
    told = {
        row["details"]["folder"]: row["details"]["manifest_sha256"]
        for row in audit
        if row["event"] == RELEASED and "manifest_sha256" in row["details"]
    }
    releases = settings.published / "releases"
    there = (
        {path.name for path in releases.iterdir() if not path.name.startswith(".")} if releases.is_dir() else set()
    )
    problems = []
    for name in sorted(there | told.keys()):
        if name in told and not _is(releases / name / MANIFEST, told[name]):
            problems.append(f"The manifest of release {name} is not as it was released.")
            continue
        try:
            problems += [
                f"{file} of release {name} is not as it was released." for file in altered(releases / name)
            ]
        except (OSError, ValueError, KeyError):
            problems.append(f"The manifest of release {name} cannot be read.")
    return problems


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _against_receipts(settings: Settings, chained: list[list[Any]]) -> list[str]:
    """What differs between the audit and its receipts outside the database, where both are about the same rows."""
    try:
        apart = ledger.unanchored(chained, read_receipts(settings.home))
    except ValueError as error:
        return [f"Of the receipts, {error}."]
    return [f"Audit row {number} and its receipt in archive/receipts.jsonl are not the same." for number in apart]
