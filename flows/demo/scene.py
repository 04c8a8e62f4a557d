"""All a generator needs to know to draw one extract: the contract, the place, the period, how much of what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from flows.demo.dice import dice
from flows.demo.sheet import GeneratorError
from schemas.contract import Contract
from schemas.geography import Lsoa
from schemas.loading import read_yaml
from schemas.partnership import Partnership
from schemas.periods import Period

SETTING = Path(__file__).with_name("setting.yaml")
COUNTRY, REGION = "E92", "E12"  # how the codes of countries and of regions begin (ONS code register)


@dataclass(frozen=True)
class Setting:
    """setting.yaml: how much of what there is in the demo, and the world around the partnership's area."""

    volumes: Mapping[str, Mapping[str, Mapping[str, int]]]
    force: Mapping[str, Any]
    elsewhere: Mapping[str, str]


def load_setting(path: Path = SETTING) -> Setting:
    """Read the demo's setting. Raises DefinitionError."""
    said = read_yaml(path, path.parent.parent.parent, "setting").content
    return Setting(said["volumes"], said["force"], said["elsewhere"])


@dataclass(frozen=True)
class Place:
    """The partnership's area, as its geography files describe it."""

    partnership: Partnership

    @cached_property
    def ward_spelling(self) -> Mapping[str, str]:
        """Each ward's code as the files of 2009 wrote it, by its present code, in order of code."""
        wards = [
            area for area in self.partnership.geography.areas if area.area_type == "ward" and area.legacy_code
        ]
        return {ward.area_code: str(ward.legacy_code) for ward in sorted(wards, key=lambda ward: ward.area_code)}

    @cached_property
    def similar(self) -> list[tuple[str, str]]:
        """Code and name of the areas whose published figures are pooled, in order of code."""
        names = {area.area_code: area.area_name for area in self.partnership.geography.areas}
        return sorted((code, names[code]) for group in self.partnership.groups.values() for code in group)

    def label(self, codelist: str, code: str) -> str:
        """What a code of a list means."""
        return dict(self.partnership.codelists[codelist])[code]

    def lsoas(self, vintage: int) -> list[Lsoa]:
        """The neighbourhoods of one vintage, in order of code."""
        found = [lsoa for lsoa in self.partnership.geography.lsoas if lsoa.vintage == vintage]
        return sorted(found, key=lambda lsoa: lsoa.lsoa_code)

    def lsoa_weights(self, vintage: int) -> list[int]:
        """How busy each neighbourhood is, 2 to 9, always the same for the same code."""
        return [2 + dice("how busy is", lsoa.lsoa_code).randrange(8) for lsoa in self.lsoas(vintage)]

    def population(self, group: str, year: int) -> int:
        """Persons of a group in the whole area, of the year nearest to the one asked for."""
        code = self.partnership.area_code
        found = [
            row
            for row in self.partnership.geography.population
            if row.area_code == code and row.population_group == group
        ]
        if not found:
            raise GeneratorError(f"population.csv has no {group} for {code}")
        nearest = min(found, key=lambda row: (abs(row.year - year), row.year, row.vintage))
        parts = [row for row in found if (row.year, row.vintage) == (nearest.year, nearest.vintage)]
        return int(sum(row.persons for row in parts))

    def comparator(self, beginning: str) -> tuple[str, str]:
        """The code and name of the comparator of that kind (COUNTRY or REGION)."""
        for code, name in sorted(self.partnership.comparators.items()):
            if code.startswith(beginning):
                return code, name
        raise GeneratorError(f"the partnership names no comparator whose code begins with {beginning}")


@dataclass(frozen=True)
class Scene:
    """One extract to be drawn. ``as_at`` matters only to extracts that grow through their period."""

    contract: Contract
    place: Place
    setting: Setting
    period: Period
    as_at: date

    @cached_property
    def chance(self) -> Random:
        """The dice of this dataset and period; a later as-at falls the same way."""
        return dice(self.contract.key, self.period.id)

    @property
    def history(self) -> Mapping[str, Mapping[str, int]]:
        """The dataset's volumes in every period, in order of time."""
        return self.setting.volumes[self.contract.key]

    @property
    def volumes(self) -> Mapping[str, int]:
        """How much of what this extract holds.

        Raises:
            GeneratorError: the setting says nothing of this dataset and period.
        """
        try:
            return self.history[self.period.id]
        except KeyError:
            raise GeneratorError(
                f"setting.yaml says nothing of {self.contract.key} in {self.period.id}: add it under volumes"
            ) from None

    @property
    def number(self) -> int:
        """The place of this period among the dataset's periods, from 0: keeps references apart."""
        return list(self.history).index(self.period.id)

    def codes(self, column: str) -> list[str]:
        """The codes agreed for a column, in the order of its code list."""
        name = self.contract.column(column).codelist
        if name is None:
            raise GeneratorError(f"{self.contract.key}: the column {column} has no code list")
        return [code for code, _ in self.place.partnership.codelists[name]]

    def reference(self, prefix: str, number: int) -> str:
        """A partner's own reference, such as CR-2009-070123: the year, then a number no other extract uses."""
        return f"{prefix}-{self.period.start.year}-{self.period.start.month * 10_000 + number:06}"
