"""The demo's home: made anew only where a demo was before, with the demo's clock and a key that is no secret."""

import hashlib
import json
import os
import shutil
import stat
from datetime import datetime
from pathlib import Path

from flows.files import make_private, write_json, write_whole

MARKER = "demo.json"
# Pseudonyms of made-up pupils need no secret; a fixed key gives every run of the demo the same ones.
KEY = hashlib.sha256(b"the demo's pseudonym key: no secret, for made-up pupils only").hexdigest()


class DemoError(Exception):
    """The demo cannot start; the message says why and what to do."""


def make_fresh(home: Path) -> None:
    """Empty a demo's home, or make one where nothing is.

    Raises:
        DemoError: there is something in the folder that is no demo, or the path is no folder.
    """
    if home.exists() and not home.is_dir():
        raise DemoError(f"{home} is a file. Give the demo a folder of its own: exchange demo --home DIR")
    if home.is_dir() and any(home.iterdir()):
        if not _is_demo(home):
            raise DemoError(
                f"{home} holds something that is not a demo, so it is left alone. "
                "Give the demo an empty folder: exchange demo --home DIR"
            )
        _empty(home)
    make_private(home)
    write_json(home / MARKER, {"demo": True, "now": None})
    write_whole(home / "pseudonym.key", KEY.encode("ascii") + b"\n")


def mark(home: Path, moment: datetime) -> None:
    """Write down the demo's time, so that later commands on this home read it instead of today's."""
    write_json(home / MARKER, {"demo": True, "now": moment.isoformat()})


def _is_demo(home: Path) -> bool:
    marker = home / MARKER
    if marker.is_symlink() or not marker.is_file():
        return False
    try:
        said = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("demo") is True


def _empty(home: Path) -> None:
    """Remove all but the marker, so that a demo stopped half-way can still be reset."""
    for entry in sorted(home.iterdir()):
        if entry.name == MARKER:
            continue
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
            continue
        for folder, _, _ in os.walk(entry):  # published folders are read-only
            os.chmod(folder, stat.S_IRWXU)
        shutil.rmtree(entry)
