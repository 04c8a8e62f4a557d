"""Our reading of JSON Schema agrees with the jsonschema package, and prefers the most telling fault."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as some

from schemas.loading import key_path, read_yaml
from schemas.partnership import REPOSITORY
from schemas.shape import FOLDER, schema_of, worst_fault

KINDS = sorted(path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json"))
EXAMPLES = {
    "agreement": "schemas/agreements/police-recorded-crime.yaml",
    "contract": "schemas/contracts/police/street_crime.yaml",
    "framework": "schemas/frameworks/laa-2008-11/framework.yaml",
    "indicators": "schemas/frameworks/laa-2008-11/indicators/crime.yaml",
    "model": "warehouse/models/contributions/police/recorded_crime.yaml",
    "partner": "schemas/partners/police.yaml",
    "partnership": "schemas/geography/partnership.yaml",
    "setting": "flows/demo/setting.yaml",
    "standard": "expectations/police/street_crime.yaml",
    "story": "flows/demo/story.yaml",
}
UNDERSTOOD = {
    *("$schema", "$id", "$defs", "$ref", "title", "description", "examples", "type", "anyOf", "enum", "const"),
    *("properties", "required", "additionalProperties", "propertyNames", "minProperties"),
    *("items", "minItems", "uniqueItems", "pattern", "format", "minLength"),
    *("minimum", "maximum", "exclusiveMinimum"),
}
DOCUMENTS = {kind: read_yaml(REPOSITORY / file, REPOSITORY, kind).content for kind, file in EXAMPLES.items()}
VALIDATORS = {
    kind: jsonschema.Draft202012Validator(schema_of(kind), format_checker=jsonschema.FormatChecker(["date"]))
    for kind in KINDS
}
values = (
    some.none()
    | some.booleans()
    | some.integers(-3, 200)
    | some.floats(-2, 2, allow_nan=False)
    | some.sampled_from(
        ["", "all", "live", "2008-04-01", "2009-02-30", "a@b.example", "police/street_crime", "1.0.0"]
    )
    | some.text(max_size=5)
)
anything = values | some.lists(values, max_size=2) | some.dictionaries(some.text(max_size=4), values, max_size=2)


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and every schema in it."""
    yield schema
    for key in ("additionalProperties", "propertyNames", "items"):
        if isinstance(schema.get(key), dict):
            yield from subschemas(schema[key])
    for key in ("properties", "$defs"):
        for each in schema.get(key, {}).values():
            yield from subschemas(each)
    for each in schema.get("anyOf", ()):
        yield from subschemas(each)


def places(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a document below its top."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, item in entries:
        yield (*path, key)
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, key))


def test_there_is_a_schema_and_an_example_of_each_kind() -> None:
    assert sorted(EXAMPLES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_json_schema_of_keywords_understood_here(kind: str) -> None:
    schema = json.loads((FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for each in subschemas(schema):
        assert set(each) <= UNDERSTOOD


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_described_because_the_description_is_the_fix(kind: str) -> None:
    schema = schema_of(kind)
    for each in subschemas(schema):
        for key, value in each.get("properties", {}).items():
            described = value if "description" in value else schema["$defs"].get(value.get("$ref", "")[8:], {})
            assert "description" in described or "const" in value, key
        if each.get("type") == "object":
            assert "additionalProperties" in each or kind == "standard", "unknown keys must be refused"


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_sound(kind: str) -> None:
    assert worst_fault(DOCUMENTS[kind], schema_of(kind)) is None
    assert VALIDATORS[kind].is_valid(DOCUMENTS[kind])


@given(some.data())
def test_the_verdict_is_that_of_the_jsonschema_package(data: some.DataObject) -> None:
    kind = data.draw(some.sampled_from(KINDS))
    document = copy.deepcopy(DOCUMENTS[kind])
    for _ in range(data.draw(some.integers(1, 2))):
        path = data.draw(some.sampled_from(list(places(document))))
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        change = data.draw(some.sampled_from(["replace", "delete", "add"]))
        if change == "replace":
            parent[path[-1]] = data.draw(anything)
        elif change == "delete" and len(document) > 1:
            del parent[path[-1]]
        elif isinstance(parent, dict):
            parent[data.draw(some.text(max_size=6))] = data.draw(anything)
    fault = worst_fault(document, schema_of(kind))
    assert (fault is None) == VALIDATORS[kind].is_valid(document), fault
    if fault is not None:
        assert fault.problem
        assert fault.fix
        key_path(document, fault.path)


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "a name"},
        "email": {"type": "string", "description": "an address"},
        "home": {
            "type": "object",
            "properties": {"town": {"enum": ["York", "Leeds"]}},
            "additionalProperties": False,
        },
    },
    "required": ["name", "email"],
    "additionalProperties": False,
}


def told(document: dict[str, Any]) -> tuple[str, str, str]:
    fault = worst_fault(document, PERSON)
    assert fault is not None
    return key_path(document, fault.path), fault.problem, fault.fix


def test_a_misspelt_key_is_told_rather_than_the_missing_one() -> None:
    found = told({"name": "A", "emial": "a@b"})
    assert found == ("emial", "is not a key of this file", "did you mean 'email'?")


def test_the_deeper_fault_is_told() -> None:
    assert told({"name": "A", "home": {"town": "Bath"}})[0] == "home.town"


def test_of_equals_the_first_is_told() -> None:
    assert told({"name": 1, "email": 2})[0] == "name"
    assert told({})[0] == "name"


def test_entries_of_a_list_go_by_their_id() -> None:
    document = {"rules": [{"id": "A"}, {"meta": {"id": "PSC-001"}}, 3]}
    assert key_path(document, ("rules", 0, "id")) == "rules[A].id"
    assert key_path(document, ("rules", 1, "type")) == "rules[PSC-001].type"
    assert key_path(document, ("rules", 2)) == "rules[2]"


def test_the_schemas_lie_beside_the_loaders() -> None:
    assert Path("schemas/json") == FOLDER.relative_to(REPOSITORY)
