"""How long a replay of the demo takes, part by part: every delivery judged and drawn again, the home proved equal.

    python -m benchmarks.replay [HOME]

HOME is a demo that has run (`make demo`); without it one is made first. It is replayed into a temporary folder.
"""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.publication import Spent, time_calls, timed
from flows.demo.run import run_demo
from flows.governance.replay import replay
from flows.settings import load_settings

# What is timed: module, function, what it is called.
PARTS = (
    ("flows.governance.replay", "_carry", "archive, releases and the rest copied"),
    ("flows.governance.replay", "lay_out", "definitions of the day laid out"),
    ("flows.governance.replay", "_judged_again", "deliveries judged again"),
    ("flows.governance.replay", "_draw", "contributions drawn again"),
    ("flows.governance.replay", "create_reference", "reference tables"),
    ("flows.governance.replay", "recompute", "values worked out anew"),
)


def main(arguments: list[str]) -> int:
    """Replay a demo and print what each part took; 1 when it is not equal."""
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as desk:
        home = Path(arguments[0]) if arguments else Path(desk) / "demo"
        if not arguments:
            run_demo(home, lambda line: None)
        settings = load_settings({"EXCHANGE_NOW": "2026-05-01"}, home)
        _ = settings.partnership
        spent: dict[str, Spent] = defaultdict(Spent)
        for module, name, label in PARTS:
            time_calls(module, name, spent[label])
        whole = Spent()
        done = timed(replay, whole)(settings, None)
    for label, part in sorted(spent.items(), key=lambda each: -each[1].wall):
        print(f"{label:<48} {part.calls:>5} times {part.wall:>7.2f} s {part.processor:>7.2f} s processor")
    told = f"{done.judged} deliveries of the demo replayed"
    print(f"{told:<48} {whole.calls:>5} times {whole.wall:>7.2f} s {whole.processor:>7.2f} s processor")
    print("equal" if done.sound else f"NOT EQUAL: {done.problems} {done.differences}")
    return int(not done.sound)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
