"""Disclosure control: the single exit through which figures leave the warehouse.

Only `disclosure.figure` is read by what is published, so nothing published can be worked out from more than it.

A number is withheld when it, or what is left of a percentage without it, lies between zero and the threshold of
the agreements that feed it (primary); and when it could be worked out from what is shown: wards or categories from
their total, a period from the year to date (secondary, DOMAIN.md section 4.4). Nothing says which of the two it
was: that alone would narrow a number down. Zeros are shown, unless hiding one is the only way.

Why it holds: each period stands alone, because a year to date that is shown is the sum of periods that are shown;
and within a period the wards and the breakdowns share nothing but the headline. So a hidden number is one of two or
more with a known sum, or a part of a hidden headline; and the sum leaves room (4_secondary.sql).

The same count in two indicators of a framework is withheld in both (5_twin.sql).

Not covered: the same count in two frameworks, and an earlier release of the same figures.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

MODELS = Path(__file__).parent / "models" / "disclosure"
USUAL_THRESHOLD = 5  # for a dataset that no agreement names
PREPARE = ("1_threshold", "2_cell", "3_family")
ROUND = ("4_secondary", "5_twin")
RELEASE = "6_figure"


def control(connection: duckdb.DuckDBPyConnection, framework: str, last: date) -> None:
    """Make `disclosure.figure`: the framework's values up to and including the day `last`, safe to show.

    Columns as in `warehouse.merged.value` without the year-to-date counts, then `suppressed` (the figure is
    withheld), `ytd_suppressed` (its year to date is) and `suppressed_reason`. Reads `reference` and
    `warehouse.merged.value`; writes schema `disclosure` in the connection's own catalog.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS disclosure")
    given = {"framework": framework, "last": last, "usual": USUAL_THRESHOLD}
    for step in PREPARE:
        _run(connection, step, given)
    while sum([_run(connection, step, given) for step in ROUND]):
        pass  # each round hides cells, and there are only so many
    _run(connection, RELEASE, given)


def _run(connection: duckdb.DuckDBPyConnection, step: str, given: dict[str, object]) -> int:
    """Run the statements of a model; the number of rows that the last one wrote."""
    written = 0
    for statement in duckdb.extract_statements((MODELS / f"{step}.sql").read_text(encoding="utf-8")):
        wanted = {name: value for name, value in given.items() if name in statement.named_parameters}
        written = int(connection.execute(statement, wanted).fetchall()[0][0])
    return written
