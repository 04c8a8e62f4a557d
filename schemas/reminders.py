"""When partners are reminded of what they owe, and who hears: steps in working days, from `partnership.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.loading import Source


@dataclass(frozen=True, slots=True)
class Step:
    """A chase: how many working days after the due day, and which roles hear of it, the first of them addressed.

    The partner's role mailbox always gets a copy.
    """

    after: int
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reminders:
    """The steps; `board` is when an extract that is owed and not in stands on the boards' exception list."""

    due_soon: int = 3  # working days before the due day
    overdue: tuple[Step, ...] = (
        Step(1, ("officer",)),
        Step(3, ("officer", "deputy")),
        Step(5, ("deputy", "officer", "data_quality_lead")),
        Step(10, ("data_quality_lead", "officer", "deputy")),
    )
    board: int = 1  # working days after the due day
    review: tuple[int, ...] = (90, 30)  # days before an agreement's review day, or its last day

    def reached(self, late: int) -> Step | None:
        """The furthest step that so many working days bring; None before the first."""
        return max(
            (step for step in self.overdue if step.after <= late), key=lambda step: step.after, default=None
        )


def read_reminders(written: Mapping[str, Any], source: Source) -> Reminders:
    """The reminders of a partnership; what it does not say is as the exchange has it. Raises DefinitionError."""
    usual = Reminders()
    steps = tuple(Step(entry["after"], tuple(entry["to"])) for entry in written.get("overdue", ()))
    days = [step.after for step in steps]
    if days != sorted(set(days)):
        raise source.error(
            "reminders.overdue", "does not go from step to later step", "let each `after` be larger"
        )
    return Reminders(
        due_soon=written.get("due_soon", usual.due_soon),
        overdue=steps or usual.overdue,
        board=written.get("board", usual.board),
        review=tuple(sorted(written.get("review", usual.review), reverse=True)),
    )
