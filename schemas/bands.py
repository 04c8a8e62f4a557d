"""Age bands of a code list: `under 16`, `16-17`, `60+`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNDER, _BETWEEN, _FROM = re.compile(r"under (\d+)"), re.compile(r"(\d+)-(\d+)"), re.compile(r"(\d+)\+")


def age_bands(codes: Sequence[str]) -> tuple[tuple[str, int, int | None], ...]:
    """Each code with its first and last age in completed years (None: no last).

    Raises:
        ValueError: a code is no band; the message is the code.
    """
    return tuple((code, *_span(code)) for code in codes)


def _span(code: str) -> tuple[int, int | None]:
    if found := _UNDER.fullmatch(code):
        return 0, int(found[1]) - 1
    if found := _BETWEEN.fullmatch(code):
        return int(found[1]), int(found[2])
    if found := _FROM.fullmatch(code):
        return int(found[1]), None
    raise ValueError(code)
