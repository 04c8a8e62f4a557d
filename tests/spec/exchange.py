"""A small exchange in memory for specifications: rows go in as a table of text, figures come out.

Everything between is the shipped code: contracts, code lists, contribution models, frameworks and value models.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from schemas.partnership import Partnership
from schemas.periods import Period, parse_period
from warehouse.connection import identifier, literal
from warehouse.contributions import contribute
from warehouse.reference import create_reference
from warehouse.values import create_merged, recompute

LEDGER = """
    CREATE SCHEMA warehouse.ledger;
    CREATE TABLE warehouse.ledger.delivery (
        delivery_id VARCHAR, partner VARCHAR, dataset VARCHAR, period VARCHAR, state VARCHAR, received_at TIMESTAMP,
        of_record BOOLEAN
    )
"""


@dataclass(frozen=True)
class Figure:
    """One row of warehouse.merged.value. Sums are exact Decimals, which compare with whole numbers."""

    numerator: Decimal | float | None
    denominator: Decimal | float | None
    value: float | None
    lower: float | None
    upper: float | None
    ytd_numerator: Decimal | float | None
    ytd_denominator: Decimal | float | None
    ytd: float | None
    status: str
    population_year: int | None
    deliveries: int


def rows_of(table: str) -> list[dict[str, str | None]]:
    """A table written as text, columns apart by bars; the first line is the header, an empty cell is no value."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    header, *rest = lines
    return [dict(zip(header, [cell or None for cell in line], strict=True)) for line in rest]


class Exchange:
    """The warehouse of one specification."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, partnership: Partnership, folder: Path) -> None:
        self.connection = connection
        self.partnership = partnership
        self.folder = folder
        self.today = date(2011, 4, 1)
        self._numbers = itertools.count(1)
        self._stale = True
        attached = connection.execute("SELECT count(*) FROM duckdb_databases() WHERE database_name = 'warehouse'")
        if attached.fetchall()[0][0]:
            connection.execute("DETACH warehouse")
        connection.execute("ATTACH ':memory:' AS warehouse")
        connection.execute(LEDGER)
        create_merged(connection)

    def deliver(self, key: str, period: str, table: str = "", *, state: str = "merged") -> str:
        """Put the accepted rows of one delivery through its contribution model; returns the delivery's id.

        Columns are the contract's; a column `times` repeats its row, `_scope` tells a comparator's.
        """
        delivery_id = self.record(key, period, state=state)
        out = self.folder / f"{delivery_id}.contribution.parquet"
        self.contribute(key, parse_period(period), table, out)
        self.connection.execute(
            f"INSERT INTO warehouse.merged.contribution SELECT '{delivery_id}', '{key.split('/')[0]}', "
            f"'{key.split('/')[1]}', * FROM read_parquet('{out}')"
        )
        return delivery_id

    def deliver_totals(self, key: str, period: str, totals: str) -> str:
        """Put totals straight in, where a specification is about the formula and not about rows.

        Columns: measure, period (its own, such as a month), amount.
        """
        delivery_id = self.record(key, period)
        for row in rows_of(totals):
            of = parse_period(str(row["period"]))
            self.connection.execute(
                f"INSERT INTO warehouse.merged.contribution VALUES ('{delivery_id}', '{key.split('/')[0]}', "
                f"'{key.split('/')[1]}', '{row['measure']}', DATE '{of.start}', DATE '{of.end}', "
                f"'{self.partnership.area_code}', 'all', 'all', {row['amount']}, 1)"
            )
        return delivery_id

    def contribute(self, key: str, period: Period, table: str, out: Path) -> int:
        """Write the contribution of the rows of a table to `out`; returns its number of rows."""
        contract = self.partnership.contracts[key]
        rows = rows_of(table) if table else []
        given = {name for row in rows for name in row}
        unknown = given - {column.name for column in contract.columns} - {"times", "_scope"}
        assert not unknown, f"{key} has no column {unknown}"
        columns = ", ".join(
            f"CAST(row->>'{column.name}' AS {column.physical_type}) AS {identifier(column.name)}"
            for column in contract.columns
        )
        accepted = out.with_suffix(".accepted.parquet")
        self.connection.execute(
            f"""
            COPY (
                SELECT row_number() OVER () - 1 AS _row, coalesce(row->>'_scope', 'area') AS _scope,
                    CAST(NULL AS VARCHAR) AS _absent, {columns}
                FROM (
                    SELECT row, unnest(range(CAST(coalesce(row->>'times', '1') AS BIGINT)))
                    FROM (SELECT unnest(CAST(CAST('{literal(json.dumps(rows))}' AS JSON) AS JSON[])) AS row)
                )
            ) TO '{accepted}' (FORMAT parquet)
            """
        )
        return contribute(self.connection, self.partnership, contract, accepted, period, out)

    def record(self, key: str, period: str, *, state: str = "merged") -> str:
        """Write a delivery into the ledger and nothing else, as a nil return would."""
        self._stale = True
        delivery_id = f"delivery-{next(self._numbers):03}"
        partner, dataset = key.split("/")
        self.connection.execute(
            f"INSERT INTO warehouse.ledger.delivery VALUES "
            f"('{delivery_id}', '{partner}', '{dataset}', '{period}', '{state}', TIMESTAMP '2009-01-01', false)"
        )
        return delivery_id

    def move(self, delivery_id: str, state: str) -> None:
        """Change the state of a delivery."""
        self._stale = True
        self.connection.execute(
            f"UPDATE warehouse.ledger.delivery SET state = '{state}' WHERE delivery_id = '{delivery_id}'"
        )

    def recompute(self, datasets: Iterable[str] | None = None) -> None:
        """Work the values out anew."""
        recompute(self.connection, datasets=datasets, today=self.today)
        self._stale = False

    def figure(
        self,
        indicator: str,
        period: str,
        *,
        area: str | None = None,
        breakdown: str = "all",
        category: str = "all",
    ) -> Figure | None:
        """The figure of the partnership's area or of another one; None when there is no such row."""
        if self._stale:
            self.recompute()
        found = self.connection.execute(
            f"""
            SELECT numerator, denominator, value, lower, upper, ytd_numerator, ytd_denominator, ytd, status,
                population_year, deliveries
            FROM warehouse.merged.value
            WHERE indicator = '{indicator}' AND period = '{period}'
                AND area_code = '{area or self.partnership.area_code}'
                AND breakdown = '{breakdown}' AND category = '{literal(category)}'
            """
        ).fetchall()
        assert len(found) <= 1
        return Figure(*found[0]) if found else None

    def headline(self, indicator: str, period: str) -> Figure:
        """The partnership's own headline figure, which is always there."""
        found = self.figure(indicator, period)
        assert found is not None, f"no row for {indicator} {period}"
        return found

    def stated(self, indicator: str, period: str) -> tuple[str | None, str | None, date | None]:
        """What its sender said of a headline: how sure it is, who stated it, when it was measured."""
        self.headline(indicator, period)
        found = self.connection.execute(
            f"SELECT basis, source, measured_on FROM warehouse.merged.value WHERE indicator = '{indicator}' "
            f"AND period = '{period}' AND area_code = '{self.partnership.area_code}' AND breakdown = 'all'"
        ).fetchall()
        basis, source, measured_on = found[0]
        return basis, source, measured_on

    def all_values(self) -> list[tuple[object, ...]]:
        """Every value in the warehouse, in one order."""
        return list(self.connection.execute("FROM warehouse.merged.value ORDER BY ALL").fetchall())

    def macro(self, call: str) -> object:
        """The result of a macro."""
        return self.connection.execute(f"SELECT {call}").fetchall()[0][0]


def open_reference(partnership: Partnership) -> duckdb.DuckDBPyConnection:
    """A connection in memory with the reference tables of a partnership."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET threads = 2")
    create_reference(connection, partnership, last=date(2027, 3, 31))
    return connection
