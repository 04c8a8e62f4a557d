"""A partnership as one object: everything its folder says, checked in itself and across its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas import codelist, loading, references
from schemas.agreement import Agreement, load_agreement
from schemas.alerting import Escalation, read_escalation
from schemas.contract import Contract, load_contract
from schemas.copies import Copy, read_copies
from schemas.framework import Framework, Indicator, load_framework
from schemas.geography import Geography, load_geography
from schemas.loading import DefinitionError, Source
from schemas.partner import Partner, Person, load_partner
from schemas.periods import Period, in_words
from schemas.reminders import Reminders, read_reminders
from schemas.standard import Standard, check_standard, load_standard
from schemas.working_days import WorkingDays, working_days_of

ANY_PARTNER = "any_partner"  # the folder of models that serve a dataset whoever sends it
REPOSITORY = Path(__file__).resolve().parent.parent  # the program's own folder: the shipped example partnership


@dataclass(frozen=True, slots=True)
class Partnership:
    """Hand this to anything that needs to know what was agreed. Codes and names of the place live only here."""

    root: Path
    id: str
    name: str
    area_code: str
    area_name: str
    legacy_code: str
    dfe_code: str
    operator: Person
    incident_contact: str
    data_quality_lead: Person
    escalation: tuple[Escalation, ...]
    marking: str  # '' for none
    comparators: Mapping[str, str]  # code -> name
    groups: Mapping[str, tuple[str, ...]]  # code of a comparator that is a group of areas -> its members
    reminders: Reminders
    copies: tuple[Copy, ...]
    partners: Mapping[str, Partner]
    contracts: Mapping[str, Contract]  # by key, e.g. police/street_crime
    standards: Mapping[str, Standard]  # by key
    agreements: tuple[Agreement, ...]
    frameworks: Mapping[str, Framework]
    codelists: Mapping[str, codelist.Codelist]  # name -> (code, label) in file order
    personal_patterns: tuple[re.Pattern[str], ...]
    geography: Geography
    fingerprints: Mapping[str, str]  # sha256 of each file read, by its path from the root

    @property
    def working_days(self) -> WorkingDays:
        """The working days where the partnership is."""
        return working_days_of(self.area_code)

    def agreement_for(self, key: str, received: date, period: Period | None = None) -> Agreement | None:
        """The agreement under which we may hold a delivery: in force on the day of receipt, covering the period.

        Without a period only the day counts. Of several a live one goes before a test, then the latest to start.
        """
        holding = [
            agreement
            for agreement in self.agreements
            if key in agreement.datasets
            and agreement.in_force(received)
            and (period is None or agreement.covers(period))
        ]
        return max(holding, key=lambda each: (each.stage == "live", each.start, each.id), default=None)

    def agreement(self, id: str | None) -> Agreement | None:
        """The agreement of that id, or None."""
        return next((agreement for agreement in self.agreements if agreement.id == id), None)

    def framework_fingerprint(self, id: str) -> str:
        """The sha256 over the fingerprints of a framework's files, in the order of their paths."""
        folder = f"schemas/frameworks/{id}/"
        own = sorted((file, sha256) for file, sha256 in self.fingerprints.items() if file.startswith(folder))
        return hashlib.sha256("\n".join(f"{sha256} {file}" for file, sha256 in own).encode()).hexdigest()

    def why_no_agreement(self, key: str, received: date, period: Period | None = None) -> str:
        """Why `agreement_for` found none, as one sentence for the officer."""
        naming = [agreement for agreement in self.agreements if key in agreement.datasets]
        if not naming:
            return f"No sharing agreement names {key}."
        in_force = [agreement for agreement in naming if agreement.in_force(received)]
        if not in_force:
            latest = max(naming, key=lambda each: each.start)
            return (
                f"The agreement {latest.id} is in force {_span(latest.start, latest.end)}, "
                f"and the file came on {in_words(received)}."
            )
        if period is not None:
            latest = max(in_force, key=lambda each: each.covers_from)
            return (
                f"The agreement {latest.id} covers {_span(latest.covers_from, latest.covers_to)}, "
                f"and not all of {period.title}."
            )
        return f"The agreement {in_force[0].id} is in force."

    def standard_path(self, key: str) -> Path:
        """Where the standard of a dataset is written."""
        return self.root / "expectations" / f"{key}.yaml"

    def contribution_model(self, key: str) -> Path:
        """The SQL of a dataset's contribution: the partnership's own, else the one the exchange ships.

        A dataset that several partners send alike has one model, in the folder `any_partner`.
        """
        folder = Path("warehouse", "models", "contributions")
        of_partner, of_any = folder / f"{key}.sql", folder / ANY_PARTNER / f"{key.split('/')[1]}.sql"
        places = [root / path for path in (of_partner, of_any) for root in (self.root, REPOSITORY)]
        return next((path for path in places if path.is_file()), REPOSITORY / of_partner)

    @property
    def indicators(self) -> dict[str, Indicator]:
        """Every indicator of every framework by its id, in order of id."""
        every = {each.id: each for framework in self.frameworks.values() for each in framework.indicators}
        return dict(sorted(every.items()))

    def figure_periods(self, until: date) -> list[tuple[str, str]]:
        """Every pair of an indicator and a period it can have a figure for that has begun by a day."""
        found = {
            (indicator.id, period.id)
            for framework in self.frameworks.values()
            for indicator in framework.indicators
            for period in framework.periods_of(indicator, until)
        }
        return sorted(found)


def load_partnership(root: Path | None = None) -> Partnership:
    """Everything in the folder (the shipped example by default), checked in itself and across its files.

    Raises DefinitionError with the file, the key and the fix.
    """
    root = (root or REPOSITORY).resolve()
    if not (root / "schemas").is_dir():
        raise DefinitionError("schemas", "", f"there is no such folder in {root.name}", "run: exchange init DIR")
    about = loading.read_yaml(root / "schemas/geography/partnership.yaml", root, "partnership")
    sources: list[Source] = [about]

    partners = {path.stem: load_partner(path, root) for path in _files(root, "schemas/partners/*.yaml")}
    codelists = {path.stem: codelist.load_codelist(path, root) for path in _files(root, "schemas/codelists/*.csv")}
    contracts = [load_contract(path, root) for path in _files(root, "schemas/contracts/*/*.yaml")]
    standards = [load_standard(path, root) for path in _files(root, "expectations/*/*.yaml")]
    agreements = [load_agreement(path, root) for path in _files(root, "schemas/agreements/*.yaml")]
    geography, geography_sources = load_geography(root / "schemas" / "geography", root)
    frameworks = [
        load_framework(path.parent, root) for path in _files(root, "schemas/frameworks/*/framework.yaml")
    ]
    for loaded in (partners.values(), codelists.values(), contracts, standards, agreements):
        sources += [source for _, source in loaded]
    sources += geography_sources
    sources += [source for _, of_framework in frameworks for source in of_framework]

    _check_nothing_is_overlooked(root, sources)
    if codelist.PERSONAL_FIELDS not in codelists:
        # Without the list a surname nobody agreed to share would be taken for a harmless extra column.
        file = f"schemas/codelists/{codelist.PERSONAL_FIELDS}.csv"
        raise DefinitionError(file, "", "the file is missing", "copy the one the exchange ships")

    area = about.content["area"]
    partnership = Partnership(
        root=root,
        id=about.content["id"],
        name=about.content["name"],
        area_code=area["code"],
        area_name=area["name"],
        legacy_code=area["legacy_code"],
        dfe_code=area.get("dfe_code", ""),
        operator=Person(**about.content["operator"]),
        incident_contact=about.content["incident_contact"],
        data_quality_lead=Person(**about.content["data_quality_lead"]),
        escalation=read_escalation(about.content.get("escalation", ()), about),
        marking=about.content.get("marking", ""),
        comparators={entry["code"]: entry["name"] for entry in about.content["comparators"]},
        groups={
            entry["code"]: tuple(entry["members"]) for entry in about.content["comparators"] if "members" in entry
        },
        reminders=read_reminders(about.content.get("reminders", {}), about),
        copies=read_copies(about.content.get("copies", ()), about),
        partners={id: partner for id, (partner, _) in partners.items()},
        contracts={contract.key: contract for contract, _ in contracts},
        standards={standard.key: standard for standard, _ in standards},
        agreements=tuple(agreement for agreement, _ in agreements),
        frameworks={framework.id: framework for framework, _ in frameworks},
        codelists={name: codes for name, (codes, _) in codelists.items()},
        personal_patterns=codelist.personal_patterns(*codelists[codelist.PERSONAL_FIELDS]),
        geography=geography,
        fingerprints={source.file: source.fingerprint for source in sources},
    )
    references.check_area(about, partnership.area_code, partnership.comparators, partnership.groups, geography)
    for contract, source in contracts:
        references.check_contract(contract, source, partnership.partners, partnership.codelists, geography)
        references.check_scope(contract, source, partnership.codelists, geography)
    for standard, source in standards:
        loading.known(source, "name", "dataset", standard.key, partnership.contracts)
        check_standard(standard, source, partnership.contracts[standard.key], partnership.codelists)
    references.check_every_dataset_is_judged(contracts, partnership.standards)
    references.check_rule_ids(standards)
    for agreement, source in agreements:
        references.check_purposes(agreement.purposes, source, "purposes", partnership.codelists)
        references.check_agreement(
            agreement, source, partnership.partners, partnership.contracts, partnership.frameworks.values()
        )
    if frameworks:
        measures = {key: _measures(partnership, key) for key in partnership.contracts}
        for framework, of_framework in frameworks:
            for priority in framework.priorities:
                named = (priority.purpose,) if priority.purpose else ()
                place = f"priorities[{priority.id}].purpose"
                references.check_purposes(named, of_framework[0], place, partnership.codelists)
            references.check_framework(
                framework,
                of_framework,
                partnership.frameworks,
                partnership.partners,
                measures,
                geography,
            )
    return partnership


def _check_nothing_is_overlooked(root: Path, sources: list[Source]) -> None:
    """A definition in the wrong folder, or called .yml, would be silently without effect."""
    read = {source.file for source in sources}
    for folder in ("schemas", "expectations"):
        for path in sorted((root / folder).rglob("*")):
            file = path.relative_to(root).as_posix()
            definition = path.suffix.lower() in (".yaml", ".yml", ".csv", ".geojson") and not path.name.startswith(
                (".", "~")
            )
            if definition and file not in read:
                fix = "move it to where the others of its kind stand, and let a YAML file end in .yaml"
                raise DefinitionError(file, "", "stands where nothing reads it", fix)


def _files(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))


def _measures(partnership: Partnership, key: str) -> tuple[str, ...] | None:
    model = partnership.contribution_model(key)
    base = partnership.root if model.is_relative_to(partnership.root) else REPOSITORY
    return references.read_measures(model, base, partnership.indicators)


def _span(first: date, last: date | None) -> str:
    return f"from {in_words(first)}" + (f" to {in_words(last)}" if last else " on")
