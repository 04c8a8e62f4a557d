"""The definitions of the day: every file the exchange follows is kept as it was, and a change of it is written down.

Kept by fingerprint in ``archive/definitions/``, with a list of all files of the day (a *manifest*), so that an older
delivery can be judged again by what was agreed when it came. A changed target, tolerance, rule, officer or agreement
is an audit row with its key path, what stood there before and what stands there now.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.files import make_private, write_whole
from flows.settings import Settings
from schemas.changes import changes
from schemas.partnership import REPOSITORY, Partnership
from warehouse import ledger
from warehouse.connection import Connection, transaction

SEEN, CHANGED = "definitions.seen", "definition.changed"


def note_definitions(settings: Settings, connection: Connection) -> str:
    """Keep the definitions in force and write down what changed since the last run; returns the manifest's sha256.

    Call with the warehouse writable, outside a transaction: what is written is one transaction of its own.
    """
    files = definition_files(settings.partnership)
    listed = {file: _sha256(path.read_bytes()) for file, path in files.items()}
    manifest = json.dumps(listed, indent=0, sort_keys=True).encode() + b"\n"
    sha256 = _sha256(manifest)
    seen = ledger.audit_rows(connection, SEEN)
    if seen and seen[-1]["subject"] == sha256:
        return sha256
    for file, path in files.items():
        keep(settings, listed[file], path.read_bytes())
    keep(settings, sha256, manifest)
    told = _told(settings, read_manifest(settings, seen[-1]["subject"]), listed) if seen else []
    with transaction(connection):
        for file, details in told:
            ledger.audit(connection, CHANGED, file, details, actor=settings.actor, at=settings.now())
        ledger.audit(connection, SEEN, sha256, {"files": len(listed)}, actor=settings.actor, at=settings.now())
    return sha256


def definition_files(partnership: Partnership) -> dict[str, Path]:
    """Every file the exchange follows, by its path from a partnership's folder: definitions and contribution models."""
    files = {file: partnership.root / file for file in partnership.fingerprints}
    for key in partnership.contracts:
        model = partnership.contribution_model(key)
        base = partnership.root if model.is_relative_to(partnership.root) else REPOSITORY
        for path in (model, model.with_suffix(".yaml")):
            if path.is_file():
                files[path.relative_to(base).as_posix()] = path
    return dict(sorted(files.items()))


def kept_path(settings: Settings, sha256: str) -> Path:
    """Where a definition, or a manifest, of that fingerprint is kept."""
    return settings.home / "archive" / "definitions" / sha256[:2] / sha256


def keep(settings: Settings, sha256: str, content: bytes) -> None:
    """Keep a file by its fingerprint; what is there stays."""
    path = kept_path(settings, sha256)
    if not path.exists():
        write_whole(path, content)


def read_manifest(settings: Settings, sha256: str) -> dict[str, str]:
    """The files of a day with their fingerprints."""
    listed: dict[str, str] = json.loads(kept_path(settings, sha256).read_text(encoding="utf-8"))
    return listed


def lay_out(settings: Settings, sha256: str, folder: Path) -> Path:
    """Write the definitions of a day into a folder, as a partnership's own; returns it."""
    for file, fingerprint in read_manifest(settings, sha256).items():
        target = folder / file
        make_private(target.parent)
        os.link(kept_path(settings, fingerprint), target)
    return folder


def changes_between(connection: Connection, after: datetime, until: datetime) -> list[dict[str, Any]]:
    """What changed in the definitions: ``changed_at, file, key, before, after``, one row a place, in order.

    Of moments after the first and up to the second. It is what a publication tells under "what changed".
    """
    return [
        {"changed_at": row["occurred_at"], "file": row["subject"], **change}
        for row in ledger.audit_rows(connection, CHANGED)
        if after.astimezone(UTC) < row["occurred_at"] <= until.astimezone(UTC)
        for change in row["details"]["changes"]
    ]


def _told(
    settings: Settings, before: Mapping[str, str], after: Mapping[str, str]
) -> list[tuple[str, dict[str, Any]]]:
    told = []
    for file in sorted(before.keys() | after.keys()):
        was, now = before.get(file), after.get(file)
        if was == now:
            continue
        places: list[dict[str, Any]] = []
        if was is None or now is None:
            places = [{"key": "", "before": was and "a file", "after": now and "a file"}]
        else:
            contents = [kept_path(settings, one).read_bytes() for one in (was, now)]
            places = [asdict(change) for change in changes(file, *contents)]
        told.append((file, {"before": was, "after": now, "changes": places}))
    return told


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
