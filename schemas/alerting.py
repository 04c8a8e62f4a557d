"""Whom an unanswered alert goes to, and when: steps in working days, from `partnership.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.loading import Source
from schemas.working_days import CLOSES, LONDON, OPENS, WorkingDays

SOON_CLOSED = 1  # hours before offices close, in which nobody is asked to begin


@dataclass(frozen=True, slots=True)
class Escalation:
    """One step: how many working days after the alert, and which roles hear, the first of them addressed."""

    after: int
    to: tuple[str, ...]


USUAL = (
    Escalation(2, ("deputy", "officer")),
    Escalation(4, ("data_quality_lead", "deputy", "officer")),
)


def read_escalation(written: Sequence[Any], source: Source) -> tuple[Escalation, ...]:
    """The steps of a partnership, or the usual ones where it names none. Raises DefinitionError."""
    steps = tuple(Escalation(entry["after"], tuple(entry["to"])) for entry in written)
    days = [step.after for step in steps]
    if days != sorted(set(days)):
        raise source.error("escalation", "does not go from step to later step", "let each `after` be larger")
    return steps or USUAL


def closing_time(calendar: WorkingDays, raised: datetime, working_days: int) -> datetime:
    """The end of office hours, London time, so many working days after a moment."""
    day = calendar.after(raised.astimezone(LONDON).date(), working_days)
    return datetime.combine(day, CLOSES, LONDON)


def quiet_until(calendar: WorkingDays, raised: datetime) -> datetime | None:
    """When offices open again, for an alert raised in their last hour, after it, or on a day off; else None."""
    local = raised.astimezone(LONDON)
    if calendar.is_working(local.date()) and local.hour < CLOSES.hour - SOON_CLOSED:
        return None
    return datetime.combine(calendar.after(local.date(), 1), OPENS, LONDON)
