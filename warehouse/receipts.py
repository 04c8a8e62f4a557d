"""Receipts: the audit's rows once more, one JSON line each, in a file outside the database.

``archive/receipts.jsonl`` is written behind every commit. It anchors the chain (a row taken from the end of the
audit leaves a line that has no row), and with the archived bytes it is what a replay starts from. Like the audit it
holds ids, counts, fingerprints and people's reasons, never a value of a partner's row or a name a partner chose.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

FIELDS = ("sequence", "occurred_at", "actor", "run_id", "event", "subject", "details", "previous_hash", "hash")
_QUERY = f"SELECT {', '.join(FIELDS)} FROM warehouse.ledger.audit WHERE sequence > ? ORDER BY sequence"


def receipts_path(home: Path) -> Path:
    """Where a home's receipts are."""
    return home / "archive" / "receipts.jsonl"


def append_receipts(connection: duckdb.DuckDBPyConnection, home: Path) -> None:
    """Write what the audit has and the receipts do not have yet, and bring it to the disk."""
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = 'warehouse' AND schema_name = 'ledger' AND table_name = 'audit'"
    ).fetchall()
    if not known[0][0]:
        return
    path = receipts_path(home)
    last, whole = _end_of(path)
    rows = connection.execute(_QUERY, [last]).fetchall()
    if not rows:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, whole)  # half a line that a crash left
        os.lseek(descriptor, 0, os.SEEK_END)
        with os.fdopen(os.dup(descriptor), "ab") as file:
            file.writelines(_line(row) for row in rows)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_receipts(home: Path) -> Iterator[dict[str, Any]]:
    """The receipts in order, as dicts of ``FIELDS``; ``details`` stays the text that was hashed.

    Raises:
        ValueError: a line is no receipt; the message says which, and nothing of it.
    """
    path = receipts_path(home)
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # a crash left it; the row it tells of is in the audit
            try:
                found = json.loads(line)
                found["occurred_at"] = datetime.fromisoformat(found["occurred_at"])
                yield {name: found[name] for name in FIELDS}
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"line {number} of archive/receipts.jsonl is no receipt") from None


def _line(row: tuple[Any, ...]) -> bytes:
    told = dict(zip(FIELDS, row, strict=True))
    told["occurred_at"] = told["occurred_at"].isoformat()
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _end_of(path: Path) -> tuple[int, int]:
    """The sequence of the last whole line, and how many bytes the whole lines have."""
    if not path.is_file():
        return 0, 0
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail, start = b"", size
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - 65_536)
            file.seek(start)
            tail = file.read(size - start)
    whole = start + tail.rfind(b"\n") + 1
    lines = tail[: tail.rfind(b"\n")].rpartition(b"\n")[2] if b"\n" in tail else b""
    try:
        return (int(json.loads(lines)["sequence"]), whole) if lines else (0, 0)
    except (ValueError, KeyError, TypeError):
        return 0, size  # tampered with: nothing is overwritten, and verify tells of it
