"""The small multiple of a figure: a line of at most eight periods whose points are the RAG shapes themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reports.figures import Figure, Point
from reports.trend import in_words, runs, span

WIDTH, HEIGHT = 120, 46
PERIODS = 8
EDGE = 7  # room at each side for half a shape
NEWEST, OLDER = 9.5, 6  # how wide a shape is drawn


@dataclass(frozen=True)
class Mark:
    """One shape: its symbol and its box."""

    symbol: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Spark:
    """A small multiple, ready to draw: the label says in words what it shows."""

    label: str
    lines: tuple[str, ...]
    target: str
    marks: tuple[Mark, ...]


def spark(figure: Figure) -> Spark:
    """The small multiple of a figure's newest periods, drawn to its own scale: it shows shape, not size."""
    points = figure.history[-PERIODS:]
    low, high = span([value for p in points for value in (p.value, p.period_target)])

    def across(index: int) -> float:
        room = WIDTH - 2 * EDGE
        return WIDTH - EDGE - room * (len(points) - 1 - index) / max(len(points) - 1, 1)

    def down(value: float) -> float:
        return EDGE + (HEIGHT - 2 * EDGE) * (high - value) / (high - low)

    targets = [(across(i), down(p.period_target)) for i, p in enumerate(points) if p.period_target is not None]
    return Spark(
        label=in_words(figure, points),
        lines=tuple(lines(figure, points, across, down)),
        target=polyline(targets) if len(targets) > 1 else "",
        marks=tuple(
            mark(p, across(i), down(p.value) if p.value is not None else HEIGHT - EDGE, p is points[-1])
            for i, p in enumerate(points)
        ),
    )


def lines(
    figure: Figure, points: Sequence[Point], across: Callable[[Any], float], down: Callable[[Any], float]
) -> list[str]:
    """One line for each unbroken run of at least two points."""
    found: dict[int, list[tuple[float, float]]] = {}
    for i, (p, run) in enumerate(zip(points, runs(figure, points), strict=True)):
        if p.value is not None:
            found.setdefault(run, []).append((across(i), down(p.value)))
    return [polyline(run) for run in found.values() if len(run) > 1]


def mark(p: Point, x: float, y: float, newest: bool) -> Mark:
    symbol = p.rag if p.state == "shown" else p.state
    size = NEWEST if newest else OLDER
    return Mark(symbol, round(x - size / 2, 1), round(y - size / 2, 1), size)


def polyline(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
