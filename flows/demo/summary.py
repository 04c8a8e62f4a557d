"""What the demo did, and the words that tell a newcomer."""

import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.demo.story import Deliver, LookAt
from flows.settings import LONDON, Settings

WIDTH = 100  # columns of a terminal
# Each decision in words, and what it means to somebody who meets it for the first time.
DECISIONS = {
    "accepted": ("accepted", "they met the agreed standard and were merged"),
    "accepted_with_exceptions": (
        "accepted with exceptions",
        "the rows that broke a rule were set aside, the sound ones count",
    ),
    "rejected": ("rejected", "a rule nothing can stand without was broken, so none of the file counts"),
    "held": ("held", "no agreement allows what they carry, so they are kept apart until erased"),
    "duplicate": ("duplicate", "the very same bytes were here already, so nothing was done twice"),
}


@dataclass(frozen=True)
class Arrival:
    """One delivery of the story and what the exchange decided when it was taken in."""

    step: Deliver
    delivery_id: str
    decision: str
    reason: str | None
    late: bool

    @property
    def as_told(self) -> bool:
        """Whether the decision is the one the story expects."""
        return self.decision == self.step.expect


@dataclass(frozen=True)
class Published:
    """One publication the demo made."""

    framework: str
    period: str
    publication_id: str
    folder: Path


@dataclass(frozen=True)
class DemoSummary:
    """What the demo did. ``states`` are the deliveries' states at the end; ``alerts`` counts them by address."""

    home: Path
    look_at: LookAt
    arrivals: tuple[Arrival, ...] = ()
    publications: tuple[Published, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def surprises(self) -> tuple[Arrival, ...]:
        """Deliveries that were not decided as the story expects; none when all is well."""
        return tuple(arrival for arrival in self.arrivals if not arrival.as_told)

    @property
    def superseded(self) -> tuple[Arrival, ...]:
        """Deliveries whose place a later one has taken."""
        return tuple(arrival for arrival in self.arrivals if self.states.get(arrival.delivery_id) == "superseded")


def in_words(decision: str) -> str:
    """A decision in plain words."""
    return DECISIONS.get(decision, (decision, ""))[0]


def indented(text: str, spaces: int = 6) -> list[str]:
    """A sentence as lines of a terminal's width, set in by so many spaces, the following ones a little more."""
    first, following = " " * spaces, " " * (spaces + 2)
    return textwrap.wrap(text.strip(), WIDTH, initial_indent=first, subsequent_indent=following)


def closing_words(settings: Settings, summary: DemoSummary) -> Iterator[str]:
    """What happened and what to look at next, line by line, for somebody new to the exchange."""
    yield from ("", "What happened")
    for sentence in _what_happened(summary):
        yield from indented(sentence, 6 if sentence.startswith("- ") else 2)
    yield from _next_steps(settings, summary)


def _what_happened(summary: DemoSummary) -> Iterator[str]:
    """One sentence per line; those that begin with a dash belong to the one before."""
    partners = {arrival.step.key.partition("/")[0] for arrival in summary.arrivals}
    yield (
        f"{_count(len(summary.arrivals), 'file')} arrived from {_count(len(partners), 'partner')} and "
        f"{_count(len(summary.publications), 'publication')} went out, in {summary.seconds:.0f} seconds."
    )
    for decision, (word, meaning) in DECISIONS.items():
        decided = [arrival for arrival in summary.arrivals if arrival.decision == decision]
        if decided:
            yield f"{len(decided)} {word}: {meaning}."
        if decision != "accepted":
            yield from (f"- {_about(arrival)}. {_why(arrival)}" for arrival in decided)
    if summary.superseded:
        yield f"{len(summary.superseded)} superseded since: a later file of the same period took their place."
        yield from (f"- {_about(arrival)}. {_why(arrival)}" for arrival in summary.superseded)
    late = [arrival for arrival in summary.arrivals if arrival.late]
    if late:
        yield f"{len(late)} late: until it came, its figures read as missing, never as nought."
        yield from (f"- {_about(arrival)}" for arrival in late)
    if summary.alerts:
        told = ", ".join(f"{count} to {address}" for address, count in summary.alerts.items())
        yield f"{_count(sum(summary.alerts.values()), 'alert')} went to the designated officers: {told}."
        yield "Every file got a receipt. No mail left this machine: all of it lies in the outbox."
    if summary.surprises:
        yield f"{len(summary.surprises)} went otherwise than the story says, so something is wrong here:"
        yield from (
            f"- {_about(arrival)}: {in_words(arrival.decision)}, not {in_words(arrival.step.expect)}"
            for arrival in summary.surprises
        )


def _about(arrival: Arrival) -> str:
    return f"{arrival.step.key} {arrival.step.period}, {arrival.step.at.astimezone(LONDON):%Y-%m-%d}"


def _why(arrival: Arrival) -> str:
    return arrival.step.fault.says if arrival.step.fault else arrival.step.note


def _next_steps(settings: Settings, summary: DemoSummary) -> Iterator[str]:
    look = summary.look_at
    home = _short(summary.home)
    layers = settings.partnership.frameworks[look.framework].layers
    board = next((layer for layer in layers if layer.role == "strategic"), layers[0])
    folder = f"{home}/published/{look.framework}/{look.period}/{board.id}"
    exchange, python = _program("exchange"), _program("python")
    yield ""
    yield "What to open or type next"
    yield f"  The board's page, in a browser:      {folder}/index.html"
    yield f"  The same figures in a spreadsheet:   {folder}/performance.csv"
    yield f"  An officer's alert or receipt:       {home}/outbox/*.eml"
    yield "  In this terminal:"
    yield f"    export EXCHANGE_HOME={home}"
    yield f"    {exchange} status"
    yield f"    {exchange} explain {look.indicator} {look.period}"
    yield f"    {exchange} alerts list"
    database = f"{home}/published/current/exchange.duckdb"
    yield "  In Python, read-only and past disclosure control:"
    yield f"    {python}"
    yield "    >>> import duckdb"
    yield f"    >>> figures = duckdb.connect('{database}', read_only=True)"
    yield "    >>> figures.sql('FROM performance.indicator').df()"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _short(path: Path) -> str:
    """A path as it would be typed from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _program(name: str) -> str:
    """A program of the running environment as it would be typed from here; the bare name when it is not there."""
    beside = Path(sys.executable).parent / name
    return _short(beside) if beside.exists() else name
