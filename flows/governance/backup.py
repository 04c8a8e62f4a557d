"""Backup: the whole home as one file, its fingerprints inside; and restore, which erases again what was erased since.

A backup is written while nobody writes. It is as confidential as the home: keep it encrypted, apart, and no longer
than the agreements allow. The ledger knows every backup, so that an erasure can name those that hold the bytes still.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.files import make_private, sha256_of, sync_folder
from flows.governance.erasure import ErasureError, erase
from flows.governance.verify import verify
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction

MANIFEST = "backup.json"
LEFT_OUT = ("staging",)  # empty when nothing is in work; locks and half-made folders go by their names


class BackupError(Exception):
    """A backup that cannot be made or restored as asked; the message says why."""


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: files, what verify found, and the deliveries erased again."""

    files: int
    problems: tuple[str, ...]
    erased_again: tuple[str, ...]


def back_up(settings: Settings, file: Path) -> str:
    """Write the home into one tar file that is readable by its owner only; returns the backup's id.

    Raises:
        BackupError: the file is there already, or the home holds nothing.
    """
    file = file.absolute()
    if file.exists():
        raise BackupError(f"{file} is there already: a backup never replaces another.")
    if not (settings.home / "warehouse.duckdb").is_file():
        raise BackupError(f"{settings.home} holds nothing to back up.")
    moment = settings.now()
    backup_id = f"backup-{moment:%Y%m%dT%H%M%S}"
    with one_run(settings.home), one_run(settings.home, "sweep"):
        with open_warehouse(settings.home, writable=True) as connection:
            ledger.prepare(connection, moment)
            with transaction(connection):
                row = [backup_id, moment.replace(tzinfo=None), str(file), settings.actor.name]
                connection.execute(
                    "INSERT INTO warehouse.ledger.backup (backup_id, made_at, file, actor) VALUES (?, ?, ?, ?)",
                    row,
                )
                ledger.audit(connection, "home.backed_up", backup_id, {}, actor=settings.actor, at=moment)
        part = file.with_name(f".{file.name}.part")
        make_private(file.parent)
        try:
            with open_warehouse(settings.home), open(part, "xb", opener=_private) as writing:
                _write_tar(settings, writing, backup_id)
                writing.flush()
                os.fsync(writing.fileno())
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(file.parent)
    return backup_id


def _write_tar(settings: Settings, writing: Any, backup_id: str) -> None:
    listed = {}
    with tarfile.open(fileobj=writing, mode="w") as packed:
        for path in _of_home(settings.home):
            name = path.relative_to(settings.home).as_posix()
            packed.add(path, name, recursive=False)
            if path.is_file() and not path.is_symlink():
                listed[name] = sha256_of(path)
        content = json.dumps({"backup_id": backup_id, "files": listed}, indent=1, sort_keys=True).encode()
        about = tarfile.TarInfo(MANIFEST)
        about.size, about.mode, about.mtime = len(content), 0o600, int(settings.now().timestamp())
        packed.addfile(about, io.BytesIO(content))


def _of_home(home: Path) -> Iterator[Path]:
    """What of a home belongs into a backup, folders before what is in them."""
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        temporary = path.suffix == ".lock" or any(part.startswith((".replay-", ".warehouse.")) for part in parts)
        if parts[0] not in LEFT_OUT and not temporary and (path.is_symlink() or path.is_file() or path.is_dir()):
            yield path


def restore(settings: Settings, file: Path, new: Path) -> Restored:
    """Bring a backup back into ``new``; what the present home has erased since is erased there again.

    Raises:
        BackupError: no backup, a damaged one, or ``new`` is in use.
    """
    new = new.absolute()
    if new.exists() and any(new.iterdir()):
        raise BackupError(f"{new} holds something: name an empty or a new folder.")
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    make_private(new)
    try:
        with tarfile.open(file) as packed:
            packed.extractall(new, filter="data")
        manifest = json.loads((new / MANIFEST).read_text(encoding="utf-8"))
    except (tarfile.TarError, OSError, ValueError, KeyError):
        raise BackupError(f"{file} is no whole backup of an exchange; what came of it lies in {new}.") from None
    (new / MANIFEST).unlink()
    damaged = [
        name
        for name, sha256 in manifest["files"].items()
        if not (new / name).is_file() or sha256_of(new / name) != sha256
    ]
    if damaged:
        raise BackupError(f"{len(damaged)} files of {file} are not as they were backed up, {damaged[0]} first.")
    os.chmod(new, 0o700)
    restored = Settings(
        home=new, partnership_root=settings.partnership_root, now=settings.now, actor=settings.actor
    )
    again = tuple(_erase_again(settings, restored))
    return Restored(len(manifest["files"]), tuple(verify(restored)["problems"]), again)


def _erase_again(settings: Settings, restored: Settings) -> Iterator[str]:
    """Erase in the restored home what was erased in the present one after the backup was made."""
    with open_warehouse(settings.home) as connection:
        gone = {row["subject"]: row["details"] for row in ledger.audit_rows(connection, "delivery.erased")}
    with open_warehouse(restored.home) as connection:
        back = [row["delivery_id"] for row in ledger.deliveries(connection, "rows_gone_at IS NULL")]
    for delivery_id in back:
        if delivery_id in gone:
            told = gone[delivery_id]
            try:
                erase(
                    restored, delivery_id, told.get("reason", "erased before"), told.get("by", "the present home")
                )
            except ErasureError:
                continue  # it went with another arrival of the same bytes
            yield delivery_id


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
