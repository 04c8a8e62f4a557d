"""Which numbers of several indicators add up: what a formula counts is known, so every sum of formulas is too.

A formula is a sum of measures, and a measure may be declared to be the sum of others (`parts` in the YAML beside the
contribution model). Where the numbers published of a place depend on each other as sums of measures, whoever knows
all but one of them knows that one: all crime is burglary and robbery and the rest, the sessions missed are those
possible without those attended. Each such dependence becomes rows of `disclosure.relation`. And where one number counts
all that another does and more, what is left between them can be worked out, though it is published nowhere:
`disclosure.remainder`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import TypeVar

import duckdb

Number = tuple[str, str, int]  # framework, indicator, 1 for the numerator and 2 for the rest
Counted = tuple[str, ...]  # partner, dataset and measure, or a population
Formula = dict[Counted, Fraction]
Key = TypeVar("Key")
ONE = Fraction(1)

# Numbers are comparable where they are counted over the same days and areas. A change or a gap is no sum.
FORMULAS = """
    SELECT
        term.framework, term.indicator, term.part, term.partner, term.dataset, term.measure, term.population_group,
        CAST(term.weight AS VARCHAR),
        indicator.kind IN ('percent', 'weighted_percent') OR (latest_stands(indicator.kind)
            AND indicator.multiplier = 100),
        concat_ws(' ', indicator.calendar, coalesce(indicator.areas, '-'), coalesce(indicator.months, []),
            CASE WHEN latest_stands(indicator.kind) THEN indicator.kind ELSE '-' END,
            coalesce(indicator.window_years, 1), coalesce(indicator.since, DATE '1900-01-01'))
    FROM reference.term AS term
    JOIN reference.indicator AS indicator USING (framework, indicator)
    WHERE indicator.kind IN ('rate', 'percent', 'count', 'mean', 'weighted_percent', 'snapshot', 'rolling_average',
        'rolling_total', 'cumulative')
    ORDER BY ALL
"""
PARTS = "SELECT partner, dataset, measure, part FROM reference.measure_part ORDER BY ALL"
WANTED = "framework VARCHAR, indicator VARCHAR, counted_alike BIGINT"
RELATION = (
    "pattern BIGINT, relation BIGINT, framework VARCHAR, indicator VARCHAR, measure INTEGER, coefficient DOUBLE"
)


def related_indicators(connection: duckdb.DuckDBPyConnection) -> dict[Number, Formula]:
    """Make `disclosure.summand`, the indicators that add up with others; returns what their numbers count."""
    alike = _numbers(connection)
    summands, numbers = [], {}
    for place, found in enumerate(alike):
        names = list(found)
        formulas = [found[name] for name in names]
        tied = {number for sums in (relations(formulas), remainders(formulas)) for one in sums for number in one}
        wanted = dict.fromkeys(names[i][:2] for i in sorted(tied))
        if len(wanted) > 1:
            summands += [(*indicator, place) for indicator in wanted]
            numbers.update({name: found[name] for name in names if name[:2] in wanted})
    connection.execute(f"CREATE OR REPLACE TABLE disclosure.summand ({WANTED})")
    if summands:
        connection.executemany("INSERT INTO disclosure.summand VALUES (?, ?, ?)", summands)
    return numbers


def find_relations(connection: duckdb.DuckDBPyConnection, numbers: Mapping[Number, Formula]) -> None:
    """Make `disclosure.relation` and `disclosure.remainder` from `disclosure.pattern`, the sets of numbers that some
    place has."""
    for table in ("relation", "remainder"):
        connection.execute(f"CREATE OR REPLACE TABLE disclosure.{table} ({RELATION})")
    rows: dict[str, list[tuple[object, ...]]] = {"relation": [], "remainder": []}
    for pattern, members in connection.execute(
        "SELECT pattern, any_value(members) FROM disclosure.pattern GROUP BY pattern ORDER BY pattern"
    ).fetchall():
        names = [(member["framework"], member["indicator"], member["measure"]) for member in members]
        names = [name for name in names if name in numbers]
        formulas = [numbers[name] for name in names]
        for table, made in (("relation", relations(formulas)), ("remainder", remainders(formulas))):
            for place, found in enumerate(made):
                rows[table] += [(pattern, place, *names[i], float(times)) for i, times in found.items()]
    for table, listed in rows.items():
        if listed:
            connection.executemany(f"INSERT INTO disclosure.{table} VALUES (?, ?, ?, ?, ?, ?)", listed)


def relations(formulas: Sequence[Formula]) -> list[dict[int, Fraction]]:
    """A basis of all whole-number combinations of formulas that come to nought, by exact elimination."""
    reduced: list[tuple[Counted, Formula, dict[int, Fraction]]] = []
    found = []
    for place in sorted(range(len(formulas)), key=lambda place: (len(formulas[place]), place)):
        left: dict[Counted, Fraction] = dict(formulas[place])
        made: dict[int, Fraction] = {place: ONE}
        for lead, other, of in reduced:
            if times := left.get(lead):
                left = _less(left, other, times)
                made = _less(made, of, times)
        if left:
            lead = min(left)
            scale = 1 / left[lead]
            reduced.append(
                (lead, {c: a * scale for c, a in left.items()}, {i: a * scale for i, a in made.items()})
            )
        elif formulas[place]:
            whole = lcm(*(times.denominator for times in made.values()))
            found.append({i: times * whole for i, times in made.items()})
    return found


def remainders(formulas: Sequence[Formula]) -> list[dict[int, Fraction]]:
    """Each formula less one that it holds whole, and less as many as it holds side by side, where something is left
    that no formula is. Counts are never negative, so what is left is a count as well."""
    found: list[dict[int, Fraction]] = []
    for whole, formula in enumerate(formulas):
        held = [
            place
            for place, other in enumerate(formulas)
            if other and other.keys() <= formula.keys() and _is_left(_less(formula, other, ONE))
        ]
        left, taken = formula, list[int]()
        for place in held:
            if _is_left(less := _less(left, formulas[place], ONE)):
                left, taken = less, [*taken, place]
        for parts in dict.fromkeys([*((place,) for place in held), *([tuple(taken)] if taken else [])]):
            left = formula
            for place in parts:
                left = _less(left, formulas[place], ONE)
            if left not in formulas:
                found.append({whole: ONE, **dict.fromkeys(parts, -ONE)})
    return found


def _is_left(formula: Formula) -> bool:
    return bool(formula) and min(formula.values()) > 0


def _less(one: Mapping[Key, Fraction], other: Mapping[Key, Fraction], times: Fraction) -> dict[Key, Fraction]:
    """One combination less some times another."""
    left = dict(one)
    for key, amount in other.items():
        left[key] = left.get(key, Fraction(0)) - times * amount
    return {key: amount for key, amount in left.items() if amount}


def _numbers(connection: duckdb.DuckDBPyConnection) -> list[dict[Number, Formula]]:
    """What each number of each indicator counts; those that are counted alike together."""
    parts: dict[Counted, list[Counted]] = defaultdict(list)
    for partner, dataset, measure, part in connection.execute(PARTS).fetchall():
        parts[partner, dataset, measure].append((partner, dataset, part))
    formulas: dict[tuple[str, str], dict[str, Formula]] = {}
    told: dict[tuple[str, str], tuple[bool, str]] = {}
    for framework, indicator, part, *counted, group, weight, is_share, alike in connection.execute(
        FORMULAS
    ).fetchall():
        told[framework, indicator] = is_share, alike
        formula = formulas.setdefault((framework, indicator), {"numerator": {}, "denominator": {}})[part]
        for each in [("population", group)] if group else _leaves(tuple(counted), parts):
            formula[each] = formula.get(each, Fraction(0)) + Fraction(weight)
    together: dict[str, dict[Number, Formula]] = defaultdict(dict)
    for indicator, made in formulas.items():
        is_share, alike = told[indicator]
        together[alike][*indicator, 1] = made["numerator"]
        if made["denominator"]:
            rest = _less(made["denominator"], made["numerator"], ONE) if is_share else made["denominator"]
            together[alike][*indicator, 2] = rest
    return [together[alike] for alike in sorted(together)]


def _leaves(measure: Counted, parts: Mapping[Counted, Sequence[Counted]]) -> list[Counted]:
    """The measures that a measure is made up of in the end; itself where nothing is said."""
    return [leaf for part in parts.get(measure, ()) for leaf in _leaves(part, parts)] or [measure]
