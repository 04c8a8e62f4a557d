"""What a rule may ask of the delivery before: `{last:rows * 0.5}`, `{last:distinct(ward_code)}`, counts alone.

A rule with such a setting is left out where nothing came before: there is nothing to compare with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

KINDS = ("rows", "distinct", "sum", "mean")  # all but rows ask for a column
_FORM = re.compile(r"\{last:([a-z]+)(?:\(([a-z][a-z0-9_]*)\))?(?: \* ([0-9]+(?:\.[0-9]+)?))?\}")


@dataclass(frozen=True, slots=True)
class Last:
    """One figure of the delivery before, times a factor."""

    kind: str
    column: str | None
    factor: float | None

    def of(self, figure: float) -> float:
        """The setting: the figure times the factor; a count without one stays whole."""
        return figure if self.factor is None else figure * self.factor


def last_of(text: Any) -> Last | None:
    """What a setting asks of the delivery before, or None when it asks nothing.

    Raises:
        ValueError: it begins as one and is none.
    """
    if not isinstance(text, str) or not text.startswith("{last:"):
        return None
    found = _FORM.fullmatch(text)
    if found is None or found[1] not in KINDS or (found[1] == "rows") != (found[2] is None):
        raise ValueError(text)
    return Last(found[1], found[2], float(found[3]) if found[3] else None)


def lasts_in(setting: Any) -> Iterator[Last]:
    """Every figure of the delivery before that a rule's settings ask for, however deep."""
    if isinstance(setting, dict):
        setting = list(setting.values())
    if isinstance(setting, list | tuple):
        for item in setting:
            yield from lasts_in(item)
        return
    found = last_of(setting)
    if found is not None:
        yield found
