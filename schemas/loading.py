"""Reads one definition file: strict YAML or CSV, checked against its schema, with errors that say what to do.

The YAML is the plain kind: a key twice in one mapping, a tab, a tag or a second document is refused, and only
`true`, `false`, `null` and numbers are more than text. Dates, `no`, `0123` and `12:30` stay the text that was
written: a loader that turns Norway's code into false has no place where codes are the subject.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from schemas import shape

_Composer: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml where it is there: twenty times as fast
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


class DefinitionError(Exception):
    """A mistake in a definition file. `file` is relative to the partnership's folder."""

    def __init__(self, file: str, key_path: str, problem: str, fix: str) -> None:
        self.file = file
        self.key_path = key_path
        self.problem = problem
        self.fix = fix
        where = f"{file}: {key_path}" if key_path else file
        stop = "" if fix.endswith(("?", ".")) else "."
        super().__init__(f"{where}: {problem}. Fix: {fix}{stop}")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: `content` is the mapping of a YAML file or the rows of a CSV."""

    path: Path
    file: str  # relative to the partnership's folder, as errors name it
    content: Any
    fingerprint: str  # sha256 of the bytes

    def error(self, key_path: str, problem: str, fix: str) -> DefinitionError:
        """An error about a place in this file."""
        return DefinitionError(self.file, key_path, problem, fix)


def parsed_yaml(path: Path, root: Path) -> Any:
    """What a YAML file holds, unchecked. Raises DefinitionError where it is no plain YAML."""
    file = relative(path, root)
    return _parse(_text(_bytes(path, file), file), file)


def read_yaml(path: Path, root: Path, kind: str, complete: Callable[[Any], Any] | None = None) -> Source:
    """A YAML file checked against `schemas/json/<kind>.schema.json`. Raises DefinitionError.

    `complete` makes what was written whole before it is checked.
    """
    file = relative(path, root)
    data = _bytes(path, file)
    content = _parse(_text(data, file), file)
    content = complete(content) if complete else content
    fault = shape.worst_fault(content, shape.schema_of(kind))
    if fault is not None:
        raise DefinitionError(file, key_path(content, fault.path), fault.problem, fault.fix)
    return Source(path, file, content, hashlib.sha256(data).hexdigest())


def read_csv(path: Path, root: Path, header: tuple[str, ...], optional: tuple[str, ...] = ()) -> Source:
    """A CSV file as a list of dicts of text. Raises DefinitionError, naming the line.

    The file's header must be `header`, then any of `optional`, in that order.
    """
    file = relative(path, root)
    data = _bytes(path, file)
    lines = csv.reader(io.StringIO(_text(data, file), newline=""), strict=True)
    rows: list[dict[str, str]] = []
    try:
        found = next(lines, [])
        allowed = [*header, *(name for name in optional if name in found)]
        if found != allowed:
            raise DefinitionError(
                file, "line 1", f"the header is '{','.join(found)}'", f"write {','.join(header)}"
            )
        for row in lines:
            if len(row) != len(allowed):
                problem = f"has {len(row)} values where the header has {len(allowed)}"
                fix = "put a value that holds a comma in double quotes, and leave no line empty"
                raise DefinitionError(file, f"line {lines.line_num}", problem, fix)
            rows.append(dict(zip(allowed, row, strict=True)))
    except csv.Error as error:
        raise DefinitionError(
            file, f"line {lines.line_num}", str(error), "check the quotes of that line"
        ) from None
    return Source(path, file, rows, hashlib.sha256(data).hexdigest())


def known(source: Source, place: str, word: str, name: str, choices: Iterable[str]) -> None:
    """Raises DefinitionError when `name` is not among the choices, with the nearest of them."""
    listed = sorted(choices)
    if name not in listed:
        near = shape.nearest(name, listed)
        fix = f"did you mean '{near}'?" if near else shape.one_of(listed)
        raise source.error(place, f"names the {word} '{name}', which does not exist", fix)


def relative(path: Path, root: Path) -> str:
    """A path as errors and fingerprints write it: from the partnership's folder, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def key_path(content: Any, path: shape.Path_) -> str:
    """A place as `indicators[NI16].formula.kind`: an entry of a list goes by its id or name, else by position."""
    written = ""
    for step in path:
        if isinstance(step, str):
            written += f".{step}" if written else step
            content = content.get(step) if isinstance(content, dict) else None
        else:
            content = content[step]
            written += f"[{called(content, step)}]"
    return written


def day(text: str | None) -> date | None:
    """A date of a checked file."""
    return None if text is None else date.fromisoformat(text)


def decimal(number: float | str) -> Decimal:
    """A number of a checked file, with the digits that were written."""
    return Decimal(str(number))


def parse(data: bytes, file: str) -> dict[str, Any]:
    """A YAML file's content, read as definitions are, against no schema. Raises DefinitionError."""
    return _parse(_text(data, file), file)


def called(item: Any, position: int) -> str:
    """How an entry of a list is named: by its id or name, else by its position."""
    if isinstance(item, dict):
        for key in ("id", "property", "name", "column", "dataset"):
            if isinstance(item.get(key), str):
                return str(item[key])
        if isinstance(item.get("meta"), dict) and isinstance(item["meta"].get("id"), str):
            return str(item["meta"]["id"])  # the rule of a standard
    return str(position)


def _bytes(path: Path, file: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DefinitionError(file, "", "the file is missing", "put it there") from None
    except OSError as error:
        raise DefinitionError(file, "", f"cannot be read ({error.strerror})", "check its permissions") from None


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DefinitionError(file, f"line {line}", "is not UTF-8 text", "save the file as UTF-8") from None


class _NotPlain(Exception):
    """A construct of YAML that definitions do not use; the path is filled in on the way out."""

    def __init__(self, node: yaml.Node, problem: str, fix: str) -> None:
        self.line = node.start_mark.line + 1
        self.problem = problem
        self.fix = fix
        self.path: list[str] = []


def _parse(text: str, file: str) -> dict[str, Any]:
    tab = _TAB.search(text)
    if tab is not None:
        line = text.count("\n", 0, tab.end()) + 1
        raise DefinitionError(file, f"line {line}", "is indented with a tab", "use spaces")
    loader = _Composer(text)
    try:
        node = loader.get_single_node()
        content = None if node is None else _plain(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}" if mark else ""
        problem = f"is not valid YAML ({error.problem or error.context})"
        fix = "check the indentation, the colons and the quotes of that line and the one before"
        raise DefinitionError(file, place, problem, fix) from None
    except yaml.YAMLError as error:
        raise DefinitionError(file, "", f"is not valid YAML ({error})", "save it as plain text") from None
    except RecursionError:
        raise DefinitionError(file, "", "refers to itself or is nested too deep", "write it out") from None
    except _NotPlain as error:
        place = ".".join(error.path)
        raise DefinitionError(file, place, f"{error.problem} (line {error.line})", error.fix) from None
    finally:
        loader.dispose()
    if not isinstance(content, dict):
        raise DefinitionError(file, "", "holds no keys", "write it like the other files of its kind")
    return content


def _plain(node: yaml.Node) -> Any:
    """A composed YAML node as plain Python values."""
    if node.tag not in _TAGS:
        raise _NotPlain(node, f"carries the tag {node.tag}", "take the tag out")
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node.value) if not node.style else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _NotPlain(key_node, "has a key that is not text", "write the key as one word")
        key = key_node.value
        if key == "<<" and not key_node.style:
            raise _NotPlain(key_node, "merges another mapping with <<", "write the keys out")
        try:
            if key in mapping:
                raise _NotPlain(key_node, "stands twice", "keep one of the two")
            mapping[key] = _plain(value_node)
        except _NotPlain as error:
            error.path.insert(0, key)
            raise
    return mapping


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text
