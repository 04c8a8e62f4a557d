"""What a release says otherwise than the one before it: which figures moved, from what to what, and by which file."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import words
from reports.figures import Figure
from reports.publication import Publication, records
from reports.summary import period_of


@dataclass(frozen=True)
class Change:
    """A figure that was told before and is told otherwise now."""

    figure: Figure
    part: str  # the ward or category; "" for the headline
    period: str
    before: float | None
    now: float | None
    why: str

    @property
    def before_words(self) -> str:
        return self.figure.shown(self.before) or "not received"

    @property
    def now_words(self) -> str:
        return self.figure.shown(self.now) or "not received"


def changes(publication: Publication, shown: Sequence[Figure]) -> list[Change]:
    """The figures that moved since the release before, headlines first; by order of the figures, oldest first.

    Where the figure of the period stands and only its year to date moved, that is what is told.
    """
    by_indicator = {figure.indicator: figure for figure in shown}
    area = publication.headline_area()
    found = []
    for row in records(publication.changes):
        figure = by_indicator.get(str(row["indicator"]))
        if figure is None:
            continue
        category = "" if row["category"] == "all" else words.humanise(str(row["category"]))
        place = "" if str(row["area_code"]) == area else str(row["area_name"])
        before, now = words.as_number(row["value_before"]), words.as_number(row["value"])
        period = period_of(row)
        if figure.shown(before) == figure.shown(now):
            before, now = words.as_number(row["ytd_before"]), words.as_number(row["ytd"])
            period += ", year to date"
        if figure.shown(before) == figure.shown(now):
            continue  # moved by less than is shown
        part = ", ".join(each for each in (place, category) if each)
        found.append(Change(figure, part, period, before, now, why(row)))
    return sorted(found, key=lambda change: bool(change.part))


def why(row: dict[str, object]) -> str:
    """The deliveries behind a change; without any, a definition or a target was changed."""
    new, gone = (str(row.get(column) or "") for column in ("new_deliveries", "gone_deliveries"))
    said = [f"now rests on {new}" if new else "", f"no longer on {gone}" if gone else ""]
    return "; ".join(each for each in said if each) or "worked out anew"
