"""Verify: the audit chain is whole, archived files are the bytes that arrived, and releases are unaltered."""

from typing import Any

from flows.said import altered_words
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.reader import inspect
from warehouse.receipts import read_receipts
from warehouse.release import altered

GONE = {"held", "refused", "erased", "expired"}  # states whose bytes are not in the archive


def verify(settings: Settings) -> dict[str, Any]:
    """What was checked and what does not hold, as plain JSON values."""
    with open_warehouse(settings.home) as connection:
        found = ledger.deliveries(connection)
        chained = ledger.chain(connection) if ledger.is_prepared(connection) else []
        told = ledger.last_told(connection) if found else {}
        audit = ledger.audit_rows(connection, "delivery.%")
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
    releases = settings.published / "releases"
    for release in sorted(releases.iterdir()) if releases.is_dir() else []:
        if not release.name.startswith("."):
            problems += [
                f"{name} of release {release.name} is not as it was released." for name in altered(release)
            ]
    return {
        "problems": problems,
        "audit_rows": len(chained),
        "audit_head": chained[-1][-1] if chained else None,
        "archived": len(kept),
    }


def _against_receipts(settings: Settings, chained: list[list[Any]]) -> list[str]:
    """What differs between the audit and its receipts outside the database, where both are about the same rows."""
    try:
        apart = ledger.unanchored(chained, read_receipts(settings.home))
    except ValueError as error:
        return [f"Of the receipts, {error}."]
    return [f"Audit row {number} and its receipt in archive/receipts.jsonl are not the same." for number in apart]
