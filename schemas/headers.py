"""A file's header against a contract: which column each name means, and which names look like data about people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.periods import Period

if TYPE_CHECKING:
    from schemas.contract import Column


@dataclass(frozen=True, slots=True)
class Edition:
    """How the publisher's files differ from the contract in some years: a base and a small difference.

    It is taken whole or not at all: a file that mixes its names with the contract's fits neither.
    """

    name: str
    first: Period | None  # the first period whose files may look like this
    last: Period | None  # the last
    headers: Mapping[str, str]  # column -> the header it has instead
    absent: frozenset[str]  # columns the files lack

    def covers(self, period: Period) -> bool:
        """True when a file of that period may look like this."""
        after = self.first is None or period.start >= self.first.start
        return after and (self.last is None or period.end <= self.last.end)


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A file's header against the contract."""

    headers: list[str]  # the file's own, in its order
    columns: list[Column | None]  # in the same order; None where the header is in no column
    missing: list[str]  # headers that should be there
    unexpected: list[str]  # headers of the file that are in no column
    duplicated: list[str]  # headers that repeat an earlier one (whatever the case), or its column by an alias
    edition: Edition | None = None  # the one it was matched with; None: the contract as it stands

    @property
    def faults(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.duplicated)


def match_headers(columns: Sequence[Column], headers: list[str], edition: Edition | None = None) -> HeaderMatch:
    """The column of each header of a file, under the contract as it stands or one of its editions."""
    named = {column.name: _spellings_of(column, edition) for column in columns}
    by_header = {header: column for column in columns for header in named[column.name]}
    found = [by_header.get(header) for header in headers]
    seen_text: set[str] = set()
    seen_column: set[str] = set()
    duplicated = []
    for header, column in zip(headers, found, strict=True):
        if header.casefold() in seen_text or (column is not None and column.name in seen_column):
            duplicated.append(header)
        seen_text.add(header.casefold())
        if column is not None:
            seen_column.add(column.name)
    return HeaderMatch(
        headers=headers,
        columns=found,
        missing=[
            named[column.name][0]
            for column in columns
            if named[column.name] and not column.may_be_absent and column.name not in seen_column
        ],
        unexpected=[header for header, column in zip(headers, found, strict=True) if column is None],
        duplicated=duplicated,
        edition=edition,
    )


def _spellings_of(column: Column, edition: Edition | None) -> tuple[str, ...]:
    """The headers a column may have; none where the file's name says it, or the edition lacks it."""
    if column.from_file_name or (edition is not None and column.name in edition.absent):
        return ()
    renamed = edition.headers.get(column.name) if edition is not None else None
    return (renamed,) if renamed is not None else column.headers


def surplus_personal(unexpected: Iterable[str], patterns: Iterable[re.Pattern[str]]) -> list[str]:
    """The headers among `unexpected` that look like a personal field nobody agreed to share.

    `patterns` (Partnership.personal_patterns) are searched in the header as `normalised_header` writes it.
    """
    patterns = tuple(patterns)
    return [
        header
        for header in unexpected
        if any(pattern.search(spelling) for spelling in _spellings(header) for pattern in patterns)
    ]


def _spellings(header: str) -> set[str]:
    """The ways a header may hide what it is: as written, without digits (`Surname2`), initials together (`D.O.B.`)."""
    plain = normalised_header(header)
    without_digits = " ".join(re.sub("[0-9]+", " ", plain).split())
    together = re.sub(r"\b(\w) (?=\w\b)", r"\1", without_digits)
    return {plain, without_digits, together}


def normalised_header(header: str) -> str:
    """A header in small letters, words apart: `DateOfBirth`, `date_of_birth` and `Date of  birth` are one."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return re.sub(r"[^0-9a-z]+", " ", apart.casefold()).strip()
