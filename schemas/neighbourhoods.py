"""What is known of neighbourhoods besides their codes: into which other areas they fit best, and how deprived they are.

`schemas/geography/best_fit.csv` and `deprivation.csv`; a partnership that ships neither has figures by the wards of
`lsoas.csv`, and none by deprivation.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from schemas import loading
from schemas.loading import Source, known

FIFTHS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class BestFit:
    """An area counts as part of another one, of other boundaries: wholly, or because most of it lies there."""

    from_code: str
    to_code: str
    method: str
    source: str


@dataclass(frozen=True, slots=True)
class Deprivation:
    """A neighbourhood's place in an edition of the indices of deprivation; fifth 1 is the most deprived of all."""

    lsoa_code: str
    edition: int
    fifth: int
    persons: Decimal  # of the edition: what share of the area's people live there
    source: str


def load_best_fits(folder: Path, root: Path, codes: set[str]) -> tuple[tuple[BestFit, ...], list[Source]]:
    """The lookup between areas of different boundaries; nothing where there is no file. Raises DefinitionError."""
    path = folder / "best_fit.csv"
    if not path.is_file():
        return (), []
    source = loading.read_csv(path, root, ("from_code", "to_code", "method", "source"))
    seen: set[tuple[str, str]] = set()
    for line, row in enumerate(source.content, start=2):
        place = f"line {line}"
        for name in ("from_code", "to_code"):
            known(source, place, "area or neighbourhood", row[name], codes)
        if not row["method"] or not row["source"]:
            raise source.error(place, "has no method or no source", "say how the fit was made, and from what")
        if (row["from_code"], row["to_code"]) in seen:
            raise source.error(place, f"repeats {row['from_code']} to {row['to_code']}", "keep one of the lines")
        seen.add((row["from_code"], row["to_code"]))
    return tuple(BestFit(**row) for row in source.content), [source]


def load_deprivation(folder: Path, root: Path, lsoas: set[str]) -> tuple[tuple[Deprivation, ...], list[Source]]:
    """How deprived each neighbourhood is; nothing where there is no file. Raises DefinitionError."""
    path = folder / "deprivation.csv"
    if not path.is_file():
        return (), []
    source = loading.read_csv(path, root, ("lsoa_code", "edition", "fifth", "persons", "source"))
    seen: set[str] = set()
    for line, row in enumerate(source.content, start=2):
        place = f"line {line}"
        known(source, place, "LSOA", row["lsoa_code"], lsoas)
        known(source, place, "fifth", row["fifth"], FIFTHS)
        if row["lsoa_code"] in seen:
            raise source.error(place, f"repeats {row['lsoa_code']}", "keep one edition")
        for name in ("edition", "persons"):
            if not (row[name].isascii() and row[name].isdigit()):
                raise source.error(place, f"has '{row[name]}' for {name}", "write digits, without commas")
        seen.add(row["lsoa_code"])
    return tuple(
        Deprivation(
            row["lsoa_code"], int(row["edition"]), int(row["fifth"]), Decimal(row["persons"]), row["source"]
        )
        for row in source.content
    ), [source]
