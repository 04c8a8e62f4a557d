"""What the tests share: a home of their own, and a clock they set."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import flows.settings
from flows.settings import PROGRAM, Settings
from schemas.partnership import Partnership, load_partnership

TESTS = Path(__file__).parent
KEY = "00112233445566778899aabbccddeeff" * 2


# Files that run for long, the longest first: begun last, one of them would keep one core busy and the others waiting.
LONG = (
    "golden/test_demo_run.py",
    "flows/test_up.py",
    "warehouse/test_publication_release.py",
    "security/test_canaries.py",
    "faults/test_kill.py",
    "faults/test_kill_publish.py",
    "faults/test_poison.py",
    "flows/test_readiness.py",
    "expectations/test_every_rule.py",
    "security/test_bombs.py",
    "property/test_disclosure_releases.py",
    "property/test_disclosure_attack.py",
    "browser/test_page_in_chromium.py",
    "flows/test_replay.py",
    "flows/test_erasure.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; the order within a file stays."""

    def rank(item: pytest.Item) -> int:
        file = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        return LONG.index(file) if file in LONG else len(LONG)

    items.sort(key=rank)


@pytest.fixture(scope="session", autouse=True)
def shipped() -> Iterator[Partnership]:
    """The shipped definitions, read once and not by each of a thousand homes: no test changes them where they lie."""
    partnership = load_partnership(PROGRAM)

    def load(root: Path | None = None) -> Partnership:
        return partnership if root == PROGRAM else load_partnership(root)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flows.settings, "load_partnership", load)
        yield partnership


@pytest.fixture(scope="session", autouse=True)
def no_power_cut() -> Iterator[None]:
    """Nothing is forced onto the disk: no home of a test outlives it. tests/faults work in processes of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """Settings of a fresh home at a given moment: ``at('2009-07-20')``; the same home at each call."""
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY", KEY)

    def settings(moment: str, partnership: Path | None = None) -> Settings:
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        made = Settings(home=tmp_path / "home", now=lambda: now)
        if partnership is None:
            return made
        return Settings(home=tmp_path / "home", now=lambda: now, partnership_root=partnership)

    return settings
