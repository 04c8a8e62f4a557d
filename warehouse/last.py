"""The figures of an earlier delivery that rules compare with: counts, sums and means of its accepted rows."""

from collections.abc import Iterable
from pathlib import Path

from schemas.last import Last
from warehouse.connection import Connection, identifier, literal

_FIGURES = {
    "rows": "count(*)",
    "distinct": "count(DISTINCT {column})",
    "sum": "coalesce(sum({column}), 0)",
    "mean": "avg({column})",
}


def figures_of(
    connection: Connection, accepted: Path, wanted: Iterable[Last]
) -> dict[tuple[str, str | None], float]:
    """Each figure wanted of a delivery's accepted rows, by kind and column, in one scan; those of no value left out."""
    keys = sorted({(each.kind, each.column) for each in wanted}, key=str)
    if not keys:
        return {}
    selected = ", ".join(_FIGURES[kind].format(column=identifier(column or "")) for kind, column in keys)
    (found,) = connection.execute(f"SELECT {selected} FROM read_parquet('{literal(str(accepted))}')").fetchall()
    figures = zip(keys, found, strict=True)
    return {
        key: int(figure) if key[0] in ("rows", "distinct") else float(figure)
        for key, figure in figures
        if figure is not None
    }
