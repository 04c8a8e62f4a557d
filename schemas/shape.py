"""Checks a document against a JSON Schema (2020-12) and tells the one fault most worth telling.

Only the keywords the shipped schemas use are understood; tests hold the schemas to those keywords, and this
module to the verdicts of the `jsonschema` package. That package is not used at run time because
importing it takes longer (0.25 s) than reading a whole partnership, and because its messages would have to
be rewritten anyway: an officer needs the key and the fix.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "json"
Path_ = tuple[str | int, ...]

_WORDS_FOR_TYPE = {
    "object": "a set of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where, what, and what to write instead. `certain` when we can tell what was meant."""

    path: Path_
    problem: str
    fix: str
    certain: bool = False


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema `schemas/json/<kind>.schema.json`."""
    schema: dict[str, Any] = json.loads((FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return schema


def worst_fault(document: Any, schema: dict[str, Any]) -> Fault | None:
    """The most specific fault of a document, or None when it has none.

    A misspelt key also reads as a missing one: the misspelling is told. Otherwise the deepest fault wins,
    then the first in the file.
    """
    faults = _faults(document, schema, schema, ())
    return max(faults, key=lambda fault: (fault.certain, len(fault.path)), default=None)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` is most likely a misspelling of, if any is near."""
    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(choices: Iterable[str]) -> str:
    """The choices as an instruction, e.g. "write one of: low, high"."""
    listed = [str(choice) for choice in choices]
    return f"write one of: {', '.join(listed)}" if listed else "leave it out: there is nothing it could name"


def _faults(value: Any, schema: dict[str, Any], root: dict[str, Any], path: Path_) -> list[Fault]:
    reference = schema.get("$ref")
    if reference is not None:
        # A description beside a $ref belongs to the place, so it goes before the definition's own.
        schema = {**root["$defs"][reference.removeprefix("#/$defs/")], **schema}
    if "anyOf" in schema:
        return _faults_of_branches(value, schema, root, path)
    kinds = schema.get("type")
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in kinds):
            return [_wrong_type(value, kinds, schema, path)]
    if "const" in schema and value != schema["const"]:
        wanted = schema["const"]
        fix = f"write {'true' if wanted is True else wanted}"
        return [Fault(path, f"is {_shown(value)}", fix, certain=True)]
    if "enum" in schema and value not in schema["enum"]:
        return [_not_in_enum(value, schema, path)]
    if isinstance(value, dict):
        return _faults_of_mapping(value, schema, root, path)
    if isinstance(value, list):
        return _faults_of_list(value, schema, root, path)
    return _faults_of_scalar(value, schema, path)


def _faults_of_mapping(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: Path_
) -> list[Fault]:
    properties: dict[str, Any] = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    names = schema.get("propertyNames")
    faults = []
    for key, item in value.items():
        known = properties.get(key)
        if known is not None:
            faults += _faults(item, known, root, (*path, key))
            continue
        if names is not None:
            faults += _faults_of_scalar(key, names, (*path, key))
        if extra is False:
            faults.append(_unknown_key(key, value, properties, path))
        elif extra is not True:
            faults += _faults(item, extra, root, (*path, key))
    for key in schema.get("required", ()):
        if key not in value:
            faults.append(Fault((*path, key), "is missing", f"add it: {_help(properties[key], root)}"))
    if len(value) < schema.get("minProperties", 0):
        faults.append(Fault(path, "is empty", f"write {_help(schema, root)}"))
    return faults


def _faults_of_list(value: list[Any], schema: dict[str, Any], root: dict[str, Any], path: Path_) -> list[Fault]:
    faults = []
    items = schema.get("items")
    if items is not None:
        for position, item in enumerate(value):
            faults += _faults(item, items, root, (*path, position))
    if len(value) < schema.get("minItems", 0):
        problem = f"has {len(value)} entries" if value else "is an empty list"
        faults.append(Fault(path, problem, f"write {_help(schema, root)}"))
    if schema.get("uniqueItems"):
        for position, item in enumerate(value):
            if item in value[:position]:
                faults.append(Fault((*path, position), f"repeats {_shown(item)}", "leave out the repetition"))
    return faults


def _faults_of_scalar(value: Any, schema: dict[str, Any], path: Path_) -> list[Fault]:
    if isinstance(value, str):
        if schema.get("format") == "date" and not _is_date(value):
            return [
                Fault(path, f"is '{value}', which is not a date", _with_help("write it as 2008-04-01", schema))
            ]
        if len(value) < schema.get("minLength", 0):
            return [Fault(path, "is empty", f"write {_help(schema, {})}")]
        if "pattern" in schema and not re.search(schema["pattern"], value):
            problem = f"is '{value}', which is not written as it should be"
            return [Fault(path, problem, f"write {_help(schema, {})}")]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            return [Fault(path, f"is {value}", _with_help(f"write {schema['minimum']} or more", schema))]
        if "maximum" in schema and value > schema["maximum"]:
            return [Fault(path, f"is {value}", _with_help(f"write {schema['maximum']} or less", schema))]
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            return [
                Fault(path, f"is {value}", _with_help(f"write more than {schema['exclusiveMinimum']}", schema))
            ]
    return []


def _faults_of_branches(value: Any, schema: dict[str, Any], root: dict[str, Any], path: Path_) -> list[Fault]:
    """No fault when one alternative fits; else the faults of the alternative that was most likely meant."""
    branches = [_resolved(branch, root) for branch in schema["anyOf"]]
    tag = _tag(branches)
    if tag is not None and isinstance(value, dict) and isinstance(value.get(tag), str):
        by_tag = {branch["properties"][tag]["const"]: branch for branch in branches}
        if value[tag] in by_tag:
            return _faults(value, by_tag[value[tag]], root, path)
        return [_not_in_enum(value[tag], {"enum": list(by_tag)}, (*path, tag))]
    found = [_faults(value, branch, root, path) for branch in branches]
    if not all(found):
        return []
    deepest = max(found, key=lambda faults: (max(len(fault.path) for fault in faults), -len(faults)))
    if all(fault.path == path for fault in deepest):
        kinds = [kind for branch in branches for kind in _kinds(branch)]
        if not any(_is(value, kind) for kind in kinds):
            return [_wrong_type(value, kinds, schema, path)]
        return [Fault(path, f"is {_shown(value)}", f"write {_help(schema, root)}")]
    return deepest


def _tag(branches: Sequence[dict[str, Any]]) -> str | None:
    """The key whose fixed value tells the alternatives apart, if there is one."""
    for key in branches[0].get("properties", {}):
        if all("const" in branch.get("properties", {}).get(key, {}) for branch in branches):
            return str(key)
    return None


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return schema if reference is None else root["$defs"][reference.removeprefix("#/$defs/")]


def _kinds(schema: dict[str, Any]) -> list[str]:
    if "enum" in schema or "const" in schema:
        return ["string"]
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _is(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    if kind == "null":
        return value is None
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and (kind == "number" or value.is_integer()))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10  # not 20080401, which date.fromisoformat also reads


def _wrong_type(value: Any, kinds: Sequence[str], schema: dict[str, Any], path: Path_) -> Fault:
    wanted = " or ".join(_WORDS_FOR_TYPE[kind] for kind in dict.fromkeys(kinds))
    if value is None:
        return Fault(path, "is empty", _with_help(f"write {wanted} there", schema))
    fix = f"write {wanted}"
    if "string" in kinds and not isinstance(value, (dict, list)):
        fix = "put it in quotes"
    return Fault(path, f"is {_shown(value)}, where {wanted} should stand", _with_help(fix, schema))


def _not_in_enum(value: Any, schema: dict[str, Any], path: Path_) -> Fault:
    near = nearest(str(value), map(str, schema["enum"]))
    fix = f"did you mean '{near}'? Else {one_of(schema['enum'])}" if near else one_of(schema["enum"])
    return Fault(path, f"is {_shown(value)}, which is not one of the choices", _with_help(fix, schema), bool(near))


def _unknown_key(key: str, value: dict[str, Any], properties: dict[str, Any], path: Path_) -> Fault:
    unused = [name for name in properties if name not in value]
    near = nearest(key, unused)
    if near:
        return Fault((*path, key), "is not a key of this file", f"did you mean '{near}'?", certain=True)
    fix = f"take it out, or use one of: {', '.join(unused)}" if unused else "take it out"
    return Fault((*path, key), "is not a key of this file", fix)


def _help(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """What the schema says about a place: its description and an example."""
    if "description" not in schema and "$ref" in schema:
        schema = _resolved(schema, root)
    text = str(schema.get("description", "see the other files of this kind")).rstrip(".")
    examples = schema.get("examples")
    return f"{text}, for example {examples[0]}" if examples else text


def _with_help(fix: str, schema: dict[str, Any]) -> str:
    return f"{fix} ({schema['description'].rstrip('.')})" if "description" in schema else fix


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a set of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)
