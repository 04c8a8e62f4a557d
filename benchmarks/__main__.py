"""Every benchmark, one after the other, side by side in benchmarks/results.md. What `make bench` runs.

    python -m benchmarks [arguments of benchmarks.whole_job]

The whole job beside its peers comes first and writes its own tables; of the others stands what they print. All are
run, whatever one of them says; the exit code is 1 when a ratio got worse or a claim does not hold.
"""

import subprocess
import sys

from benchmarks.results import add_section

# What else is measured: module, heading.
OTHERS = (
    ("validation", "The rules of one dataset beside one hand-written scan"),
    ("history", "Does a delivery cost more as the history grows?"),
    ("publication", "The publications of the demo, and where the time goes"),
    ("replay", "A replay of the demo, and where the time goes"),
)


def main(arguments: list[str]) -> int:
    """Run them all; returns 1 when one of them is not content."""
    codes = [subprocess.run([sys.executable, "-m", "benchmarks.whole_job", *arguments], check=False).returncode]
    for module, heading in OTHERS:
        command = [sys.executable, "-m", f"benchmarks.{module}"]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        print(f"\n{heading}\n{done.stdout}", flush=True)
        add_section(
            heading, done.stdout if done.returncode == 0 else f"{done.stdout}exit code {done.returncode}\n"
        )
        codes.append(done.returncode)
    return int(any(codes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
