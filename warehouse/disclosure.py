"""Disclosure control: the single exit through which figures leave the warehouse.

Only `disclosure.figure` is read by what is published, so nothing published can be worked out from more than it.
docs/disclosure.md says in plain words what this guarantees and what not.

1. primary: a number is withheld when it, or what is left of a percentage without it, lies between zero and the
   threshold of the agreements that feed it, the strictest where several do. Zeros are shown, unless hiding one is the
   only way.
2. secondary (DOMAIN.md section 4.4): in each family (wards and their borough, categories and their headline) as many
   more as it takes that no withheld number can be worked out; the same count under another name goes with it, in
   another indicator or another framework (5_secondary.sql, 6_twin.sql).
3. earlier releases: what was withheld of a period stays withheld; what was published of it protects nothing.
4. the audit: a linear solver attacks what is left with every sum there is, those of earlier releases and of other
   calendars too; for what it can work out one more number is withheld, and it attacks again (disclosure_audit.py).
5. what is needless by then is shown again (disclosure_spare.py).

A year to date is withheld from the first period that is to the end of the year, so that it is always the sum of
periods that are shown. Nothing says which number is small and which only protects one: that alone would narrow it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from warehouse.connection import literal
from warehouse.disclosure_audit import exposed_cells, known_cells
from warehouse.disclosure_spare import show_spare_cells
from warehouse.disclosure_sums import find_relations, related_indicators

MODELS = Path(__file__).parent / "models" / "disclosure"
USUAL_THRESHOLD = 5  # for a dataset that no agreement names
PREPARE = ("1_threshold", "2_cell", "3_family")
COUNTABLE, SUM, EQUATION = "3a_countable", "3b_sum", "4_equation"
ROUND = ("5_secondary", "6_twin")
MEND, RELEASE = "7_mend", "8_figure"
SAID = {
    "publication": "VARCHAR",
    "framework": "VARCHAR",
    "indicator": "VARCHAR",
    "period": "VARCHAR",
    "area_code": "VARCHAR",
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "numerator": "DECIMAL(28,9)",
    "denominator": "DECIMAL(28,9)",
    "ytd": "DOUBLE",
    "suppressed": "BOOLEAN",
    "ytd_suppressed": "BOOLEAN",
}


def control(
    connection: duckdb.DuckDBPyConnection, framework: str, last: date, previous: Path | None = None
) -> None:
    """Make `disclosure.figure`: the framework's values up to and including the day `last`, safe to show.

    `previous` is the exchange.duckdb now published, whose `performance.statement` tells what every release so far
    has said. Columns as in `warehouse.merged.value` without the year-to-date counts, then `suppressed` (the figure is
    withheld), `ytd_suppressed` (its year to date is) and `suppressed_reason`. Reads `reference` and
    `warehouse.merged.value`; writes schema `disclosure` in the connection's own catalog.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS disclosure")
    _recall(connection, previous)
    given = {"framework": framework, "last": last, "usual": USUAL_THRESHOLD}
    for step in PREPARE:
        _run(connection, step, given)
    numbers = related_indicators(connection)
    _run(connection, COUNTABLE, given)
    find_relations(connection, numbers)
    for step in (SUM, EQUATION):
        _run(connection, step, given)
    _mark_known(connection)
    _withhold(connection, given)
    _run(connection, RELEASE, given)


def _recall(connection: duckdb.DuckDBPyConnection, previous: Path | None) -> None:
    """Make `disclosure.said`: what has been published so far of every protected figure."""
    columns = ", ".join(f"{name} {type}" for name, type in SAID.items())
    connection.execute(f"CREATE OR REPLACE TABLE disclosure.said ({columns})")
    if previous is None:
        return
    connection.execute(f"ATTACH '{literal(str(previous))}' AS earlier (READ_ONLY)")
    try:
        (kept,) = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'earlier' AND table_name = 'statement'"
        ).fetchall()
        if not kept[0]:
            return  # made before releases kept this memory
        connection.execute(
            "INSERT INTO disclosure.said BY NAME "
            "SELECT concat_ws(' ', publication_id, published_at) AS publication, "
            f"{', '.join(name for name in SAID if name != 'publication')} FROM earlier.performance.statement"
        )
    finally:
        connection.execute("DETACH earlier")


def _mark_known(connection: duckdb.DuckDBPyConnection) -> None:
    """What follows from earlier releases cannot protect anything: it is not withheld for that."""
    if connection.execute("SELECT count(*) FROM disclosure.said").fetchall() != [(0,)]:
        for column, cells in zip(("known", "rest_known"), known_cells(connection), strict=True):
            connection.execute(
                f"UPDATE disclosure.cell SET {column} = true "
                f"WHERE cell IN (SELECT unnest(CAST({cells} AS BIGINT[])))"
            )


def _withhold(connection: duckdb.DuckDBPyConnection, given: dict[str, object]) -> None:
    """Hide cells until none can be worked out, nor any more be hidden that would help; then show what is needless."""
    connection.execute("CREATE OR REPLACE TABLE disclosure.exposed (cell BIGINT)")
    while True:
        while protect(connection):
            pass  # each round hides cells, and there are only so many
        exposed = exposed_cells(connection)
        connection.execute("DELETE FROM disclosure.exposed")
        connection.execute(f"INSERT INTO disclosure.exposed SELECT unnest(CAST({exposed} AS BIGINT[]))")
        if not (exposed and _run(connection, MEND, given)):
            break  # safe, or known already from what was published before
    show_spare_cells(connection, protect, exposed)


def protect(connection: duckdb.DuckDBPyConnection) -> int:
    """One round of secondary suppression; the number of cells it hides."""
    return sum(_run(connection, step, {}) for step in ROUND)


def _run(connection: duckdb.DuckDBPyConnection, step: str, given: dict[str, object]) -> int:
    """Run the statements of a model; the number of rows that the last one wrote."""
    written = 0
    for statement in duckdb.extract_statements((MODELS / f"{step}.sql").read_text(encoding="utf-8")):
        wanted = {name: value for name, value in given.items() if name in statement.named_parameters}
        written = int(connection.execute(statement, wanted).fetchall()[0][0])
    return written
