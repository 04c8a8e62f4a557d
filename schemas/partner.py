"""A partner agency: its role mailbox, its designated officer and deputy, its governance contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas import loading
from schemas.loading import Source


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be written to."""

    name: str
    email: str
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """An agency. While the officer is away (up to and including `away_until`) the deputy answers."""

    id: str
    name: str
    kind: str  # police health council schools fire ...
    role_mailbox: str
    officer: Person
    deputy: Person
    away_until: date | None
    governance_contact: str
    caldicott_guardian: str  # '' where the agency has none
    source_path: Path
    fingerprint: str

    def answering(self, day: date) -> Person:
        """Who answers on that day: the designated officer, or the deputy while the officer is away."""
        away = self.away_until is not None and day <= self.away_until
        return self.deputy if away else self.officer


def load_partner(path: Path, root: Path) -> tuple[Partner, Source]:
    """The partner in `schemas/partners/<partner>.yaml`. Raises DefinitionError."""
    source = loading.read_yaml(path, root, "partner")
    document = source.content
    if document["id"] != path.stem:
        raise source.error("id", f"is '{document['id']}'", f"write {path.stem}, as the file is called")
    officers = document["officers"]
    return Partner(
        id=document["id"],
        name=document["name"],
        kind=document["kind"],
        role_mailbox=document["role_mailbox"],
        officer=Person(**officers["designated"]),
        deputy=Person(**officers["deputy"]),
        away_until=loading.day(officers.get("away_until")),
        governance_contact=document["governance_contact"],
        caldicott_guardian=document.get("caldicott_guardian", ""),
        source_path=path,
        fingerprint=source.fingerprint,
    ), source
