"""What lies in an inbox is swapped for a link, a pipe, a folder or a device while it is looked at: never followed.

`make hostile` tries 2,000 times.
"""

import os
import random
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flows.cli.status import status
from flows.ingest import ingest_waiting
from flows.settings import Settings
from tests.faults.counts import SEED, trials
from tests.flows.waste import HEADER, KEY

SECRET = b"ZXSECRET,of ours\n"
AT_ONCE = 10


def swapped(path: Path, secret: Path, kind: str) -> None:
    """Put something else in a file's place: in one move, as an attacker would."""
    beside = path.with_name(f".{path.name}.swap")
    if kind == "symlink":
        beside.symlink_to(secret)
    elif kind == "hard link":
        os.link(secret, beside)
    elif kind == "pipe":
        os.mkfifo(beside)
    elif kind == "device":
        if os.geteuid():
            beside.symlink_to("/dev/zero")
        else:
            os.mknod(beside, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    elif kind == "folder":
        beside.mkdir()
        path.unlink(missing_ok=True)
    else:
        beside.write_bytes(HEADER.encode())
    try:
        os.rename(beside, path)
    except OSError:  # it was taken away in between
        beside.rmdir() if kind == "folder" else beside.unlink()


def test_nothing_is_followed(at: Callable[[str], Settings], tmp_path: Path) -> None:
    settings = at("2009-07-20T10:00")
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    inbox = settings.inbox / KEY
    inbox.mkdir(parents=True)
    dice = random.Random(SEED)
    tries = trials(30)
    for start in range(0, tries, AT_ONCE):
        paths = [inbox / f"waste_{number}.csv" for number in range(start, start + AT_ONCE)]
        for number, path in enumerate(paths):
            path.write_bytes(f"{HEADER}\n{start + number},,,,,,\n".encode())
            os.utime(path, (1, 1))
        kinds = [dice.choice(("symlink", "hard link", "pipe", "device", "folder", "file")) for _ in paths]

        def attack(paths: list[Path] = paths, kinds: list[str] = kinds) -> None:
            for path, kind in zip(paths, kinds, strict=True):
                time.sleep(dice.uniform(0, 0.01))
                swapped(path, secret, kind)

        attacker = threading.Thread(target=attack)
        attacker.start()
        ingest_waiting(settings)
        attacker.join()
    ingest_waiting(settings)
    ingest_waiting(settings)
    kept = [path for path in settings.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in kept if SECRET in path.read_bytes() and path.stat().st_nlink == 1]
    assert secret.read_bytes() == SECRET
    assert len(status(settings)["deliveries"]) >= tries
