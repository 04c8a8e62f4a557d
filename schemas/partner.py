"""A partner agency: its role mailbox, its designated officer and deputy, its governance contact."""

from __future__ import annotations

from collections.abc import Mapping
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
class Inbox:
    """Where a partner leaves its files and collects ours, when that is not a folder of the exchange's home."""

    url: str  # s3://bucket/folder, sftp://host:port/folder or file:///folder
    endpoint: str | None = None  # of an S3-compatible server
    host_key: str | None = None  # the public key by which an SFTP server proves itself


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
    inbox: Inbox | None
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
        inbox=_inbox(source),
        source_path=path,
        fingerprint=source.fingerprint,
    ), source


def _inbox(source: Source) -> Inbox | None:
    written = source.content.get("inbox")
    return None if written is None else read_inbox(written, source, "inbox")


def read_inbox(written: Mapping[str, str], source: Source, key: str) -> Inbox:
    """A place with a URL as it is written at `key` of a file. Raises DefinitionError."""
    inbox = Inbox(**written)
    if inbox.url.startswith("sftp://") and inbox.host_key is None:
        raise source.error(
            f"{key}.host_key",
            "is missing",
            "write the server's public key, such as 'ssh-ed25519 AAAA...', which ssh-keyscan shows",
        )
    return inbox
