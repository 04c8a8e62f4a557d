"""A figure's wards as a map: five shades from the lowest to the highest, and in each ward its place in the table.

The place is what makes the map readable without colour, and without a hover: the table beside it says the rest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reports import words
from reports.figures import Figure, Part
from schemas.outlines import Outlines, Ring

HEIGHT = 420.0
SHADES = 5
GRID = 14  # steps across and down an outline in which the place of its label is looked for
HIDDEN, ABSENT = "c", "x"  # what stands in a ward that has no figure to show

Edge = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Ward:
    """One ward, drawn: its outline, its shade (1 lowest to 5 highest, c or x) and what is written in it."""

    path: str
    shade: str
    said: str
    x: float
    y: float


@dataclass(frozen=True)
class Shade:
    """One shade of the key: from and to what it stands for."""

    shade: str
    words: str


@dataclass(frozen=True)
class WardMap:
    """A map, ready to draw; the label says in words what it shows."""

    label: str
    width: float
    height: float
    wards: tuple[Ward, ...]
    key: tuple[Shade, ...]


def ward_map(figure: Figure, outlines: Outlines) -> WardMap | None:
    """The map of a figure's wards; None where fewer than half of them have an outline, or none has a figure."""
    parts = {part.area_code: part for part in figure.wards if part.area_code in outlines}
    held = [part for part in parts.values() if part.value is not None]
    if not held or len(parts) * 2 < len(figure.wards):
        return None
    shapes, width = drawn_outlines(tuple(sorted((code, outlines[code]) for code in parts)))
    edges = shade_edges([part.value for part in held if part.value is not None], figure.decimals)
    places = {part.area_code: str(place) for place, part in enumerate(figure.wards, start=1)}
    wards = tuple(
        ward(parts[code], edges, places[code], figure.decimals, *shape) for code, shape in shapes.items()
    )
    return WardMap(in_words(figure, held, len(parts) - len(held)), width, HEIGHT, wards, key(figure, edges, wards))


def ward(part: Part, edges: Sequence[float], place: str, decimals: int, path: str, x: float, y: float) -> Ward:
    if part.value is None:
        letter = HIDDEN if part.state == "suppressed" else ABSENT
        return Ward(path, letter, letter, x, y)
    return Ward(path, str(shade_of(part.value, edges, decimals)), place, x, y)


def shade_edges(values: Sequence[float], decimals: int) -> list[float]:
    """The lower edges of the shades: equal steps from the lowest value to the highest, as the key will say them.

    Values that are near each other make fewer shades: two that read the same are one.
    """
    low, high = min(values), max(values)
    steps = (low + (high - low) * step / SHADES for step in range(SHADES))
    return sorted({float(words.rounded(step, decimals)) for step in steps})


def shade_of(value: float, edges: Sequence[float], decimals: int) -> int:
    """The shade of a value, going by what a reader sees of it."""
    seen = float(words.rounded(value, decimals))
    return max((at for at, edge in enumerate(edges, start=1) if seen >= edge), default=1)


def key(figure: Figure, edges: Sequence[float], wards: Sequence[Ward]) -> tuple[Shade, ...]:
    """What each shade that is on the map stands for, highest first."""
    used = {each.shade for each in wards}
    said = [
        Shade(str(at), f"{figure.shown(edge)} or more" if len(edges) > 1 else figure.shown(edge))
        for at, edge in enumerate(edges, start=1)
        if str(at) in used
    ]
    letters = [Shade(HIDDEN, "[c] confidential"), Shade(ABSENT, "not available")]
    return (*reversed(said), *(letter for letter in letters if letter.shade in used))


def in_words(figure: Figure, held: Sequence[Part], without: int) -> str:
    """What the map shows, for whoever cannot see it; the table beside it holds every figure."""
    highest, lowest = held[0], held[-1]
    said = [f"Map of {figure.name} by ward"]
    if len(held) > 1:
        said.append(
            f"highest in {highest.label}, {figure.shown(highest.value)}; "
            f"lowest in {lowest.label}, {figure.shown(lowest.value)}"
        )
    else:
        said.append(f"{highest.label}, {figure.shown(highest.value)}")
    ending = f"; {words.count(without, 'ward')} without a figure to show" if without else ""
    return ": ".join(said) + ending + ". The table beside it holds every figure."


@lru_cache(maxsize=16)
def drawn_outlines(
    outlines: tuple[tuple[str, tuple[Ring, ...]], ...],
) -> tuple[Mapping[str, tuple[str, float, float]], float]:
    """Each outline as an SVG path with the place of its label, and the width of the map.

    Degrees of longitude are shortened by the cosine of the middle latitude; over a borough this is as good as any
    projection.
    """
    points = [point for _, rings in outlines for ring in rings for point in ring]
    south, north = min(y for _, y in points), max(y for _, y in points)
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = HEIGHT / (north - south)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - west) * narrow * scale, 1), round((north - point[1]) * scale, 1)

    shapes = {}
    for code, rings in outlines:
        placed = [[place(point) for point in ring] for ring in rings]
        path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in placed)
        shapes[code] = (path, *middle(max(placed, key=lambda ring: abs(area(ring)))))
    return shapes, round((east - west) * narrow * scale, 1)


def area(ring: Sequence[tuple[float, float]]) -> float:
    """Twice the signed area of a ring (the shoelace formula)."""
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True))


def middle(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where a label stands: the point of a coarse grid inside the outline that is farthest from its edge."""
    edges = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    left, right = min(x for x, _ in ring), max(x for x, _ in ring)
    top, bottom = min(y for _, y in ring), max(y for _, y in ring)
    grid = [
        (left + (right - left) * across / GRID, top + (bottom - top) * down / GRID)
        for down in range(1, GRID)
        for across in range(1, GRID)
    ]
    x, y = max((point for point in grid if inside(point, edges)), key=lambda p: room(p, edges), default=ring[0])
    return round(x, 1), round(y, 1)


def inside(point: tuple[float, float], edges: Sequence[Edge]) -> bool:
    """Whether a point is inside an outline: a line from it to the east crosses the edge an odd number of times."""
    x, y = point
    crossed = [ax + (y - ay) * (bx - ax) / (by - ay) > x for (ax, ay), (bx, by) in edges if (ay <= y) != (by <= y)]
    return sum(crossed) % 2 == 1


def room(point: tuple[float, float], edges: Sequence[Edge]) -> float:
    """How far a point is from the nearest edge."""
    x, y = point
    nearest = math.inf
    for (ax, ay), (bx, by) in edges:
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = 0.0 if not length else min(1.0, max(0.0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
        nearest = min(nearest, math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    return nearest
