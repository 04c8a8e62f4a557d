"""The inbox watch: it hears of a file at once where the system tells, and finds it by looking where it does not."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.service import watch as watching
from flows.service.watch import stirring, watch
from flows.settings import Settings

At = Callable[..., Settings]
LONG = 30.0  # seconds: longer than any of these tests may take, so that only what it is about can end it


def announced(settings: Settings, put: Callable[[Path], object]) -> list[tuple[str, str]]:
    """What a running watch announces first, when a file is put into the waste inbox."""
    folder = settings.inbox / "council" / "household_waste"
    folder.mkdir(parents=True)
    told: list[list[tuple[str, str]]] = []
    heard = threading.Event()

    def announce(places: list[tuple[str, str]]) -> bool:
        told.append(places)
        heard.set()
        return True

    thread = threading.Thread(target=watch, args=(settings, announce, heard.is_set), daemon=True)
    thread.start()
    time.sleep(0.2)  # it has looked once and found nothing
    put(folder)
    assert heard.wait(LONG)
    (folder / "over.csv").touch()  # wakes it, to see that it is to stop
    thread.join(LONG)
    return told[0]


def test_the_system_tells_of_a_file(tmp_path: Path) -> None:
    with stirring(tmp_path) as stirred:
        folder = tmp_path / "council" / "household_waste"
        folder.mkdir(parents=True)
        assert stirred.wait(LONG)
        stirred.clear()
        (folder / "waste.csv").write_text("a,b\n")
        assert stirred.wait(LONG), "also in a folder that was not there when it began"


def test_a_file_is_announced_without_waiting_for_the_next_look(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY", 10 * LONG)
    found = announced(at("2009-07-20"), lambda folder: (folder / "waste.csv").write_text("a,b\n"))
    assert found == [("council", "household_waste")]


def test_a_file_of_which_the_system_tells_nothing_is_found_by_looking(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network mount."""

    @contextmanager
    def silent(inbox: Path):  # type: ignore[no-untyped-def]
        yield threading.Event()

    monkeypatch.setattr(watching, "stirring", silent)
    monkeypatch.setattr(watching, "LOOK_EVERY", 0.1)
    found = announced(at("2009-07-20"), lambda folder: (folder / "waste.csv").write_text("a,b\n"))
    assert found == [("council", "household_waste")]


@pytest.mark.parametrize(("taken", "case"), [(False, "no server took it"), (True, "it was taken and then lost")])
def test_a_file_that_still_waits_is_announced_again(
    at: At, monkeypatch: pytest.MonkeyPatch, taken: bool, case: str
) -> None:
    """No event is the last word: the file itself is."""
    monkeypatch.setattr(watching, "AGAIN_AFTER", 0.1)
    monkeypatch.setattr(watching, "LOOK_EVERY", 0.1)
    settings = at("2009-07-20")
    folder = settings.inbox / "council" / "household_waste"
    folder.mkdir(parents=True)
    (folder / "waste.csv").write_text("a,b\n")
    told: list[list[tuple[str, str]]] = []
    stopped = threading.Event()

    def announce(places: list[tuple[str, str]]) -> bool:
        told.append(places)
        if len(told) == 3:
            stopped.set()
        return taken

    thread = threading.Thread(target=watch, args=(settings, announce, stopped.is_set), daemon=True)
    thread.start()
    thread.join(LONG)
    assert told == [[("council", "household_waste")]] * 3, case
