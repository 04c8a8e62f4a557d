"""Writing files so that a crash leaves the old one or the new one, never half of one."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def make_private(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, for the owner only."""
    if folder.is_dir():
        return folder
    missing = [folder, *folder.parents]
    for part in reversed([path for path in missing if not path.exists()]):
        part.mkdir(mode=0o700, exist_ok=True)
    return folder


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file's bytes, on disk before the target's name appears. An existing target stays as it is."""
    if target.exists():
        return
    make_private(target.parent)
    part = target.with_name(f".{target.name}.part")
    with source.open("rb") as reading, open(part, "wb", opener=_private) as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())
    os.replace(part, target)
    sync_folder(target.parent)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file's bytes, on disk before the target's name appears."""
    make_private(target.parent)
    part = target.with_name(f".{target.name}.part")
    with open(part, "wb", opener=_private) as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    os.replace(part, target)
    sync_folder(target.parent)


def write_json(target: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file whole."""
    write_whole(target, json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Force a file written by another library onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Force a folder's names onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
