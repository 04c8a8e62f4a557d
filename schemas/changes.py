"""What changed between two versions of a definition file, by the key path its errors use."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas import loading

MOST = 200  # characters of a value that are told; a longer one is a text, which is read in its file
LIMIT = 100  # changes told of one file; more is a new file under an old name


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a file. None where there was, or is, nothing."""

    key: str
    before: str | None
    after: str | None


def changes(file: str, before: bytes, after: bytes) -> list[Change]:
    """The places of a YAML or CSV file that differ; of another text file that it does."""
    if file.endswith(".yaml"):
        found = list(_differing("", loading.parse(before, file), loading.parse(after, file)))
    elif file.endswith(".csv"):
        found = list(_differing("", _lines(before), _lines(after)))
    else:
        found = [Change("", None, None)]
    if len(found) > LIMIT:
        return [*found[:LIMIT], Change(f"and {len(found) - LIMIT} more", None, None)]
    return found


def _lines(data: bytes) -> dict[str, Any]:
    """A CSV file's lines by what stands first on them, and by their number where that is not enough."""
    header, *rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) or [[]]
    found: dict[str, Any] = {}
    for number, row in enumerate(rows, 2):
        name = f"line of {row[0]}" if row else f"line {number}"
        found[name if name not in found else f"{name} (line {number})"] = dict(zip(header, row, strict=False))
    return {"header": ",".join(header), **found}


def _differing(place: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            step = f"{place}.{key}" if place else str(key)
            yield from _differing(step, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        was, now = _named(before), _named(after)
        for name in dict.fromkeys([*was, *now]):
            yield from _differing(f"{place}[{name}]", was.get(name), now.get(name))
    elif before != after:
        yield Change(place, _told(before), _told(after))


def _named(entries: list[Any]) -> dict[str, Any]:
    """A list's entries by their id or name, else by their place."""
    found: dict[str, Any] = {}
    for place, entry in enumerate(entries):
        name = loading.called(entry, place)
        found[name if name not in found else f"{name}#{place}"] = entry
    return found


def _told(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
