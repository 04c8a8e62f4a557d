"""The codelists: `schemas/codelists/<name>.csv` with the columns code, label and perhaps note.

One of them, `purposes`, names what data may be used for. Another, `personal_fields`, holds in its `code` the regular
expressions of headers that name a personal field.
"""

from __future__ import annotations

import re
from pathlib import Path

from schemas import loading
from schemas.loading import Source

PERSONAL_FIELDS = "personal_fields"
PURPOSES = "purposes"
Codelist = tuple[tuple[str, str], ...]  # (code, label) in the file's order


def load_codelist(path: Path, root: Path) -> tuple[Codelist, Source]:
    """The codes and labels of one list. Raises DefinitionError for a blank or repeated code."""
    source = loading.read_csv(path, root, ("code", "label"), optional=("note",))
    seen: set[str] = set()
    for line, row in enumerate(source.content, start=2):
        if not row["code"].strip() or not row["label"].strip():
            raise source.error(f"line {line}", "has no code or no label", "write both")
        if row["code"] in seen:
            raise source.error(f"line {line}", f"repeats the code '{row['code']}'", "keep one of the lines")
        seen.add(row["code"])
    return tuple((row["code"], row["label"]) for row in source.content), source


def personal_patterns(codelist: Codelist, source: Source) -> tuple[re.Pattern[str], ...]:
    """The patterns of `personal_fields`, searched in a header as `contract.normalised_header` writes it."""
    patterns = []
    for line, (pattern, _) in enumerate(codelist, start=2):
        try:
            patterns.append(re.compile(pattern))
        except re.error as error:
            problem = f"'{pattern}' is not a regular expression ({error})"
            raise source.error(f"line {line}", problem, "correct the expression") from None
    return tuple(patterns)
