"""What was withheld to protect something else, and need not have been: shown again, as long as the attack still fails.

Figures are withheld one after another, each for a reason of its own; a later one can make an earlier one needless.
So each is tried once: shown again, the most telling first (a total, then the largest), and kept shown where nothing
can be worked out for it. Tables that no sum ties together are tried side by side, so that it takes few attacks.
benchmarks/suppression.py measures how far from the fewest this comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from itertools import pairwise

import duckdb
import numpy as np

from warehouse.disclosure_audit import exposed_cells

# A small number stays withheld, and what was withheld once.
CANDIDATES = """
    SELECT cell,
        coalesce(withheld_before OR (numerator > 0 AND numerator < threshold) OR (rest > 0 AND rest < threshold), false)
    FROM disclosure.cell
    WHERE own AND hidden
    ORDER BY cell IN (SELECT cell FROM disclosure.member WHERE is_total) DESC, numerator DESC, cell
"""
TWINS = "SELECT cell, twin FROM disclosure.twin WHERE cell < twin ORDER BY ALL"
TIES = """
    SELECT equation AS tie, cell FROM disclosure.equation
    UNION ALL
    SELECT -family, cell FROM disclosure.member
    ORDER BY ALL
"""
HIDDEN = "SELECT cell FROM disclosure.cell WHERE hidden"


def show_spare_cells(
    connection: duckdb.DuckDBPyConnection,
    protect: Callable[[duckdb.DuckDBPyConnection], int],
    known: Collection[int],
) -> int:
    """Mark as shown what of `disclosure.cell` need not be hidden; the number of cells.

    `protect` hides what the rules of families ask for: what it would hide again stays hidden. `known` are the cells
    that are hidden and can be worked out whatever is done.
    """
    bound = dict(connection.execute(CANDIDATES).fetchall())
    if all(bound.values()):
        return 0
    same = _tied(connection.execute(TWINS).fetchall())
    tables = _tied(_chained(connection.execute(TIES).fetchall()))
    groups: dict[int, list[int]] = defaultdict(list)
    for cell in bound:
        groups[same.get(cell, -cell)].append(cell)
    tries: dict[int, list[list[int]]] = defaultdict(list)
    for cells in groups.values():
        if not any(bound[cell] for cell in cells):  # a count stands withheld under all its names, or under none
            tries[tables.get(cells[0], -cells[0])].append(cells)
    shown = 0
    while tries:
        tried = {table: waiting.pop(0) for table, waiting in tries.items()}
        _mark(connection, (cell for cells in tried.values() for cell in cells), hidden=False)
        wanted = _hidden_again(connection, protect) | (set(exposed_cells(connection)) - {*known})
        told = {tables.get(cell, -cell) for cell in wanted}
        _mark(connection, (cell for table in told for cell in tried.get(table, [])), hidden=True)
        shown += sum(len(cells) for table, cells in tried.items() if table not in told)
        tries = {table: waiting for table, waiting in tries.items() if waiting}
    return shown


def _hidden_again(
    connection: duckdb.DuckDBPyConnection, protect: Callable[[duckdb.DuckDBPyConnection], int]
) -> set[int]:
    """What the rules of families would hide as it stands; it is not hidden yet."""
    before = set(connection.execute(HIDDEN).fetchall())
    protect(connection)
    more = {cell for (cell,) in set(connection.execute(HIDDEN).fetchall()) - before}
    _mark(connection, more, hidden=False)
    return more


def _mark(connection: duckdb.DuckDBPyConnection, cells: Iterable[int], *, hidden: bool) -> None:
    connection.execute(
        f"UPDATE disclosure.cell SET hidden = {hidden} WHERE cell IN (SELECT unnest(CAST({[*cells]} AS BIGINT[])))"
    )


def _chained(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The cells of each equation as pairs of neighbours."""
    return [(one[1], other[1]) for one, other in pairwise(rows) if one[0] == other[0]]


def _tied(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Cells that are tied by pairs, directly or over others: to each the number of its group."""
    if not pairs:
        return {}
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    cells, place = np.unique(np.array(pairs), return_inverse=True)
    one, other = place.reshape(-1, 2).T
    ties = sparse.coo_array((np.ones(len(pairs)), (one, other)), shape=(len(cells), len(cells)))
    _, group = connected_components(ties, directed=False)
    return dict(zip(cells.tolist(), group.tolist(), strict=True))
