"""SECURITY.md names for each duty the file that carries it and the test that holds it: both must be there."""

import re

import pytest

from schemas.partnership import REPOSITORY

ROWS = [
    tuple(cell.strip() for cell in line.strip("|\n").split("|"))
    for line in (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| duty", "|---"))
]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize(("duty", "carried", "held"), ROWS, ids=[row[0][:50] for row in ROWS])
def test_what_carries_a_duty_and_what_holds_it_exist(duty: str, carried: str, held: str) -> None:
    assert named(carried), duty
    assert named(held), duty
    for place in named(carried):
        assert (REPOSITORY / place).exists(), f"{duty}: {place}"
    for place in named(held):
        file, _, test = place.partition("::")
        assert (REPOSITORY / file).exists(), f"{duty}: {file}"
        assert file.startswith("tests/"), f"{duty}: {file}"
        if test:
            assert f"def {test}(" in (REPOSITORY / file).read_text(encoding="utf-8"), f"{duty}: {test}"


def test_every_duty_stands_once() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) > 20
