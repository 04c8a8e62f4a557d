"""A JSON array of objects as a table: a column for each leaf, named by its path ('location.street.name')."""

import json
from typing import Any

from warehouse.sent import Content, FileFacts, UnreadableError

LIMIT = 50_000_000  # bytes; a month of a borough's crimes has 1 MB
DEEPEST = 8
WIDEST = 2_000  # names in all; the widest published table has 100
EMPTIEST = 10  # bytes of the file for each object in it: fewer, and there is nothing in them


def read_records(content: Content, facts: FileFacts) -> tuple[list[str], list[list[str]]]:
    """The paths, in the order they first occur, and each record's texts. Numbers stay the digits they were.

    Raises:
        UnreadableError: no JSON, no array of objects, a list inside a record, a key twice in one object.
    """
    if facts.size > LIMIT or facts.encoding == "binary":
        raise UnreadableError("The JSON file is too large or is no text.", "Send the extract as CSV.")
    try:
        text = b"".join(content.blocks()).decode(facts.codec)
        if text.count("{") * EMPTIEST > len(text) + 1_000:
            raise ValueError("objects with nothing in them")
        found = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_no_key_twice
        )
    except (ValueError, RecursionError) as error:
        place = f" on line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableError(
            f"The JSON cannot be read{place}.", "Save what the service answered, whole and unchanged, and send it."
        ) from None
    if not isinstance(found, list):
        raise UnreadableError(
            "The JSON is a single object, not an array of records.",
            "Save the array of records that the service answers, and send that.",
        )
    paths: dict[str, None] = {}
    empty: set[str] = set()
    records: list[dict[str, str]] = []
    for number, record in enumerate(found, 1):
        if not isinstance(record, dict):
            raise UnreadableError(
                f"Record {number:,} of the JSON is no object with names and values.", "Send an array of objects."
            )
        leaves: dict[str, str | None] = {}
        _flatten(record, "", leaves, number, 0)
        empty.update(path for path, value in leaves.items() if value is None)
        # A path seen only as null may be the root of an object that other records have.
        paths.update(dict.fromkeys(path for path, value in leaves.items() if value is not None))
        if len(paths) > WIDEST:
            raise UnreadableError(
                f"The records of the JSON have more than {WIDEST:,} names.",
                "Send the agreed columns and no others.",
            )
        records.append({path: value for path, value in leaves.items() if value is not None})
    for path in sorted(empty - set(paths)):
        if not any(other.startswith(f"{path}.") for other in paths):
            paths[path] = None
    header = list(paths)
    return header, [[record.get(path, "") for path in header] for record in records]


def _flatten(value: Any, path: str, leaves: dict[str, str | None], number: int, depth: int) -> None:
    if isinstance(value, dict) and depth < DEEPEST:
        for key, item in value.items():
            _flatten(item, f"{path}.{key}" if path else key, leaves, number, depth + 1)
    elif isinstance(value, list | dict):
        raise UnreadableError(
            f"Record {number:,} of the JSON holds a list or objects too deep for a table.",
            "Send records of single values, or the extract as CSV.",
        )
    else:
        leaves[path] = str(value).lower() if isinstance(value, bool) else value


def _no_number(_: str) -> str:
    raise ValueError("not a number of JSON")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, when no name stands twice in it and there are not more than any table has."""
    found = dict(pairs) if len(pairs) <= WIDEST else {}
    if len(found) != len(pairs):
        raise ValueError("a key stands twice, or there are too many")
    return found
