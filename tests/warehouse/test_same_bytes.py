"""The same inputs give the same bytes, and a database of the same content, in other processes set up otherwise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import sys
from pathlib import Path
from schemas.periods import parse_period
from tests.warehouse.small_partnership import *
from warehouse.publication import build_publication
from warehouse.release import write_release

folder, threads = Path(sys.argv[1]), sys.argv[2]
connection = small_partnership()
connection.execute(f"SET threads = {threads}")
times = {"I1": 1, "I2": 1, "OTHERS": 2, "BOTH": 3}  # the last counts what I1 and OTHERS count together
for indicator, measures in {"I1": ("offences",), "I2": ("x",), "OTHERS": ("y",), "BOTH": ("offences", "y")}.items():
    add_indicator(connection, indicator, targets={"FY2008": 100}, dataset="data", counts=measures)
    counts = {"W1": 1, "W2": 2, "W3": 20, "W4": 31, "W5": 0, "W6": 9}
    counts = {code: count * times[indicator] for code, count in counts.items()}
    figures = {("FY2008-Q1", ward(code)): (count, None) for code, count in counts.items()}
    add_figures(connection, figures | {("FY2008-Q1", ALL): (sum(counts.values()), None)}, indicator)
publication = build_publication(connection, FRAMEWORK, parse_period("FY2008-Q1"), NOW)
write_release(connection, publication, folder, None, {})
"""


@pytest.mark.parametrize(("threads", "seed"), [("1", "1"), ("4", "4711")])
def test_whatever_the_threads_and_the_hash_seed(tmp_path: Path, threads: str, seed: str) -> None:
    for name, of, hashed in (("here", "2", "0"), ("there", threads, seed)):
        subprocess.run(
            [sys.executable, "-c", MAKE, str(tmp_path / name), of],
            check=True,
            env={"PYTHONHASHSEED": hashed, "PYTHONPATH": str(Path.cwd()), "PATH": ""},
        )
    here, there = ((tmp_path / name / "manifest.json").read_bytes() for name in ("here", "there"))
    assert here == there  # it has the SHA-256 of every file's bytes, and of the databases' content
    assert len(json.loads(here)["files"]) > 10
