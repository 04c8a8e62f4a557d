"""The exchange attacks its own publication before anybody else can: what could be worked out of it by linear algebra.

Every sum an attacker can write down (`disclosure.equation`) is put to a linear solver (HiGHS, by scipy), with each
number he does not have as an unknown that is not negative. A number is exposed when the least and the greatest it can
be lie too close: a count below the threshold must stay anything from 1 to just below it, as far as he can tell, and no
other withheld number may be pinned.

Tables without a number in common are solved side by side, as one program, so that it costs a few solutions however
many tables there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

# What is not known: the cell, what of it, its amount, whether it is small, its threshold, whether it was withheld
# before, whether another framework said it otherwise.
UNKNOWNS = """
    SELECT cell.cell, amount.measure, CAST(amount.amount AS DOUBLE),
        amount.amount > 0 AND amount.amount < cell.threshold, cell.threshold, cell.withheld_before,
        cell.stale
    FROM disclosure.cell AS cell
    JOIN (
        SELECT cell, 1 AS measure, numerator AS amount FROM disclosure.cell WHERE NOT known
        UNION ALL
        SELECT cell, 2, rest FROM disclosure.cell WHERE rest IS NOT NULL AND NOT rest_known
    ) AS amount USING (cell)
    WHERE {unknown}
    ORDER BY ALL
"""
EQUATIONS = """
    SELECT equation.equation, equation.measure, equation.cell, equation.coefficient
    FROM disclosure.equation AS equation
    JOIN disclosure.cell AS cell USING (cell)
    WHERE {unknown}
    ORDER BY ALL
"""
# Before anything new is told, all of this publication is in doubt, and what others withhold.
WITHHELD, NOT_YET_TOLD = "(cell.hidden OR cell.stale)", "(cell.own OR cell.hidden OR cell.stale)"
NUMERATOR, REST = 1, 2
FAR = 3  # thresholds: how far from the truth an attacker's guess is followed; beyond, it makes no difference
LOOKS = 4  # solutions in any direction, before one is sought for each number
ROUNDING = 1e-6


@dataclass(frozen=True)
class Unknowns:
    """Numbers an attacker does not have, one place each in every array, and the equations that tie them."""

    cells: NDArray[np.int64]
    measure: NDArray[np.int64]  # 1 numerator, 2 rest
    truth: NDArray[np.float64]
    small: NDArray[np.bool_]
    threshold: NDArray[np.float64]
    withheld_before: NDArray[np.bool_]
    stale: NDArray[np.bool_]
    table: NDArray[np.int64]  # numbers of one table are tied by equations
    sums: Any  # a sparse matrix: equations by numbers


def exposed_cells(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """The cells of `disclosure.cell` that are withheld and could be worked out all the same."""
    unknowns = _unknowns(connection, WITHHELD)
    if unknowns is None:
        return []
    # Zeros are shown, so a withheld number is one at least, unless a zero is withheld in the same table.
    with_zero = np.isin(unknowns.table, unknowns.table[unknowns.truth == 0])
    least = np.where(with_zero, 0.0, np.minimum(1.0, unknowns.truth))
    room = np.where(unknowns.small | unknowns.withheld_before, np.maximum(unknowns.threshold - 2, 1.0), 1.0)
    narrow = _narrow(unknowns, least, room)
    # A large count that another indicator publishes may be known, as long as what it is a share of is not. That nobody
    # is left over may not: the share is 100 per cent then, of whatever.
    wide = unknowns.cells[~narrow]
    is_all = (unknowns.measure == REST) & (unknowns.truth == 0)
    told = unknowns.small | is_all | ~np.isin(unknowns.cells, wide)
    return _listed(unknowns.cells[narrow & ~unknowns.stale & told])


def known_cells(connection: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
    """Whose numerator, and whose rest, follows from what has been published before, whatever is published now."""
    unknowns = _unknowns(connection, NOT_YET_TOLD)
    if unknowns is None:
        return [], []
    narrow = _narrow(unknowns, np.zeros(len(unknowns.truth)), np.ones(len(unknowns.truth)))
    return _listed(unknowns.cells[narrow & (unknowns.measure == NUMERATOR)]), _listed(
        unknowns.cells[narrow & (unknowns.measure == REST)]
    )


def _listed(cells: NDArray[np.int64]) -> list[int]:
    return [int(cell) for cell in np.unique(cells)]


def _unknowns(connection: duckdb.DuckDBPyConnection, unknown: str) -> Unknowns | None:
    rows = connection.execute(UNKNOWNS.format(unknown=unknown)).fetchall()
    place = {(row[1], row[0]): i for i, row in enumerate(rows)}
    terms = [
        (equation, place[measure, cell], coefficient)
        for equation, measure, cell, coefficient in connection.execute(
            EQUATIONS.format(unknown=unknown)
        ).fetchall()
        if (measure, cell) in place
    ]
    if not terms:
        return None
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    numbers = {equation: i for i, equation in enumerate(dict.fromkeys(term[0] for term in terms))}
    sums = sparse.csr_array(
        ([term[2] for term in terms], ([numbers[term[0]] for term in terms], [term[1] for term in terms])),
        shape=(len(numbers), len(rows)),
        dtype=np.float64,
    )
    _, table = connected_components(abs(sums.T) @ abs(sums), directed=False)
    cells, measure, truth, small, threshold, before, stale = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return Unknowns(cells, measure, truth, small, threshold.astype(np.float64), before, stale, table, sums)


def _narrow(unknowns: Unknowns, least: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers cannot lie `room` whole numbers apart in two solutions; `least` is what each is known to be."""
    from scipy.optimize import linprog

    truth, reach = unknowns.truth, FAR * unknowns.threshold
    bounds = np.column_stack([np.maximum(least, truth - reach), truth + reach])
    right = unknowns.sums @ truth
    low, high = truth.copy(), truth.copy()

    def look(aim: NDArray[np.float64]) -> None:
        found = linprog(aim, A_eq=unknowns.sums, b_eq=right, bounds=bounds, method="highs").x
        if found is not None:
            np.minimum(low, found, out=low)
            np.maximum(high, found, out=high)

    def narrow() -> NDArray[np.bool_]:
        apart = np.floor(high + ROUNDING) - np.ceil(low - ROUNDING)
        return np.asarray(apart < room, dtype=np.bool_)

    dice = np.random.default_rng(0)  # seeded: the same publication whenever it is made
    for _ in range(LOOKS):
        look(dice.normal(size=len(truth)))
    aimed = np.zeros(len(truth), dtype=np.bool_)
    while len(still := np.flatnonzero(narrow() & ~aimed)):
        # One number of each table at a time.
        _, first = np.unique(unknowns.table[still], return_index=True)
        aim = np.zeros(len(truth))
        aim[still[first]] = 1.0
        aimed |= aim > 0
        look(aim)
        look(-aim)
    return narrow()
