"""An attacker who has every published number and knows how the figures add up cannot pin a withheld one.

The attacker of this test solves all equations at once (exactly, in fractions) and narrows each number down from
both sides until nothing moves. Wards add up to the borough, categories to the headline, periods to the year.
"""

from collections import defaultdict
from fractions import Fraction
from functools import cache
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from warehouse.disclosure import control

QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4")
LAST = parse_period(QUARTERS[-1]).end
Unknown = tuple[str, str, Place]  # numerator or rest, period, place
Equation = tuple[dict[Unknown, Fraction], Fraction]  # coefficients, and what they add up to

small = st.one_of(st.just(0), st.integers(1, 4), st.integers(1, 9), st.integers(5, 60))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A year of one indicator by ward and by category, as (cases, others) per quarter."""
    wards = [ward(code) for code in WARDS[: draw(st.integers(2, 6))]]
    names = [category("sex", name) for name in "abcd"[: draw(st.integers(0, 4))]]
    quarters = QUARTERS[: draw(st.integers(1, 4))]
    share = draw(st.booleans())
    figures: dict[tuple[str, Place], tuple[int, int | None]] = {}
    for quarter in quarters:
        parts = {place: (draw(small), draw(small) if share else 0) for place in wards}
        cases, others = (sum(pair[i] for pair in parts.values()) for i in (0, 1))
        for i, place in enumerate(names):  # deal the headline out among the categories
            last = i == len(names) - 1
            dealt = (
                cases if last else draw(st.integers(0, cases)),
                others if last else draw(st.integers(0, others)),
            )
            parts[place] = dealt
            cases, others = cases - dealt[0], others - dealt[1]
        parts[ALL] = tuple(sum(parts[place][i] for place in wards) for i in (0, 1))  # type: ignore[assignment]
        for place, (numerator, rest) in parts.items():
            figures[quarter, place] = (numerator, numerator + rest if share else None)
    began = draw(st.booleans()) and len(quarters) > 1
    return {
        "figures": figures,
        "share": share,
        "threshold": draw(st.sampled_from([3, 5, 10])),
        "began_before": began,
    }


@cache
def emptied() -> duckdb.DuckDBPyConnection:
    return small_partnership()


def published(table: dict[str, Any]) -> list[dict[str, Any]]:
    connection = emptied()
    forget_indicators(connection)
    over, kind = ("measure", "percent") if table["share"] else (None, "count")
    add_indicator(connection, kind=kind, over=over, threshold=table["threshold"], cumulative=not table["share"])
    figures, before = table["figures"], None
    if table["began_before"]:  # the year's first quarter has no row of its own, but counts in the year to date
        connection.execute("DELETE FROM reference.period WHERE period = ?", [QUARTERS[0]])
        before = {place: amounts for (quarter, place), amounts in figures.items() if quarter == QUARTERS[0]}
        figures = {key: amounts for key, amounts in figures.items() if key[0] != QUARTERS[0]}
    add_figures(connection, figures, year_before=before)
    control(connection, FRAMEWORK, LAST)
    return rows(connection, "SELECT * FROM disclosure.figure")


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def what_is_known(table: dict[str, Any], shown: list[dict[str, Any]]) -> list[Equation]:
    """Every equation the attacker can write: published numbers, and how they add up."""
    truth, share = table["figures"], table["share"]
    equations: list[Equation] = []
    places = {place for _, place in truth}
    quarters = sorted({quarter for quarter, _ in truth})
    for row in shown:
        quarter, place = row["period"], (row["area_code"], row["breakdown"], row["category"])
        cases, under = truth[quarter, place]
        if not row["suppressed"]:
            equations.append(({("numerator", quarter, place): Fraction(1)}, Fraction(cases)))
            if share:
                equations.append(({("rest", quarter, place): Fraction(1)}, Fraction(under - cases)))
        if row["ytd"] is not None:
            year = [q for q in quarters if q <= quarter]
            together = [truth[q, place] for q in year]
            # A share's year to date ties numerators and denominators; the attacker is given both sums at once.
            equations.append(
                ({("numerator", q, place): Fraction(1) for q in year}, Fraction(sum(t[0] for t in together)))
            )
            if share:
                others = sum(t[1] - t[0] for t in together)
                equations.append(({("rest", q, place): Fraction(1) for q in year}, Fraction(others)))
    for measure in measures(table):
        for quarter in quarters:
            for parts in ([p for p in places if p[0] in WARDS], [p for p in places if p[1] == "sex"]):
                if parts:
                    sum_of = {(measure, quarter, part): Fraction(1) for part in parts}
                    equations.append(({**sum_of, (measure, quarter, ALL): Fraction(-1)}, Fraction(0)))
    return equations


def solved(equations: list[Equation]) -> dict[Unknown, Fraction]:
    """The unknowns that the equations fix, by exact elimination to reduced row-echelon form."""
    reduced: dict[Unknown, Equation] = {}
    for coefficients, constant in equations:
        coefficients, constant = dict(coefficients), constant
        for lead in [u for u in coefficients if u in reduced]:
            factor = coefficients.get(lead, Fraction(0))
            _take_off(coefficients, reduced[lead][0], factor)
            constant -= factor * reduced[lead][1]
        if not coefficients:
            assert constant == 0, "the equations contradict each other"
            continue
        lead = min(coefficients)
        scale = coefficients[lead]
        made = {u: c / scale for u, c in coefficients.items()}, constant / scale
        for other, (theirs, value) in list(reduced.items()):
            if lead in theirs:
                factor = theirs[lead]
                _take_off(theirs, made[0], factor)
                reduced[other] = theirs, value - factor * made[1]
        reduced[lead] = made
    return {lead: value for lead, (theirs, value) in reduced.items() if len(theirs) == 1}


def _take_off(coefficients: dict[Unknown, Fraction], other: dict[Unknown, Fraction], factor: Fraction) -> None:
    for unknown, amount in other.items():
        left = coefficients.get(unknown, Fraction(0)) - factor * amount
        if left:
            coefficients[unknown] = left
        else:
            coefficients.pop(unknown, None)


def narrowed(
    equations: list[Equation], low: dict[Unknown, Fraction]
) -> dict[Unknown, tuple[Fraction, Fraction | None]]:
    """Limits of every unknown, tightened from equation to equation until nothing moves."""
    high: dict[Unknown, Fraction | None] = defaultdict(lambda: None)
    low = defaultdict(Fraction, low)
    moved = True
    while moved:
        moved = False
        for coefficients, constant in equations:
            for unknown, amount in coefficients.items():
                others = [(u, c) for u, c in coefficients.items() if u != unknown]
                # amount * unknown = constant - others, whose limits come from theirs
                least = _bound(others, low, high, upper=True)
                most = _bound(others, low, high, upper=False)
                ends = [None if b is None else (constant - b) / amount for b in (least, most)]
                below, above = ends if amount > 0 else ends[::-1]
                if below is not None and below > low[unknown]:
                    low[unknown], moved = below, True
                if above is not None and (high[unknown] is None or above < high[unknown]):  # type: ignore[operator]
                    high[unknown], moved = above, True
    return {unknown: (low[unknown], high[unknown]) for coefficients, _ in equations for unknown in coefficients}


def _bound(
    terms: list[tuple[Unknown, Fraction]],
    low: dict[Unknown, Fraction],
    high: dict[Unknown, Fraction | None],
    *,
    upper: bool,
) -> Fraction | None:
    total = Fraction(0)
    for unknown, amount in terms:
        end = high[unknown] if (amount > 0) == upper else low[unknown]
        if end is None:
            return None
        total += amount * end
    return total


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(table=tables())
def test_no_withheld_number_can_be_pinned(table: dict[str, Any]) -> None:
    shown = published(table)
    equations = what_is_known(table, shown)
    hidden = {
        (row["period"], (row["area_code"], row["breakdown"], row["category"]))
        for row in shown
        if row["suppressed"]
    }
    fixed = solved(equations)
    limits = narrowed(equations, low_limits(table, hidden))
    for unknown in [*small_before(table), *((m, *key) for key in hidden for m in measures(table))]:
        assert unknown not in fixed, f"{unknown} follows from what is published"
        below, above = limits.get(unknown, (Fraction(0), None))
        assert above is None or below < above, f"{unknown} can only be {below}"


def measures(table: dict[str, Any]) -> tuple[str, ...]:
    return ("numerator", "rest") if table["share"] else ("numerator",)


def small_before(table: dict[str, Any]) -> list[Unknown]:
    """The small numbers of the part of the year that has no row, but counts in the year to date."""
    return [
        (measure, quarter, place)
        for (quarter, place), (numerator, denominator) in table["figures"].items()
        for measure, amount in (("numerator", numerator), ("rest", (denominator or numerator) - numerator))
        if table["began_before"] and quarter == QUARTERS[0] and 0 < amount < table["threshold"]
    ]


def low_limits(table: dict[str, Any], hidden: set[tuple[str, Place]]) -> dict[Unknown, Fraction]:
    """Where no zero is withheld, the attacker who guesses so is right: what is withheld is one at least."""
    if table["share"] or any(table["figures"][key][0] == 0 for key in hidden):
        return {}
    return {("numerator", quarter, place): Fraction(1) for quarter, place in hidden}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(table=tables())
def test_every_small_number_is_withheld_with_all_that_is_made_from_it(table: dict[str, Any]) -> None:
    for row in published(table):
        place = (row["area_code"], row["breakdown"], row["category"])
        numerator, denominator = table["figures"][row["period"], place]
        rest = 0 if denominator is None else denominator - numerator
        if 0 < numerator < table["threshold"] or 0 < rest < table["threshold"]:
            assert row["suppressed"]
        if row["suppressed"]:
            gone = ("numerator", "denominator", "value", "lower", "upper", "ytd")
            assert [row[column] for column in gone] == [None] * len(gone)
            assert row["status"] == "confidential"
            assert row["suppressed_reason"]
        else:
            assert row["numerator"] == numerator


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(table=tables())
def test_with_no_threshold_nothing_is_withheld(table: dict[str, Any]) -> None:
    assert not [row for row in published(table | {"threshold": 0}) if row["suppressed"] or row["ytd_suppressed"]]
