"""No file that is made to exhaust or take over what opens it is accepted, and none brings the reader down."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.receiving.check import check
from flows.settings import Settings
from tests.flows.waste import KEY
from tests.security.bombs import BOMBS


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """A reader that falls for a bomb fails its test, and takes nothing else with it."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


def test_the_corpus_is_large() -> None:
    assert len(BOMBS) >= 60


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_not_accepted(at: Callable[[str], Settings], tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "waste_FY2009-Q1.csv"
    path.write_bytes(BOMBS[bomb]())
    verdict = check(at("2009-07-20T10:00"), path, KEY)
    assert verdict.decision in {"rejected", "refused", "held"}
    assert verdict.reason
