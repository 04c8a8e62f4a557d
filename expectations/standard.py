"""A standard made ready to run: placeholders give way to what holds for one delivery. Imports no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import schemas.standard
from schemas.last import last_of, lasts_in
from schemas.loading import DefinitionError
from schemas.standard import PLACEHOLDER, PLACEHOLDERS, Rule, Standard

__all__ = ["Rule", "Standard", "load_standard", "resolve"]


def load_standard(path: Path) -> Standard:
    """The standard in a partnership's `expectations/<partner>/<dataset>.yaml`. Raises DefinitionError."""
    path = path.resolve()
    return schemas.standard.load_standard(path, path.parents[2])[0]


def resolve(standard: Standard, values: Mapping[str, Any]) -> Standard:
    """The standard with every placeholder that is a whole text replaced, however deep it stands.

    `values` holds what a placeholder is called by (`period_start`, `period_end`, `received_on`: dates;
    `area_codes`, `lsoa_codes`: codes; `indicators`: ids; `figure_periods`: pairs of an indicator and a period) and
    `codelists`, a mapping of name to codes for `{codelist:NAME}`.
    `last` holds the figures of the delivery before, by kind and column; a rule that asks for one that is not there is
    left out. Raises DefinitionError for another placeholder that has no value.
    """
    rules = []
    last = values.get("last", {})
    for rule in standard.rules:
        if any((each.kind, each.column) not in last for each in lasts_in(rule.kwargs)):
            continue
        try:
            rules.append(replace(rule, kwargs=_filled(rule.kwargs, values)))
        except LookupError as missing:
            file, place = f"expectations/{standard.key}.yaml", f"expectations[{rule.id}].kwargs"
            fix = f"use one of {', '.join(PLACEHOLDERS)} or codelist:NAME, or give it a value"
            raise DefinitionError(file, place, f"nothing is given for {missing.args[0]}", fix) from None
    return replace(standard, rules=tuple(rules))


def _filled(setting: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(setting, Mapping):
        return {key: _filled(item, values) for key, item in setting.items()}
    if isinstance(setting, list | tuple):
        return [_filled(item, values) for item in setting]
    before = last_of(setting)
    if before is not None:
        return before.of(values["last"][before.kind, before.column])
    found = PLACEHOLDER.fullmatch(setting) if isinstance(setting, str) else None
    if found is None:
        return setting
    word, name, days = found.groups()
    source = values.get("codelists", {}) if name else values
    key = name or word
    if (name and word != "codelist") or key not in source:
        raise LookupError(setting)
    value = source[key]
    if days:
        return value - timedelta(days=int(days))
    return list(value) if isinstance(value, list | tuple | set | frozenset | Mapping) else value
