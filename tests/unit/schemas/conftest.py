"""A copy of the shipped partnership that a test may spoil, one file at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.partnership import REPOSITORY, Partnership, load_partnership

Spoil = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def partnership() -> Partnership:
    """The shipped partnership."""
    return load_partnership()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A partnership's folder outside the program, with the shipped files."""
    root = tmp_path_factory.mktemp("partnership")
    ours = shutil.ignore_patterns("*.py", "__pycache__", "json")
    shutil.copytree(REPOSITORY / "schemas", root / "schemas", ignore=ours)
    shutil.copytree(REPOSITORY / "expectations", root / "expectations", ignore=ours)
    return root


@pytest.fixture
def spoil(folder: Path) -> Iterator[Spoil]:
    """Replaces the first occurrence of a text in a file of the folder, until the test is over."""
    originals: dict[Path, bytes] = {}

    def replace(file: str, old: str, new: str) -> None:
        path = folder / file
        originals.setdefault(path, path.read_bytes())
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}: the test must be renewed"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    yield replace
    for path, content in originals.items():
        path.write_bytes(content)
