"""The figures of an earlier delivery that rules compare with: counts, sums and means of its accepted rows."""

import json
import os
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
    """Each figure wanted of a delivery's accepted rows, by kind and column, in one scan; those of no value left out.

    ``accepted`` is the Parquet file of the rows, or, where they expired, the JSON file of their figures of record.
    """
    keys = sorted({(each.kind, each.column) for each in wanted}, key=str)
    if not keys:
        return {}
    if accepted.suffix == ".json":
        kept = {
            (kind, column): figure for kind, column, figure in json.loads(accepted.read_text(encoding="utf-8"))
        }
        return {key: kept[key] for key in keys if key in kept}
    selected = ", ".join(_FIGURES[kind].format(column=identifier(column or "")) for kind, column in keys)
    (found,) = connection.execute(f"SELECT {selected} FROM read_parquet('{literal(str(accepted))}')").fetchall()
    figures = zip(keys, found, strict=True)
    return {
        key: int(figure) if key[0] in ("rows", "distinct") else float(figure)
        for key, figure in figures
        if figure is not None
    }


def keep_figures(connection: Connection, accepted: Path, wanted: Iterable[Last], path: Path) -> None:
    """Write the figures wanted of a delivery's accepted rows to ``path``, whole and on the disk."""
    figures = figures_of(connection, accepted, wanted)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump([[kind, column, figure] for (kind, column), figure in figures.items()], file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
