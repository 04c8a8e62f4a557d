"""Files that somebody is still writing, under clocks that are wrong: none is taken before it is whole, each is then.

Time is simulated; the files, and who has them open, are real. `make faults` runs 500 schedules.
"""

import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from flows import land
from flows.land import DESCRIBED_SECONDS, MANIFEST, waiting
from flows.settings import Settings
from tests.faults.counts import SEED, trials

# Clocks of the machine that the files lie on: right, a day and an hour off, summer time not put back or forward.
CLOCKS = (0.0, 25 * 3600.0, -25 * 3600.0, 3600.0, -3600.0)
STARTS = (
    1_256_432_400.0,
    1_238_288_400.0,
)  # the nights of 25 October and 29 March 2009, when London changes its clock


@dataclass
class Writer:
    """One file as its sender writes it: pieces, each at its moment, to a path that somebody else watches."""

    path: Path
    pieces: list[tuple[float, bytes]]
    whole: bytes
    file: BinaryIO | None = field(default=None)

    def write(self, clock: float) -> None:
        """Write the next piece, and close the file after the last."""
        self.file = self.file or self.path.open("wb")
        self.file.write(self.pieces.pop(0)[1])
        self.file.flush()
        os.utime(self.file.fileno(), (clock, clock))
        if not self.pieces:
            self.file.close()


class Machine:
    """A machine on which files are written while time passes, with a clock of its own."""

    def __init__(self, start: float, off: float) -> None:
        self.now, self.off = start, off
        self.writers: list[Writer] = []

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and everybody write what falls due."""
        end = self.now + seconds
        while due := [one for one in self.writers if one.pieces and one.pieces[0][0] <= end]:
            first = min(due, key=lambda one: one.pieces[0][0])
            self.now = first.pieces[0][0]
            first.write(self.now + self.off)
        self.now = end


def schedule(dice: random.Random, folder: Path, patch: pytest.MonkeyPatch) -> tuple[int, int]:
    """One schedule of up to four files; returns how many were read early, and how many never."""
    machine = Machine(dice.choice(STARTS), dice.choice(CLOCKS))
    here = dice.random() < 0.5  # our own file system tells who writes; another machine's does not
    patch.setattr("time.sleep", machine.pass_by)
    patch.setattr(land, "_clock_of", lambda _: machine.now + machine.off)
    if not here:
        patch.setattr(land, "_is_written", lambda _: None)
    inbox = folder / "inbox" / "council" / "household_waste"
    inbox.mkdir(parents=True)
    for number in range(dice.randint(1, 4)):
        whole = dice.randbytes(dice.randint(1, 200))
        path = inbox / f"waste_{number}.csv"
        described = dice.random() < 0.5
        if described:
            said = hashlib.sha256(whole if dice.random() < 0.8 else b"another file").hexdigest()
            path.with_name(path.name + MANIFEST).write_text(json.dumps({"sha256": said}))
        # Where nobody can tell who writes, and nothing says what is whole, only haste tells half a file.
        longest = 3600 if here else DESCRIBED_SECONDS - 100 if described else 0.9
        moment = machine.now + dice.uniform(0, 30)
        pieces = []
        for start in range(0, len(whole), 40):
            pieces.append((moment, whole[start : start + 40]))
            moment += dice.uniform(0, longest)
        machine.writers.append(Writer(path, pieces, whole))
    early, end = 0, machine.now + 8 * 3600
    taken: set[Path] = set()
    while machine.now < end and len(taken) < len(machine.writers):
        machine.pass_by(dice.choice((0.01, 0.5, 2.0, 60.0, 1000.0)))
        for arrival in waiting(Settings(home=folder)):
            writer = next(one for one in machine.writers if one.path == arrival.path)
            early += arrival.path.read_bytes() != writer.whole or bool(writer.pieces)
            arrival.path.unlink()
            taken.add(arrival.path)
    return early, len(machine.writers) - len(taken)


def test_none_is_read_early_and_each_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(SEED)
    for number in range(trials(40)):
        with monkeypatch.context() as patch:
            assert schedule(dice, tmp_path / str(number), patch) == (0, 0), f"schedule {number} of seed {SEED}"


def test_a_file_is_not_taken_while_a_program_has_it_open_however_long_it_pauses(
    at: Callable[[str], Settings], tmp_path: Path
) -> None:
    settings = at("2009-07-20")
    inbox = settings.inbox / "council" / "household_waste"
    inbox.mkdir(parents=True)
    path = inbox / "waste.csv"
    with path.open("wb") as file:
        file.write(b"month,stream\n")
        file.flush()
        os.utime(path, (1, 1))
        assert waiting(settings) == []
    assert [arrival.path for arrival in waiting(settings)] == [path]
    assert list(inbox.iterdir()) == [path], "nothing of ours stays in a partner's folder"


def test_what_a_listed_file_was_swapped_for_is_never_followed(tmp_path: Path) -> None:
    """In the moment between its listing and its reading; the races themselves are in tests/security/test_races.py."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"ours")
    listed = tmp_path / "waste.csv"
    listed.write_bytes(b"theirs")
    seen = listed.lstat()
    swaps: list[Callable[[], object]] = [
        lambda: listed.symlink_to(secret),
        lambda: os.mkfifo(listed),
        listed.mkdir,
    ]
    for swap in swaps:
        listed.unlink()
        swap()
        assert land._still_to_lie(listed, seen, None) != 0
        assert not land._is_unchanged(listed, seen)
        assert land.read_manifest(listed) == {}
        if listed.is_dir() and not listed.is_symlink():
            listed.rmdir()
            listed.write_bytes(b"")
