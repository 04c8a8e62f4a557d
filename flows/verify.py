"""Verify: the audit chain is whole, archived files are the bytes that arrived, and releases are unaltered."""

from typing import Any

from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.reader import inspect
from warehouse.release import altered

GONE = {"held", "refused", "erased", "expired"}  # states whose bytes are not in the archive


def verify(settings: Settings) -> dict[str, Any]:
    """What was checked and what does not hold, as plain JSON values."""
    with open_warehouse(settings.home) as connection:
        found = ledger.deliveries(connection)
        broken = ledger.broken_links(connection) if found else []
        rows = ledger.count_audit(connection) if found else 0
    problems = [f"Audit row {sequence} does not follow from the one before it." for sequence in broken]
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
    return {"problems": problems, "audit_rows": rows, "archived": len(kept)}
