"""What the council states in words and money: written out whole in `statements/`, since no dice can draw a sentence."""

import csv
from collections.abc import Iterator
from pathlib import Path

from flows.demo.scene import Scene
from flows.demo.sheet import GeneratorError

WRITTEN = Path(__file__).parent / "statements"


def statements(scene: Scene) -> Iterator[dict[str, str]]:
    """The rows of a return, by the contract's column names. Raises GeneratorError when none is written."""
    path = WRITTEN / f"{scene.contract.partner}_{scene.contract.dataset}_{scene.period.id}.csv"
    if not path.is_file():
        raise GeneratorError(f"there is no {path.name} in flows/demo/statements")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
