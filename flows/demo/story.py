"""The demo's story: which extract arrives when, with which fault, and when a publication is made.

The story itself is story.yaml; this module reads it and refuses a story that could not be told.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.demo.faults import KINDS, Fault
from flows.settings import LONDON
from schemas.loading import Source, read_yaml
from schemas.partnership import Partnership
from schemas.periods import Period, parse_period
from schemas.shape import nearest, one_of

STORY = Path(__file__).with_name("story.yaml")
DECISION_OF_A_CLEAN_EXTRACT = "accepted"


@dataclass(frozen=True)
class Deliver:
    """An extract arrives. ``expect`` is the decision a reader should see; the exchange is never told it."""

    at: datetime
    key: str
    period: Period
    fault: Fault | None
    expect: str
    note: str


@dataclass(frozen=True)
class Ingest:
    """The exchange takes in everything waiting, through to merge, and sends what the outbox holds."""

    at: datetime
    note: str


@dataclass(frozen=True)
class Publish:
    """A publication of a framework for a period is made."""

    at: datetime
    framework: str
    period: Period
    note: str


Step = Deliver | Ingest | Publish


@dataclass(frozen=True)
class LookAt:
    """The published figure a newcomer is asked to look at."""

    framework: str
    indicator: str
    period: Period


@dataclass(frozen=True)
class Act:
    """A stretch of the story told under one heading."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Story:
    """The whole demo. Moments are in UTC."""

    title: str
    look_at: LookAt
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of every act, in order of time."""
        return tuple(step for act in self.acts for step in act.steps)

    @property
    def deliveries(self) -> tuple[Deliver, ...]:
        """The steps at which an extract arrives."""
        return tuple(step for step in self.steps if isinstance(step, Deliver))


def load_story(partnership: Partnership, path: Path = STORY) -> Story:
    """Read and check a story against the partnership it is told about.

    Raises:
        DefinitionError: a key, a dataset, a framework, a fault or an order that cannot be; names the place.
    """
    source = read_yaml(path, path.parent.parent.parent, "story")
    faults = {name: _fault(source, name, said) for name, said in source.content["faults"].items()}
    acts = tuple(
        Act(
            said["title"],
            tuple(
                _step(source, f"acts[{number}].steps[{place}]", words, faults, partnership)
                for place, words in enumerate(said["steps"])
            ),
        )
        for number, said in enumerate(source.content["acts"])
    )
    _check_order(source, acts)
    story = Story(source.content["title"], _look_at(source, acts, partnership), acts, tuple(faults.values()))
    used = {step.fault.name for step in story.deliveries if step.fault}
    for name in faults:
        if name not in used:
            raise source.error(f"faults.{name}", "happens in no step", "use it or take it out")
    return story


def _check_order(source: Source, acts: tuple[Act, ...]) -> None:
    """Steps follow the clock; nothing is published, and nothing ends, while extracts wait."""
    last = datetime.min.replace(tzinfo=UTC)
    waiting: set[tuple[str, str]] = set()
    for number, act in enumerate(acts):
        for place, step in enumerate(act.steps):
            where = f"acts[{number}].steps[{place}]"
            if step.at < last:
                raise source.error(f"{where}.at", "lies before the step above it", "put the steps in order")
            last = step.at
            if isinstance(step, Deliver):
                slot = (step.key, step.period.id)
                if slot in waiting:
                    raise source.error(
                        where, f"{step.key} {step.period} waits already", "put an ingest step between"
                    )
                waiting.add(slot)
            elif isinstance(step, Ingest):
                waiting.clear()
            elif waiting:
                raise source.error(where, "publishes while extracts wait", "put an ingest step before it")
        if waiting:
            raise source.error(f"acts[{number}]", "ends while extracts wait", "end it with an ingest step")


def _look_at(source: Source, acts: tuple[Act, ...], partnership: Partnership) -> LookAt:
    said = source.content["look_at"]
    period = _period(source, "look_at.period", said["period"])
    made = {(step.framework, step.period) for act in acts for step in act.steps if isinstance(step, Publish)}
    if (said["framework"], period) not in made:
        raise source.error("look_at", "is published in no step", "name a framework and period of a publish step")
    indicators = [indicator.id for indicator in partnership.frameworks[said["framework"]].indicators]
    _known(source, "look_at.indicator", said["indicator"], indicators)
    return LookAt(said["framework"], said["indicator"], period)


def _fault(source: Source, name: str, said: dict[str, Any]) -> Fault:
    needed, _ = KINDS[said["kind"]]
    settings = {key: value for key, value in said.items() if key not in {"kind", "expect", "says"}}
    for key in needed:
        if key not in settings:
            raise source.error(
                f"faults.{name}.{key}", "is missing", f"a fault of the kind {said['kind']} needs it"
            )
    for key in settings:
        if key not in needed:
            raise source.error(f"faults.{name}.{key}", f"is not used by the kind {said['kind']}", "take it out")
    return Fault(name, said["kind"], settings, said["expect"], said["says"])


def _step(
    source: Source, where: str, said: dict[str, Any], faults: dict[str, Fault], partnership: Partnership
) -> Step:
    verbs = [verb for verb in ("deliver", "ingest", "publish") if said.get(verb)]
    if len(verbs) != 1:
        raise source.error(where, "does not say one thing to do", "give one of deliver, ingest, publish")
    at = _moment(source, f"{where}.at", said["at"])
    note = said.get("note", "")
    if verbs == ["deliver"]:
        return _deliver(source, where, said, faults, partnership, at, note)
    for key in ("period", "fault", "expect"):
        if key in said:
            raise source.error(f"{where}.{key}", "belongs to a delivery", "take it out")
    if verbs == ["ingest"]:
        return Ingest(at, note)
    framework = said["publish"]["framework"]
    _known(source, f"{where}.publish.framework", framework, list(partnership.frameworks))
    return Publish(at, framework, _period(source, f"{where}.publish.period", said["publish"]["period"]), note)


def _deliver(
    source: Source,
    where: str,
    said: dict[str, Any],
    faults: dict[str, Fault],
    partnership: Partnership,
    at: datetime,
    note: str,
) -> Deliver:
    key = said["deliver"]
    _known(source, f"{where}.deliver", key, list(partnership.contracts))
    if "period" not in said:
        raise source.error(f"{where}.period", "is missing", "write the period the extract covers")
    period = _period(source, f"{where}.period", said["period"])
    kind = partnership.contracts[key].period.kind
    if period.kind != kind:
        raise source.error(
            f"{where}.period",
            f"{period} is no {kind.replace('_', ' ')}",
            f"{key} comes by {kind.replace('_', ' ')}",
        )
    name = said.get("fault")
    if name is not None:
        _known(source, f"{where}.fault", name, list(faults))
    fault = faults[name] if name is not None else None
    expect = said.get("expect") or (fault.expect if fault else DECISION_OF_A_CLEAN_EXTRACT)
    return Deliver(at, key, period, fault, expect, note)


def _known(source: Source, where: str, word: str, choices: list[str]) -> None:
    if word not in choices:
        near = nearest(word, choices)
        fix = f"did you mean '{near}'?" if near else one_of(sorted(choices))
        raise source.error(where, f"is '{word}', which does not exist", fix)


def _period(source: Source, where: str, text: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise source.error(where, str(error).rstrip("."), "write the period like that") from None


def _moment(source: Source, where: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)
    except ValueError:
        raise source.error(where, f"is '{text}', which is no moment", "write it as 2008-07-21T09:00") from None
