"""A performance framework: its priorities, layers and indicators, each with formula, baseline and targets.

`schemas/frameworks/<framework>/framework.yaml` and `indicators/<priority>.yaml` beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from schemas import loading, periods
from schemas.loading import Source, known
from schemas.partner import Person
from schemas.periods import Period

# Which formulas are a share of something, and so need a denominator.
NEEDS_DENOMINATOR = {"rate", "percent", "weighted_percent", "mean", "mean_of_months", "gap"}
HAS_NO_DENOMINATOR = {"count", "cumulative", "percent_change", "percent_reduction", "reported", "survey"}
CHANGES = {"percent_change", "percent_reduction"}
# What only some kinds have, and the kinds that cannot be without it.
SETTINGS: Mapping[str, tuple[set[str], set[str]]] = {
    "months": ({"mean_of_months"}, {"mean_of_months"}),
    "since": ({"cumulative"}, set()),
    "base": (CHANGES, CHANGES),
    "years": (CHANGES, set()),
}


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority of the framework; `order` is its place on the page."""

    id: str
    name: str
    order: int
    note: str | None = None
    purpose: str | None = None  # a code of the list purposes: each agreement behind a figure must name it
    no_indicator: str | None = None  # why nothing measures it yet


@dataclass(frozen=True, slots=True)
class Layer:
    """A governance layer; `role` is strategic, executive or operational."""

    id: str
    name: str
    role: str
    reports_to: str | None
    chair: str | None
    meets: str | None
    note: str | None = None
    priorities: tuple[str, ...] = ()
    recipients: tuple[Person, ...] = ()  # who is told of each release
    secretariat: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A layer meets: what it sees is the period's figures as they are on the day of the cut-off."""

    layer: str
    period: Period
    on: date
    papers_by: date
    cut_off: date

    @property
    def key(self) -> str:
        """Layer and day, which name it: borough-partnership/2009-11-03."""
        return f"{self.layer}/{self.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Break:
    """From the day `starts` the figures of these indicators do not compare with earlier ones."""

    starts: date
    reason: str
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a priority of an earlier framework went: to which priorities of this one, perhaps to none."""

    framework: str
    priority: str
    priorities: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a numerator or denominator: a dataset's measure, or a population group."""

    dataset: str | None
    measure: str | None
    population: str | None
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Formula:
    """multiplier x numerator / denominator, pooled over areas and periods before the division."""

    kind: str  # one of the kinds in indicators.schema.json; docs/formulas.md says what each does
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...]
    multiplier: Decimal
    areas: str | None  # only contributions of the areas in that list (worst_neighbourhoods)
    months: tuple[int, ...] = ()  # 1 to 12; of the months of a mean, none = all
    since: date | None = None  # of a cumulative figure; None = the framework's first day
    base_period: str | None = None  # of a change
    base_years: int | None = None  # of a change: so many years before the period
    years: int = 1  # taken together, the last of them the period itself


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured, by whom, how, and what was aimed at."""

    id: str
    name: str
    priority: str
    layer: str
    lead_partner: str
    type: str  # designated statutory local
    unit: str
    polarity: str  # low or high = which is good
    decimals: int
    calendar: str
    formula: Formula
    baseline_period: str | None
    baseline: Decimal | None
    targets: Mapping[str, Decimal | None]  # period id -> target; None = a placeholder
    tolerance_percent: Decimal
    valid_from: date | None
    valid_to: date | None
    definition: str
    source: str
    breakdowns: tuple[str, ...]
    note: str | None = None
    baseline_note: str | None = None
    profile: tuple[Decimal, ...] = ()  # per cent of the year's target for each of its periods; none = level
    periods: tuple[str, ...] = ()  # the only periods with a figure; none = all of the calendar
    definition_mark: str | None = None  # found recalled doubtful own
    name_mark: str | None = None


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What goes up `layers_up` layers: a headline Red `times` periods in a row, or an action past its day."""

    when: str  # red or action_overdue
    times: int
    layers_up: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RingFence:
    """A grant that could be spent on its own purpose only, in these financial years (FY2008)."""

    grant: str
    years: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Reward:
    """How a reward grant would be worked out. Modelled, never money received: `note` says what became of it."""

    floor_percent: Decimal
    cap_percent: Decimal
    note: str


@dataclass(frozen=True, slots=True)
class Framework:
    """`fingerprint` is over all its files: the sha256 of their names and sha256s."""

    id: str
    title: str
    status: str  # illustrative or real
    note: str
    parent: str | None
    successor: str | None
    starts: date
    ends: date | None
    calendar: str  # the period kind of a publication
    tolerance_percent: Decimal
    priorities: tuple[Priority, ...]
    layers: tuple[Layer, ...]
    meetings: tuple[Meeting, ...]
    indicators: tuple[Indicator, ...]
    source_path: Path
    fingerprint: str
    vision: str | None = None
    history_from: date | None = None  # earlier figures are shown from here, where there are any
    breaks: tuple[Break, ...] = ()
    crosswalk: tuple[Crossing, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    ring_fenced: tuple[RingFence, ...] = ()
    reward: Reward | None = None
    wards: int | None = (
        None  # the year from which the wards it is shown by are in force; None = those of its start
    )

    def wards_among(self, vintages: Iterable[int]) -> int | None:
        """Which of these sets of wards it is shown by: that in force when it starts, or that it names; None of none."""
        sets = sorted(vintages)
        if not sets:
            return None
        in_force = [year for year in sets if year <= self.starts.year]
        return self.wards or (in_force[-1] if in_force else sets[0])

    def indicator(self, id: str) -> Indicator:
        """The indicator of that id. Raises KeyError when there is none."""
        for indicator in self.indicators:
            if indicator.id == id:
                return indicator
        raise KeyError(id)

    def periods_of(self, indicator: Indicator, last: date) -> list[Period]:
        """The periods it can have a figure for up to the one of the day `last`: history and its fixed base included."""
        first = self.first_day if indicator.valid_from is None else max(self.first_day, indicator.valid_from)
        ends = [day for day in (self.ends, indicator.valid_to) if day is not None]
        fixed = indicator.formula.base_period
        return ([periods.parse_period(fixed)] if fixed else []) + [
            period
            for period in periods.periods_between(indicator.calendar, first, min([last, *ends]))
            if (indicator.valid_from is None or period.start >= indicator.valid_from)
            and (indicator.valid_to is None or period.end <= indicator.valid_to)
            and (not indicator.periods or period.id in indicator.periods)
        ]

    @property
    def first_day(self) -> date:
        """The first day there can be a figure for: of its history, else of the framework."""
        return self.starts if self.history_from is None else min(self.history_from, self.starts)


def load_framework(folder: Path, root: Path) -> tuple[Framework, list[Source]]:
    """The framework in a folder, checked in itself. Raises DefinitionError."""
    source = loading.read_yaml(folder / "framework.yaml", root, "framework")
    document = source.content
    if document["id"] != folder.name:
        raise source.error("id", f"is '{document['id']}'", f"write {folder.name}, as the folder is called")
    lists = [loading.read_yaml(path, root, "indicators") for path in sorted(folder.glob("indicators/*.yaml"))]
    sources = [source, *lists]
    tolerance = loading.decimal(document["rag"]["tolerance_percent"])
    framework = Framework(
        id=document["id"],
        title=document["title"],
        status=document["status"],
        note=" ".join(document.get("note", "").split()),
        parent=document.get("parent"),
        successor=document.get("successor"),
        starts=date.fromisoformat(document["starts"]),
        ends=loading.day(document["ends"]),
        calendar=document["calendar"],
        tolerance_percent=tolerance,
        priorities=tuple(
            sorted(
                (
                    Priority(
                        entry["id"],
                        entry["name"],
                        entry["order"],
                        entry.get("note"),
                        entry.get("purpose"),
                        entry.get("no_indicator"),
                    )
                    for entry in document["priorities"]
                ),
                key=lambda priority: priority.order,
            )
        ),
        layers=tuple(_layer(entry) for entry in document["layers"]),
        meetings=_meetings(source),
        indicators=tuple(_indicator(entry, tolerance) for each in lists for entry in each.content["indicators"]),
        source_path=source.path,
        fingerprint=hashlib.sha256(
            "".join(f"{each.file} {each.fingerprint}\n" for each in sources).encode()
        ).hexdigest(),
        vision=document.get("vision"),
        history_from=loading.day(document.get("history_from")),
        breaks=tuple(
            Break(
                date.fromisoformat(entry["starts"]), " ".join(entry["reason"].split()), tuple(entry["indicators"])
            )
            for entry in document.get("breaks", ())
        ),
        crosswalk=tuple(
            Crossing(entry["framework"], entry["priority"], tuple(entry["priorities"]), entry.get("note"))
            for entry in document.get("crosswalk", ())
        ),
        escalation=tuple(EscalationStep(**entry) for entry in document.get("escalation", ())),
        ring_fenced=tuple(
            RingFence(entry["grant"], tuple(entry["years"]), " ".join(entry["note"].split()))
            for entry in document.get("ring_fenced", ())
        ),
        reward=_reward(document.get("reward")),
        wards=document.get("wards"),
    )
    _check_itself(framework, source)
    for each in lists:
        _check_indicators(framework, each)
    return framework, sources


def _reward(entry: dict[str, Any] | None) -> Reward | None:
    if entry is None:
        return None
    return Reward(
        floor_percent=loading.decimal(entry["floor_percent"]),
        cap_percent=loading.decimal(entry["cap_percent"]),
        note=" ".join(entry["note"].split()),
    )


def _layer(entry: dict[str, Any]) -> Layer:
    return Layer(
        id=entry["id"],
        name=entry["name"],
        role=entry["role"],
        reports_to=entry["reports_to"],
        chair=entry.get("chair"),
        meets=entry.get("meets"),
        note=entry.get("note"),
        priorities=tuple(entry.get("priorities", ())),
        recipients=tuple(Person(**each) for each in entry.get("recipients", ())),
        secretariat=entry.get("secretariat"),
    )


def _meetings(source: Source) -> tuple[Meeting, ...]:
    layers = [layer["id"] for layer in source.content["layers"]]
    made = []
    for place, entry in enumerate(source.content.get("meetings", ())):
        where = f"meetings[{place}]"
        if entry["layer"] not in layers:
            raise source.error(f"{where}.layer", f"is '{entry['layer']}'", f"write one of {', '.join(layers)}")
        try:
            period = periods.parse_period(entry["period"])
        except ValueError as error:
            raise source.error(f"{where}.period", str(error), "write a period such as FY2009-Q2") from None
        if period.kind != source.content["calendar"]:
            kind = source.content["calendar"].replace("_", " ")
            raise source.error(f"{where}.period", f"is {period.id}", f"write a {kind}, as the framework publishes")
        on, papers_by, cut_off = (date.fromisoformat(entry[key]) for key in ("on", "papers_by", "cut_off"))
        if not period.end <= cut_off <= papers_by <= on:
            fix = "put the period's end, the cut-off, the paper deadline and the meeting in this order"
            raise source.error(f"{where}.cut_off", f"is {cut_off}", fix)
        made.append(Meeting(entry["layer"], period, on, papers_by, cut_off))
    return tuple(sorted(made, key=lambda meeting: (meeting.on, meeting.layer)))


def _indicator(entry: dict[str, Any], tolerance: Decimal) -> Indicator:
    baseline, marks = entry.get("baseline"), entry.get("marks", {})
    return Indicator(
        id=entry["id"],
        name=entry["name"],
        priority=entry["priority"],
        layer=entry["layer"],
        lead_partner=entry["lead_partner"],
        type=entry["type"],
        unit=entry["unit"],
        polarity=entry["polarity"],
        decimals=entry["decimals"],
        calendar=entry["calendar"],
        formula=_formula(entry["formula"]),
        baseline_period=baseline["period"] if baseline else None,
        baseline=_number(baseline["value"]) if baseline else None,
        targets={period: _number(value) for period, value in entry.get("targets", {}).items()},
        tolerance_percent=loading.decimal(entry["tolerance_percent"])
        if "tolerance_percent" in entry
        else tolerance,
        valid_from=loading.day(entry.get("valid_from")),
        valid_to=loading.day(entry.get("valid_to")),
        definition=" ".join(entry["definition"].split()),
        source=" ".join(entry["source"].split()),
        breakdowns=tuple(entry.get("breakdowns", ())),
        note=entry.get("note"),
        baseline_note=baseline.get("note") if baseline else None,
        profile=tuple(loading.decimal(share) for share in entry.get("profile", ())),
        periods=tuple(entry.get("periods", ())),
        definition_mark=marks.get("definition"),
        name_mark=marks.get("name"),
    )


def _formula(entry: dict[str, Any]) -> Formula:
    base = entry.get("base", {})
    return Formula(
        kind=entry["kind"],
        numerator=tuple(_term(term) for term in entry["numerator"]),
        denominator=tuple(_term(term) for term in entry.get("denominator", ())),
        multiplier=loading.decimal(entry.get("multiplier", 1)),
        areas=entry.get("areas"),
        months=tuple(entry.get("months", ())),
        since=loading.day(entry.get("since")),
        base_period=base.get("period"),
        base_years=base.get("years_before"),
        years=entry.get("years", 1),
    )


def _term(entry: dict[str, Any]) -> Term:
    return Term(
        dataset=entry.get("dataset"),
        measure=entry.get("measure"),
        population=entry.get("population"),
        weight=loading.decimal(entry.get("weight", 1)),
    )


def _number(value: float | str | None) -> Decimal | None:
    """A target or baseline; a placeholder is none."""
    return None if value is None or value == "placeholder" else loading.decimal(value)


def _check_itself(framework: Framework, source: Source) -> None:
    if framework.ends is not None and framework.ends < framework.starts:
        raise source.error("ends", f"is {framework.ends}, before starts", "write a later day, or null")
    for name, ids in (
        ("priorities", [priority.id for priority in framework.priorities]),
        ("layers", [layer.id for layer in framework.layers]),
    ):
        repeated = _first_repeated(ids)
        if repeated is not None:
            raise source.error(f"{name}[{repeated}]", "stands twice", "give each an id of its own")
    measured = {indicator.priority for indicator in framework.indicators}
    for each_priority in framework.priorities:
        if each_priority.no_indicator and each_priority.id in measured:
            place = f"priorities[{each_priority.id}].no_indicator"
            raise source.error(place, "says why there is none, and there is one", "take it out")
    ids = [indicator.id for indicator in framework.indicators]
    for number, each in enumerate(framework.breaks):
        for id in each.indicators:
            known(source, f"breaks[{number}].indicators", "indicator", id, ids)
    for crossing in framework.crosswalk:
        for priority in crossing.priorities:
            place = f"crosswalk[{crossing.priority}].priorities"
            known(source, place, "priority", priority, [p.id for p in framework.priorities])
    layers = [layer.id for layer in framework.layers]
    for layer in framework.layers:
        if layer.reports_to is not None:
            known(source, f"layers[{layer.id}].reports_to", "layer", layer.reports_to, layers)
        for priority in layer.priorities:
            known(
                source,
                f"layers[{layer.id}].priorities",
                "priority",
                priority,
                [p.id for p in framework.priorities],
            )


def _check_indicators(framework: Framework, source: Source) -> None:
    """Holds the indicators of one file to their framework."""
    here = {entry["id"] for entry in source.content["indicators"]}
    repeated = _first_repeated(indicator.id for indicator in framework.indicators)
    if repeated in here:
        fix = "give each indicator an id of its own, in all files of the framework"
        raise source.error(f"indicators[{repeated}]", "stands twice", fix)
    for indicator in framework.indicators:
        if indicator.id not in here:
            continue
        place = f"indicators[{indicator.id}]"
        known(source, f"{place}.priority", "priority", indicator.priority, [p.id for p in framework.priorities])
        known(source, f"{place}.layer", "layer", indicator.layer, [layer.id for layer in framework.layers])
        _check_formula(indicator.formula, f"{place}.formula", source)
        if indicator.profile and sum(indicator.profile) != 100:
            problem = f"adds up to {sum(indicator.profile)}"
            raise source.error(f"{place}.profile", problem, "let the shares of the year add up to 100")
        named = [(f"{place}.targets.{id}", id) for id in indicator.targets]
        named += [(f"{place}.periods", id) for id in indicator.periods]
        if indicator.formula.base_period is not None:
            named.append((f"{place}.formula.base.period", indicator.formula.base_period))
        if indicator.baseline_period is not None:
            named.append((f"{place}.baseline.period", indicator.baseline_period))
        for where, id in named:
            try:
                periods.parse_period(id)
            except ValueError:
                fix = f"write a period, like {periods.EXAMPLES}"
                raise source.error(where, f"'{id}' is not a period", fix) from None


def _check_formula(formula: Formula, place: str, source: Source) -> None:
    if formula.kind in NEEDS_DENOMINATOR and not formula.denominator:
        raise source.error(f"{place}.denominator", "is missing", f"a {formula.kind} is counted against something")
    if formula.kind in HAS_NO_DENOMINATOR and formula.denominator:
        raise source.error(f"{place}.denominator", f"is not used by a {formula.kind}", "take it out")
    given = {
        "months": bool(formula.months),
        "since": formula.since is not None,
        "base": formula.base_period is not None or formula.base_years is not None,
        "years": formula.years > 1,
    }
    if formula.base_period is not None and formula.base_years is not None:
        raise source.error(f"{place}.base", "says period and years_before", "keep one of them")
    for setting, (used_by, needed_by) in SETTINGS.items():
        if given[setting] and formula.kind not in used_by:
            raise source.error(f"{place}.{setting}", f"is not used by a {formula.kind}", "take it out")
        if not given[setting] and formula.kind in needed_by:
            raise source.error(f"{place}.{setting}", "is missing", f"a {formula.kind} needs it")
    for part, terms in (("numerator", formula.numerator), ("denominator", formula.denominator)):
        for position, term in enumerate(terms):
            of_dataset = term.dataset is not None and term.measure is not None
            if of_dataset == (term.population is not None) or (term.dataset is None) != (term.measure is None):
                fix = "write dataset and measure, or population alone"
                raise source.error(f"{place}.{part}[{position}]", "is not one part of a formula", fix)


def _first_repeated(ids: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            return id
        seen.add(id)
    return None
