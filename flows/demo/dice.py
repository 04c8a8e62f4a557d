"""Chance that falls the same way on every machine: each extract has dice of its own, seeded by what it is.

Only whole-number draws and comparisons are used (no logarithms, no sines), so that no machine's mathematics
library can change a byte.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")


def dice(*about: str) -> Random:
    """The dice of a thing named by words, e.g. a dataset and a period. The hash seed has no part in it."""
    return Random(" ".join(about))  # noqa: S311  made-up rows, no secret


def day_between(chance: Random, first: date, last: date) -> date:
    """A day from first to last, both included."""
    return first + timedelta(days=chance.randrange((last - first).days + 1))


def working_day_between(chance: Random, first: date, last: date) -> date:
    """A Monday to Friday from first to last, both included; the span must hold one."""
    while (day := day_between(chance, first, last)).weekday() > 4:
        pass
    return day


def weighted(chance: Random, choices: Sequence[str], weights: Sequence[int], count: int) -> list[str]:
    """``count`` draws from choices by whole-number weights."""
    return chance.choices(choices, weights=weights, k=count)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """A whole number divided by weights into whole numbers that add up to it (largest remainders first)."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def shuffled(chance: Random, items: Sequence[T]) -> list[T]:
    """The items in another order."""
    listed = list(items)
    chance.shuffle(listed)
    return listed
