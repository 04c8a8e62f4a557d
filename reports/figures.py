"""What a figure is on a page: an indicator with its points over time, its parts and its sources."""

from dataclasses import dataclass
from datetime import date

from reports import words
from reports.publication import Record

RAG_WORDS = {"green": "Green", "amber": "Amber", "red": "Red"}
DIRECTION_WORDS = {
    "better": "Better",
    "same": "No change",
    "worse": "Worse",
    "no clear change": "No clear change",
}
SAME_NUMBER = 1e-9  # figures nearer than this, as a share of themselves, are the same


@dataclass(frozen=True)
class Point:
    """One indicator in one period: the newest is the figure, older ones its trend."""

    period: str
    start: date
    end: date
    state: str  # shown | missing | suppressed | unavailable
    rag: str  # green | amber | red | none
    value: float | None
    lower: float | None
    upper: float | None
    numerator: float | None
    denominator: float | None
    target: float | None  # of the year
    ytd: float | None
    ytd_target: float | None
    period_target: float | None  # what the value of this one period is to be read against
    better: str | None  # better | same | worse, than the period before
    better_than_last_year: str | None
    forecast: float | None
    provisional: bool
    estimated: bool  # on an earlier year's population
    ytd_hidden: bool  # the year to date is suppressed, this period's value is not

    @property
    def words(self) -> str:
        return words.period(self.start, self.end)

    @property
    def label(self) -> tuple[str, str]:
        return words.period_label(self.start, self.end)

    @property
    def judged(self) -> float | None:
        """What the RAG is about: the year to date where there is a target for it, else the value of the period."""
        return self.ytd if self.is_to_date else self.value

    @property
    def judged_target(self) -> float | None:
        return self.ytd_target if self.is_to_date else self.period_target

    @property
    def is_to_date(self) -> bool:
        return self.ytd is not None and self.ytd_target is not None

    @property
    def differs_to_date(self) -> bool:
        return self.is_to_date and not same(self.ytd, self.value)


@dataclass(frozen=True)
class Part:
    """A ward's or a category's share of a figure in its newest period."""

    label: str
    state: str
    value: float | None
    provisional: bool
    estimated: bool
    area_code: str = ""  # of a ward that is an area of its own


@dataclass(frozen=True)
class Break:
    """A day from which an indicator's figures do not compare with earlier ones, and why."""

    starts: date
    reason: str

    @property
    def words(self) -> str:
        return (
            f"Figures from {words.day(self.starts)} do not compare with earlier ones: {self.reason.rstrip('.')}."
        )


@dataclass(frozen=True)
class Figure:
    """One indicator as the page shows it. `history` runs from the oldest period to the newest, never empty."""

    indicator: str
    name: str
    priority: str
    layer: str
    lead_partner: str
    unit: str
    decimals: int
    high_is_good: bool | None
    baseline: float | None
    target_note: str | None
    data_quality: str
    commentary: str
    hidden_because: str
    history: tuple[Point, ...]
    wards: tuple[Part, ...]
    breakdowns: tuple[tuple[str, tuple[Part, ...]], ...]
    comparators: tuple[Record, ...]
    actions: tuple[Record, ...]
    provenance: tuple[Record, ...]
    breaks: tuple[Break, ...] = ()  # oldest first

    @property
    def latest(self) -> Point:
        return self.history[-1]

    def break_at(self, place: int) -> Break | None:
        """The break between a point of the history and the one before it."""
        if not place:
            return None
        before, this = self.history[place - 1], self.history[place]
        return next((found for found in self.breaks if before.end < found.starts <= this.end), None)

    @property
    def breaks_shown(self) -> list[Break]:
        """The breaks that fall between points of the history."""
        return [found for place in range(len(self.history)) if (found := self.break_at(place))]

    @property
    def has_trend(self) -> bool:
        """Whether any of its periods has a value to draw."""
        return any(p.value is not None for p in self.history)

    @property
    def anchor(self) -> str:
        return "explain-" + words.slug(self.indicator)

    @property
    def good_is(self) -> str:
        return {True: "High", False: "Low", None: "Neither"}[self.high_is_good]

    @property
    def standing(self) -> str:
        """Where the figure stands now: its RAG, or none (no target), unjudged, or why there is no figure."""
        now = self.latest
        if now.state != "shown" or now.rag != "none":
            return now.state if now.state != "shown" else now.rag
        return "none" if now.target is None and now.ytd_target is None else "unjudged"

    @property
    def miss(self) -> float | None:
        """How far off target it is, as a share of the target, in the bad direction; negative when it is beaten."""
        return self.missed(self.latest.judged, self.latest.judged_target)

    def missed(self, got: float | None, wanted: float | None) -> float | None:
        """By how much a value of this indicator misses what is wanted, as a share of it; negative when it beats it."""
        if got is None or wanted is None or self.high_is_good is None:
            return None
        off = (wanted - got) if self.high_is_good else (got - wanted)
        return off / abs(wanted) if wanted else off

    def shown(self, value: float | None) -> str:
        """A value of this indicator in digits, with its decimals and sign; "" for none."""
        return "" if value is None else words.amount(value, self.unit, self.decimals)


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_NUMBER * max(1.0, abs(one), abs(other))
