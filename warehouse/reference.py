"""The partnership's files as tables: areas, populations, code lists, agreements, frameworks, calendars."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb

from schemas.framework import Framework, Indicator
from schemas.measures import measures_of, parts_of
from schemas.partnership import Partnership
from schemas.periods import Period, parse_period, period_of, periods_between
from warehouse.connection import literal, transaction
from warehouse.tables import create_tables, definition, fill, rows_of

MODELS = Path(__file__).parent / "models" / "reference"
MACROS = Path(__file__).parent / "macros"
OPEN_ENDED_YEARS = 20  # how far the calendar of a framework without an end runs when no last day is given
QUALIFYING_RATE = 25  # per cent on out-of-work benefits in the base year, NI 153 (DOMAIN.md section 1.7)

# The categories of the breakdown by deprivation: whether a neighbourhood is in the most deprived fifth.
DEPRIVED = {True: "Most deprived fifth", False: "Other neighbourhoods"}

# The year a kind of period is counted through: its year to date, its targets, its population.
YEAR_OF = {
    "month": "financial_year",
    "quarter": "financial_year",
    "tranche": "financial_year",
    "financial_year": "financial_year",
    "term": "academic_year",
    "academic_year": "academic_year",
    "calendar_year": "calendar_year",
}

PLACES = (
    *("partnership", "area", "area_code", "lsoa", "best_fit", "deprivation", "postcode", "outline"),
    *("comparator", "comparator_member", "population", "worst_neighbourhoods", "code"),
)

Rows = Sequence[Sequence[object]]


def create_reference(
    connection: duckdb.DuckDBPyConnection,
    partnership: Partnership,
    *,
    last: date | None = None,
    shown_on: date | None = None,
) -> None:
    """Make schema `reference` and the macros in the connection's current catalog, anew each time.

    `last` is the latest day a period may start on (the clock's day is enough); without it the calendar of a
    framework that has no end runs for twenty years. It is one transaction of its own, so call it outside the one
    that writes to the warehouse: no transaction can write to two databases.

    `shown_on` is the day something is published: before its `public_after` day an agreement lets the public see
    nothing. Without it, an agreement that names such a day lets the public see nothing at all.
    """
    write = partial(fill, connection, MODELS / "tables.yaml")
    with transaction(connection):
        create_macros(connection)
        create_tables(connection, MODELS / "tables.yaml", replace=True)
        _places(write, partnership)
        _agreed(write, partnership, shown_on)
        for framework in partnership.frameworks.values():
            _framework(write, framework, framework.wards_among(partnership.geography.ward_vintages))
            _calendar(connection, framework, _last_day(framework, last))
        write("dataset_period", _owed(partnership, last))


def create_places(
    connection: duckdb.DuckDBPyConnection, partnership: Partnership, tables: Collection[str] = PLACES
) -> None:
    """Make only the places of schema `reference`, or these of them: what a delivery's scope is decided by."""

    def write(table: str, rows: Rows) -> None:
        if table in tables:
            fill(connection, MODELS / "tables.yaml", table, rows)

    with transaction(connection):
        create_tables(connection, MODELS / "tables.yaml", replace=True, only=tables)
        _places(write, partnership)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros of warehouse/macros: intervals, RAG, direction of travel, profiled target."""
    for path in sorted(MACROS.glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))


def _places(write: Callable[[str, Rows], None], partnership: Partnership) -> None:
    geography = partnership.geography
    wards_of = {lsoa.lsoa_code: lsoa.ward_code for lsoa in sorted(geography.lsoas, key=lambda lsoa: lsoa.vintage)}
    areas: list[tuple[object, ...]] = [
        (area.area_code, area.area_name, area.area_type, area.legacy_code, area.parent_code, area.vintage)
        for area in geography.areas
    ]
    areas += [(code, code, "lsoa", None, ward, None) for code, ward in wards_of.items()]
    areas += [(code, partnership.comparators[code], "group", None, None, None) for code in partnership.groups]
    spellings = {str(row[0]): str(row[0]) for row in areas}
    spellings |= {str(row[3]): str(row[0]) for row in areas if row[3]}
    spellings |= {code: partnership.area_code for code in (partnership.legacy_code, partnership.dfe_code) if code}
    write(
        "partnership",
        [(partnership.area_code, partnership.area_name, partnership.legacy_code, partnership.name)],
    )
    write("area", areas)
    write("area_code", list(spellings.items()))
    write("postcode", list(geography.postcodes.items()))
    write("best_fit", [(fit.from_code, fit.to_code, fit.method, fit.source) for fit in geography.best_fits])
    write(
        "deprivation",
        [
            (row.lsoa_code, row.edition, row.fifth, DEPRIVED[row.fifth == 1], row.persons, row.source)
            for row in geography.deprivation
        ],
    )
    write("lsoa", [(lsoa.lsoa_code, lsoa.vintage, lsoa.ward_code, lsoa.area_code) for lsoa in geography.lsoas])
    # One set of wards is the whole area; a second over it would make every point lie outside.
    one_set = {
        area.area_code for area in geography.areas if area.vintage == min(geography.ward_vintages, default=None)
    }
    write(
        "outline",
        [
            (code, *start, *end)
            for code, rings in geography.outlines.items()
            if code in one_set
            for ring in rings
            for start, end in zip(ring, ring[1:] + ring[:1], strict=True)
            if start != end
        ],
    )
    write("comparator", list(partnership.comparators.items()))
    write("comparator_member", [(code, each) for code, group in partnership.groups.items() for each in group])
    write("code", [(name, *pair) for name, pairs in partnership.codelists.items() for pair in pairs])
    write(
        "population",
        [
            (
                *(row.area_code, row.year, row.population_group, row.persons, row.source, row.vintage),
                *(row.sex, row.age_from, row.age_to),
            )
            for row in geography.population
        ],
    )
    write(
        "worst_neighbourhoods",
        [
            (row.lsoa_code, row.base_rate, row.working_age, row.base_rate >= QUALIFYING_RATE)
            for row in geography.worst_neighbourhoods
        ],
    )


def _agreed(write: partial[None], partnership: Partnership, shown_on: date | None) -> None:
    write("partner", [(partner.id, partner.name) for partner in partnership.partners.values()])
    contracts = partnership.contracts.values()
    write(
        "dataset",
        [
            (each.partner, each.dataset, each.title, each.cadence, each.description, each.states)
            for each in contracts
        ],
    )
    write(
        "measure",
        [
            (contract.partner, contract.dataset, measure, about["unit"], about["description"])
            for contract in contracts
            for measure, about in measures(partnership, contract.key).items()
        ],
    )
    write(
        "measure_part",
        [
            (contract.partner, contract.dataset, measure, part)
            for contract in contracts
            for measure, parts in parts_of(_model(partnership, contract.key)).items()
            for part in parts
        ],
    )
    write(
        "agreement",
        [
            (
                agreement.id,
                *key.split("/", 1),
                agreement.suppression_n,
                agreement.round_to,
                agreement.audiences_on(shown_on),
                list(agreement.layers),
                list(agreement.purposes),
            )
            for agreement in partnership.agreements
            for key in agreement.datasets
        ],
    )


def measures(partnership: Partnership, key: str) -> dict[str, dict[str, str]]:
    """The measures a dataset contributes, from the YAML beside its model; none where it has no model."""
    return measures_of(_model(partnership, key), partnership.indicators)


def _model(partnership: Partnership, key: str) -> dict[str, Any]:
    """What stands in the YAML beside a dataset's model; nothing where it has no model."""
    path = partnership.contribution_model(key).with_suffix(".yaml")
    return definition(path) if path.is_file() else {}


def _framework(write: partial[None], framework: Framework, ward_vintage: int | None) -> None:
    id = framework.id
    write(
        "framework",
        [
            (
                id,
                framework.title,
                framework.status,
                framework.note,
                framework.parent,
                framework.successor,
                framework.starts,
                framework.ends,
                framework.calendar,
                framework.tolerance_percent,
                framework.vision,
                framework.history_from,
                ward_vintage,
            )
        ],
    )
    write(
        "priority",
        [(id, each.id, each.name, each.order, each.purpose, each.no_indicator) for each in framework.priorities],
    )
    write(
        "layer",
        [
            (
                id,
                each.id,
                each.name,
                each.role,
                each.reports_to,
                each.chair,
                each.meets,
                each.note,
                each.secretariat,
            )
            for each in framework.layers
        ],
    )
    write("escalation", [(id, each.when, each.times, each.layers_up, each.note) for each in framework.escalation])
    write(
        "ring_fence",
        [(id, each.grant, year, each.note) for each in framework.ring_fenced for year in each.years],
    )
    reward = framework.reward
    write("reward", [(id, reward.floor_percent, reward.cap_percent, reward.note)] if reward else [])
    indicators = framework.indicators
    write("indicator", [_indicator(framework, each) for each in indicators])
    write("break", [(id, of, each.starts, each.reason) for each in framework.breaks for of in each.indicators])
    write(
        "crosswalk",
        [
            (each.framework, each.priority, id, priority, each.note)
            for each in framework.crosswalk
            for priority in each.priorities or (None,)
        ],
    )
    write("breakdown", [(id, each.id, breakdown) for each in indicators for breakdown in each.breakdowns])
    write(
        "term",
        [
            (id, each.id, part, *_dataset(term.dataset), term.measure, term.population, term.weight)
            for each in indicators
            for part, terms in (("numerator", each.formula.numerator), ("denominator", each.formula.denominator))
            for term in terms
        ],
    )
    write(
        "target",
        [
            (id, each.id, period, target, target is None)
            for each in indicators
            for period, target in each.targets.items()
        ],
    )


def _indicator(framework: Framework, each: Indicator) -> tuple[object, ...]:
    formula = each.formula
    base = parse_period(formula.base_period) if formula.base_period else None
    return (
        framework.id,
        each.id,
        each.name,
        each.priority,
        each.layer,
        each.lead_partner,
        each.type,
        each.unit,
        each.polarity,
        each.decimals,
        each.calendar,
        formula.kind,
        formula.multiplier,
        each.tolerance_percent,
        each.baseline_period,
        each.baseline,
        each.definition,
        each.source,
        each.valid_from,
        each.valid_to,
        formula.areas,
        _cumulative(each),
        list(formula.months) or None,
        formula.years,
        (formula.since or framework.starts) if formula.kind == "cumulative" else None,
        base.start if base else None,
        base.end if base else None,
        formula.base_years,
        formula.base_period,
        list(accumulate(each.profile)) or None,
        each.definition_mark,
        each.name_mark,
        each.note,
        each.baseline_note,
    )


def _cumulative(indicator: Indicator) -> bool:
    """A count, or cases over a population, grows through the year; a share of what was measured does not."""
    formula = indicator.formula
    return formula.kind in ("rate", "percent", "count", "mean") and all(
        term.population is not None for term in formula.denominator
    )


def _dataset(key: str | None) -> tuple[str | None, str | None]:
    if key is None:
        return None, None
    partner, dataset = key.split("/", 1)
    return partner, dataset


def _last_day(framework: Framework, last: date | None) -> date:
    if last is not None and (framework.ends is None or last < framework.ends):
        return last
    return framework.ends or date(framework.starts.year + OPEN_ENDED_YEARS, 3, 31)


def _calendar(connection: duckdb.DuckDBPyConnection, framework: Framework, last: date) -> None:
    """Write the periods of each kind once; the join gives them to the indicators of that kind while they exist."""
    first = framework.first_day
    kinds = sorted({indicator.calendar for indicator in framework.indicators})
    rows = [
        (
            period.id,
            period.kind,
            period.start,
            period.end,
            year.start,
            year.end,
            year.id,
            place,
            len(parts),
            period_of(framework.calendar, max(period.end, framework.starts)).id,
        )
        for kind in kinds
        for year, parts in _by_year(kind, first, last)
        for place, period in enumerate(parts, start=1)
        if period.end >= first and period.start <= last
    ]
    chosen = [(each.id, id) for each in framework.indicators for id in each.periods]
    if rows:
        model = (MODELS / "period.sql").read_text(encoding="utf-8")
        connection.execute(
            model.format(calendar=rows_of(rows), chosen=rows_of(chosen), framework=literal(framework.id))
        )


def _by_year(kind: str, first: date, last: date) -> Iterable[tuple[Period, list[Period]]]:
    for year in periods_between(YEAR_OF[kind], first, last):
        yield year, periods_between(kind, year.start, year.end)


def _owed(partnership: Partnership, last: date | None) -> Rows:
    """The periods in which a delivery is owed: those its agreements cover, in the kind its contract names."""
    ends = [_last_day(framework, last) for framework in partnership.frameworks.values()]
    horizon = last or max(ends, default=date.max)
    owed: dict[tuple[str, str, str], tuple[object, ...]] = {}
    for agreement in partnership.agreements:
        for key in agreement.datasets:
            contract = partnership.contracts.get(key)
            if contract is None or contract.cadence is None:
                continue
            until = min(agreement.covers_to or horizon, horizon)
            for period in periods_between(contract.cadence, agreement.covers_from, until):
                if agreement.covers(period):
                    row = (contract.partner, contract.dataset, period.id, period.start, period.end)
                    owed[contract.partner, contract.dataset, period.id] = row
    return list(owed.values())
