"""How many figures disclosure control withholds beyond the fewest that would do, on tables small enough to try all.

    python -m benchmarks.suppression [TABLES]

Made-up counts and shares of one quarter, by two to six wards and up to four categories. The fewest are found by
trying every set of figures, smaller sets first, against what control itself must withstand: its rules of families
(5_secondary.sql) and its attack by linear programming (warehouse/disclosure_audit.py).
"""

import sys
from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from random import Random

import duckdb

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    WARDS,
    Place,
    add_figures,
    add_indicator,
    category,
    forget_indicators,
    small_partnership,
    ward,
)
from warehouse.disclosure import control, protect
from warehouse.disclosure_audit import exposed_cells

QUARTER = "FY2008-Q1"


def main(arguments: list[str]) -> int:
    """Print how many tables lose how many figures more than they must."""
    tables = int(arguments[0]) if arguments else 300
    connection = small_partnership()
    beyond: Counter[int] = Counter()
    shown = small = withheld = fewest = 0
    for seed in range(tables):
        made_up(connection, seed)
        control(connection, FRAMEWORK, parse_period(QUARTER).end)
        cells = {cell for (cell,) in connection.execute("SELECT cell FROM disclosure.cell").fetchall()}
        hidden = marked(connection, "hidden")
        must = marked(connection, "numerator > 0 AND numerator < threshold OR rest > 0 AND rest < threshold")
        least = fewest_beside(connection, must, cells - must, len(hidden - must))
        beyond[len(hidden - must) - least] += 1
        shown, small, withheld, fewest = (
            shown + len(cells),
            small + len(must),
            withheld + len(hidden),
            fewest + len(must) + least,
        )
    print(f"{tables} tables, {shown} figures: {small} small, {withheld} withheld, {fewest} would do")
    for more, how_many in sorted(beyond.items()):
        print(f"{how_many:>6} tables withhold {more} more than they must")
    return 0


def made_up(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """One indicator by ward and category, a count or a share, most wards small."""
    dice = Random(seed)  # noqa: S311 - made-up counts
    share = dice.random() < 0.3
    wards = [ward(code) for code in WARDS[: dice.randint(2, 6)]]
    categories = [category("sex", name) for name in "abcd"[: dice.choice([0, 0, 2, 3, 4])]]
    parts: dict[Place, tuple[int, int]] = {place: (number(dice), number(dice)) for place in wards}
    parts[ALL] = (sum(pair[0] for pair in parts.values()), sum(pair[1] for pair in parts.values()))
    left = list(parts[ALL])
    for place in categories:
        dealt = left if place == categories[-1] else [int(amount * dice.random()) for amount in left]
        parts[place] = (dealt[0], dealt[1])
        left = [have - gone for have, gone in zip(left, dealt, strict=True)]
    forget_indicators(connection)
    kind, over = ("percent", "measure") if share else ("count", None)
    add_indicator(connection, kind=kind, over=over, threshold=5, cumulative=not share)
    figures = {(QUARTER, place): (one, one + other if share else None) for place, (one, other) in parts.items()}
    add_figures(connection, figures)


def number(dice: Random) -> int:
    return dice.choice([0, dice.randint(1, 4), dice.randint(1, 9), dice.randint(5, 60), dice.randint(5, 60)])


def marked(connection: duckdb.DuckDBPyConnection, condition: str) -> set[int]:
    found = connection.execute(f"SELECT cell FROM disclosure.cell WHERE {condition}").fetchall()
    return {cell for (cell,) in found}


def fewest_beside(
    connection: duckdb.DuckDBPyConnection, must: set[int], others: Iterable[int], enough: int
) -> int:
    """The fewest figures that withheld beside `must` leave nothing to be worked out; `enough` is known to do."""
    for few in range(enough):
        for beside in combinations(sorted(others), few):
            hide(connection, must | {*beside})
            if not exposed_cells(connection) and not protect(connection):
                return few
    return enough


def hide(connection: duckdb.DuckDBPyConnection, cells: set[int]) -> None:
    connection.execute(
        f"UPDATE disclosure.cell SET hidden = cell IN (SELECT unnest(CAST({sorted(cells)} AS BIGINT[])))"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
