"""Processes that ``exchange up`` keeps running: started, watched, started again, and stopped with all they started."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1  # Linux: the signal a process gets when the one that started it is gone
STARTS = 5  # as often within STEADY_SECONDS, and starting it again mends nothing
STEADY_SECONDS = 300.0
LIBC = ctypes.CDLL(None, use_errno=True)


class ChildError(Exception):
    """A process of the service that does not stay up; the message says which, and where its log is."""


@dataclass
class Child:
    """One process: its name, what it runs, and the file that takes what it prints."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    starts: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a group of its own, so that a Ctrl-C in the terminal reaches only its parent."""
        self.starts.append(time.monotonic())
        with open(self.log, "ab", opener=_private) as log:
            self.process = subprocess.Popen(
                list(self.command),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def keep_up(self) -> bool:
        """Start it again if it has ended; True when it had.

        Raises:
            ChildError: it ended too often in a short time.
        """
        if self.process is None or self.process.poll() is None:
            return False
        code = self.process.returncode
        self.stop(0)  # what it left behind
        recent = [moment for moment in self.starts if time.monotonic() - moment < STEADY_SECONDS]
        if len(recent) >= STARTS:
            raise ChildError(
                f"The {self.name} ended {len(recent)} times within {STEADY_SECONDS / 60:.0f} minutes (the last time "
                f"with {code}). What it said is in {self.log}"
            )
        self.starts = recent
        self.start()
        return True

    def stop(self, grace_seconds: float) -> None:
        """End it and everything of its group: asked first, killed after ``grace_seconds`` (seconds)."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self._is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def _is_alive(self) -> bool:
        """True while the process, or one of its group, runs."""
        assert self.process is not None
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal(self, number: int) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent is gone, so that even a kill -9 leaves no orphan."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
