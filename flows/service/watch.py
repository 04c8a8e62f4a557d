"""Watch the inboxes and announce that files wait: one event for all of them, again while they still wait.

The system tells when something stirs in the local inboxes, and it looks at once. Of a network mount, of which no
system tells, and of whatever it did not hear, it learns by looking every ``LOOK_EVERY`` seconds all the same. It says
only that there is work, never which file.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import watchfiles

from flows.events import landed
from flows.files import make_private
from flows.land import CHECK, MANIFEST, UNFINISHED
from flows.receiving.channels import remote_partners, waiting_at
from flows.settings import Settings
from schemas.partner import Partner

LOOK_EVERY = 1.0  # seconds between two looks while nothing stirs
LOOK_AGAIN = 0.1  # seconds between two looks at files that are to lie still
CHANNELS_EVERY = 10.0  # seconds between two looks at a channel that is a URL
SETTLED = 0.3  # seconds a set of files must lie still: several copied at once make one run
AGAIN_AFTER = 15.0  # seconds until files that still wait are announced anew, doubling up to AGAIN_AT_MOST
AGAIN_AT_MOST = 300.0
Seen = dict[str, tuple[int, int]]
log = logging.getLogger("exchange.watch")


def watch(
    settings: Settings,
    announce: Callable[[list[tuple[str, str]]], bool],
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Announce (partner, dataset) of what waits, until ``stopped``. An announcement nobody took is made again soon."""
    make_private(settings.inbox)
    seen: Seen = {}
    channels = _Channels(settings)
    still_since = told_at = 0.0
    patience, told = AGAIN_AFTER, set[str]()
    with stirring(settings.inbox) as stirred:
        while not stopped():
            stirred.clear()
            now, found = time.monotonic(), present(settings.inbox) | channels.present()
            if found != seen:
                seen, still_since = found, now
            told &= found.keys()
            if not found:
                patience = AGAIN_AFTER
            elif now - still_since >= SETTLED and (found.keys() - told or now - told_at >= patience):
                patience = AGAIN_AFTER if found.keys() - told else min(2 * patience, AGAIN_AT_MOST)
                if announce([place(name) for name in found]):
                    told_at, told = now, set(found)
            stirred.wait(LOOK_EVERY if found.keys() == told else LOOK_AGAIN)


@contextmanager
def stirring(inbox: Path) -> Iterator[threading.Event]:
    """An event that is set whenever the system tells of a change below the inbox."""
    stirred, over = threading.Event(), threading.Event()

    def listen() -> None:
        try:
            # Every change counts, also of names that the library leaves out by itself.
            changes = watchfiles.watch(
                inbox, watch_filter=None, debounce=100, step=20, stop_event=over, ignore_permission_denied=True
            )
            for _ in changes:
                stirred.set()
        except Exception as error:  # too many watches, or none to be had: looking goes on
            log.warning("the system tells nothing of the inboxes: %s", type(error).__name__)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield stirred
    finally:
        over.set()
        thread.join()


class _Channels:
    """What waits in the partners' channels, looked at by a thread of its own: a slow one delays no local file."""

    def __init__(self, settings: Settings) -> None:
        self._found: dict[str, Seen] = {}
        for partner in remote_partners(settings):
            threading.Thread(target=self._look, args=(partner,), daemon=True).start()

    def present(self) -> Seen:
        """Each entry as last seen."""
        return {name: mark for found in [*self._found.values()] for name, mark in found.items()}

    def _look(self, partner: Partner) -> None:
        while True:
            try:
                self._found[partner.id] = waiting_at(partner)
            except Exception as error:  # the ingest run tells the operator; here its text must not reach a log
                log.warning("the channel of %s could not be looked at: %s", partner.id, type(error).__name__)
            time.sleep(CHANNELS_EVERY)


def present(inbox: Path) -> Seen:
    """Each whole-looking entry of the inboxes, with its size and time of change."""
    found: Seen = {}
    for entry in _entries(inbox, depth=3):
        try:
            about = entry.lstat()
        except FileNotFoundError:
            continue
        found[entry.relative_to(inbox).as_posix()] = (about.st_size, about.st_mtime_ns)
    return found


def place(name: str) -> tuple[str, str]:
    """The partner and dataset of a path below the inbox."""
    partner, _, rest = name.partition("/")
    return partner, rest.partition("/")[0]


def announce_now(settings: Settings) -> Callable[[list[tuple[str, str]]], bool]:
    """Announcing by an event of the exchange's own clock."""
    return lambda places: landed(places, settings.now())


def _entries(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower().endswith((*UNFINISHED, MANIFEST)):
            continue
        if entry.is_dir() and not entry.is_symlink() and (depth > 1 or entry.name == CHECK):
            yield from _entries(entry, depth - 1)
        else:
            yield entry
