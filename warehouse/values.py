"""Values: figures worked out from the contributions that are live, never by adding to or taking from a figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.connection import literal
from warehouse.tables import create_tables

MODELS = Path(__file__).parent / "models" / "values"
TABLES = MODELS / "tables.yaml"
STEPS = ("1_window", "2_live", "3_cover", "4_sum", "5_population", "6_value", "7_missing")
SCRATCH = (
    "value_window",
    "value_span",
    "value_reach",
    "value_live",
    "value_held",
    "value_stated",
    "value_cover",
    "value_sum",
    "value_population",
)
_HEADLINES = (
    "SELECT framework, indicator, period, value, numerator, ytd, ytd_numerator FROM {values} "
    "JOIN reference.partnership USING (area_code) WHERE breakdown = 'all'"
)


class CalendarEndedError(Exception):
    """The reference was built for fewer days than the clock now shows: build it again with a later `last`."""


def create_merged(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `warehouse.merged.contribution` and `warehouse.merged.value` where they are not there yet."""
    create_tables(connection, TABLES, replace=False)


def recompute(
    connection: duckdb.DuckDBPyConnection,
    *,
    datasets: Iterable[str] | None = None,
    first: date | None = None,
    last: date | None = None,
    today: date,
) -> None:
    """Work out anew every figure that a change in these datasets and days can have touched, in all frameworks.

    `datasets` are keys such as 'police/street_crime' (None = all); `first` and `last` are the days the changed
    contributions cover, both included (None = no limit). A figure is touched when its own days, the year to date
    or the twelve months of a rolling average share a day with them. Periods that begin after `today` have no figure;
    every other period has a headline row, if only to say that it is missing.
    Needs `create_reference` and `create_merged`, and a ledger; opens no transaction of its own, so that it can be
    part of the caller's. Writes to the warehouse and to temporary tables only.

    Raises CalendarEndedError when a framework without an end has no period for `today`.
    """
    _check_calendar(connection, today)
    keys = None if datasets is None else sorted(set(datasets))
    _set_variables(connection, keys, first, last, today)
    for step in STEPS:
        connection.execute((MODELS / f"{step}.sql").read_text(encoding="utf-8"))
        if step == "1_window":
            _clear(connection, everything=keys is None and first is None and last is None)
    for table in SCRATCH:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _set_variables(
    connection: duckdb.DuckDBPyConnection,
    keys: list[str] | None,
    first: date | None,
    last: date | None,
    today: date,
) -> None:
    """Hand the SQL what was asked for. Not as bound parameters: the first of those makes DuckDB import pandas."""
    listed = "NULL" if keys is None else f"[{', '.join(_quoted(key) for key in keys)}]"
    connection.execute(f"SET VARIABLE value_datasets = CAST({listed} AS VARCHAR[])")
    for name, day in (("first", first), ("last", last), ("today", today)):
        written = "NULL" if day is None else _quoted(day.isoformat())
        connection.execute(f"SET VARIABLE value_{name} = CAST({written} AS DATE)")


def _quoted(text: str) -> str:
    return f"'{literal(text)}'"


def _clear(connection: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Take out what is about to be written; on a full run all, so that an indicator that went leaves nothing."""
    if everything:
        connection.execute("DELETE FROM warehouse.merged.value")
        return
    connection.execute(
        "DELETE FROM warehouse.merged.value WHERE (framework, indicator, period) IN "
        "(SELECT (framework, indicator, period) FROM value_window)"
    )


def _check_calendar(connection: duckdb.DuckDBPyConnection, today: date) -> None:
    ended = connection.execute(
        f"""
        SELECT framework.framework
        FROM reference.framework AS framework
        JOIN reference.indicator AS indicator USING (framework)
        JOIN reference.period AS period USING (framework, indicator)
        WHERE framework.ends IS NULL AND indicator.valid_to IS NULL
        GROUP BY framework.framework
        HAVING max(period.period_end) < DATE '{today}'
        ORDER BY framework.framework
        """
    ).fetchall()
    if ended:
        raise CalendarEndedError(
            f"The calendar of {ended[0][0]} ends before {today}: build the reference with last={today}."
        )


@dataclass(frozen=True)
class Moved:
    """A headline figure that a change moved, of its period or of the year to date; None is a figure that is missing.

    `small`: one of the counts, or their difference, is below the threshold of an agreement behind the figure, so the
    numbers are for the warehouse alone.
    """

    framework: str
    indicator: str
    period: str
    before: float | None
    after: float | None
    ytd_before: float | None
    ytd_after: float | None
    small: bool

    @property
    def restated(self) -> bool:
        """Whether something had been said before; else the figure is new."""
        return self.before is not None or self.ytd_before is not None


def remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep every figure as it stands, for ``what_moved`` and ``earliest_moved``."""
    connection.execute("CREATE OR REPLACE TEMP TABLE value_before AS FROM warehouse.merged.value")


def earliest_moved(connection: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """By framework, the last day of the earliest period with a figure, of any area and breakdown, that moved since
    ``remember``."""
    found = connection.execute(
        """
        SELECT framework, min(period_end)
        FROM (
            (FROM value_before EXCEPT FROM warehouse.merged.value)
            UNION ALL
            (FROM warehouse.merged.value EXCEPT FROM value_before)
        )
        GROUP BY framework
        ORDER BY framework
        """
    ).fetchall()
    return dict(found)


def what_moved(connection: duckdb.DuckDBPyConnection) -> list[Moved]:
    """The headline figures that differ from what ``remember`` kept, in value or year to date."""
    found = connection.execute(
        f"""
        WITH threshold AS (
            SELECT term.framework, term.indicator, max(agreement.suppression_n) AS least
            FROM reference.term AS term
            JOIN reference.agreement AS agreement USING (partner, dataset)
            GROUP BY ALL
        )
        SELECT
            framework, indicator, period,
            earlier.value, now.value, earlier.ytd, now.ytd,
            coalesce(least(
                earlier.numerator, now.numerator, earlier.ytd_numerator, now.ytd_numerator,
                nullif(abs(now.numerator - earlier.numerator), 0),
                nullif(abs(now.ytd_numerator - earlier.ytd_numerator), 0)
            ) < threshold.least, false)
        FROM ({_HEADLINES.format(values="value_before")}) AS earlier
        FULL JOIN ({_HEADLINES.format(values="warehouse.merged.value")}) AS now USING (framework, indicator, period)
        LEFT JOIN threshold USING (framework, indicator)
        WHERE earlier.value IS DISTINCT FROM now.value OR earlier.ytd IS DISTINCT FROM now.ytd
        ORDER BY ALL
        """
    ).fetchall()
    return [Moved(*row) for row in found]
