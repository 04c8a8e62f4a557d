"""From the rows of `performance.indicator` to the figures of a page: what stands, what is missing, what is hidden.

A figure that is suppressed loses everything it could be worked back from (value, year to date, interval, counts,
RAG, arrows, forecast) here, once, so that no template can show it by mistake.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from reports import words
from reports.figures import DIRECTION_WORDS, RAG_WORDS, Break, Figure, Part, Point, same
from reports.publication import Publication, Record, records

HIDDEN_WHEN_SUPPRESSED = {
    *("value", "lower", "upper", "ytd", "numerator", "denominator"),
    *("rag", "direction_short", "direction_long", "forecast"),
}
SUPPRESSED_REASON = "Withheld to protect people: a number small enough to point to someone stands behind it."


def figures(publication: Publication) -> list[Figure]:
    """Every figure of the publication's layer, by priority order and then as the indicators are numbered.

    Strategic and executive layers see all indicators, an operational one its own, with wards and breakdowns.
    """
    if publication.indicators.empty:
        return []
    headlines, pieces = chosen_rows(publication)
    area = publication.headline_area()
    order = {str(row["priority"]): row["order"] for row in records(publication.priorities)}
    extra = {
        name: grouped(records(getattr(publication, name)))
        for name in ("comparators", "actions", "provenance", "breaks")
    }
    made = [figure(rows, pieces.get(indicator, []), area, extra) for indicator, rows in headlines.items()]
    return sorted(made, key=lambda f: (order.get(f.priority, 999), natural(f.indicator)))


def chosen_rows(publication: Publication) -> tuple[dict[str, list[Record]], dict[str, list[Record]]]:
    """The layer's headlines by indicator, oldest first; and what breaks the newest down, where it is shown."""
    frame = publication.indicators
    if publication.layer["role"] == "operational":
        frame = frame[frame["layer"] == publication.layer["id"]]
    whole = (frame["breakdown"] == "all") & (frame["category"] == "all")
    is_headline = whole & (frame["area_code"] == publication.headline_area())
    headlines = grouped(records(frame[is_headline]))
    for rows in headlines.values():
        rows.sort(key=lambda row: day_of(row, "period_end"))
    if publication.layer["role"] != "operational":
        return headlines, {}
    newest = {(indicator, rows[-1]["period"]) for indicator, rows in headlines.items()}
    compared = publication.comparator_areas()
    keys = zip(frame["indicator"], frame["period"], frame["area_code"], is_headline, strict=True)
    chosen = [
        (indicator, period) in newest and area not in compared and not headline
        for indicator, period, area, headline in keys
    ]
    return headlines, grouped(records(frame.loc[chosen]))


def grouped(rows: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        found[str(row.get("indicator"))].append(row)
    return found


def natural(name: str) -> tuple[int, int, str]:
    """A sort key: NI15 before NI154, NI195a before NI195b, local indicators after national ones."""
    digits = "".join(c for c in name if c.isdigit())
    return 0 if name.upper().startswith("NI") else 1, int(digits or 0), name


def figure(
    headlines: list[Record], pieces: list[Record], area: str, extra: Mapping[str, Mapping[str, list[Record]]]
) -> Figure:
    """One figure from the headline rows of its indicator, oldest first, and what breaks the newest down."""
    newest = headlines[-1]
    indicator = str(newest["indicator"])
    target = newest["target"]
    wards, breakdowns = parts(pieces, area)
    return Figure(
        indicator=indicator,
        name=str(newest["name"]),
        priority=str(newest["priority"]),
        layer=str(newest["layer"]),
        lead_partner=str(newest["lead_partner"] or ""),
        unit=str(newest["unit"] or ""),
        decimals=decimals_of(newest, headlines),
        high_is_good={"high": True, "low": False}.get(str(newest["polarity"]).lower()),
        baseline=words.as_number(newest["baseline"]),
        target_note=None if target is None or words.as_number(target) is not None else str(target),
        data_quality=words.humanise(str(newest["data_quality"] or "")),
        commentary=str(newest["commentary"] or ""),
        hidden_because=str(newest.get("suppressed_reason") or SUPPRESSED_REASON),
        history=with_period_targets([point(row) for row in headlines]),
        wards=wards,
        breakdowns=breakdowns,
        comparators=of_indicator(extra, "comparators", indicator),
        actions=of_indicator(extra, "actions", indicator),
        provenance=of_indicator(extra, "provenance", indicator),
        breaks=tuple(sorted(map(broken, of_indicator(extra, "breaks", indicator)), key=lambda b: b.starts)),
    )


def broken(row: Record) -> Break:
    return Break(day_of(row, "starts"), str(row["reason"] or ""))


def of_indicator(extra: Mapping[str, Mapping[str, list[Record]]], name: str, indicator: str) -> tuple[Record, ...]:
    """The rows about an indicator, oldest period first where they have one."""
    rows = extra[name].get(indicator, [])
    return tuple(sorted(rows, key=lambda row: words.read_day(row.get("period_end")) or date.min))


def day_of(row: Record, column: str) -> date:
    found = words.read_day(row[column])
    if found is None:
        raise ValueError(f"indicators: {column} of {row.get('indicator')} is no date.")
    return found


def decimals_of(newest: Record, rows: list[Record]) -> int:
    """The indicator's decimals where the frame says, else none for whole numbers and one for the rest."""
    declared = words.as_number(newest.get("decimals"))
    if declared is not None:
        return int(declared)
    values = [value for row in rows if (value := words.as_number(row["value"])) is not None]
    return 0 if all(value == int(value) for value in values) else 1


def state_of(row: Record) -> str:
    if row["suppressed"]:
        return "suppressed"
    if str(row["status"]).lower() in {"missing", "not_received", "not received"}:
        return "missing"
    return "unavailable" if words.as_number(row["value"]) is None else "shown"


def visible(row: Record) -> Record:
    """The row with what must not be read from it taken out."""
    if state_of(row) != "suppressed":
        return row
    return {**row, **dict.fromkeys(HIDDEN_WHEN_SUPPRESSED)}


def point(raw: Record) -> Point:
    row = visible(raw)
    state = state_of(row)
    rag = str(row["rag"] or "").strip().lower()
    read = words.as_number
    return Point(
        period=str(row["period"]),
        start=day_of(row, "period_start"),
        end=day_of(row, "period_end"),
        state=state,
        rag=rag if rag in RAG_WORDS and state == "shown" else "none",
        value=read(row["value"]) if state == "shown" else None,
        lower=read(row["lower"]),
        upper=read(row["upper"]),
        numerator=read(row["numerator"]),
        denominator=read(row["denominator"]),
        target=read(row["target"]),
        ytd=read(row["ytd"]) if state == "shown" else None,
        ytd_target=read(row["ytd_target"]),
        period_target=None,
        better=direction(row["direction_short"]),
        better_than_last_year=direction(row["direction_long"]),
        forecast=read(row["forecast"]),
        provisional=bool(row["provisional"]),
        estimated=str(row["status"]).lower() in ("partial", "estimated"),
        ytd_hidden=state == "shown" and bool(row.get("ytd_suppressed")),
    )


def direction(value: Any) -> str | None:
    word = str(value or "").strip().lower()
    return word if word in DIRECTION_WORDS else None


def with_period_targets(points: list[Point]) -> tuple[Point, ...]:
    """Each point with the target its own period is read against.

    A target profiled over the year (ten in the first quarter, twenty by the second) is worth, for one period, what
    it has grown by since the period before; a level that holds all year (a percentage) is worth itself. Where the
    period before is not held, nothing is guessed.
    """
    profiled = any(
        p.ytd_target is not None and p.target is not None and not same(p.ytd_target, p.target) for p in points
    )
    result: list[Point] = []
    for index, this in enumerate(points):
        wanted: float | None = this.target
        if profiled:
            before = points[index - 1].ytd_target if index else None
            if this.ytd_target is None:
                wanted = None
            elif this.ytd is not None and same(this.ytd, this.value):
                wanted = this.ytd_target
            elif before is None:
                wanted = None
            else:
                grown = this.ytd_target - before
                wanted = grown if grown > 0 else this.ytd_target
        result.append(replace(this, period_target=wanted))
    return tuple(result)


def parts(rows: list[Record], area: str) -> tuple[tuple[Part, ...], tuple[tuple[str, tuple[Part, ...]], ...]]:
    """Wards, and every other breakdown of the headline area, largest first and what is not shown last.

    A ward is a row of another area, or a category of the breakdown `ward`. Categories inside a ward are left out.
    """
    wards: list[Part] = []
    others: dict[str, list[Part]] = defaultdict(list)
    for row in rows:
        inside = str(row["area_code"]) == area
        breakdown, category = str(row["breakdown"]), str(row["category"])
        if not inside and breakdown in ("all", "ward"):
            wards.append(part(row, str(row["area_name"]), str(row["area_code"])))
        elif inside and breakdown == "ward" and category != "all":
            wards.append(part(row, category))
        elif inside and breakdown != "all":
            others[breakdown].append(part(row, words.humanise(category)))
    return ranked(wards), tuple((words.humanise(name), ranked(found)) for name, found in sorted(others.items()))


def part(row: Record, label: str, area_code: str = "") -> Part:
    made = point(row)
    return Part(label, made.state, made.value, made.provisional, made.estimated, area_code)


def ranked(found: list[Part]) -> tuple[Part, ...]:
    return tuple(sorted(found, key=lambda p: (p.value is None, -(p.value or 0.0), p.label)))
