"""An information-sharing agreement: what may be shared, why, with whom, from when until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from schemas import loading, periods
from schemas.loading import Source
from schemas.periods import Period

LONGEST_QUARTER_DAYS = 92
DEFAULT_HOLD_DAYS = 5
AllColumns = Literal["all"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, by role: no person is named in the register."""

    role: str
    party: str
    on: date


@dataclass(frozen=True, slots=True)
class Agreement:
    """One entry of the register of agreements."""

    id: str
    version: str
    title: str
    stage: str  # test or live
    parties: tuple[str, ...]
    controller_role: str  # sole joint independent
    purpose: str
    purposes: tuple[str, ...]  # codes of the list purposes; nothing else may be made of the data
    statutory_gateway: str
    lawful_basis_art6: str
    art9_or_sch1_condition: str | None
    dpia_ref: str | None
    datasets: Mapping[str, tuple[str, ...] | AllColumns]  # key -> the columns that may be shared
    identifiable: str  # no pseudonymised yes: what the rows are once they are in
    min_geography: str
    suppression_n: int  # counts below it are withheld; 0 = none
    round_to: int  # counts are shown to the nearest multiple of it; 0 = as they are
    frequency: str
    due_days: int  # after the period's end; where the rule follows the calendar, the most they can be: ask due_on
    due_by_end_of_following: bool  # owed by the end of the following period (SI 2007/1831)
    audiences: tuple[str, ...]
    public_after: date | None  # the public sees nothing made of it before this day
    layers: tuple[str, ...]  # layer roles or ids
    retention_days: int
    hold_days: int
    start: date
    review_date: date
    end: date | None
    covers_from: date
    covers_to: date | None
    signed_by: tuple[Signature, ...]
    incident_contact: str
    individual_rights_contact: str
    national_data_opt_out: str  # '' where no health data are shared
    file_format: str
    transfer_route: str
    note: str
    source_path: Path
    fingerprint: str

    def in_force(self, day: date) -> bool:
        """Whether it is in force on that day, its last day included."""
        return self.start <= day and (self.end is None or day <= self.end)

    def covers(self, period: Period) -> bool:
        """Whether every day of the period is covered."""
        return self.covers_from <= period.start and (self.covers_to is None or period.end <= self.covers_to)

    def allows(self, key: str, column: str) -> bool:
        """Whether the column of that dataset may be shared under it."""
        allowed = self.datasets.get(key, ())
        return allowed == "all" or column in allowed

    def audiences_on(self, day: date | None) -> list[str]:
        """Who may see what is made of it on a day; None is a day before any on which the public may."""
        early = self.public_after is not None and (day is None or day < self.public_after)
        return [audience for audience in self.audiences if not (early and audience == "public")]

    def due_on(self, period: Period) -> date:
        """The day by which a delivery for the period is owed."""
        if self.due_by_end_of_following:
            return periods.following(period).end
        return period.end + timedelta(days=self.due_days)


def load_agreement(path: Path, root: Path) -> tuple[Agreement, Source]:
    """The agreement in `schemas/agreements/<agreement>.yaml`. Raises DefinitionError."""
    source = loading.read_yaml(path, root, "agreement")
    document = source.content
    if document["id"] != path.stem:
        raise source.error("id", f"is '{document['id']}'", f"write {path.stem}, as the file is called")
    due = document["due_rule"]
    agreement = Agreement(
        id=document["id"],
        version=document["version"],
        title=document["title"],
        stage=document["stage"],
        parties=tuple(document["parties"]),
        controller_role=document["controller_role"],
        purpose=_one_line(document["purpose"]),
        purposes=tuple(document.get("purposes", ())),
        statutory_gateway=_one_line(document["statutory_gateway"]),
        lawful_basis_art6=_one_line(document["lawful_basis_art6"]),
        art9_or_sch1_condition=document["art9_or_sch1_condition"],
        dpia_ref=document["dpia_ref"],
        datasets={key: _columns(value) for key, value in document["datasets"].items()},
        identifiable=document["identifiable"],
        min_geography=document["min_geography"],
        suppression_n=document["suppression_n"],
        round_to=document.get("round_to", 0),
        frequency=document["frequency"],
        due_days=due.get("days", LONGEST_QUARTER_DAYS),
        due_by_end_of_following=due.get("end_of_following_period", False),
        audiences=tuple(document["audiences"]),
        public_after=loading.day(document.get("public_after")),
        layers=tuple(document["layers"]),
        retention_days=document["retention_days"],
        hold_days=document.get("hold_days", DEFAULT_HOLD_DAYS),
        start=date.fromisoformat(document["start"]),
        review_date=date.fromisoformat(document["review_date"]),
        end=loading.day(document["end"]),
        covers_from=date.fromisoformat(document["covers_from"]),
        covers_to=loading.day(document["covers_to"]),
        signed_by=tuple(
            Signature(entry["role"], entry["party"], date.fromisoformat(entry["on"]))
            for entry in document["signed_by"]
        ),
        incident_contact=document["incident_contact"],
        individual_rights_contact=document["individual_rights_contact"],
        national_data_opt_out=_one_line(document.get("national_data_opt_out", "")),
        file_format=document.get("file_format", ""),
        transfer_route=document.get("transfer_route", ""),
        note=_one_line(document.get("note", "")),
        source_path=path,
        fingerprint=source.fingerprint,
    )
    _check_dates(agreement, source)
    return agreement, source


def _columns(value: Any) -> tuple[str, ...] | AllColumns:
    return "all" if value == "all" else tuple(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _check_dates(agreement: Agreement, source: Source) -> None:
    for first, last in (("start", "end"), ("covers_from", "covers_to"), ("start", "review_date")):
        from_day, to_day = getattr(agreement, first), getattr(agreement, last)
        if to_day is not None and to_day < from_day:
            problem = f"is {to_day}, before {first} ({from_day})"
            raise source.error(last, problem, f"write a day on or after {from_day}")
