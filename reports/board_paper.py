"""The PDF of a publication by typst: a board paper, tagged for screen readers, the same bytes for the same content."""

import json
import re
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import typst

from reports import summary, words
from reports.figures import DIRECTION_WORDS, Figure
from reports.gathering import figures as gather
from reports.money import money
from reports.page import (
    AUDIENCE_WORDS,
    STANDING_MEANING,
    STATUS_SENTENCES,
    actions_in_order,
    by_priority,
    escalated_to,
    in_a_sentence,
)
from reports.publication import Publication, Record, records
from reports.reward import reward_words
from reports.sheets import clean
from reports.spark import HEIGHT, WIDTH, spark

TEMPLATE = Path(__file__).parent / "templates" / "board_paper.typ"
SIZES = (
    9.6,
    9.2,
    8.8,
    8.4,
    8.0,
    7.6,
    7.2,
    6.8,
    6.4,
    6.0,
    5.6,
)  # points; the largest with which the strategic layer is one side
USUAL_SIZE = 9.0
DEFINITIONS_SHOWN = 30  # the spreadsheet has them all
NAME_LINE = 36  # letters of a name on one line of a column of priorities
COLOURS = {"green": "#15703f", "amber": "#b45309", "red": "#b42318"}
GREY, INK = "#565d6b", "#1b1f27"
SHAPES = {
    "green": '<circle cx="5" cy="5" r="4.6"/>',
    "amber": '<path d="M5 .4 9.8 9.2H.2z"/>',
    "red": '<path d="M.7.7h8.6v8.6H.7z"/>',
    "missing": '<path d="M1.6 1.6 8.4 8.4M8.4 1.6 1.6 8.4" fill="none" stroke="#565d6b" stroke-width="1.8"/>',
    "suppressed": '<path d="M7.6 7.2A3.6 3.6 0 1 1 7.6 2.8" fill="none" stroke="#565d6b" stroke-width="1.8"/>',
    "unavailable": '<path d="M1.5 5h7" fill="none" stroke="#565d6b" stroke-width="1.8"/>',
}
# Beyond these Libertinus Serif may have no sign for a letter, and an accessible paper with a gap is refused.
OUTSIDE_FONTS = re.compile(
    "[^ -~\xa0-\u017f\u0391-\u03c9\u0410-\u044f\u1e80-\u1e85\u2010-\u2026\u2030\u2032\u2033\u20ac\u2122\u2212]"
)
DIAMOND = '<path d="M5 .3 9.7 5 5 9.7.3 5z"/>'


def board_paper(publication: Publication, shown: Sequence[Figure] | None = None) -> bytes:
    """The PDF of a layer's publication. The strategic layer's is one side of A4 if the smallest type lets it."""
    shown = gather(publication) if shown is None else shown
    content = displayable(told(publication, shown))
    if publication.layer["role"] != "strategic":
        return compiled(content, USUAL_SIZE)
    for size in SIZES:
        if pages(content, size) == 1:
            return compiled(content, size)
    return compiled(content, SIZES[-1])


def displayable(content: Any) -> Any:
    """The content with each letter the paper's fonts do not have as [?]: they hold European scripts, no emoji."""
    if isinstance(content, str):
        return OUTSIDE_FONTS.sub("[?]", clean(content))
    if isinstance(content, list):
        return [displayable(each) for each in content]
    return {key: displayable(each) for key, each in content.items()} if isinstance(content, dict) else content


def inputs(content: dict[str, Any], size: float) -> dict[str, str]:
    return {"publication": json.dumps(content, ensure_ascii=False), "size": str(size)}


def compiled(content: dict[str, Any], size: float) -> bytes:
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        sys_inputs=inputs(content, size),
        ignore_system_fonts=True,  # the fonts inside typst are the same everywhere
        timestamp=0,
        format="pdf",
        pdf_standards=["ua-1"],  # refuses what is not accessible: no title, no alternative text, skipped headings
    )
    return made


def pages(content: dict[str, Any], size: float) -> int:
    found = typst.query(
        TEMPLATE.read_bytes(), "<pages>", field="value", one=True,
        sys_inputs=inputs(content, size), ignore_system_fonts=True,
    )  # fmt: skip
    return int(json.loads(found))


def told(publication: Publication, shown: Sequence[Figure]) -> dict[str, Any]:
    """Everything the paper says, in words."""
    due = records(publication.due)
    troubled = summary.exceptions(shown)
    best = summary.best(shown)
    return {
        "role": publication.layer["role"],
        "title": publication.title,
        "period": publication.period_words,
        "partnership": publication.partnership_name,
        "layer": publication.layer["name"],
        "chair": publication.layer.get("chair") or "",
        "status": words.humanise(publication.status),
        "status_sentence": STATUS_SENTENCES[publication.status],
        "marking": publication.marking,
        "audience": AUDIENCE_WORDS[publication.audience],
        "day": publication.published_on.isoformat(),
        "imprint": f"{publication.framework_note} Publication {publication.publication_id}, "
        f"{words.day(publication.published_on)}.",
        "tally": [
            {
                "standing": name,
                "word": summary.STANDING_WORDS[name],
                "count": count,
                "means": STANDING_MEANING[name],
            }
            for name, count in summary.tally(shown)
        ],
        "changed": [*summary.what_changed(shown, due), *definitions_changed(publication)],
        "asks": [
            {
                "who": ask.who,
                "what": ask.what.rstrip("."),
                "overdue": ask.overdue,
                "when": words.day(ask.when) if ask.when else "",
            }
            for ask in summary.asks(
                shown, records(publication.actions), due, publication.published_on, escalated_to(publication)
            )
        ],
        "priorities": [
            {"name": group["name"], "figures": [figure_told(figure) for figure in group["figures"]]}
            for group in by_priority(publication, shown)
        ],
        "columns": columns(by_priority(publication, shown)),
        "worst": [figure_told(figure) for figure in summary.worst(shown)],
        "best": figure_told(best) if best else None,
        "exceptions": [figure_told(figure) for figure in troubled],
        "money": [
            {
                "line": each.name,
                "note": each.note,
                **{column: each.pounds(column) for column in ("budget", "forecast", "actual")},
                "over": each.over_words,
                "total": each.is_total,
            }
            for each in money(publication)
        ],
        "actions": [
            {
                "said": row["said"],
                "about": str(row["about"]),
                "owner": str(row["owner"]),
                "due": words.day(row["due"]) if row["due"] else "",
                "late": row["late"],
                "state": "Overdue" if row["late"] else str(row["state"]),
            }
            for row in actions_in_order(records(publication.actions), publication)
        ],
        "risks": [{**figure_told(figure), "reason": reason} for figure, reason in summary.risks(shown)],
        "handed_on": [
            {"what": what, "who": who}
            for what, who in summary.handed_on(records(publication.escalations), str(publication.layer["id"]))
        ],
        "reward": reward_words(publication),
        "owing": [{"who": who, "what": what} for who, what in summary.owing(due)],
        "nobody_owes": summary.nobody_owes(shown, publication.published_on),
        "quality": [
            {
                "extract": words.humanise(summary.title_of(row)),
                "partner": words.humanise(str(row["partner"])),
                "covers": summary.period_of(row),
                "sentence": row["sentence"] or "",
            }
            for row in records(publication.data_quality)
            if str(row["decision"] or row["state"]) != "accepted"
        ],
        "definitions": [
            {
                "file": each["file"],
                "place": each["key"] or "the whole file",
                "was": "nothing" if each["before"] is None else str(each["before"]),
                "now": "nothing" if each["after"] is None else str(each["after"]),
                "seen": words.day(each["changed_at"].date()),
            }
            for each in publication.definitions[-DEFINITIONS_SHOWN:]
        ],
        "left_out": [str(row["name"]) for row in records(publication.left_out)],
    }


def definitions_changed(publication: Publication) -> list[str]:
    """That targets, rules, officers or agreements changed since the release before, and where it is listed."""
    places = len(publication.definitions)
    if not places:
        return []
    where, them = ("in one place", "it") if places == 1 else (f"in {places:,} places", "them")
    return [
        f"What is agreed changed {where} since the release before this one; the spreadsheet lists {them} under "
        "Changed definitions."
    ]


def columns(groups: Sequence[dict[str, Any]], how_many: int = 3) -> list[list[dict[str, Any]]]:
    """The priorities in their order, laid out in columns as evenly as can be."""
    if summary.is_many([figure for group in groups for figure in group["figures"]]):
        groups = [
            {**group, "figures": summary.exceptions(group["figures"]), "all": group["figures"]} for group in groups
        ]
    # A heading takes about two lines and a half, a figure one for itself and one for each line of its name.
    heights = [2.5 + sum(2 + len(figure.name) // NAME_LINE for figure in group["figures"]) for group in groups]
    blocks = [
        {
            "order": place,
            "name": group["name"],
            "figures": [figure_told(figure) for figure in group["figures"]],
            "tally": [
                {"standing": standing, "word": summary.STANDING_WORDS[standing], "count": count}
                for standing, count in summary.tally(group.get("all", []))
                if count
            ],
        }
        for place, group in enumerate(groups, start=1)
    ]
    cuts = min(
        combinations(range(1, len(groups)), min(how_many, len(groups)) - 1) if len(groups) > 1 else [()],
        key=lambda cuts: sum(sum(heights[a:b]) ** 2 for a, b in pairwise((0, *cuts, len(groups)))),
    )
    return [blocks[a:b] for a, b in pairwise((0, *cuts, len(groups)))]


def figure_told(figure: Figure) -> dict[str, Any]:
    now = figure.latest
    return {
        "code": figure.indicator,
        "name": figure.name,
        "lead": words.humanise(figure.lead_partner),
        "period": now.words,
        "standing": figure.standing,
        "word": summary.STANDING_WORDS[figure.standing],
        "value": reading(figure, now.judged),
        "unit": ", ".join(
            filter(None, (words.unit_words(figure.unit), "year to date" if now.differs_to_date else ""))
        ),
        "this_period": reading(figure, now.value),
        "baseline": figure.shown(figure.baseline),
        "target_so_far": figure.shown(now.ytd_target),
        "target": figure.target_note or figure.shown(now.target),
        "short": DIRECTION_WORDS.get(now.better or "", ""),
        "long": DIRECTION_WORDS.get(now.better_than_last_year or "", ""),
        "forecast": figure.shown(now.forecast),
        "provisional": now.provisional,
        "sentence": in_a_sentence(figure),
        "commentary": figure.commentary,
        "actions": [action_told(row) for row in figure.actions],
        "why": figure.hidden_because if now.state == "suppressed" else "",
        "spark": picture(figure) if figure.has_trend else "",
        "spark_says": spark(figure).label if figure.has_trend else "",
    }


def reading(figure: Figure, value: float | None) -> str:
    """A figure in digits, or the shorthand for why there is none."""
    state = figure.latest.state
    if state == "suppressed":
        return "[c]"
    if state == "missing":
        return "not received"
    return figure.shown(value) or "[x]"


def action_told(row: Record) -> str:
    due = words.read_day(row.get("due_on"))
    said = [str(row.get("action") or ""), str(row.get("owner") or ""), f"by {words.day(due)}" if due else ""]
    return ", ".join(part.rstrip(".") for part in said if part) + "."


def picture(figure: Figure) -> str:
    """The small multiple as an SVG that stands alone: its shapes drawn, not referred to."""
    drawn = spark(figure)
    parts = []
    if drawn.target:
        parts.append(
            f'<polyline points="{drawn.target}" fill="none" stroke="{INK}" stroke-width=".8" stroke-dasharray="2 2.5"/>'
        )
    parts += [
        f'<polyline points="{line}" fill="none" stroke="#7d8696" stroke-width="1.25"/>' for line in drawn.lines
    ]
    for mark in drawn.marks:
        shape = SHAPES.get(mark.symbol, DIAMOND)
        colour = quoteattr(COLOURS.get(mark.symbol, GREY))
        parts.append(
            f'<g transform="translate({mark.x} {mark.y}) scale({mark.size / 10})" fill={colour}>{shape}</g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"{''.join(parts)}</svg>"
    )
