"""How long the demo's publications take, part by part: every layer, both audiences, every format.

    python -m benchmarks.publication [HOME]

HOME is a demo that has run (`make demo`); without it one is made first. Its publications are made once more in a copy,
so nothing of it changes. Wall and processor seconds differ where the machine has other work.
"""

import importlib
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.demo.run import Clock, run_demo
from flows.demo.story import Publish, load_story
from flows.settings import load_settings

LIMIT = 20  # seconds for all of them on two cores
# What is timed: module, function, what it is called. A part that holds others is marked, and not added up.
PARTS = (
    ("flows.publish", "create_reference", "reference tables"),
    ("flows.publish", "recompute", "values worked out anew"),
    ("flows.publish", "build_publication", "figures, past disclosure control"),
    ("flows.publish", "publication_frames", "frames for the pages"),
    ("reports.documents", "figures", "figures gathered"),
    ("reports.documents", "render_page", "pages"),
    ("reports.documents", "board_paper", "board papers (PDF)"),
    ("reports.documents", "workbook", "tables of the spreadsheets"),
    ("reports.documents", "spreadsheet", "spreadsheets (xlsx)"),
    ("reports.documents", "opendocument", "spreadsheets (ods)"),
    ("flows.publish", "render_dictionary", "data dictionaries"),
    ("flows.publish", "write_release", "tables, databases, packages, manifest, to disk"),
    ("flows.publish", "switch", "switched into place"),
)


@dataclass
class Spent:
    """What a part took so far."""

    calls: int = 0
    wall: float = 0.0
    processor: float = 0.0


def main(arguments: list[str]) -> int:
    """Make the demo's publications anew and print what each part took; 1 when all together took too long."""
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as desk:
        home = Path(arguments[0]) if arguments else Path(desk) / "demo"
        if not arguments:
            run_demo(home, lambda line: None)
        copy = Path(desk) / "copy"
        shutil.copytree(home, copy, symlinks=True, ignore=shutil.ignore_patterns("published", "docs"))
        spent: dict[str, Spent] = defaultdict(Spent)
        for module, name, label in PARTS:
            time_calls(module, name, spent[label])
        whole = publish_all(copy)
        told = sum(path.stat().st_size for path in (copy / "published" / "releases").rglob("*") if path.is_file())
    for label, part in sorted(spent.items(), key=lambda each: -each[1].wall):
        print(f"{label:<48} {part.calls:>5} times {part.wall:>7.2f} s {part.processor:>7.2f} s processor")
    print(
        f"{'all publications of the demo':<48} {whole.calls:>5} times {whole.wall:>7.2f} s "
        f"{whole.processor:>7.2f} s processor, {told / 1e6:.0f} MB"
    )
    return int(whole.wall > LIMIT)


def publish_all(home: Path) -> Spent:
    """Every publication of the story, on its own clock, into an empty folder of releases."""
    publish = importlib.import_module("flows.publish").publish
    settings = load_settings({"EXCHANGE_NOW": "2000-01-01"}, home)
    whole = Spent()
    for act in load_story(settings.partnership).acts:
        for step in (step for step in act.steps if isinstance(step, Publish)):
            timed(publish, whole)(replace(settings, now=Clock(step.at)), step.framework, step.period.id)
    return whole


def time_calls(module: str, name: str, spent: Spent) -> None:
    """From now on, calls of a function by its module's own name are timed."""
    holder = importlib.import_module(module)
    setattr(holder, name, timed(getattr(holder, name), spent))


def timed(function: Callable[..., Any], spent: Spent) -> Callable[..., Any]:
    def call(*values: Any, **named: Any) -> Any:
        began, worked = time.perf_counter(), time.process_time()
        try:
            return function(*values, **named)
        finally:
            spent.calls += 1
            spent.wall += time.perf_counter() - began
            spent.processor += time.process_time() - worked

    return call


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
