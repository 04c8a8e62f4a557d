"""The tables of a publication as a spreadsheet holds them: one table a sheet, every cell a number, a text or shorthand.

Numbers are rounded as the page shows them, half up. Shorthand is the government Analysis Function's: [c] confidential,
[x] not available, [z] not applicable, [low] rounds to nought but is not.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports import summary, words
from reports.changes import changes
from reports.figures import DIRECTION_WORDS, Figure, Point
from reports.gathering import figures as gather
from reports.publication import Publication, Record, records
from reports.reply import checks_words
from reports.scorecard import CHARACTERISTICS

Cell = float | int | str
CONFIDENTIAL, UNAVAILABLE, NOT_APPLICABLE, LOW = SHORTHAND = ("[c]", "[x]", "[z]", "[low]")
NOTES = (
    (CONFIDENTIAL, "Confidential: withheld so that nobody can be recognised, or so that a withheld number cannot be "
     "worked out from it."),
    (UNAVAILABLE, "Not available. Where the status is Not received, an extract the figure needs did not come or was "
     "not accepted; it is not nought."),
    (NOT_APPLICABLE, "Not applicable: the column does not apply to this row, or nothing was said."),
    (LOW, "Rounds to nought and is not nought."),
    ("Provisional", "Yes: the figure may still change."),
    ("Target so far", "What the year to date is judged against: the year's target, or the part of it that falls to the "
     "year so far."),
    ("Numerator and denominator", "What was counted in the period, and what it was counted against."),
    ("Status", "Green, Amber or Red for the year to date against the target so far, by the framework's own rule; No "
     "target and Not judged are never Green."),
    ("Since last period", "Better, No change or Worse from the residents' side, be high or low good."),
    ("Lower and upper 95% limit", "The range within which the true rate lies 19 times out of 20; given where cases are "
     "counted."),
)  # fmt: skip
# What XML cannot hold, and what turns the reading direction of what follows it.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Table:
    """One sheet: its name on the tab, its title, what to know before reading it, headings and rows."""

    name: str
    title: str
    note: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Workbook:
    """What a spreadsheet of a publication says, whatever its format."""

    title: str
    introduction: tuple[str, ...]
    about: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def workbook(publication: Publication, shown: Sequence[Figure] | None = None) -> Workbook:
    """The sheets of a publication; `shown` are its figures where they have been gathered already."""
    shown = gather(publication) if shown is None else shown
    names = {str(row["priority"]): str(row["name"]) for row in records(publication.priorities)}
    tables = (
        indicators(publication, shown, names),
        trend(publication, shown),
        parts(shown),
        comparators(publication, shown),
        moved(publication, shown),
        definitions(publication),
        listed(
            "Actions", "Corrective actions and milestones", publication.actions,
            {"action": "Action", "owner": "Owner", "due_on": "Due", "state": "State", "priority": "Priority"}, names,
        ),
        listed(
            "Money", "Money beside performance, in pounds", publication.spend,
            {
                "priority": "Priority", "funding_line": "Funding line", "funding_source": "Source", "budget": "Budget",
                "forecast": "Forecast for the year", "actual": "Spent so far",
            }, names,
        ),
        rewards(publication),
        listed(
            "Extracts", "The extracts behind the figures", publication.data_quality,
            {
                "partner": "Partner", "dataset_title": "Extract", "period": "Covers", "decision": "Verdict",
                "rows_received": "Rows received", "rows_accepted": "Accepted", "rows_quarantined": "Quarantined",
                "rows_out_of_scope": "Out of scope",
                **{name: f"{name.capitalize()}, % passed" for name in CHARACTERISTICS},
                "checks": "Checks made before it was sent", "sentence": "What was found",
            }, names,
        ),
        listed(
            "Owed", "Extracts that are owed", publication.due,
            {"partner": "Partner", "dataset_title": "Extract", "period": "Covers", "due_on": "Due", "state": "State"},
            names,
        ),
        listed(
            "Left out", "Indicators that an agreement keeps from this layer or audience", publication.left_out,
            {"name": "Indicator", "withheld_by": "Agreement"}, names,
        ),
    )  # fmt: skip
    filled = tuple(table for table in tables if table.rows)
    nothing = Table(
        "Indicators", "No figures", "", ("Indicators",), (("No indicator of this layer has a figure.",),)
    )
    return Workbook(
        title=clean(f"{publication.title}, {publication.period_words}"),
        introduction=tuple(
            clean(text)
            for text in (
                *((publication.marking,) if publication.marking else ()),
                publication.partnership_name,
                f"For the {publication.layer['name']}. Audience: {publication.audience}.",
                f"Status: {publication.status}. Publication {publication.publication_id}, "
                f"{words.day(publication.published_on)}.",
            )
        ),
        about=tuple(
            clean(text)
            for text in (
                publication.framework_note,
                "Figures are past disclosure control. The same rows, not rounded, are in performance.csv.",
                *summary.what_changed(shown, records(publication.due)),
            )
            if text.strip()
        ),
        notes=NOTES,
        tables=filled or (nothing,),
    )


def indicators(publication: Publication, shown: Sequence[Figure], names: dict[str, str]) -> Table:
    """The common template: one row for each indicator at its newest period."""
    coded = publication.layer["role"] != "strategic"
    columns: dict[str, Callable[[Figure, Point], Any]] = {
        "Priority": lambda f, now: names.get(f.priority, f.priority),
        **({"Reference": lambda f, now: f.indicator} if coded else {}),
        "Indicator": lambda f, now: f.name,
        "Unit": lambda f, now: f.unit,
        "Good is": lambda f, now: f.good_is,
        "Lead partner": lambda f, now: words.humanise(f.lead_partner),
        "Period": lambda f, now: now.words,
        "Baseline": lambda f, now: amount(f, f.baseline),
        "This period": lambda f, now: number(f, now, now.value),
        "Lower 95% limit": lambda f, now: number(f, now, now.lower, NOT_APPLICABLE),
        "Upper 95% limit": lambda f, now: number(f, now, now.upper, NOT_APPLICABLE),
        "Numerator": lambda f, now: counted(now, now.numerator),
        "Denominator": lambda f, now: counted(now, now.denominator),
        "Year to date": to_date,
        "Target so far": lambda f, now: amount(f, now.ytd_target),
        "Year’s target": lambda f, now: f.target_note or amount(f, now.target),
        "Status": lambda f, now: summary.STANDING_WORDS[f.standing],
        "Since last period": lambda f, now: direction(now.better),
        "Since a year ago": lambda f, now: direction(now.better_than_last_year),
        "Year-end forecast": lambda f, now: number(f, now, now.forecast, NOT_APPLICABLE),
        "Data quality": lambda f, now: f.data_quality,
        "Provisional": lambda f, now: "Yes" if now.provisional else "No",
        "Commentary": lambda f, now: f.commentary,
        "Corrective action": lambda f, now: "; ".join(summary.action_words(row) for row in f.actions),
        "Action owner": lambda f, now: "; ".join(str(row["owner"]) for row in f.actions if row.get("owner")),
        "Action due": lambda f, now: "; ".join(
            words.day(due) for row in f.actions if (due := words.read_day(row.get("due_on")))
        ),
    }
    return Table(
        "Indicators",
        "Every indicator at its newest period",
        "One row for each indicator, by priority.",
        tuple(columns),
        tuple(row([said(f, f.latest) for said in columns.values()]) for f in shown),
    )


def trend(publication: Publication, shown: Sequence[Figure]) -> Table:
    """Every period of every indicator, for the whole area."""
    coded = publication.layer["role"] != "strategic"
    return Table(
        "Trend",
        "Every indicator, period by period",
        "One row for each indicator and period, oldest first.",
        (
            *(("Reference",) if coded else ()),
            *("Indicator", "Period", "Figure", "Lower 95% limit", "Upper 95% limit", "Year to date"),
            *("Target so far", "Status", "Provisional", "Break in the series"),
        ),
        tuple(
            row(
                [
                    *((f.indicator,) if coded else ()),
                    *(f.name, p.words, number(f, p, p.value)),
                    *(number(f, p, p.lower, NOT_APPLICABLE), number(f, p, p.upper, NOT_APPLICABLE), to_date(f, p)),
                    *(amount(f, p.ytd_target), standing(p), "Yes" if p.provisional else "No"),
                    found.words if (found := f.break_at(place)) else NOT_APPLICABLE,
                ]
            )
            for f in shown
            for place, p in enumerate(f.history)
        ),
    )


def comparators(publication: Publication, shown: Sequence[Figure]) -> Table:
    """The same indicators for the areas the partnership is compared with, oldest period first."""
    coded = publication.layer["role"] != "strategic"
    return Table(
        "Comparators",
        "The same indicators for the areas the partnership is compared with",
        "One row for each indicator, area and period, oldest first.",
        (*(("Reference",) if coded else ()), "Indicator", "Area", "Period", "Figure"),
        tuple(
            row(
                [
                    *((f.indicator,) if coded else ()),
                    *(f.name, each["area_name"], summary.period_of(each)),
                    CONFIDENTIAL if each.get("suppressed") else compared(f, each),
                ]
            )
            for f in shown
            for each in f.comparators
        ),
    )


def moved(publication: Publication, shown: Sequence[Figure]) -> Table:
    """The figures that the release before this one gave otherwise."""
    return Table(
        "Told otherwise before",
        "Figures that the release before this one gave otherwise",
        "One row for each figure that moved.",
        ("Indicator", "Ward or category", "Period", "Was", "Is now", "Why"),
        tuple(
            row(
                [
                    *(each.figure.name, each.part or "The whole area", each.period),
                    *(
                        UNAVAILABLE if value is None else amount(each.figure, value)
                        for value in (each.before, each.now)
                    ),
                    each.why,
                ]
            )
            for each in changes(publication, shown)
        ),
    )


def definitions(publication: Publication) -> Table:
    """What was agreed otherwise when the release before this one was made: targets, rules, officers, agreements."""
    return Table(
        "Changed definitions",
        "What was agreed otherwise when the release before this one was made",
        "One row for each place of a file. A file that is new, or gone, is one row.",
        ("File", "Place", "Was", "Is now", "Seen on"),
        tuple(
            row(
                [
                    *(each["file"], each["key"] or "The whole file"),
                    *(NOT_APPLICABLE if each[side] is None else each[side] for side in ("before", "after")),
                    words.day(each["changed_at"].date()),
                ]
            )
            for each in publication.definitions
        ),
    )


def compared(figure: Figure, comparator: Record) -> Cell:
    value = words.as_number(comparator["value"])
    return UNAVAILABLE if value is None else amount(figure, value)


def parts(shown: Sequence[Figure]) -> Table:
    """Wards and other breakdowns of each indicator's newest period."""
    pieces = [
        (f, kind, part) for f in shown for kind, found in (("Ward", f.wards), *f.breakdowns) for part in found
    ]
    return Table(
        "Wards and breakdowns",
        "Wards and breakdowns of each indicator at its newest period",
        "One row for each ward or category.",
        ("Reference", "Indicator", "Period", "By", "Ward or category", "Figure", "Provisional"),
        tuple(
            row(
                [
                    *(f.indicator, f.name, f.latest.words, kind, part.label),
                    {"suppressed": CONFIDENTIAL, "shown": amount(f, part.value)}.get(part.state, UNAVAILABLE),
                    "Yes" if part.provisional else "No",
                ]
            )
            for f, kind, part in pieces
        ),
    )


def rewards(publication: Publication) -> Table:
    """What a reward grant would come to, indicator by indicator."""
    rows = records(publication.reward)
    note = str(rows[0].get("note") or "") if rows else ""
    return Table(
        "Reward, modelled",
        "What a reward grant would come to; modelled, never money",
        f"One row for each designated indicator with a whole year. {note}".strip(),
        ("Indicator", "Year", "Baseline", "Target", "Figure", "Of the improvement agreed, %", "Of its share, %"),
        tuple(
            row(
                [
                    r["name"],
                    summary.period_of({"period": r["year_id"]}),
                    *(decimal(r[column]) for column in ("baseline", "target", "actual")),
                    *(decimal(r[column], 0) for column in ("achieved_percent", "modelled_percent")),
                ]
            )
            for r in rows
        ),
    )


def decimal(value: Any, places: int = 2) -> Cell:
    found = words.as_number(value)
    return NOT_APPLICABLE if found is None else float(words.rounded(found, places))


def listed(name: str, title: str, frame: Any, columns: dict[str, str], names: dict[str, str]) -> Table:
    """A published table nearly as it is: periods, partners and priorities in words."""
    return Table(
        name,
        title,
        "One row for each.",
        tuple(columns.values()),
        tuple(row([in_words(each, column, names) for column in columns]) for each in records(frame)),
    )


def in_words(record: Record, column: str, names: dict[str, str]) -> Any:
    value = record.get(column)
    if column == "period":
        return summary.period_of(record)
    if column == "dataset_title":
        return summary.title_of(record)
    if column == "priority":
        return names.get(str(value), value)
    if column in ("partner", "decision", "state") and value:
        return words.humanise(str(value))
    if column == "checks":
        return checks_words(value)
    if (found := words.read_day(value)) and not isinstance(value, int | float):
        return words.day(found)
    return value


def standing(p: Point) -> str:
    if p.state != "shown":
        return summary.STANDING_WORDS[p.state]
    return summary.STANDING_WORDS[p.rag if p.rag != "none" or p.ytd_target is None else "unjudged"]


def to_date(figure: Figure, p: Point) -> Cell:
    return CONFIDENTIAL if p.ytd_hidden else number(figure, p, p.ytd)


def number(figure: Figure, p: Point, value: float | None, otherwise: str = UNAVAILABLE) -> Cell:
    """A value of a point; or why there is none."""
    if value is not None:
        return amount(figure, value)
    return CONFIDENTIAL if p.state == "suppressed" else UNAVAILABLE if p.state == "missing" else otherwise


def counted(p: Point, value: float | None) -> Cell:
    """A count or a sum behind a figure, as many decimals as it has and at most three."""
    if value is None:
        return CONFIDENTIAL if p.state == "suppressed" else UNAVAILABLE if p.state == "missing" else NOT_APPLICABLE
    rounded = words.rounded(value, 3)
    return int(rounded) if rounded == int(rounded) else float(rounded)


def amount(figure: Figure, value: float | None) -> Cell:
    """A number as the page rounds it; shorthand where there is none or where it only rounds to nought."""
    if value is None:
        return NOT_APPLICABLE
    rounded = words.rounded(value, figure.decimals)
    return LOW if not rounded and value else (int(rounded) if figure.decimals == 0 else float(rounded))


def direction(word: str | None) -> str:
    return DIRECTION_WORDS.get(word or "", NOT_APPLICABLE)


def row(cells: Iterable[Any]) -> tuple[Cell, ...]:
    return tuple(cell(value) for value in cells)


def cell(value: Any) -> Cell:
    """A number as it is; anything else as text that a reader and a screen reader can make sense of."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = clean("" if value is None else str(value))
    return text if any(letter.isalnum() for letter in text) else NOT_APPLICABLE


def clean(text: str) -> str:
    """Text on one line, without what no file format can hold."""
    return " ".join(UNPRINTABLE.sub("", text).split())
