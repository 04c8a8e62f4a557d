"""An attacker who keeps every release, of every framework, recovers no number that was withheld.

Made-up places publish several times: by ward and category, counts and shares, by quarter and by month, in two
frameworks that count the same, with corrections between the releases; in some an indicator is the sum of two others.
The attacker sees every published number, knows how all of them add up, and is even told which numbers were not
corrected. He may use any mathematics on whole numbers that are not negative: a withheld number is safe when two
solutions differ in it. HiGHS looks for them.

Twenty places by default; `make attack` takes 2,000.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import LinearConstraint, linprog, milp

from schemas.periods import parse_period, periods_between
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    WARDS,
    Place,
    add_figures,
    add_indicator,
    category,
    forget_indicators,
    small_partnership,
    ward,
)
from warehouse.publication import RESTRICTED, build_publication
from warehouse.published_database import write_database

PLACES = int(os.environ.get("EXCHANGE_ATTACKED_PLACES", "20"))
AT_ONCE = 40
SECOND = "second-agreement"
QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3")
RELEASES = (
    (FRAMEWORK, 0, 1),
    (SECOND, 1, 2),
    (FRAMEWORK, 1, 2),
    (FRAMEWORK, 2, 3),
)  # framework, version, quarters

Key = tuple[str, str, str, Place]  # indicator, period, numerator or rest, place
Figures = dict[tuple[str, Place], tuple[int, int | None]]
Unknown = tuple[int, Key]  # version of the data, key


class Where:
    """A made-up place: what its indicators truly count in each version of the data."""

    def __init__(self, seed: int) -> None:
        dice = Random(seed)
        self.seed = seed
        self.threshold = dice.choice([3, 5, 5, 10])
        self.share = dice.random() < 0.3
        self.monthly = not self.share and dice.random() < 0.3
        self.wards = [ward(code) for code in WARDS[: dice.randint(2, 6)]]
        self.categories = [category("sex", name) for name in "abcd"[: dice.choice([0, 0, 2, 3, 4])]]
        self.sums_up = not self.share and not self.monthly and dice.random() < 0.5
        self.sum_elsewhere = dice.random() < 0.4
        self.versions: list[dict[str, Figures]] = []
        atoms = {
            (month, place): (self._small(dice), self._small(dice))
            for quarter in QUARTERS
            for month in self._months(quarter)
            for place in self.wards
        }
        deal = dice.randrange(10**6)
        for _ in range(3):
            self.versions.append(self._added_up(atoms, deal))
            for key in dice.sample(sorted(atoms), dice.choice([0, 0, 1, 2])):
                atoms[key] = (self._small(dice), self._small(dice))

    @property
    def first(self) -> str:
        return f"A{self.seed}"

    @property
    def second(self) -> str:
        return f"B{self.seed}"

    @property
    def others(self) -> str:
        return f"C{self.seed}"

    @property
    def both(self) -> str:
        return f"D{self.seed}"

    @staticmethod
    def _small(dice: Random) -> int:
        return dice.choice(
            [0, 0, dice.randint(1, 4), dice.randint(1, 9), dice.randint(5, 60), dice.randint(5, 60)]
        )

    def _months(self, quarter: str) -> list[str]:
        if not self.monthly:
            return [quarter]
        period = parse_period(quarter)
        return [month.id for month in periods_between("month", period.start, period.end)]

    def _added_up(self, atoms: dict[tuple[str, Place], tuple[int, int]], deal: int) -> dict[str, Figures]:
        first: Figures = {}
        second: Figures = {}
        others: Figures = {}
        both: Figures = {}
        for quarter in QUARTERS:
            months = self._months(quarter)
            parts = {
                place: tuple(sum(atoms[month, place][i] for month in months) for i in (0, 1))
                for place in self.wards
            }
            parts[ALL] = tuple(sum(parts[place][i] for place in self.wards) for i in (0, 1))
            left = list(parts[ALL])
            dice = Random(f"{deal} {quarter}")
            for place in self.categories:
                last = place == self.categories[-1]
                share = dice.random()
                dealt = tuple(amount if last else int(amount * share) for amount in left)
                parts[place] = dealt
                left = [have - gone for have, gone in zip(left, dealt, strict=True)]
            for place, (cases, left_over) in parts.items():
                first[quarter, place] = (cases, cases + left_over if self.share else None)
                if self.sums_up and place not in self.categories:
                    others[quarter, place] = (left_over, None)
                    both[quarter, place] = (cases + left_over, None)
            for month in months:
                by_ward = {place: atoms[month, place][0] for place in self.wards}
                for place, cases in (by_ward | {ALL: sum(by_ward.values())}).items():
                    second[month, place] = (cases, None)
        made = {self.first: first, self.second: second}
        return made | ({self.others: others, self.both: both} if self.sums_up else {})

    def amounts(self, version: int) -> dict[Key, int]:
        """Every number that could be published of this version."""
        found: dict[Key, int] = {}
        for indicator, figures in self.versions[version].items():
            for (period, place), (cases, under) in figures.items():
                found[indicator, period, "numerator", place] = cases
                if under is not None:
                    found[indicator, period, "rest", place] = under - cases
        return found

    def sums(self, version: int) -> Iterator[dict[Key, int]]:
        """Coefficients of numbers that add up to nought."""
        for indicator, figures in self.versions[version].items():
            measures = ("numerator", "rest") if self.share and indicator == self.first else ("numerator",)
            for period in dict.fromkeys(period for period, _ in figures):
                for measure in measures:
                    for parts in (self.wards, self.categories if indicator == self.first else []):
                        if parts:
                            whole = {(indicator, period, measure, ALL): -1}
                            yield whole | {(indicator, period, measure, place): 1 for place in parts}
        for quarter in QUARTERS:
            for place in (*self.wards, ALL):
                months = {(self.second, month, "numerator", place): 1 for month in self._months(quarter)}
                yield {(self.first, quarter, "numerator", place): -1} | months
                if self.sums_up:
                    two = {(part, quarter, "numerator", place): 1 for part in (self.first, self.others)}
                    yield {(self.both, quarter, "numerator", place): -1} | two


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = small_partnership()
    for table in ("framework", "priority", "layer"):
        made.execute(
            f"INSERT INTO reference.{table} SELECT * REPLACE ('{SECOND}' AS framework) FROM reference.{table}"
        )
    return made


@pytest.mark.parametrize("batch", range((PLACES + AT_ONCE - 1) // AT_ONCE))
def test_nothing_withheld_is_recovered(connection: duckdb.DuckDBPyConnection, tmp_path: Path, batch: int) -> None:
    places = [Where(seed) for seed in range(batch * AT_ONCE, min((batch + 1) * AT_ONCE, PLACES))]
    attacker = Attacker(places)
    _agree(connection, places)
    previous = None
    for number, (framework, version, quarters) in enumerate(RELEASES):
        _measure(connection, places, version)
        publication = build_publication(
            connection, framework, parse_period(QUARTERS[quarters - 1]), NOW, previous=previous
        )
        attacker.reads(connection, version)
        file = tmp_path / f"{number}.duckdb"
        write_database(connection, publication, file, previous, RESTRICTED)
        previous = file
    assert attacker.withheld > len(places)
    assert attacker.recovers() == []


def _agree(connection: duckdb.DuckDBPyConnection, places: list[Where]) -> None:
    forget_indicators(connection)
    for where in places:
        common: dict[str, Any] = {"threshold": where.threshold, "dataset": f"data_{where.seed}", "cadence": None}
        add_indicator(connection, where.second, calendar="month" if where.monthly else "quarter", **common)
        if where.sums_up and where.sum_elsewhere:
            add_indicator(connection, where.both, counts=("offences", "others"), **common)
    for table in ("indicator", "term", "period"):
        connection.execute(f"UPDATE reference.{table} SET framework = '{SECOND}'")
    for where in places:
        kind, over = ("percent", "measure") if where.share else ("count", None)
        common = {"threshold": where.threshold, "dataset": f"data_{where.seed}", "cadence": None}
        add_indicator(connection, where.first, kind=kind, over=over, cumulative=not where.share, **common)
        if where.sums_up:
            add_indicator(connection, where.others, counts=("others",), **common)
        if where.sums_up and not where.sum_elsewhere:
            add_indicator(connection, where.both, counts=("offences", "others"), **common)


def _measure(connection: duckdb.DuckDBPyConnection, places: list[Where], version: int) -> None:
    connection.execute("DELETE FROM warehouse.merged.value")
    for elsewhere in (True, False):
        for where in places:
            for indicator, figures in where.versions[version].items():
                if elsewhere == (indicator == where.second or (indicator == where.both and where.sum_elsewhere)):
                    add_figures(connection, figures, indicator)
        if elsewhere:
            connection.execute(f"UPDATE warehouse.merged.value SET framework = '{SECOND}'")


class Attacker:
    """Collects what is published, and solves for what is not."""

    def __init__(self, places: list[Where]) -> None:
        self.places = {name: where for where in places for name in where.versions[0]}
        self.known: dict[Unknown, int] = {}
        self.unknown: dict[Unknown, int] = {}  # with the truth, which he does not have
        self.years: list[tuple[int, dict[Key, int]]] = []
        self.versions: set[tuple[int, int]] = set()

    @property
    def withheld(self) -> int:
        return len(self.unknown)

    def reads(self, connection: duckdb.DuckDBPyConnection, version: int) -> None:
        """Take down a publication: what it shows, what it withholds, and its years to date."""
        rows = connection.execute(
            "SELECT indicator, period, area_code, breakdown, category, numerator, denominator, suppressed, ytd "
            "FROM performance.indicator ORDER BY indicator, period_end"
        ).fetchall()
        truth = {where.seed: where.amounts(version) for where in self.places.values()}
        so_far: dict[tuple[str, Place], list[str]] = {}
        for indicator, period, *about, numerator, denominator, suppressed, ytd in rows:
            where, place = self.places[indicator], (about[0], about[1], about[2])
            self.versions.add((where.seed, version))
            shared = where.share and indicator == where.first
            for measure in ("numerator", "rest") if shared else ("numerator",):
                key = (indicator, period, measure, place)
                if suppressed:
                    assert numerator is None
                    self.unknown[version, key] = truth[where.seed][key]
                else:
                    told = int(numerator) if measure == "numerator" else int(denominator - numerator)
                    assert told == truth[where.seed][key]
                    self.known[version, key] = told
            so_far.setdefault((indicator, place), []).append(period)
            if ytd is not None:
                for measure in ("numerator", "rest") if shared else ("numerator",):
                    year = {(indicator, part, measure, place): 1 for part in so_far[indicator, place]}
                    self.years.append((version, year))

    def equations(self) -> Iterator[tuple[dict[Unknown, int], int]]:
        """What he knows: coefficients of unknowns, and what they come to."""
        for version, year in self.years:
            yield self._of(version, year, None)
        amounts = {(where.seed, v): where.amounts(v) for where in self.places.values() for v in range(3)}
        for seed, version in sorted(self.versions):
            where = self.places[f"A{seed}"]
            for coefficients in where.sums(version):
                told = [(version, key) in self.known or (version, key) in self.unknown for key in coefficients]
                if all(told):
                    yield self._of(version, coefficients, 0)
        for version, key in self.unknown:  # he is told what was not corrected
            for other in range(version):
                seed = self.places[key[0]].seed
                if amounts[seed, other][key] == amounts[seed, version][key]:
                    if (other, key) in self.unknown:
                        yield {(version, key): 1, (other, key): -1}, 0
                    elif (other, key) in self.known:
                        yield {(version, key): 1}, self.known[other, key]

    def _of(self, version: int, coefficients: dict[Key, int], total: int | None) -> tuple[dict[Unknown, int], int]:
        unknown = {(version, key): c for key, c in coefficients.items() if (version, key) in self.unknown}
        if total is None:
            return unknown, sum(c * self.unknown[each] for each, c in unknown.items())
        known = sum(
            c * self.known[version, key] for key, c in coefficients.items() if (version, key) in self.known
        )
        return unknown, total - known

    def recovers(self) -> list[Unknown]:
        """The withheld numbers that can only be one: small ones, figures of which nothing is left to guess, and that
        nobody is left over, since a share is then 100 per cent whatever it is of.

        That 26 of an unknown number were counted is no recovered percentage, where another indicator publishes the 26.
        """
        names = list(self.unknown)
        place = {name: i for i, name in enumerate(names)}
        rows: list[int] = []
        columns: list[int] = []
        values: list[int] = []
        right: list[int] = []
        for coefficients, total in self.equations():
            for name, coefficient in coefficients.items():
                rows.append(len(right))
                columns.append(place[name])
                values.append(coefficient)
            right.append(total)
        matrix = sparse.csr_array((values, (rows, columns)), shape=(len(right), len(names)), dtype=float)
        truth = np.array([self.unknown[name] for name in names], dtype=float)
        seeds = np.array([self.places[key[0]].seed for _, key in names])
        assert np.allclose(matrix @ truth, right), "what the attacker believes is true"
        low = self._least(names, truth, seeds)
        bounds = np.column_stack([low, truth + 50])
        least, most = truth.copy(), truth.copy()
        dice = np.random.default_rng(1)

        def look(aim: Any) -> None:
            found = linprog(aim, A_eq=matrix, b_eq=np.array(right), bounds=bounds, method="highs").x
            # Only whole numbers count: a place's solution is used when all of it is whole.
            halves = np.isin(seeds, seeds[np.abs(found - np.round(found)) > 1e-6])
            np.copyto(least, np.minimum(least, np.round(found)), where=~halves)
            np.copyto(most, np.maximum(most, np.round(found)), where=~halves)

        for _ in range(6):
            look(dice.normal(size=len(names)))
        for sign in (1.0, -1.0):
            for seed in np.unique(seeds[least == most]):
                look(sign * ((seeds == seed) & (least == most)))
        fixed = np.flatnonzero(least == most)
        pinned = {names[i] for i in fixed if self._pinned(matrix, right, bounds, int(i), truth[i])}
        return [
            name
            for name in names
            if name in pinned and (self._small(name) or self._all_of(name) <= pinned or self._is_all(name))
        ]

    def _small(self, name: Unknown) -> bool:
        return 0 < self.unknown[name] < self.places[name[1][0]].threshold

    def _is_all(self, name: Unknown) -> bool:
        """Nobody is left over, and he was not told so before."""
        version, key = name
        told = any(self.known.get((earlier, key)) == 0 for earlier in range(version))
        return key[2] == "rest" and self.unknown[name] == 0 and not told

    def _all_of(self, name: Unknown) -> set[Unknown]:
        version, (indicator, period, _, place) = name
        both = {(version, (indicator, period, measure, place)) for measure in ("numerator", "rest")}
        return both & set(self.unknown)

    def _least(self, names: list[Unknown], truth: Any, seeds: Any) -> Any:
        """Zeros are shown: where a place withholds none, an attacker who guesses so is right."""
        measures = np.array([key[2] for _, key in names])
        zero = np.isin(seeds, seeds[truth == 0])
        return np.where(zero | (measures == "rest"), 0.0, 1.0)

    @staticmethod
    def _pinned(matrix: Any, right: list[int], bounds: Any, i: int, truth: float) -> bool:
        """Whether no whole-number solution has another value in this place."""
        for low, high in ((bounds[i][0], truth - 1), (truth + 1, bounds[i][1])):
            if low > high:
                continue
            limits = bounds.copy()
            limits[i] = low, high
            found = milp(
                np.zeros(len(bounds)),
                integrality=np.ones(len(bounds)),
                constraints=LinearConstraint(matrix, right, right),
                bounds=(limits[:, 0], limits[:, 1]),
            )
            if found.status == 0:
                return False
        return True
