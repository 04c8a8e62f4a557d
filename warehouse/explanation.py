"""An explanation of a published figure: its parts, as plain values for JSON and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schemas.periods import in_words

CONFIDENTIAL, UNAVAILABLE = "[c]", "[x]"
LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class FailedRule:
    """A rule that rows of a delivery failed, in the words its sender was told."""

    rule_id: str
    severity: str
    sentence: str


@dataclass(frozen=True)
class ConfirmedRule:
    """What a rule found odd and a person confirmed as true: why, in their words, and until which day (ISO)."""

    rule_id: str
    sentence: str
    because: str | None  # None for the public
    until: str | None


@dataclass(frozen=True)
class DeliveryBehind:
    """A delivery that a figure rests on. Counts are None where they could tell a withheld number."""

    delivery_id: str
    feeds: str  # value, or year to date
    partner: str
    dataset: str
    period: str
    received_at: str
    decision: str
    rows_received: int | None
    rows_accepted: int | None
    rows_quarantined: int | None
    rows_out_of_scope: int | None
    rules_failed: tuple[FailedRule, ...]
    rules_confirmed: tuple[ConfirmedRule, ...]
    agreement_id: str
    rows_gone_on: str | None  # the rows were erased as agreed; what they added up to stays on record
    sha256: str
    model: str | None
    model_sha256: str | None


@dataclass(frozen=True)
class Awaited:
    """An extract that a missing figure waits for."""

    partner: str
    dataset: str
    period: str
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """One figure explained. Numbers are None where the figure is missing or confidential."""

    framework: str
    indicator: str
    name: str
    period: str
    period_words: str
    area: str
    area_code: str
    breakdown: str
    category: str  # of the breakdown; all/all for the whole
    unit: str
    good_is: str
    definition: str
    source: str
    value: float | None
    shown_value: str  # with the indicator's decimals; [c] confidential, [x] not available
    formula: str
    numerator: float | None
    denominator: float | None
    lower: float | None
    upper: float | None
    ytd: float | None
    shown_ytd: str
    ytd_formula: str | None
    baseline: float | None
    target: float | None
    ytd_target: float | None
    rag: str | None
    direction_short: str | None
    direction_long: str | None
    forecast: float | None
    data_quality: str
    status: str
    suppressed: bool
    commentary: str | None
    reason: str | None  # why it is withheld or missing
    awaited: tuple[Awaited, ...]
    deliveries: tuple[DeliveryBehind, ...]
    publication_id: str
    published_at: str | None
    publication_status: str | None
    models_sha256: str | None

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """The explanation as lines for a terminal."""
        return "\n".join(_lines(self)) + "\n"


def figure_text(value: float | None, withheld: bool, decimals: int) -> str:
    """A figure with its decimals; [c] where it is withheld, [x] where there is none."""
    if value is None:
        return CONFIDENTIAL if withheld else UNAVAILABLE
    return f"{value:,.{decimals}f}"


def number_text(value: Decimal | float) -> str:
    """A number with as many of three decimals as it needs."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _lines(told: Explanation) -> Iterator[str]:
    part = "" if told.category == "all" else f", {told.breakdown.replace('_', ' ')}: {told.category}"
    yield f"{told.indicator} {told.name}, {told.period_words}, {told.area}{part}"
    yield f"  {told.shown_value} {told.unit} ({told.good_is} is good)"
    if told.reason:
        yield f"  {told.reason}"
    yield from (
        f"  Waiting for {each.partner}: {each.dataset}, {each.period}. {each.sentence}" for each in told.awaited
    )
    yield ""
    yield f"Definition   {told.definition}"
    yield f"Source       {told.source}"
    yield f"Formula      {told.formula}"
    if told.lower is not None and told.upper is not None:
        yield f"95% limits   {number_text(told.lower)} to {number_text(told.upper)}"
    yield f"Year to date {told.ytd_formula or told.shown_ytd}"
    yield f"Target       {_target(told)}"
    if told.rag:
        yield f"Status       {told.rag}"
    yield f"Data quality {told.data_quality}"
    if told.commentary:
        yield f"Commentary   {told.commentary}"
    yield ""
    yield "Deliveries" if told.deliveries else "Deliveries   none"
    for each in told.deliveries:
        yield from _delivery_lines(each)
    if told.publication_id:
        moment = f", {_day(told.published_at)}" if told.published_at else ""
        yield f"Published    {told.publication_id} ({told.publication_status or 'replaced'}{moment})"
    if told.models_sha256:
        yield f"SQL          models of the exchange, sha256 {told.models_sha256[:12]}"


def _target(told: Explanation) -> str:
    if told.ytd_target is None:
        return "none agreed"
    year = "" if told.target in (None, told.ytd_target) else f" (of {number_text(told.target)} for the year)"
    return f"{number_text(told.ytd_target)}{year}"


def _delivery_lines(each: DeliveryBehind) -> Iterator[str]:
    part = "" if each.feeds == "value" else ", year to date only"
    yield f"  {each.delivery_id}: {each.partner}/{each.dataset} {each.period}, received {_day(each.received_at)}{part}"
    counted = CONFIDENTIAL if each.rows_accepted is None else f"{each.rows_accepted:,}"
    yield (
        f"    rows counted {counted}, set aside {each.rows_quarantined or 0:,}, of elsewhere "
        f"{each.rows_out_of_scope or 0:,}; agreement {each.agreement_id}"
    )
    if each.rows_gone_on:
        gone_on = in_words(date.fromisoformat(each.rows_gone_on))
        yield f"    rows erased on {gone_on} under agreement {each.agreement_id}; the figure of record stays"
    yield from (f"    {rule.rule_id} ({rule.severity}): {rule.sentence}" for rule in each.rules_failed)
    for said in each.rules_confirmed:
        until = f", until {in_words(date.fromisoformat(said.until))}" if said.until else ""
        yield f"    {said.rule_id}, confirmed as true{until}: {said.sentence}"
        if said.because:
            yield f"      {said.because}"
    if each.model and each.model_sha256:
        yield f"    {each.model}, sha256 {each.model_sha256[:12]}"


def _day(moment: str) -> str:
    """The day in London."""
    return in_words(datetime.fromisoformat(moment).astimezone(LONDON).date())
