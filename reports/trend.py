"""The large chart of a figure: its trend with interval, target and comparators, as an SVG that stands in the page.

Altair describes the chart once, with its data and words left open; each figure fills them in and vl-convert
draws it (describing it anew for each figure costs several times the drawing). Nothing in the drawing may depend on
the fonts of the machine, so the frame is fixed (no automatic sizing), labels are placed by hand, and how text
looks is left to the page's own style. The drawing is one image to a screen reader: its words are in its label.
"""

import json
import math
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import altair as alt
import vl_convert
from markupsafe import Markup, escape

from reports import words
from reports.figures import Figure, Point

WIDTH, HEIGHT = 268, 132  # of the plot; the frame adds the margins
MARGINS = {"left": 38, "right": 76, "top": 12, "bottom": 36}
PERIODS = 8
ROOM_FOR_LABELS = 4
LABEL_GAP = 15  # vertical room one label needs, in the drawing's units
INK, MUTED, RULE, ACCENT = "#1b1f27", "#5a6170", "#e3dfd6", "#14365d"
RAG_COLOURS = {"green": "#15703f", "amber": "#b45309", "red": "#b42318", "none": "#5a6170"}
RAG_SHAPES = {"green": "circle", "amber": "triangle-up", "red": "square", "none": "diamond"}
SAYS = {"missing": "not received", "suppressed": "[c]", "unavailable": "[x]"}
KEPT = {
    "d",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "dx",
    "dy",
    "width",
    "height",
    "transform",
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "text-anchor",
    "font-size",
    "font-weight",
}
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")

Row = dict[str, Any]


def trend_chart(figure: Figure) -> Markup:
    """The chart of a figure's newest eight periods, or of as many as there are."""
    points = figure.history[-PERIODS:]
    first = len(figure.history) - len(points)
    comparators = comparator_rows(figure, points)
    low, high = span(
        [v for p in points for v in (p.value, p.lower, p.upper, p.period_target)] + values(comparators)
    )
    ticks = tick_values(low, high)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    open_words = {
        "first": -0.6,
        "last": len(points) - 0.4,
        "places": list(range(len(points))),
        "periods": axis_words(points),
        "low": low,
        "high": high,
        "ticks": ticks,
        "digits": f",.{max(0, math.ceil(-math.log10(step) - 1e-9))}f",
    }
    data = {
        "points": [
            row_of(p, at, run) for at, (p, run) in enumerate(zip(points, runs(figure, points), strict=True))
        ],
        "breaks": [
            {"at": at - 0.5, "said": "break"} for at in range(1, len(points)) if figure.break_at(first + at)
        ],
        "comparators": comparators,
        "absent": [
            {"at": at, "said": SAYS.get(p.state, SAYS["unavailable"]).split(" ")}
            for at, p in enumerate(points)
            if p.value is None
        ],
        "edge": edge_labels(figure, points[-1], comparators, low, high),
    }
    return drawn(json.dumps({"data": data, "signals": open_words}), in_words(figure, points))


@lru_cache(maxsize=512)
def drawn(filling: str, label: str) -> Markup:
    """The drawing of a filled-in chart. Drawing one takes 20 ms, and every layer and audience shows the same ones."""
    filled = json.loads(filling)
    compiled = compiled_description()
    chart = {
        **compiled,
        "data": [
            {**source, "values": filled["data"][source["name"]]} if source["name"] in filled["data"] else source
            for source in compiled["data"]
        ],
        "signals": [{"name": name, "value": value} for name, value in filled["signals"].items()],
    }
    return tidy(vl_convert.vega_to_svg(chart), label)


@cache
def compiled_description() -> Row:
    """The chart in the drawing engine's own terms (Vega): translating it for each figure would double the drawing."""
    compiled: Row = vl_convert.vegalite_to_vega(description())
    return compiled


@cache
def description() -> Row:
    """The chart as Vega-Lite: comparators, target, interval, line, points, and the words at foot and edge."""
    x = alt.X(
        "at:Q", scale=alt.Scale(domain=[expr("first"), expr("last")], nice=False, zero=False), axis=period_axis()
    )
    scale = alt.Scale(domain=[expr("low"), expr("high")], nice=False, zero=False)
    y = alt.Y("value:Q", scale=scale, axis=value_axis())
    points, comparators, absent, edge, breaks = (
        alt.Chart(alt.NamedData(name)) for name in ("points", "comparators", "absent", "edge", "breaks")
    )
    shown = points.transform_filter("isValid(datum.value)")
    ranged = shown.transform_filter("isValid(datum.lower) && isValid(datum.upper)")
    edge_text: Row = {"x": alt.value(WIDTH + 4), "y": alt.Y("at:Q", scale=None), "text": "said:N"}
    layers = [
        breaks.mark_rule(color=MUTED, strokeWidth=1, strokeDash=[1, 3]).encode(x=x),
        breaks.mark_text(fontSize=10.5, color=MUTED, baseline="bottom").encode(
            x=x, y=alt.value(-1), text="said:N"
        ),
        comparators.mark_line(color="#8b93a3", strokeWidth=1.25).encode(x=x, y=y, detail="area:N"),
        points.transform_filter("isValid(datum.target)")
        .mark_line(color=INK, strokeWidth=1, strokeDash=[3, 3], interpolate="step")
        .encode(x=x, y=alt.Y("target:Q")),
        ranged.mark_rule(color="#d3dbe6", strokeWidth=4).encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q"),
        shown.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y, detail="run:N"),
        shown.mark_point(filled=True, opacity=1, size=70, stroke="#fff", strokeWidth=1).encode(
            x=x,
            y=y,
            color=alt.Color("rag:N", **by_rag(RAG_COLOURS)),
            shape=alt.Shape("rag:N", **by_rag(RAG_SHAPES)),
        ),
        absent.mark_text(fontSize=10.5, color=MUTED).encode(x=x, y=alt.value(HEIGHT - 22), text="said:N"),
        edge.transform_filter("datum.strong")
        .mark_text(align="left", baseline="middle", fontSize=13, fontWeight="bold", color=ACCENT)
        .encode(**edge_text),
        edge.transform_filter("!datum.strong")
        .mark_text(align="left", baseline="middle", fontSize=11.5, color=MUTED)
        .encode(**edge_text),
    ]
    frame: Row = {
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": "none",
        "background": "transparent",
        "padding": MARGINS,
    }
    described: Row = alt.layer(*layers).properties(**frame).configure_view(stroke=None).to_dict(validate=False)
    return described


def expr(name: str) -> Any:
    return alt.ExprRef(expr=name)


def by_rag(look: dict[str, str]) -> Row:
    return {"scale": alt.Scale(domain=list(look), range=list(look.values())), "legend": None}


def axis(**changes: Any) -> Any:
    """An axis whose labels stand where they are put, whatever their font: none moved, cut or left out."""
    return alt.Axis(
        title=None,
        labelFontSize=11.5,
        labelColor=MUTED,
        labelPadding=6,
        labelOverlap=False,
        labelBound=False,
        labelFlush=False,
        labelLimit=0,
        ticks=False,
        **changes,
    )


def period_axis() -> Any:
    return axis(
        values=expr("places"), labelExpr="periods[datum.value]", labelAngle=0, domainColor="#8b93a3", grid=False
    )


def value_axis() -> Any:
    return axis(
        values=expr("ticks"), labelExpr="format(datum.value, digits)", domain=False, gridColor=RULE, gridWidth=1
    )


def row_of(p: Point, at: int, run: int) -> Row:
    return {
        "at": at,
        "value": p.value,
        "lower": p.lower,
        "upper": p.upper,
        "rag": p.rag,
        "target": p.period_target,
        "run": run,
    }


def values(rows: Sequence[Row]) -> list[float | None]:
    return [row["value"] for row in rows]


def runs(figure: Figure, points: Sequence[Point]) -> list[int]:
    """The number of the unbroken run each of a figure's newest points is in: a line never bridges a period that is
    not shown, nor a break in the series."""
    run, numbers, first = 0, [], len(figure.history) - len(points)
    for place, p in enumerate(points, start=first):
        run += p.value is None or (place > first and figure.break_at(place) is not None)
        numbers.append(run)
    return numbers


def axis_words(points: Sequence[Point]) -> list[list[str]]:
    """The axis labels, one or two lines each, the year only where it changes; every other where room is short."""
    said: list[list[str]] = []
    year_said = ""
    for index, p in enumerate(points):
        first, year = p.label
        if len(points) > ROOM_FOR_LABELS and (len(points) - 1 - index) % 2:
            said.append([""])
            continue
        said.append([first] if year in ("", year_said) else [first, year])
        year_said = year
    return said


def span(found: Sequence[float | None]) -> tuple[float, float]:
    """The span of the value axis: everything drawn, with a little air; from nought where nought is near."""
    held = [value for value in found if value is not None]
    if not held:
        return 0.0, 1.0
    low, high = min(held), max(held)
    air = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    bottom = 0.0 if 0 <= low < (high - low) * 1.2 else low - air
    return round(bottom, 9), round(high + air, 9)


def tick_values(low: float, high: float) -> list[float]:
    """Three to six round numbers inside the span."""
    rough = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 9) for index in range(first, last + 1)]


def comparator_rows(figure: Figure, points: Sequence[Point]) -> list[Row]:
    """Comparators that can be drawn: those with a figure for at least two of the periods shown."""
    places = {p.period: at for at, p in enumerate(points)}
    held = [
        {"at": places[str(row["period"])], "value": value, "area": str(row["area_name"])}
        for row in figure.comparators
        if str(row["period"]) in places and (value := words.as_number(row["value"])) is not None
    ]
    areas = [row["area"] for row in held]
    return [row for row in held if areas.count(row["area"]) > 1]


def edge_labels(figure: Figure, newest: Point, comparators: Sequence[Row], low: float, high: float) -> list[Row]:
    """The newest value, its target and the comparators, named at the right-hand edge and kept apart."""
    wanted: list[tuple[float, str, bool]] = []
    if newest.value is not None:
        wanted.append((newest.value, figure.shown(newest.value), True))
    if newest.period_target is not None:
        wanted.append((newest.period_target, f"Target {figure.shown(newest.period_target)}", False))
    for area in dict.fromkeys(row["area"] for row in comparators):
        last = [row for row in comparators if row["area"] == area][-1]
        wanted.append((last["value"], area if len(area) <= 12 else area[:11].rstrip() + "…", False))
    placed = apart([HEIGHT * (high - value) / (high - low) for value, _, _ in wanted])
    return [
        {"at": round(at, 1), "said": said, "strong": strong}
        for at, (_, said, strong) in zip(placed, wanted, strict=True)
    ]


def apart(positions: Sequence[float]) -> list[float]:
    """Positions moved just far enough that no two labels overlap, in their order, inside the plot."""
    order = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    result = list(positions)
    for above, below in pairwise(order):
        result[below] = max(result[below], result[above] + LABEL_GAP)
    over = max(0.0, result[order[-1]] - HEIGHT) if order else 0.0
    return [at - over for at in result]


def in_words(figure: Figure, points: Sequence[Point]) -> str:
    """What the chart shows, for whoever cannot see it."""
    unit = words.unit_words(figure.unit)
    said = [f"{p.words}: {figure.shown(p.value) or SAYS.get(p.state, SAYS['unavailable'])}" for p in points]
    target = points[-1].period_target
    against = f" Target for the newest period: {figure.shown(target)}." if target is not None else ""
    broken = "".join(" " + found.words for found in figure.breaks_shown)
    return f"Trend of {figure.name}{', ' + unit if unit else ''}. {'; '.join(said)}.{against}{broken}"


def tidy(svg: str, label: str) -> Markup:
    """The drawing as one labelled image: no ids, classes, roles, fonts or namespaces, sized by the page."""
    root = ElementTree.fromstring(re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg))  # noqa: S314 - drawn here a moment ago
    drawing = "".join(markup(child) for child in root if child.tag != "rect")
    opening = f'<svg class="trend" viewBox="{root.attrib["viewBox"]}" role="img" aria-label="{escape(label)}">'
    return Markup(opening + drawing + "</svg>")  # noqa: S704 - every text and attribute in it is escaped


def markup(element: ElementTree.Element) -> str:
    """One element as text, without what only an editor or a script would want, and without empty groups.

    Coordinates are kept to two decimals: finer ones show nothing and could differ between machines.
    """
    inner = "".join(markup(child) for child in element)
    text = str(escape(element.text.strip())) if element.text and element.text.strip() else ""
    if element.tag in ("g", "text", "tspan") and not inner and not text:
        return ""
    if element.tag == "path" and (not element.attrib.get("d") or element.attrib.get("class") == "background"):
        return ""
    kept = "".join(f' {key}="{escape(rounded(value))}"' for key, value in element.attrib.items() if key in KEPT)
    if element.tag == "g" and (not kept or kept == ' transform="translate(0,0)"'):
        return inner
    return f"<{element.tag}{kept}>{text}{inner}</{element.tag}>"


def rounded(value: str) -> str:
    return LONG_NUMBER.sub(lambda found: f"{float(found.group()):.2f}".rstrip("0").rstrip("."), value)
