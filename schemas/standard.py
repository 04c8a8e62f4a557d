"""A dataset's agreed data-quality standard, in Great Expectations' own keys. It is read here, judged elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from schemas import loading
from schemas.alike import Alike, standard_like
from schemas.contract import Contract
from schemas.last import KINDS, lasts_in
from schemas.loading import Source, known

SYSTEM_COLUMNS = ("_row", "_copy", "_uncast", "_scope")  # stand beside the contract's on what is judged
PLACEHOLDERS = (
    "period_start",
    "period_end",
    "received_on",
    "area_codes",
    "lsoa_codes",
    "indicators",
    "figure_periods",
    "frameworks",
    "priorities",
)
# Their results list values of the column, so they may not be asked of data about a person.
SHOWS_VALUES = re.compile(r"distinct_values|most_common_value")
_COLUMN_KWARGS = ("column", "column_A", "column_B", "column_list", "column_set")
# {period_end}, {codelist:crime_types}, and of a day so many days before it: {period_end - 14 days}.
PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::([a-z0-9_]+)| - ([0-9]+) days)?\}")
_DAYS = ("period_start", "period_end", "received_on")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `sentence` may hold {count}, the number of failing rows."""

    id: str
    type: str  # expect_...
    kwargs: Mapping[str, Any]  # may hold placeholders such as {period_start} or {codelist:crime_types}
    severity: str  # critical warning info
    characteristic: str
    sentence: str
    remedy: str
    reason: str
    tolerance: float | None = None  # share of the rows checked that may fail before the file is turned away

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at."""
        named: list[str] = []
        for key in _COLUMN_KWARGS:
            value = self.kwargs.get(key, ())
            named += [value] if isinstance(value, str) else value
        return tuple(named)


@dataclass(frozen=True, slots=True)
class Standard:
    """The rules of one dataset."""

    key: str
    name: str  # the suite's name, e.g. police.street_crime
    owner: str
    version: str
    agreed_on: date
    rules: tuple[Rule, ...]
    source_path: Path
    fingerprint: str
    without: Mapping[str, str] = field(default_factory=dict)  # a kind of rule it has none of, and why


def load_standard(path: Path, root: Path) -> tuple[Standard, Source]:
    """The standard in `expectations/<partner>/<dataset>.yaml`. Raises DefinitionError."""
    alike = Alike(path, root, standard_like)
    source = loading.read_yaml(path, root, "standard", alike)
    document = source.content
    name = f"{path.parent.name}.{path.stem}"
    if document["name"] != name:
        raise source.error("name", f"is '{document['name']}'", f"write {name}, as folder and file say")
    return Standard(
        key=name.replace(".", "/"),
        name=name,
        owner=document["meta"]["owner"],
        version=document["meta"]["version"],
        agreed_on=date.fromisoformat(document["meta"]["agreed_on"]),
        rules=tuple(_rule(entry) for entry in document["expectations"]),
        source_path=path,
        fingerprint=alike.fingerprint(source.fingerprint),
        without={kind: " ".join(reason.split()) for kind, reason in document["meta"].get("without", {}).items()},
    ), source


def _rule(entry: dict[str, Any]) -> Rule:
    meta = {key: " ".join(text.split()) for key, text in entry["meta"].items()}
    tolerance = entry.get("tolerance")
    return Rule(
        type=entry["type"], kwargs=entry["kwargs"], severity=entry["severity"], tolerance=tolerance, **meta
    )


def check_standard(standard: Standard, source: Source, contract: Contract, codelists: Mapping[str, Any]) -> None:
    """Holds a standard to its contract: columns, placeholders and codelists it names must exist.

    A standard without a rule on the number of rows is refused, because an empty file passes every other rule.
    """
    names = [column.name for column in contract.columns]
    for rule in standard.rules:
        place = f"expectations[{rule.id}]"
        for column in rule.columns:
            known(source, f"{place}.kwargs", "column", column, [*names, *SYSTEM_COLUMNS])
            if SHOWS_VALUES.search(rule.type) and column in contract.personal_columns:
                problem = f"would list values of '{column}', which is about people"
                raise source.error(f"{place}.type", problem, "use a rule that counts, such as _to_be_in_set")
        if rule.tolerance is not None and rule.severity != "warning":
            problem = f"stands on a rule that is {rule.severity}"
            raise source.error(f"{place}.tolerance", problem, "take it out, or write severity: warning")
        _check_lasts(rule, place, source, contract)
        for word, argument, days in _placeholders(rule.kwargs):
            if word == "codelist":
                known(source, f"{place}.kwargs", "codelist", argument, codelists)
            elif days:
                known(source, f"{place}.kwargs", "day", word, _DAYS)
            else:
                known(source, f"{place}.kwargs", "placeholder", word, [*PLACEHOLDERS, "codelist:NAME"])
    counts = [rule for rule in standard.rules if rule.type == "expect_table_row_count_to_be_between"]
    if all(list(lasts_in(rule.kwargs)) for rule in counts):  # or none; a delivery before is not always there
        fix = "add expect_table_row_count_to_be_between with min_value: 1"
        raise source.error("expectations", "has no rule on the number of rows", fix)


def _check_lasts(rule: Rule, place: str, source: Source, contract: Contract) -> None:
    """What a rule asks of the delivery before must be a count, a sum or a mean of a column that is there."""
    try:
        asked = list(lasts_in(rule.kwargs))
    except ValueError as wrong:
        fix = (
            f"write {{last:rows * 0.5}}, or one of {', '.join(KINDS[1:])} of a column, as {{last:sum(tonnes) * 2}}"
        )
        raise source.error(f"{place}.kwargs", f"has {wrong.args[0]}", fix) from None
    for each in asked:
        if each.column is not None:
            known(source, f"{place}.kwargs", "column", each.column, [column.name for column in contract.columns])
    if asked and rule.severity != "info":
        problem = f"compares with the delivery before and is {rule.severity}"
        raise source.error(f"{place}.severity", problem, "write severity: info, because a change can be true")


def _placeholders(value: Any) -> Iterator[tuple[str, str, str]]:
    """Every placeholder that is a whole text, however deep in the settings: its word, argument and days before."""
    if isinstance(value, str):
        found = PLACEHOLDER.fullmatch(value)
        if found:
            yield found[1], found[2] or "", found[3] or ""
    elif isinstance(value, dict):
        for item in value.values():
            yield from _placeholders(item)
    elif isinstance(value, list):
        for item in value:
            yield from _placeholders(item)
