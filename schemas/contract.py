"""A dataset's contract: Open Data Contract Standard 3.1.0 YAML in, one frozen `Contract` out.

A field is defined once, here: its header in the file, its type, its classification, what is done to it.
What the standard has no key for (period, scope, supersede_by, copies_unless_blank, markers, cadence, control_total,
workbook, editions, states, purposes, people; and per column aliases, may_be_absent, treatment, codelist,
from_file_name) stands in its `customProperties`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas import loading, shape
from schemas.alike import Alike, contract_like
from schemas.headers import Edition, HeaderMatch, match_headers
from schemas.loading import Source, known
from schemas.periods import parse_period

DATE_FORMATS = ("yyyy-MM-dd", "dd/MM/yyyy", "yyyy-MM", "ddMMMyyyy", "yyyy-MM-dd'T'HH:mm:ssXXX")
PHYSICAL_TYPES = {
    "string": ("VARCHAR",),
    "integer": ("BIGINT", "INTEGER"),
    "number": ("DECIMAL", "DOUBLE"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
    "boolean": ("BOOLEAN",),
}
TREATED_TYPES = {"pseudonymise": "string", "age_band": "date", "outward_code": "string", "lsoa": "string"}
PERSONAL = ("personal", "special")  # the classifications that are data about an identifiable person


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is ours (snake_case), `header` and `aliases` are how a file may spell it."""

    name: str
    header: str
    aliases: tuple[str, ...]
    logical_type: str  # string integer number date timestamp boolean
    physical_type: str  # the DuckDB type
    date_format: str | None  # one of DATE_FORMATS
    required: bool  # a value must be there
    may_be_absent: bool  # the whole column may be missing from a file
    classification: str  # public internal personal special
    treatment: str  # keep pseudonymise age_band outward_code lsoa drop
    description: str
    codelist: str | None = None
    from_file_name: str | None = None  # the file's name says the value: a pattern with one group
    examples: tuple[str, ...] = ()  # synthetic values, as a file writes them

    @property
    def headers(self) -> tuple[str, ...]:
        """Every spelling of the header that is accepted."""
        return (self.header, *self.aliases)

    @property
    def personal(self) -> bool:
        return self.classification in PERSONAL


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """How a delivery's period is read from its content or its name."""

    kind: str
    column: str | None = None
    format: str | None = (
        None  # yyyy, yyyy-MM, yyyy-MM-dd, dd/MM/yyyy, ees_year (202324), fingertips_year (20230000)
    )
    latest: bool = False  # of several periods in the file the latest is the delivery's
    file_name: bool = False  # the period may be read from the file name
    title: bool = False  # the period may be read from what stands above a workbook's header
    evidence: str | None = None  # a date column; no value inside the period contradicts a declared period


@dataclass(frozen=True, slots=True)
class WorkbookRule:
    """Where the table stands in a workbook, where the agreed column names alone do not say."""

    sheet: str | None = None  # a pattern for the sheet's whole name
    header_rows: tuple[int, int] | None = None  # first and last row number of the header
    ends: str | None = None  # a pattern for the first filled cell of the row that is no part of the table any more
    footnotes: bool = False  # the header's words end in the numbers of notes
    others: str | None = None  # a pattern for the whole name of sheets the publisher adds; not searched for people


@dataclass(frozen=True, slots=True)
class ControlTotalRule:
    """A last row that is no data but says what the others come to."""

    label: str  # a pattern for its first filled cell, in any capitals
    sums: tuple[str, ...] = ()  # a number under one of these columns is its sum; any other is the number of rows


@dataclass(frozen=True, slots=True)
class ScopeTest:
    """A test of one column's text; `where` are further columns that must hold exactly that text.

    `in_lsoa`: one of the partnership's LSOAs, any vintage. `in_area`: the partnership's own area, any
    spelling of its code. `in_area_codes`: the partnership's area or one of its wards, any spelling.
    `lsoa_name`: the text begins with the area's name and a space. `in_comparators`: a comparator's code.
    `in_codelist`: a code of the list `codelist`. `in_outline`: the point that `column` (degrees east) and `latitude`
    name lies within the outline of one of the partnership's wards.
    """

    column: str
    test: str
    where: tuple[tuple[str, str], ...] = ()
    codelist: str | None = None
    latitude: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """A row that passes one of `any` is the area's; else one that passes one of `keep` is a comparator's.

    Every other row is of elsewhere. With `any` empty every row is the area's.
    """

    any: tuple[ScopeTest, ...] = ()
    keep: tuple[ScopeTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """The agreed shape of one dataset of one partner."""

    partner: str
    dataset: str
    title: str
    version: str
    description: str
    owner: str
    columns: tuple[Column, ...]
    period: PeriodRule
    scope: ScopeRule
    supersede_by: tuple[str, ...]
    copies_unless_blank: (
        str | None
    )  # None: copies allowed; '': never; a column: identical rows are copies when filled
    markers: Mapping[str, str]  # text that stands for no value -> its reason
    cadence: str | None  # the kind of period in which a delivery is owed; None = published data, nothing owed
    source_path: Path
    fingerprint: str
    workbook: WorkbookRule | None = None
    control_total: ControlTotalRule | None = None
    editions: tuple[Edition, ...] = ()
    purposes: tuple[
        str, ...
    ] = ()  # what it is used for: an agreement that does not name them all does not cover it
    people: str | None = None  # whom the rows are about, for the register of processing
    states: str | None = None  # commentary or budget: its rows are published as they stand, and none is counted
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    @property
    def key(self) -> str:
        return f"{self.partner}/{self.dataset}"

    @property
    def personal_columns(self) -> tuple[str, ...]:
        """Names of the columns that are data about an identifiable person."""
        return tuple(column.name for column in self.columns if column.personal)

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError when there is none."""
        return self._by_name[name]

    def header_of(self, name: str) -> str:
        """The header a file should carry for the column. Raises KeyError when there is none."""
        return self._by_name[name].header

    def match_headers(self, headers: list[str]) -> HeaderMatch:
        """The column of each header of a file, by exact spelling or a declared alias; nothing is guessed.

        Of the contract as it stands and its editions the one is taken that the header fits best.
        """
        readings = [match_headers(self.columns, headers, edition) for edition in (None, *self.editions)]
        return min(readings, key=lambda match: match.faults)


def load_contract(path: Path, root: Path) -> tuple[Contract, Source]:
    """The contract in `schemas/contracts/<partner>/<dataset>.yaml`. Raises DefinitionError."""
    alike = Alike(path, root, contract_like)
    source = loading.read_yaml(path, root, "contract", alike)
    document = source.content
    partner, dataset = path.parent.name, path.stem
    if document["id"] != f"{partner}.{dataset}":
        raise source.error("id", f"is '{document['id']}'", f"write {partner}.{dataset}, as folder and file say")
    if len(document["schema"]) != 1 or document["schema"][0]["name"] != dataset:
        raise source.error("schema", "is not this file's one dataset", f"keep one entry, named {dataset}")
    ours = _custom(document, source, "")
    if "period" not in ours:
        fix = "say which kind of period a delivery covers, for example {kind: quarter, file_name: true}"
        raise source.error("customProperties[period]", "is missing", fix)
    contract = Contract(
        partner=partner,
        dataset=dataset,
        title=document["name"],
        version=document["version"],
        description=" ".join(document["description"]["purpose"].split()),
        owner=document["team"]["name"],
        columns=tuple(_column(entry, source) for entry in document["schema"][0]["properties"]),
        period=PeriodRule(**ours["period"]),
        scope=_scope(ours.get("scope", {})),
        supersede_by=tuple(ours.get("supersede_by", ())),
        copies_unless_blank=ours.get("copies_unless_blank"),
        markers=ours.get("markers", {}),
        cadence=ours.get("cadence"),
        workbook=_workbook(ours.get("workbook"), source),
        control_total=_control_total(ours.get("control_total"), source),
        editions=tuple(_edition(entry, source) for entry in ours.get("editions", ())),
        purposes=tuple(ours.get("purposes", ())),
        people=ours.get("people"),
        states=ours.get("states"),
        source_path=path,
        fingerprint=alike.fingerprint(source.fingerprint),
    )
    _check_columns(contract, source)
    _check_references(contract, source)
    return contract, source


def _custom(entry: dict[str, Any], source: Source, place: str) -> dict[str, Any]:
    """The customProperties of a contract or a column as one mapping."""
    found: dict[str, Any] = {}
    for item in entry.get("customProperties", ()):
        name = item["property"]
        if name in found:
            raise source.error(f"{place}customProperties[{name}]", "stands twice", "keep one of the two")
        found[name] = item["value"]
    return found


def _column(entry: dict[str, Any], source: Source) -> Column:
    place = f"{_place(source)}[{entry['name']}]"
    ours = _custom(entry, source, f"{place}.")
    kind, physical = entry["logicalType"], entry["physicalType"]
    if physical.partition("(")[0] not in PHYSICAL_TYPES[kind]:
        fix = f"for a {kind} write {' or '.join(PHYSICAL_TYPES[kind])}"
        raise source.error(f"{place}.physicalType", f"is {physical}", fix)
    date_format = entry.get("logicalTypeOptions", {}).get("format")
    if kind == "date" and date_format not in DATE_FORMATS:
        problem = "is missing" if date_format is None else f"is '{date_format}'"
        raise source.error(f"{place}.logicalTypeOptions.format", problem, shape.one_of(DATE_FORMATS))
    return Column(
        name=entry["name"],
        header=entry["physicalName"],
        aliases=tuple(ours.get("aliases", ())),
        logical_type=kind,
        physical_type=physical,
        date_format=date_format if kind == "date" else None,
        required=entry["required"],
        may_be_absent=ours.get("may_be_absent", False),
        classification=entry["classification"],
        treatment=ours.get("treatment", "keep"),
        description=" ".join(entry["description"].split()),
        codelist=ours.get("codelist"),
        from_file_name=_pattern(
            ours.get("from_file_name"), source, f"{place}.customProperties[from_file_name]", 1
        ),
        examples=tuple(str(each) for each in entry.get("examples", ())),
    )


def _workbook(rule: dict[str, Any] | None, source: Source) -> WorkbookRule | None:
    if rule is None:
        return None
    place = "customProperties[workbook].value"
    rows = rule.get("header_rows")
    if rows is not None and (len(rows) != 2 or rows[0] > rows[1]):
        raise source.error(f"{place}.header_rows", "is not a first and a last row", "write it as [3, 5]")
    return WorkbookRule(
        sheet=_pattern(rule.get("sheet"), source, f"{place}.sheet", 0),
        header_rows=(rows[0], rows[1]) if rows is not None else None,
        ends=_pattern(rule.get("ends"), source, f"{place}.ends", 0),
        footnotes=rule.get("footnotes", False),
        others=_pattern(rule.get("others"), source, f"{place}.others", 0),
    )


def _control_total(rule: dict[str, Any] | None, source: Source) -> ControlTotalRule | None:
    if rule is None:
        return None
    place = "customProperties[control_total].value"
    numbers = [
        column["name"]
        for column in source.content["schema"][0]["properties"]
        if column["logicalType"] in ("integer", "number")
    ]
    for name in rule.get("sums", ()):
        known(source, f"{place}.sums", "column of numbers", name, numbers)
    label = _pattern(rule["label"], source, f"{place}.label", 0)
    return ControlTotalRule(str(label), tuple(rule.get("sums", ())))


def _edition(entry: dict[str, Any], source: Source) -> Edition:
    place = f"customProperties[editions].value[{entry['name']}]"
    columns = [column["name"] for column in source.content["schema"][0]["properties"]]
    for name in (*entry.get("headers", {}), *entry.get("absent", ())):
        known(source, place, "column", name, columns)
    periods = []
    for key in ("from", "until"):
        try:
            periods.append(parse_period(entry[key]) if key in entry else None)
        except ValueError:
            raise source.error(f"{place}.{key}", f"is '{entry[key]}'", "write a period, such as AY2024") from None
    headers, absent = entry.get("headers", {}), frozenset(entry.get("absent", ()))
    return Edition(entry["name"], periods[0], periods[1], headers, absent)


def _pattern(text: str | None, source: Source, place: str, groups: int) -> str | None:
    """A regular expression with so many groups. Raises DefinitionError when it is none."""
    try:
        if text is None or re.compile(text).groups == groups:
            return text
    except re.error:
        pass
    wanted = "a regular expression" if not groups else "a regular expression with one pair of round brackets"
    raise source.error(place, f"is '{text}', which is not {wanted}", f"write {wanted}")


def _scope(rule: dict[str, Any]) -> ScopeRule:
    return ScopeRule(
        any=tuple(_scope_test(test) for test in rule.get("any", ())),
        keep=tuple(_scope_test(test) for test in rule.get("keep", ())),
    )


def _scope_test(test: dict[str, Any]) -> ScopeTest:
    return ScopeTest(
        test["column"],
        test["test"],
        tuple(test.get("where", {}).items()),
        codelist=test.get("codelist"),
        latitude=test.get("latitude"),
    )


def _check_columns(contract: Contract, source: Source) -> None:
    """Names and headers must each mean one column, whatever the case."""
    names: set[str] = set()
    headers: dict[str, str] = {}
    for column in contract.columns:
        place = f"{_place(source)}[{column.name}]"
        if column.name in names:
            raise source.error(place, "stands twice", "give each column a name of its own")
        names.add(column.name)
        for header in column.headers:
            other = headers.setdefault(header.casefold(), column.name)
            if other != column.name:
                problem = f"has the header '{header}', as {other} has"
                raise source.error(place, problem, "give each column headers of its own")
        needed = TREATED_TYPES.get(column.treatment)
        if needed is not None and column.logical_type != needed:
            problem = f"is a {column.logical_type}, and its treatment is {column.treatment}"
            raise source.error(place, problem, f"only a {needed} can be treated so")
        if column.treatment == "age_band" and column.codelist is None:
            problem = "becomes an age band, and no codelist says which bands there are"
            raise source.error(place, problem, "add codelist, such as age_bands")
        if column.required and column.may_be_absent:
            problem = "is required and yet may be absent"
            raise source.error(place, problem, "write required: false, or take may_be_absent out")


def _check_references(contract: Contract, source: Source) -> None:
    """What the contract says of its columns must name columns it has."""
    names = [column.name for column in contract.columns]
    named = [
        ("period].value.column", contract.period.column),
        ("period].value.evidence", contract.period.evidence),
        *(("supersede_by].value", name) for name in contract.supersede_by),
        ("copies_unless_blank].value", contract.copies_unless_blank or None),
    ]
    for part, tests in (("any", contract.scope.any), ("keep", contract.scope.keep)):
        for test in tests:
            columns = (test.column, test.latitude, *(key for key, _ in test.where))
            named += [(f"scope].value.{part}", name) for name in columns]
            for needs, key in (("in_codelist", "codelist"), ("in_outline", "latitude")):
                if (test.test == needs) != (getattr(test, key) is not None):
                    problem = f"must have {key} where its test is {needs}, and only there"
                    raise source.error(f"customProperties[scope].value.{part}", problem, "write both or neither")
    for place, name in named:
        if name is not None:
            known(source, f"customProperties[{place}", "column", name, names)
    evidence = contract.period.evidence
    if evidence is not None and contract.column(evidence).logical_type not in ("date", "timestamp"):
        place = "customProperties[period].value.evidence"
        raise source.error(place, f"names '{evidence}', which is not a date", "name a date column")
    named_elsewhere = contract.period.file_name or contract.period.title
    if contract.period.column is None and not named_elsewhere and contract.cadence is None:
        place = "customProperties[period]"
        raise source.error(place, "gives no way to read the period", "add a column, or file_name: true")


def _place(source: Source) -> str:
    return f"schema[{source.path.stem}].properties"
