"""Land: put a file into an inbox whole, and see which whole, stable, regular files wait there.

An inbox is ``inbox/<partner>/<dataset>/``; what lies in its folder ``check`` is judged and not taken in. A partner
may copy a file in by hand, or ``deliver`` places it with a sequence number and a small manifest beside it
(``<file>.manifest.json``).
"""

import fcntl
import hashlib
import json
import os
import re
import signal
import stat
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.files import copy_whole, make_private, write_json, write_whole
from flows.settings import Settings
from warehouse.reader import inspect

MANIFEST = ".manifest.json"
CHECK = "check"  # the folder in a dataset's inbox whose files are judged and not taken in
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
MANIFEST_BYTES = 65_536
SETTLED_SECONDS = 1.0  # how long a file copied in by hand must lie still
DESCRIBED_SECONDS = 900.0  # and one that is not, or not yet, as the manifest beside it says
NO_FILE = {"link": "it is a link, not a file", "directory": "it is a folder, not a file"}
NUMBERED = re.compile(r"^\d{6}-")


@dataclass(frozen=True)
class Doubt:
    """How a file looked that may still be written, and how long (seconds) it has to lie still to count as whole."""

    seen: os.stat_result
    seconds: float


class DeliverError(Exception):
    """A file that cannot be put into the inbox; the message says what to do."""


@dataclass(frozen=True)
class Arrival:
    """One entry of an inbox, as seen: nothing about its content is known yet."""

    path: Path
    partner: str
    dataset: str
    problem: str | None = None  # why it is no regular file, when it is not
    manifest: Path | None = None
    check: bool = False  # it lies in the check folder


def deliver(settings: Settings, file: Path, key: str, period: str | None = None) -> Path:
    """Put a copy of a file into the inbox of ``key`` (partner/dataset), never overwriting another.

    Raises:
        DeliverError: no such file, no such dataset, or a period that is none.
    """
    if not file.is_file():
        raise DeliverError(f"There is no file {file}.")
    if key not in settings.partnership.contracts:
        known = ", ".join(sorted(settings.partnership.contracts))
        raise DeliverError(f"There is no dataset {key}. The datasets are: {known}.")
    if period is not None:
        from schemas.periods import parse_period

        try:
            period = parse_period(period).id
        except ValueError as error:
            raise DeliverError(str(error)) from None
    facts = inspect(file)
    return place(settings, settings.inbox / key, file.name, file, {"period": period, "sha256": facts.sha256})


def place(settings: Settings, folder: Path, name: str, content: Path | bytes, said: Mapping[str, Any]) -> Path:
    """Put a file whole into a folder of the inbox, never over another, with what is said of it as its manifest.

    ``said`` may hold the file's ``sha256``, its ``rows`` and ``period``, or a ``kind``: what lay there that is no
    file (``link``, ``directory``). Returns the file's place.
    """
    make_private(folder)
    number = 1 + max((int(found.name[:6]) for found in folder.iterdir() if NUMBERED.match(found.name)), default=0)
    while True:
        target = folder / f"{number:06d}-{plain_name(name)}"
        manifest = target.with_name(target.name + MANIFEST)
        try:
            # The manifest goes first and reserves the number: a file is never seen without its manifest.
            descriptor = os.open(manifest, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            number += 1
            continue
        os.close(descriptor)
        break
    about = {"original_name": name, "actor": settings.actor.name, "delivered_at": settings.now().isoformat()}
    write_json(manifest, {**about, **said})
    if isinstance(content, Path):
        copy_whole(content, target)
    else:
        write_whole(target, content)
    return target


def plain_name(name: str) -> str:
    """A file's name with everything but letters, digits, dot, dash, underscore and space made a dash."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "-", name).lstrip(".")[-120:]
    return plain or "extract"


def waiting(settings: Settings) -> list[Arrival]:
    """Every entry of every inbox that is ready to be taken, by partner, dataset, then arrival."""
    if not settings.inbox.is_dir():
        return []
    found = list(_found(settings.inbox))
    doubtful = max((doubt.seconds for _, doubt in found if doubt is not None), default=0.0)
    if doubtful:
        time.sleep(doubtful)  # once for all of them, and by no clock that may be wrong
    return [arrival for arrival, doubt in found if doubt is None or _is_unchanged(arrival.path, doubt.seen)]


def _found(inbox: Path) -> Iterator[tuple[Arrival, Doubt | None]]:
    """What lies in the inboxes; with the doubt where a file may still be written."""
    for partner in sorted(_entries(inbox), key=lambda path: path.name):
        if partner.is_symlink() or not partner.is_dir():
            yield Arrival(partner, "", "", "it lies outside any dataset's folder"), None
            continue
        for dataset in sorted(_entries(partner), key=lambda path: path.name):
            if dataset.is_symlink() or not dataset.is_dir():
                yield Arrival(dataset, partner.name, "", "it lies outside any dataset's folder"), None
                continue
            yield from _arrivals(dataset, partner.name)
            if _is_check(dataset / CHECK):
                for arrival, doubt in _arrivals(dataset / CHECK, partner.name):
                    yield replace(arrival, dataset=dataset.name, check=True), doubt


def _is_check(path: Path) -> bool:
    """True for a folder of files to be checked, which stays where it is."""
    return path.name == CHECK and path.is_dir() and not path.is_symlink()


def _arrivals(folder: Path, partner: str) -> list[tuple[Arrival, Doubt | None]]:
    arrivals = []
    entries = _entries(folder)
    names = {path.name for path in entries}
    for path in entries:
        if path.name.endswith(MANIFEST) or _is_check(path):
            continue
        beside = path.name + MANIFEST
        try:
            seen = path.lstat()
        except FileNotFoundError:  # taken away again since it was listed
            continue
        manifest = path.with_name(beside) if beside in names else None
        doubt = None
        if stat.S_ISREG(seen.st_mode) and not (manifest is not None and NUMBERED.match(path.name)):
            seconds = _still_to_lie(path, seen, manifest)
            if seconds is None:
                continue
            doubt = Doubt(seen, seconds) if seconds else None
        arrivals.append((Arrival(path, partner, folder.name, _problem(seen.st_mode, manifest), manifest), doubt))
    return sorted(arrivals, key=lambda found: _order(found[0]))


def _problem(mode: int, manifest: Path | None) -> str | None:
    """Why an entry is no file, or was none where it came from."""
    kind = "link" if stat.S_ISLNK(mode) else "directory" if stat.S_ISDIR(mode) else None
    if kind is None and not stat.S_ISREG(mode):
        kind = "device"
    if kind is None:
        kind = read_manifest(manifest).get("kind")
    return None if kind is None else NO_FILE.get(str(kind), "it is not a regular file")


def _still_to_lie(path: Path, seen: os.stat_result, manifest: Path | None) -> float | None:
    """How many seconds a file that was copied in by hand must still lie still; 0: it is whole, None: it is not.

    It is whole when it has the sha256 that a manifest beside it says, and is not when it has another or somebody has
    it open to write. A manifest that stays wrong for ``DESCRIBED_SECONDS`` keeps no file waiting.
    """
    try:
        with open(path, "rb", opener=_not_following) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None  # swapped since it was listed: the next look finds what it is
            written = _is_written(file.fileno())
            said = read_manifest(manifest).get("sha256")
            if said is not None and said == hashlib.file_digest(file, "sha256").hexdigest():
                return 0.0
    except OSError:
        return SETTLED_SECONDS  # it cannot be looked into: whoever takes it in says so
    age = _clock_of(path.parent) - seen.st_mtime
    if written or (said is not None and age < DESCRIBED_SECONDS):
        return None
    if written is None or age < 0:
        return SETTLED_SECONDS
    return max(0.0, SETTLED_SECONDS - age)


def _not_following(path: str, flags: int) -> int:
    """Open what is listed, and nothing that it leads to; a pipe without waiting for its other end."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _is_written(descriptor: int) -> bool | None:
    """True while some program has the file open to write; None where the system does not tell.

    Linux gives a lease to read only where nobody writes, and to the file's owner only.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        # Who comes to write in this very moment is announced by a signal: by one that ends no program.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _clock_of(folder: Path) -> float:
    """The time it is (seconds) where a folder lies: another machine's clock may be a day off."""
    probe = folder / f".{uuid.uuid4().hex}.part"
    descriptor = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
        probe.unlink()


def _is_unchanged(path: Path, before: os.stat_result) -> bool:
    try:
        now = path.lstat()
    except FileNotFoundError:
        return False
    return (now.st_ino, now.st_size, now.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def _order(arrival: Arrival) -> tuple[int, int, str]:
    """Numbered files by their number, since clocks may be wrong; files put in by hand after them, by time."""
    name = arrival.path.name
    if NUMBERED.match(name):
        return (0, int(name[:6]), name)
    try:
        return (1, arrival.path.lstat().st_mtime_ns, name)
    except FileNotFoundError:
        return (2, 0, name)


def _entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not is_unfinished(path.name)]


def is_unfinished(name: str) -> bool:
    """True for the name of a file that is still written, by the custom of the programs that write files."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def read_manifest(path: Path | None) -> dict[str, Any]:
    """A manifest's content; an unreadable one counts as none."""
    if path is None:
        return {}
    try:
        with open(path, "rb", opener=_not_following) as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode) or seen.st_size > MANIFEST_BYTES:
                return {}
            content = json.loads(file.read(MANIFEST_BYTES).decode())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def control_total(manifest: Mapping[str, Any]) -> int | None:
    """How many rows a manifest says its file has; None where it says none, or no whole number."""
    said = manifest.get("rows")
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def promised_rows(settings: Settings, delivery: Mapping[str, Any]) -> int | None:
    """The control total that came with a delivery: kept beside its bytes, and gone with them."""
    path = settings.arrival(str(delivery["sha256"]), str(delivery["delivery_id"]))
    return control_total(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
