"""benchmarks/results.md: what was measured last, size by size, and what the other benchmarks printed.

What a run did not measure stays as it was, with its own date, so that every ratio is held to the last one recorded.
"""

import re
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")
WORSE = 1.2  # times the recorded ratio


def recorded_ratios(text: str) -> dict[tuple[str, str], float]:
    """The ratios that a results file holds, by size and part."""
    found, size = {}, ""
    for line in text.splitlines():
        if heading := re.match(r"### ([\d,]+) rows", line):
            size = heading[1]
        if row := re.match(r"\| (\w+) \| [\d.]+ \|.*\| ([\d.]+) \|$", line):
            found[(size, row[1])] = float(row[2])
    return found


def got_worse(before: str, now: str) -> list[str]:
    """Of two results, a sentence for each size at which the exchange is a fifth farther from the script than it was."""
    was = recorded_ratios(before)
    return [
        f"{part} at {size} rows was {was[size, part]:.2f} times the script and is {ratio:.2f}"
        for (size, part), ratio in recorded_ratios(now).items()
        if part == "exchange" and (size, part) in was and ratio > WORSE * was[size, part]
    ]


def with_sizes(text: str, head: str, sizes: dict[int, str]) -> str:
    """The results with these sizes' tables in place of older ones; other sizes and sections stay as they are."""
    jobs, *others = re.split(r"(?m)^(?=## )", text)
    tables = {
        int(rows.replace(",", "")): table
        for rows, table in re.findall(r"(?ms)^### ([\d,]+) rows(.*?)(?=^###|\Z)", jobs)
    }
    kept = {rows: f"### {rows:,} rows{table.rstrip()}\n" for rows, table in tables.items()}
    parts = [head, *(table for _, table in sorted((kept | sizes).items()))]
    return "\n".join([*(part.rstrip() + "\n" for part in parts), *(other.rstrip() + "\n" for other in others)])


def with_section(text: str, heading: str, printed: str) -> str:
    """The results with what another benchmark printed under its heading, in place of what it printed before."""
    start, *others = re.split(r"(?m)^(?=## )", text)
    sections = {other.partition("\n")[0].removeprefix("## "): other for other in others}
    sections[heading] = f"## {heading}\n\n```\n{printed.rstrip()}\n```\n"
    return "\n".join(part.rstrip() + "\n" for part in [start, *sections.values()])


def add_section(heading: str, printed: str) -> None:
    """Record what another benchmark printed."""
    RESULTS.write_text(with_section(RESULTS.read_text(encoding="utf-8"), heading, printed), encoding="utf-8")
