"""The partnership's areas, neighbourhoods and populations: `schemas/geography/*.csv`.

`population.csv` may hold a year, area and group more than once, under another `vintage`: a census rebases the
years before it, and a figure keeps the population it was worked out with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from schemas import loading
from schemas.loading import Source, known
from schemas.neighbourhoods import BestFit, Deprivation, load_best_fits, load_deprivation
from schemas.outlines import Outlines, load_outlines

POSTCODE, LSOA = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}"), re.compile(r"[ENSW][0-9]{8}")
AREA_TYPES = ("borough", "ward", "country", "region")
SEXES = ("persons", "female", "male")


@dataclass(frozen=True, slots=True)
class Area:
    """An area a figure can stand for."""

    area_code: str
    area_name: str
    area_type: str  # borough ward country region
    legacy_code: str | None  # the code before GSS codes, which exist since 2011
    parent_code: str | None
    vintage: int | None = None  # of a ward: the year its boundaries came into force


@dataclass(frozen=True, slots=True)
class Lsoa:
    """A lower layer super output area of one census."""

    lsoa_code: str
    vintage: int  # 2001, 2011 or 2021
    ward_code: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Population:
    """How many persons, dwellings or pupils an area had in a year.

    A group may be made of parts that differ by sex and age: working age is women of 16 to 59 and men of 16 to 64.
    """

    area_code: str
    year: int
    population_group: str
    persons: Decimal
    source: str
    vintage: str
    sex: str | None = None  # persons, female or male; None where nobody is counted (dwellings)
    age_from: int | None = None
    age_to: int | None = None  # the last age that counts; None = no upper limit


@dataclass(frozen=True, slots=True)
class WorstNeighbourhood:
    """A neighbourhood whose out-of-work rate was 25 per cent or more in the base year (NI 153)."""

    lsoa_code: str
    base_rate: Decimal  # per cent of the working-age people
    working_age: Decimal


@dataclass(frozen=True, slots=True)
class Geography:
    """The rows of the files, in their order, and the outlines of the wards where there are any."""

    areas: tuple[Area, ...]
    lsoas: tuple[Lsoa, ...]
    population: tuple[Population, ...]
    worst_neighbourhoods: tuple[WorstNeighbourhood, ...]
    folder: Path  # holds areas.csv lsoas.csv population.csv worst_neighbourhoods.csv and those a partnership adds
    outlines: Outlines
    outlines_owed_to: str
    postcodes: Mapping[str, str]  # postcode without its space -> LSOA; empty where the partnership ships no lookup
    best_fits: tuple[BestFit, ...] = ()
    deprivation: tuple[Deprivation, ...] = ()

    @property
    def ward_vintages(self) -> tuple[int, ...]:
        """The years from which a set of wards is in force, oldest first."""
        return tuple(sorted({area.vintage for area in self.areas if area.vintage is not None}))


def load_geography(folder: Path, root: Path) -> tuple[Geography, list[Source]]:
    """The files, checked against each other. Raises DefinitionError."""
    areas, areas_source = _areas(folder, root)
    codes = {area.area_code for area in areas}
    lsoas, lsoas_source = _lsoas(folder, root, codes)
    population, population_source = _population(folder, root, codes)
    worst, worst_source = _worst(folder, root, {lsoa.lsoa_code for lsoa in lsoas})
    outlines, owed_to, drawn = load_outlines(folder, root, codes)
    postcodes, looked_up = _postcodes(folder, root)
    fits, fitted = load_best_fits(folder, root, codes | {lsoa.lsoa_code for lsoa in lsoas})
    deprivation, ranked = load_deprivation(folder, root, {lsoa.lsoa_code for lsoa in lsoas})
    geography = Geography(areas, lsoas, population, worst, folder, outlines, owed_to, postcodes, fits, deprivation)
    sources = [areas_source, lsoas_source, population_source, worst_source]
    return geography, [*sources, *drawn, *looked_up, *fitted, *ranked]


def _areas(folder: Path, root: Path) -> tuple[tuple[Area, ...], Source]:
    header = ("area_code", "area_name", "area_type", "legacy_code", "parent_code")
    source = loading.read_csv(folder / "areas.csv", root, header, optional=("vintage",))
    codes: set[str] = set()
    for line, row in enumerate(source.content, start=2):
        known(source, f"line {line}", "area type", row["area_type"], AREA_TYPES)
        vintage = row.get("vintage")
        if vintage and (row["area_type"] != "ward" or not re.fullmatch("[0-9]{4}", vintage)):
            raise source.error(f"line {line}", f"has the vintage '{vintage}'", "give wards a year, others nothing")
        for code in filter(None, (row["area_code"], row["legacy_code"])):
            if code in codes:
                raise source.error(f"line {line}", f"repeats the code {code}", "keep one of the lines")
            codes.add(code)
    for line, row in enumerate(source.content, start=2):
        if row["parent_code"]:
            known(source, f"line {line}", "parent area", row["parent_code"], codes)
    return tuple(
        Area(
            row["area_code"],
            row["area_name"],
            row["area_type"],
            row["legacy_code"] or None,
            row["parent_code"] or None,
            int(row["vintage"]) if row.get("vintage") else None,
        )
        for row in source.content
    ), source


def _lsoas(folder: Path, root: Path, areas: set[str]) -> tuple[tuple[Lsoa, ...], Source]:
    source = loading.read_csv(folder / "lsoas.csv", root, ("lsoa_code", "vintage", "ward_code", "area_code"))
    lsoas = []
    seen: set[tuple[str, str]] = set()
    for line, row in enumerate(source.content, start=2):
        place = f"line {line}"
        known(source, place, "vintage", row["vintage"], ("2001", "2011", "2021"))
        if row["ward_code"] not in areas or row["area_code"] not in areas:
            raise source.error(place, "names an area that is not in areas.csv", "add it there")
        if (row["lsoa_code"], row["vintage"]) in seen:
            raise source.error(place, f"repeats {row['lsoa_code']}", "keep one of the lines")
        seen.add((row["lsoa_code"], row["vintage"]))
        lsoas.append(Lsoa(row["lsoa_code"], int(row["vintage"]), row["ward_code"], row["area_code"]))
    return tuple(lsoas), source


def _population(folder: Path, root: Path, areas: set[str]) -> tuple[tuple[Population, ...], Source]:
    header = ("area_code", "year", "population_group", "persons", "source", "vintage")
    source = loading.read_csv(folder / "population.csv", root, header, optional=("sex", "age_from", "age_to"))
    population = []
    seen: set[tuple[str | None, ...]] = set()
    made_of: dict[tuple[str, ...], set[tuple[str | None, ...]]] = {}
    for line, row in enumerate(source.content, start=2):
        place = f"line {line}"
        if row["area_code"] not in areas:
            raise source.error(place, f"names the area {row['area_code']}, not in areas.csv", "add it there")
        if not (row["year"].isascii() and row["year"].isdigit() and len(row["year"]) == 4):
            raise source.error(place, f"has the year '{row['year']}'", "write four digits")
        if not row["source"] or not row["vintage"]:
            raise source.error(place, "has no source or no vintage", "say where the number is from, and its issue")
        of = (row["area_code"], row["year"], row["population_group"], row["vintage"])
        part = (row.get("sex"), row.get("age_from"), row.get("age_to"))
        if (*of, *part) in seen:
            raise source.error(place, "repeats an area, year, group and vintage", "keep one of the lines")
        seen.add((*of, *part))
        made_of.setdefault(of, set()).add(part)
        if row.get("sex"):
            known(source, place, "sex", row["sex"], SEXES)
        ages = [_age(row.get(name), place, source) for name in ("age_from", "age_to")]
        population.append(
            Population(
                row["area_code"],
                int(row["year"]),
                row["population_group"],
                _number(row["persons"], place, source),
                row["source"],
                row["vintage"],
                row.get("sex") or None,
                *ages,
            )
        )
    _check_parts(made_of, source)
    return tuple(population), source


def _check_parts(made_of: Mapping[tuple[str, ...], set[tuple[str | None, ...]]], source: Source) -> None:
    """A group is made of the same parts in every area, year and vintage, or a half would pass for the whole."""
    first: dict[str, set[tuple[str | None, ...]]] = {}
    for (area, year, group, vintage), parts in made_of.items():
        if first.setdefault(group, parts) != parts:
            problem = f"has {group} of {area} in {year} ({vintage}) in other parts of sex and age than before"
            raise source.error("population", problem, "give every part of the group, or give it another name")


def _age(text: str | None, place: str, source: Source) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise source.error(place, f"has the age '{text}'", "write whole years, or nothing")
    return int(text)


def _worst(folder: Path, root: Path, lsoas: set[str]) -> tuple[tuple[WorstNeighbourhood, ...], Source]:
    path = folder / "worst_neighbourhoods.csv"
    source = loading.read_csv(path, root, ("lsoa_code", "base_rate", "working_age"))
    rows = []
    for line, row in enumerate(source.content, start=2):
        place = f"line {line}"
        if row["lsoa_code"] not in lsoas:
            raise source.error(place, f"names the LSOA {row['lsoa_code']}, not in lsoas.csv", "add it there")
        base, people = (_number(row[name], place, source) for name in ("base_rate", "working_age"))
        rows.append(WorstNeighbourhood(row["lsoa_code"], base, people))
    return tuple(rows), source


def _postcodes(folder: Path, root: Path) -> tuple[dict[str, str], list[Source]]:
    path = folder / "postcodes.csv"
    if not path.is_file():
        return {}, []
    source = loading.read_csv(path, root, ("postcode", "lsoa_code"))
    found: dict[str, str] = {}
    for line, row in enumerate(source.content, start=2):
        postcode = row["postcode"].replace(" ", "").upper()
        if not POSTCODE.fullmatch(postcode) or not LSOA.fullmatch(row["lsoa_code"]):
            fix = "write a whole postcode, such as AB1 2CD, and a code such as E01000001"
            raise source.error(f"line {line}", "has no postcode or no LSOA", fix)
        if postcode in found:
            raise source.error(f"line {line}", f"repeats {row['postcode']}", "keep one of the lines")
        found[postcode] = row["lsoa_code"]
    return found, [source]


def _number(text: str, place: str, source: Source) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise source.error(place, f"has '{text}' where a number should stand", "write digits, without commas")
    return number
