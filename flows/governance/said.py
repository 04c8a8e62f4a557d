"""What people typed about a delivery: kept beside the archive, fingerprinted in the audit, gone when the delivery goes.

The audit is a chain, out of which nothing can be taken. So a person's own words stay out of it: they lie in
``archive/said/<delivery>/``, one file for each time, and the audit row names the file's SHA-256. The file begins with
a random number, so that the fingerprint alone does not let anybody try out what was said.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flows.files import write_whole
from flows.settings import Settings


def keep_words(settings: Settings, delivery_id: str, words: Mapping[str, Any]) -> str:
    """Keep what was said of a delivery; returns the fingerprint that belongs into its audit row, as ``said``."""
    content = json.dumps({"salt": secrets.token_hex(16), **words}, ensure_ascii=False, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    write_whole(_path(settings, delivery_id, fingerprint), content.encode())
    return fingerprint


def words_of(settings: Settings, delivery_id: str, fingerprint: str | None) -> dict[str, Any]:
    """What was said of a delivery; nothing where it went with the delivery."""
    path = _path(settings, delivery_id, str(fingerprint))
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}


def said_folder(settings: Settings, delivery_id: str) -> Path:
    """Where everything lies that was said of a delivery."""
    return settings.home / "archive" / "said" / delivery_id


def altered_words(settings: Settings, audit: Iterable[Mapping[str, Any]], standing: set[str]) -> list[str]:
    """What was said of deliveries that still stand and is gone, or is no longer what was said; in sentences."""
    problems = []
    for row in audit:
        fingerprint = row["details"].get("said")
        if fingerprint is None or row["subject"] not in standing:
            continue
        path = _path(settings, row["subject"], fingerprint)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != fingerprint:
            problems.append(
                f"What was said of {row['subject']} in audit row {row['sequence']} is not as it was said."
            )
    return problems


def _path(settings: Settings, delivery_id: str, fingerprint: str) -> Path:
    return said_folder(settings, delivery_id) / f"{fingerprint}.json"
