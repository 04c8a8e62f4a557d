"""Which flow runs live: each holds a lock in the home, which the system lets go of however its process ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from flows.files import make_private


@contextmanager
def alive(home: Path, flow_run_id: str | None) -> Iterator[None]:
    """Show for the length of the block that a flow run (None: none, which needs no showing) is at work on a home."""
    if flow_run_id is None:
        yield
        return
    path = _path(home, flow_run_id)
    make_private(path.parent)
    try:
        with FileLock(path):
            yield
    finally:  # a run that fails says so itself; only one that is killed leaves its lock behind
        path.unlink(missing_ok=True)


def was_here(home: Path, flow_run_id: str) -> bool:
    """True when the run began on this home and did not come to its end (yet)."""
    return _path(home, flow_run_id).exists()


def lives(home: Path, flow_run_id: str) -> bool:
    """True while a process holds the run's lock."""
    if not was_here(home, flow_run_id):
        return False
    lock = FileLock(_path(home, flow_run_id))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def forget(home: Path, flow_run_id: str) -> None:
    """Remove the trace of a run whose end is written down."""
    _path(home, flow_run_id).unlink(missing_ok=True)


def _path(home: Path, flow_run_id: str) -> Path:
    return home / "prefect" / "runs" / f"{flow_run_id}.lock"
