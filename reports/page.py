"""The page of a publication: one HTML file that stands alone, for a layer to read on a screen, a wall or on paper.

It needs no network and no script to be read: style, script and drawings are inside it, and its own policy forbids
anything else. All text is escaped by the templates. The same publication gives the same bytes.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reports import summary, words
from reports.changes import changes
from reports.figures import DIRECTION_WORDS, Figure, Part, Point
from reports.gathering import figures
from reports.money import money
from reports.publication import Publication, Record, records
from reports.reply import checks_words
from reports.reward import reward_words
from reports.spark import spark
from reports.trend import trend_chart
from reports.ward_map import ward_map

__all__ = ["Publication", "render_page"]

TEMPLATES = Path(__file__).parent / "templates"
STATUS_SENTENCES = {
    "provisional": "Figures may still change and have not been approved for release.",
    "ready": "Complete, and waiting for a second person to approve its release.",
    "final": "Approved for release.",
}
AUDIENCE_WORDS = {"public": "For the public", "restricted": "Restricted: for the partnership’s own bodies"}
STANDING_MEANING = {
    "green": "on target, or near enough",
    "amber": "off target, no worse than a year ago",
    "red": "off target, and not improving",
    "none": "none is set, so not judged",
    "unjudged": "the year so far is not complete",
    "missing": "an extract is wanting",
    "suppressed": "too small to show",
    "unavailable": "no figure yet",
}
CONTENTS = {
    "strategic": [
        ("changed", "What changed"),
        ("asked", "What is asked of you"),
        ("priorities", "Priorities"),
        ("worst-and-best", "Furthest from target"),
        ("money", "Money"),
        ("not-sent", "Who has not sent"),
    ],
    "executive": [
        ("exceptions", "Exceptions"),
        ("actions", "Corrective action"),
        ("risks", "Risks"),
        ("data-exceptions", "Data quality"),
        ("money", "Money"),
        ("indicators", "All indicators"),
    ],
    "operational": [("indicators", "All indicators"), ("detail", "Wards and breakdowns"), ("data", "Extracts")],
}
TEMPLATE_COLUMNS = [
    ("Indicator", ""),
    ("Status", ""),
    ("Baseline", "num"),
    ("This period", "num"),
    ("Year to date", "num"),
    ("Target so far", "num"),
    ("Year’s target", "num"),
    ("Since last period", ""),
    ("Since a year ago", ""),
    ("Year-end forecast", "num"),
    ("Trend", "unsorted"),
]
VERDICTS = {
    "accepted": ("Accepted", "green"),
    "accepted_with_exceptions": ("Accepted with exceptions", "amber"),
    "rejected": ("Not accepted", "red"),
    "refused": ("Turned away", "red"),
    "held": ("Held, not stored", "red"),
    "overdue": ("Overdue", "red"),
    "not received": ("Not received", "missing"),
    "due": ("Due", "none"),
}
EXPLAINED_IN_WORDS = ("definition", "formula", "source")
CONFIRMED = "confirmed"  # said in words as well, after them
HOW_SURE = {
    "found": "Found in the source named here.",
    "recalled": "Recalled, and not checked against its source.",
    "doubtful": "Doubtful: still to be verified.",
    "own": "The partnership’s own.",
}
NOT_SHOWN = {
    "definition_mark",
    "framework",
    "indicator",
    "publication_id",
    "name",
    "priority",
    CONFIRMED,
    *EXPLAINED_IN_WORDS,
}
COUNTED = ("rows", "amount", "numerator", "denominator", "value")
DIRECTION_SAID = {
    "better": "better than",
    "same": "the same as",
    "worse": "worse than",
    "no clear change": "not clearly different from",
}
IN_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Deliveries:
    """What a figure was made from, as the cells of a table."""

    headings: list[str]
    rows: list[list[str]]


def render_page(publication: Publication, shown: Sequence[Figure] | None = None) -> str:
    """The page as HTML text; `shown` are its figures where they have been gathered. Raises ValueError as they do."""
    shown = figures(publication) if shown is None else shown
    due, quality = records(publication.due), records(publication.data_quality)
    role = str(publication.layer["role"])
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    page = environment().get_template("page.html.j2")
    moved = [("moved", "Told otherwise before")] if not publication.changes.empty else []
    moved += [("definitions", "Changed definitions")] if publication.definitions else []
    return page.render(
        publication=publication,
        role=role,
        figures=shown,
        by_priority=by_priority(publication, shown),
        priority_names={str(row["priority"]): row["name"] for row in records(publication.priorities)},
        mark_provisional=publication.status != "provisional" or not all(f.latest.provisional for f in shown),
        tally=summary.tally(shown),
        many=summary.is_many(shown),
        changed=summary.what_changed(shown, due),
        asks=summary.asks(
            shown, records(publication.actions), due, publication.published_on, escalated_to(publication)
        ),
        actions=records(publication.actions),
        handed_on=summary.handed_on(records(publication.escalations), str(publication.layer["id"])),
        reward=reward_words(publication),
        risks=summary.risks(shown),
        money=money(publication),
        moved=[change for change in changes(publication, shown) if role == "operational" or not change.part],
        exceptions=summary.exceptions(shown),
        worst=summary.worst(shown),
        best=summary.best(shown),
        data_quality=quality,
        quality_exceptions=[row for row in quality if str(row["decision"] or row["state"]) != "accepted"],
        due=due,
        left_out=records(publication.left_out),
        overdue=summary.owing(due),
        nobody_owes=summary.nobody_owes(shown, publication.published_on),
        contents=[*CONTENTS[role], *moved, ("explanations", "Where figures come from")],
        status_sentence=STATUS_SENTENCES[publication.status],
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
    )


def escalated_to(publication: Publication) -> list[Record]:
    """What lower layers hand up to this one."""
    own = str(publication.layer["id"])
    return [row for row in records(publication.escalations) if str(row.get("to_layer")) == own]


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        standing_words=summary.STANDING_WORDS,
        standing_meaning=STANDING_MEANING,
        standing_order={
            standing: place
            for place, standing in enumerate(
                ("red", "missing", "amber", "green", "unjudged", "none", "suppressed", "unavailable")
            )
        },
        direction_words=DIRECTION_WORDS,
        template_columns=TEMPLATE_COLUMNS,
        audience_words=AUDIENCE_WORDS,
    )
    made.filters.update(
        day=words.day,
        humanise=words.humanise,
        unit_words=words.unit_words,
        partner=words.humanise,
        cell=cell,
        date_value=lambda value: words.read_day(value) or value,
        quantity=quantity,
        spark=spark,
        trend=trend_chart,
        ward_map=lambda figure, publication: ward_map(figure, publication.outlines),
        find_text=find_text,
        sort_value=sort_value,
        length_words=length_words,
        compared_with=compared_with,
        checks_words=checks_words,
        widest=widest,
        share=share,
        area_name=area_name,
        in_a_sentence=in_a_sentence,
        tally=summary.tally,
        explained=explained,
        deliveries=deliveries,
        period_of=summary.period_of,
        title_of=summary.title_of,
        verdict=lambda row: verdict(row)[0],
        verdict_shape=lambda row: verdict(row)[1],
        first_lower=summary.first_lower,
        action_words=summary.action_words,
        actions_in_order=actions_in_order,
        title_parts=title_parts,
        in_words=lambda number: IN_WORDS[number] if number < len(IN_WORDS) else str(number),
    )
    return made


def actions_in_order(actions: Sequence[Record], publication: Publication) -> list[Record]:
    """Actions as rows of a table: the overdue first, then by day, what is settled last; each with what it is for."""
    rows = records(publication.indicators[["indicator", "name"]]) if not publication.indicators.empty else []
    names = {str(row["indicator"]): str(row["name"]) for row in rows}
    names |= {str(row["priority"]): str(row["name"]) for row in records(publication.priorities)}
    told = []
    for row in actions:
        due, done = words.read_day(row.get("due_on")), summary.is_done(row)
        about = row.get("indicator") or row.get("priority")
        told.append(
            {
                "said": summary.action_words(row),
                "about": names.get(str(about), str(about or "")) or "n/a",
                "owner": row.get("owner") or "n/a",
                "due": due,
                "late": due is not None and due < publication.published_on and not done,
                "state": words.humanise(str(row.get("state") or "open")),
                "done": done,
            }
        )
    return sorted(told, key=lambda row: (row["done"], not row["late"], row["due"] or date.max, row["said"]))


def by_priority(publication: Publication, shown: Sequence[Figure]) -> list[dict[str, Any]]:
    """Every priority in its order with its figures, empty ones too; an operational layer sees only its own."""
    ordered = sorted(records(publication.priorities), key=lambda row: row["order"])
    names = {str(row["priority"]): str(row["name"]) for row in ordered}
    names |= {figure.priority: figure.priority for figure in shown if figure.priority not in names}
    why_none = {str(row["priority"]): row.get("no_indicator") for row in ordered}
    groups = [
        {"name": name, "figures": [f for f in shown if f.priority == id], "why_none": why_none.get(id)}
        for id, name in names.items()
    ]
    return [group for group in groups if group["figures"] or publication.layer["role"] == "strategic"]


def cell(value: Any) -> str:
    """Any value as the text of a cell; nothing as "n/a"."""
    if value is None or value == "":
        return "n/a"
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, date):
        return words.day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return quantity(value) if isinstance(value, int | float) else str(value)


def quantity(value: float) -> str:
    """A count or a sum, with as many decimals as it has and at most three."""
    text = words.number(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def find_text(figure: Figure) -> str:
    return " ".join((figure.indicator, figure.name, figure.priority, figure.lead_partner)).lower()


def sort_value(value: Any) -> str:
    return "" if value is None else str(value)


def length_words(point: Point) -> str:
    return words.length_words(point.start, point.end)


def compared_with(figure: Figure) -> list[Record]:
    """The newest figure of each comparator."""
    newest = {
        str(row["area_name"]): row for row in figure.comparators if words.as_number(row["value"]) is not None
    }
    return [newest[name] for name in sorted(newest)]


def widest(parts: Sequence[Part], whole: float | None) -> float:
    """What the longest bar stands for. The whole area counts only where it is of the parts' own size (a rate)."""
    largest = max((part.value for part in parts if part.value is not None), default=0.0)
    return max(largest, whole) if whole is not None and whole <= largest * 1.5 else largest


def share(value: float, of: float) -> str:
    return f"{100 * max(value, 0.0) / of:.1f}%"


def area_name(publication: Publication) -> str:
    """The name of the area the headline figures are of."""
    rows = publication.indicators
    names = rows.loc[rows["area_code"] == publication.headline_area(), "area_name"]
    return str(names.iloc[0]) if len(names) else "the whole area"


def in_a_sentence(figure: Figure) -> str:
    """Target and direction of a figure in one sentence, for readers of the short page."""
    now = figure.latest
    target = now.judged_target
    said = []
    if target is not None:
        said.append(f"target{' so far' if now.differs_to_date else ''} {figure.shown(target)}")
    directions = [
        f"{DIRECTION_SAID[word]} {than}"
        for word, than in (
            (now.better, f"the {length_words(now)} before"),
            (now.better_than_last_year, "a year ago"),
        )
        if word
    ]
    said += [words.listed(directions)] if directions else []
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + ("." if text else "")


def verdict(row: Record) -> tuple[str, str]:
    known = str(row["decision"] or row["state"] or "")
    return VERDICTS.get(known, (words.humanise(known), "none"))


def title_parts(title: str) -> list[str]:
    """A title in the pieces that are not to be broken while there is room: "Agreement 2008-11:", "Board"."""
    head, colon, rest = title.partition(": ")
    return [head + ":", rest] if colon else [title]


def explained(figure: Figure) -> list[tuple[str, str]]:
    """What the provenance says in words about the figure, each thing once."""
    found = []
    for column in EXPLAINED_IN_WORDS:
        said = list(dict.fromkeys(str(row[column]) for row in figure.provenance if row.get(column)))
        found += [(words.humanise(column), text) for text in said]
    confirmed = dict.fromkeys(str(row[CONFIRMED]) for row in figure.provenance if row.get(CONFIRMED))
    found += [("Odd, and confirmed as true", text) for text in confirmed]
    marks = dict.fromkeys(str(row.get("definition_mark")) for row in figure.provenance)
    return found + [("How sure this definition is", HOW_SURE[mark]) for mark in marks if mark in HOW_SURE]


def deliveries(figure: Figure) -> Deliveries:
    """The deliveries behind a figure; where it is suppressed, without the counts it could be worked back from."""
    if not figure.provenance:
        return Deliveries([], [])
    columns = [column for column in figure.provenance[0] if column not in NOT_SHOWN]
    hidden = {c for c in columns if figure.latest.state == "suppressed" and c.startswith(COUNTED)}
    return Deliveries(
        [words.humanise(column) for column in columns],
        [["[c]" if c in hidden else provenance_cell(c, row) for c in columns] for row in figure.provenance],
    )


def provenance_cell(column: str, row: Record) -> str:
    value = row[column]
    if column == "period":
        return summary.period_of(row)
    if column in ("partner", "dataset", "state", "decision") and value:
        return words.humanise(str(value))
    if column == "checks_made":
        return checks_words(value) or "not said"
    if column.endswith("sha256") and value:
        return str(value)[:12] + "…"
    return cell(value)
