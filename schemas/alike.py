"""A dataset that several partners send alike: one writes the contract and the standard whole, the others name it.

A contract with the custom property `like: council/indicator_return`, and a standard whose `meta` says the same, are
those of that dataset but for what they say themselves: who owns them, when they were agreed, the letters of their
rules' ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.loading import DefinitionError, parsed_yaml, relative

LIKE, PREFIX = "like", "rule_prefix"
Content = dict[str, Any]


class Alike:
    """Completes one file from the one it is like; remembers that one's bytes, on which its meaning rests too."""

    def __init__(self, path: Path, root: Path, fill: Callable[[Content, Content], Content]) -> None:
        self.path, self.root, self.fill = path, root, fill
        self.base: str | None = None  # sha256 of the file it is like

    def __call__(self, own: Any) -> Any:
        """The whole content. Raises DefinitionError where the other file is not there, or is itself like another."""
        named = _named(own)
        if named is None:
            return own
        file = relative(self.path, self.root)
        partner, _, dataset = str(named).partition("/")
        other = self.path.parent.parent / partner / f"{dataset}.yaml"
        if dataset != self.path.stem or not other.is_file() or other == self.path:
            fix = f"name another partner's {self.path.stem}, such as council/{self.path.stem}"
            raise DefinitionError(file, LIKE, f"is '{named}', which cannot be followed", fix)
        base = parsed_yaml(other, self.root)
        if _named(base) is not None:
            raise DefinitionError(file, LIKE, f"is '{named}', which is itself like another", "name that one")
        self.base = hashlib.sha256(other.read_bytes()).hexdigest()
        return self.fill(base, own)

    def fingerprint(self, own: str) -> str:
        """The file's fingerprint: of its own bytes, and of those of the file it is like."""
        return own if self.base is None else hashlib.sha256(f"{own} {self.base}".encode()).hexdigest()


def contract_like(base: Content, own: Content) -> Content:
    """A contract made of another: its own keys, and the other's where it says nothing."""
    said = {item["property"]: item for item in own.get("customProperties", ())}
    custom = {item["property"]: item for item in base.get("customProperties", ())} | said
    custom.pop(LIKE)
    return {**base, **own, "customProperties": list(custom.values())}


def standard_like(base: Content, own: Content) -> Content:
    """A standard made of another: the same rules, under ids of its own."""
    meta = {key: value for key, value in own["meta"].items() if key not in (LIKE, PREFIX)}
    prefix = own["meta"].get(PREFIX, "")
    rules = [
        {**rule, "meta": {**rule["meta"], "id": f"{prefix}-{rule['meta']['id'].partition('-')[2]}"}}
        for rule in base["expectations"]
    ]
    return {**base, **own, "meta": meta, "expectations": rules}


def _named(content: Any) -> Any:
    """The dataset that a contract or a standard says it is like; None where it stands alone."""
    if not isinstance(content, dict):
        return None
    meta = content.get("meta")
    if isinstance(meta, dict) and LIKE in meta:
        return meta[LIKE]
    custom = content.get("customProperties")
    found = [item for item in custom if isinstance(item, dict)] if isinstance(custom, list) else []
    return next((item.get("value") for item in found if item.get("property") == LIKE), None)
