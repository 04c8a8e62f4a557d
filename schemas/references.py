"""What one definition file says of another: every name it uses must exist there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from schemas import loading
from schemas.agreement import Agreement
from schemas.bands import age_bands
from schemas.codelist import PURPOSES, Codelist
from schemas.contract import Contract
from schemas.framework import Framework, Indicator, Term
from schemas.geography import Geography
from schemas.loading import Source, known
from schemas.measures import measures_of, parts_of
from schemas.partner import Partner
from schemas.standard import Standard

DEPRIVATION = "deprivation"  # the breakdown by where people live, made of areas and not of what a file says
EVERYBODY = "all_ages"
LAYER_ROLES = ("strategic", "executive", "operational")


def check_contract(
    contract: Contract,
    source: Source,
    partners: Mapping[str, Partner],
    codelists: Mapping[str, Codelist],
    geography: Geography,
) -> None:
    """Its partner, purposes, codelists, bands of ages and lookup of postcodes must exist."""
    known(source, "id", "partner", contract.partner, partners)
    check_purposes(contract.purposes, source, "customProperties[purposes].value", codelists)
    for column in contract.columns:
        if column.treatment == "lsoa" and not geography.postcodes:
            place = f"schema[{contract.dataset}].properties[{column.name}].customProperties[treatment].value"
            problem = "is lsoa, and the partnership has no lookup from postcodes to LSOAs"
            raise source.error(place, problem, "add schemas/geography/postcodes.csv, or write outward_code")
        if column.codelist is not None:
            place = f"schema[{contract.dataset}].properties[{column.name}].customProperties[codelist].value"
            known(source, place, "codelist", column.codelist, codelists)
            if column.treatment == "age_band":
                try:
                    age_bands([code for code, _ in codelists[column.codelist]])
                except ValueError as error:
                    problem = f"names {column.codelist}, where '{error}' is no band of ages"
                    raise source.error(place, problem, "write bands such as under 16, 16-17 and 60+") from None


def check_purposes(purposes: Iterable[str], source: Source, place: str, codelists: Mapping[str, Codelist]) -> None:
    """Each purpose must be a code of the list `purposes`."""
    for purpose in purposes:
        known(source, place, "purpose", purpose, [code for code, _ in codelists.get(PURPOSES, ())])


def check_scope(contract: Contract, source: Source, codelists: Iterable[str], geography: Geography) -> None:
    """The code lists of its scope must exist, and an outline where rows are placed by a point."""
    for test in contract.scope.any:
        if test.codelist is not None:
            known(source, "customProperties[scope].value.any", "codelist", test.codelist, codelists)
        if test.test == "in_outline" and not geography.outlines:
            problem = "places rows by a point, and the wards have no outlines"
            raise source.error(
                "customProperties[scope].value.any", problem, "add schemas/geography/outlines.geojson"
            )


def check_every_dataset_is_judged(
    contracts: Iterable[tuple[Contract, Source]], standards: Mapping[str, Standard]
) -> None:
    """A dataset without a standard would be accepted whatever it holds."""
    for contract, source in contracts:
        if contract.key not in standards:
            fix = f"write expectations/{contract.key}.yaml"
            raise source.error("id", f"{contract.key} has no standard", fix)


def check_rule_ids(standards: Iterable[tuple[Standard, Source]]) -> None:
    """A rule's id is quoted in error reports and e-mails, so it names one rule of the whole partnership."""
    places: dict[str, str] = {}
    for standard, source in standards:
        for rule in standard.rules:
            other = places.setdefault(rule.id, source.file)
            if other != source.file or sum(each.id == rule.id for each in standard.rules) > 1:
                fix = "give each rule an id of its own"
                raise source.error(f"expectations[{rule.id}]", f"has an id also used in {other}", fix)


def check_agreement(
    agreement: Agreement,
    source: Source,
    partners: Mapping[str, Partner],
    contracts: Mapping[str, Contract],
    frameworks: Iterable[Framework],
) -> None:
    """Its parties, datasets, columns and layers must exist, and a dataset's partner must be a party."""
    for party in agreement.parties:
        known(source, "parties", "partner", party, partners)
    for key, columns in agreement.datasets.items():
        known(source, f"datasets.{key}", "dataset", key, contracts)
        contract = contracts[key]
        if contract.partner not in agreement.parties:
            raise source.error("parties", f"lacks {contract.partner}, who sends {key}", "add it")
        for column in () if columns == "all" else columns:
            known(source, f"datasets.{key}", "column", column, [each.name for each in contract.columns])
    layers = {layer.id for framework in frameworks for layer in framework.layers}
    for layer in agreement.layers if layers else ():  # before the first framework there is nothing to hold them to
        known(source, "layers", "layer or role", layer, [*LAYER_ROLES, *layers])


def check_framework(
    framework: Framework,
    sources: Iterable[Source],
    frameworks: Iterable[str],
    partners: Mapping[str, Partner],
    measures: Mapping[str, Iterable[str] | None],
    geography: Geography,
) -> None:
    """Its relatives, partners, datasets, measures and population groups must exist.

    `measures` are those of each dataset's contribution, or None where it has no model.
    """
    first, *lists = sources
    for key in ("parent", "successor"):
        other = getattr(framework, key)
        if other is not None:
            known(first, key, "framework", other, frameworks)
    groups = {row.population_group for row in geography.population}
    if framework.wards is not None and geography.ward_vintages:
        known(first, "wards", "vintage of wards", str(framework.wards), map(str, geography.ward_vintages))
    for source in lists:
        for entry in source.content["indicators"]:
            indicator = framework.indicator(entry["id"])
            place = f"indicators[{indicator.id}]"
            known(source, f"{place}.lead_partner", "partner", indicator.lead_partner, partners)
            if DEPRIVATION in indicator.breakdowns:
                _check_deprivation(indicator, f"{place}.breakdowns", source)
            for part, terms in (
                ("numerator", indicator.formula.numerator),
                ("denominator", indicator.formula.denominator),
            ):
                for position, term in enumerate(terms):
                    where = f"{place}.formula.{part}[{_called(term, position)}]"
                    _check_term(term, where, source, measures, groups)


def _check_deprivation(indicator: Indicator, place: str, source: Source) -> None:
    """Only the whole population can be shared out over neighbourhoods; without a ranking of them nothing is shown."""
    for term in indicator.formula.denominator:
        if term.population not in (None, EVERYBODY):
            problem = f"shares out {term.population} by deprivation, of which only all ages are known"
            raise source.error(place, problem, f"take {DEPRIVATION} out")


def check_area(
    source: Source,
    area_code: str,
    comparators: Iterable[str],
    groups: Mapping[str, tuple[str, ...]],
    geography: Geography,
) -> None:
    """The partnership's area, its comparators and the members of a group must be in areas.csv."""
    codes = [area.area_code for area in geography.areas]
    known(source, "area.code", "area", area_code, codes)
    for code in comparators:
        if code not in groups:
            known(source, f"comparators[{code}].code", "area", code, codes)
    for code, members in groups.items():
        if code in codes:
            problem = f"is {code}, an area, and has members"
            raise source.error(f"comparators[{code}].code", problem, "give the group a word of its own")
        for member in members:
            known(source, f"comparators[{code}].members", "area", member, codes)
            if member in comparators or member == area_code:
                problem = f"names {member}, which stands by itself already"
                raise source.error(f"comparators[{code}].members", problem, "take it out of the group")


def read_measures(model: Path, root: Path, indicators: Iterable[str]) -> tuple[str, ...] | None:
    """The measures of a dataset's contribution, from the YAML beside its SQL; None where it has no model."""
    described = model.with_suffix(".yaml")
    if not described.is_file():
        return None
    source = loading.read_yaml(described, root, "model")
    _check_parts(source)
    return tuple(measures_of(source.content, indicators))


def _check_parts(source: Source) -> None:
    """The parts of a measure are measures of the same contribution, and none is made up of it."""
    parts = parts_of(source.content)
    for measure, named in parts.items():
        place = f"measures.{measure}.parts"
        for part in named:
            known(source, place, "measure", part, source.content["measures"])
        below, found = [*named], set[str]()
        while below:
            part = below.pop()
            if part == measure:
                raise source.error(
                    place, f"is in the end made up of {measure} itself", "name smaller measures only"
                )
            if part not in found:
                found.add(part)
                below += parts.get(part, ())


def _check_term(
    term: Term,
    place: str,
    source: Source,
    measures: Mapping[str, Iterable[str] | None],
    groups: Iterable[str],
) -> None:
    if term.population is not None:
        known(source, f"{place}.population", "population group", term.population, groups)
    if term.dataset is not None and term.measure is not None:
        known(source, f"{place}.dataset", "dataset", term.dataset, measures)
        of_dataset = measures[term.dataset]
        if of_dataset is None:
            problem = f"counts {term.dataset}, which has no contribution yet"
            fix = f"add warehouse/models/contributions/{term.dataset}.sql and the .yaml beside it"
            raise source.error(f"{place}.dataset", problem, fix)
        known(source, f"{place}.measure", "measure", term.measure, of_dataset)


def _called(term: Term, position: int) -> str:
    return term.dataset or str(position)
