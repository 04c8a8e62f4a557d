"""Where releases are copied to, from `partnership.yaml`: a website, a partner's share, an archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.loading import Source
from schemas.partner import Inbox, read_inbox


@dataclass(frozen=True, slots=True)
class Copy:
    """A place that is given every release, of one audience's files only."""

    id: str
    audience: str  # public or restricted
    place: Inbox


def read_copies(written: Sequence[dict[str, Any]], source: Source) -> tuple[Copy, ...]:
    """The places as they are written. Raises DefinitionError where two have one id or a server proves nothing."""
    found: list[Copy] = []
    for at, entry in enumerate(written):
        where: dict[str, str] = {key: entry[key] for key in ("url", "endpoint", "host_key") if key in entry}
        if entry["id"] in {copy.id for copy in found}:
            raise source.error(f"copies.{at}.id", f"is '{entry['id']}' twice", "give each place an id of its own")
        found.append(Copy(entry["id"], entry["audience"], read_inbox(where, source, f"copies.{at}")))
    return tuple(found)
