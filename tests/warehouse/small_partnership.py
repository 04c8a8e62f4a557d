"""A partnership small enough to count by hand: one borough, a few wards, one framework, figures given as numbers.

Figures are written straight into `warehouse.merged.value`, so that a test of what is published states its numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from schemas.periods import Period, parse_period, period_of, periods_between
from warehouse import ledger
from warehouse.reference import MODELS, YEAR_OF, create_macros
from warehouse.tables import create_tables, fill
from warehouse.values import create_merged

REFERENCE = MODELS / "tables.yaml"
FRAMEWORK = "little-agreement"
BOROUGH, WARDS = "B1", ("W1", "W2", "W3", "W4", "W5", "W6")
LAYER_ROLES = ["strategic", "executive", "operational"]
STARTS, ENDS = date(2008, 4, 1), date(2011, 3, 31)
NOW = datetime(2009, 10, 20, 9, 0, tzinfo=UTC)

Place = tuple[str, str, str]  # area, breakdown, category
ALL: Place = (BOROUGH, "all", "all")


def ward(code: str) -> Place:
    return (code, "all", "all")


def category(breakdown: str, name: str) -> Place:
    return (BOROUGH, breakdown, name)


def small_partnership() -> duckdb.DuckDBPyConnection:
    """A connection with an empty warehouse attached, the reference of the place, and no indicator yet."""
    connection = duckdb.connect(":memory:")
    connection.execute("ATTACH ':memory:' AS warehouse")
    create_macros(connection)
    create_tables(connection, REFERENCE, replace=True)
    create_merged(connection)
    ledger.prepare(connection, NOW)
    rows: dict[str, list[tuple[object, ...]]] = {
        "partnership": [(BOROUGH, "Littleborough", "00XX", "Littleborough Partnership")],
        "area": [
            (BOROUGH, "Littleborough", "borough", "00XX", None),
            *((code, f"Ward {code[1:]}", "ward", None, BOROUGH) for code in WARDS),
            ("C1", "Country", "country", None, None),
        ],
        "comparator": [("C1", "Country")],
        "partner": [("police", "Police"), ("health", "Primary care trust")],
        "framework": [
            (FRAMEWORK, "Little Agreement", "illustrative", "Made up.", None, None, STARTS, ENDS, "quarter", 10)
        ],
        "priority": [
            (FRAMEWORK, "safe", "A safe borough", 1),
            (FRAMEWORK, "well", "A healthy borough", 2),
        ],
        "layer": [
            (FRAMEWORK, "board", "The Board", "strategic", None, "Leader", "quarterly", None),
            (FRAMEWORK, "executive", "The Executive", "executive", "board", None, None, None),
            (FRAMEWORK, "safety", "Safety group", "operational", "executive", None, None, None),
            (FRAMEWORK, "health", "Health group", "operational", "executive", None, None, None),
        ],
    }
    for table, content in rows.items():
        fill(connection, REFERENCE, table, content)
    return connection


def forget_indicators(connection: duckdb.DuckDBPyConnection) -> None:
    """Back to a place without indicators: making one anew takes longer than a test."""
    tables = ("indicator", "term", "period", "target", "dataset", "measure", "measure_part", "agreement")
    for table in (*tables, "dataset_period"):
        connection.execute(f"DELETE FROM reference.{table}")
    connection.execute("DELETE FROM warehouse.merged.value")


def add_indicator(
    connection: duckdb.DuckDBPyConnection,
    indicator: str = "I1",
    *,
    kind: str = "count",
    over: str | None = None,
    threshold: int | None = 5,
    round_to: int = 0,
    calendar: str = "quarter",
    multiplier: int = 1,
    partner: str = "police",
    dataset: str | None = None,
    first: date = STARTS,
    targets: Mapping[str, float | None] | None = None,
    cumulative: bool = True,
    polarity: str = "low",
    decimals: int = 1,
    layer: str = "safety",
    priority: str = "safe",
    name: str | None = None,
    cadence: str | None = "quarter",
    counts: Sequence[str] = ("offences",),
) -> None:
    """An indicator with its dataset and agreement. `over`: a measure or a population under the line, or None;
    `counts`: the measures that are added up over it."""
    dataset = dataset or f"data_{indicator.lower()}"
    term: dict[str | None, list[tuple[object, ...]]] = {
        None: [],
        "measure": [(FRAMEWORK, indicator, "denominator", partner, dataset, "cases", None, 1)],
        "population": [(FRAMEWORK, indicator, "denominator", None, None, None, "all_ages", 1)],
    }
    rows: dict[str, list[tuple[object, ...]]] = {
        "indicator": [
            (
                FRAMEWORK, indicator, name or f"Indicator {indicator}", priority, layer, partner, "local",
                "number", polarity, decimals, calendar, kind, multiplier, 10, "FY2007", 100,
                "What is counted.", "Made up.", None, None, None, cumulative,
            )
        ],
        "term": [
            *((FRAMEWORK, indicator, "numerator", partner, dataset, measure, None, 1) for measure in counts),
            *term[over],
        ],
        "period": [
            (FRAMEWORK, indicator, *_period_row(period)) for period in periods_between(calendar, first, ENDS)
        ],
        "target": [
            (FRAMEWORK, indicator, period, target, target is None) for period, target in (targets or {}).items()
        ],
        "dataset": [(partner, dataset, f"Data of {indicator}", cadence, "Made up.")],
        "measure": [(partner, dataset, measure, "count", "What is counted.") for measure in counts],
    }  # fmt: skip
    if threshold is not None:
        rows["agreement"] = [
            (f"{indicator.lower()}-agreement", partner, dataset, threshold, round_to, ["restricted"], LAYER_ROLES)
        ]
    if cadence:
        rows["dataset_period"] = [
            (partner, dataset, p.id, p.start, p.end) for p in periods_between(cadence, STARTS, date(2009, 9, 30))
        ]
    for table, content in rows.items():
        fill(connection, REFERENCE, table, content)


def _period_row(period: Period) -> tuple[object, ...]:
    year = period_of(YEAR_OF[period.kind], period.start)
    parts = periods_between(period.kind, year.start, year.end)
    publication = period_of("quarter", period.end).id
    return (
        period.id, period.kind, period.start, period.end, year.start, year.end, year.id,
        parts.index(period) + 1, len(parts), publication,
    )  # fmt: skip


def add_figures(
    connection: duckdb.DuckDBPyConnection,
    figures: Mapping[tuple[str, Place], tuple[float, float | None] | None],
    indicator: str = "I1",
    *,
    multiplier: int = 1,
    latest: bool = False,
    shared: bool = False,
    year_before: Mapping[Place, tuple[float, float | None]] | None = None,
) -> None:
    """Figures as (period, place) -> (numerator, denominator), None = missing; the year to date is added up here.

    `latest`: the year to date is the latest value (snapshots). `shared`: the denominator is one population for the
    whole year. `year_before`: what the year held before its first period here.
    """
    so_far: dict[tuple[Place, str], list[Decimal | None]] = {}
    rows = []
    for (id, place), amounts in sorted(figures.items(), key=lambda item: parse_period(item[0][0]).start):
        period = parse_period(id)
        year = period_of(YEAR_OF[period.kind], period.start).id
        if amounts is None:
            so_far[place, year] = [None, None]
            rows.append((*_key(indicator, period, place), *[None] * 8, "missing", None, 0))
            continue
        numerator, denominator = (None if a is None else Decimal(str(a)) for a in amounts)
        before = so_far.get((place, year))
        if before is None:
            start = (year_before or {}).get(place, (0, 0))
            before = [Decimal(str(start[0])), Decimal(str(start[1] or 0))]
        total = None if before[0] is None or numerator is None else before[0] + numerator
        under = denominator if shared or denominator is None or before[1] is None else before[1] + denominator
        so_far[place, year] = [total, under]
        if latest:
            total, under = numerator, denominator
        value = _figure(numerator, denominator, multiplier)
        rows.append(
            (
                *_key(indicator, period, place), numerator, denominator, value, value * 0.9, value * 1.1,
                total, under, None if total is None else _figure(total, under, multiplier), "ok", None, 1,
            )
        )  # fmt: skip
    marks = ", ".join("?" * 19)
    connection.executemany(f"INSERT INTO warehouse.merged.value VALUES ({marks}, NULL, NULL, NULL)", rows)


def _key(indicator: str, period: Period, place: Place) -> tuple[Any, ...]:
    return (FRAMEWORK, indicator, period.id, period.start, period.end, *place)


def _figure(numerator: Decimal | None, denominator: Decimal | None, multiplier: int) -> float:
    assert numerator is not None
    return multiplier * (float(numerator) / float(denominator or 1))


def add_delivery(
    connection: duckdb.DuckDBPyConnection,
    period: str,
    *,
    dataset: str = "data_i1",
    partner: str = "police",
    state: str = "merged",
    decision: str = "accepted",
    rows: tuple[int, int, int] = (30, 28, 2),
    sequence: int = 1,
    received_at: datetime = datetime(2009, 7, 14, 23, 30),  # noqa: DTZ001 - the ledger stores UTC without the marker
) -> str:
    """A delivery in the ledger, with (received, accepted, quarantined) rows and one failed rule if any failed."""
    id = f"{partner}-{dataset}-{period}-{sequence:08}"
    received, accepted, quarantined = rows
    connection.execute(
        "INSERT INTO warehouse.ledger.delivery BY NAME SELECT ? AS delivery_id, ? AS sequence, ? AS partner, "
        "? AS dataset, ? AS period, ? AS slot, 'x.csv' AS file_name, ? AS sha256, 10 AS size_bytes, ? AS state, "
        "? AS decision, ? AS rows_received, ? AS rows_accepted, ? AS rows_quarantined, 0 AS rows_out_of_scope, "
        "CAST(? AS TIMESTAMP) AS received_at, 'i1-agreement' AS agreement_id, 'c0ffee' AS contract_fingerprint, "
        "'beef' AS standard_fingerprint",
        [
            id, sequence, partner, dataset, period, f"{partner}/{dataset}/{period}", f"{sequence:064}", state,
            decision, received, accepted, quarantined, received_at,
        ],
    )  # fmt: skip
    if quarantined:
        ledger.record_rules(
            connection,
            id,
            [
                {
                    "rule_id": "PRC-004", "severity": "warning", "characteristic": "validity",
                    "sentence": f"{quarantined} rows have an offence code that is not in the list.",
                    "remedy": "Use the list.", "outcome": "failed", "checked": received, "failed": quarantined,
                    "first_rows": [2],
                }
            ],
        )  # fmt: skip
    return id
