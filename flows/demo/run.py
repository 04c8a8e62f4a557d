"""The demo run: a fresh home, the extracts of the story, and the exchange's own functions on the story's clock."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flows.demo.extracts import extract, file_name
from flows.demo.home import make_fresh, mark
from flows.demo.scene import Setting, load_setting
from flows.demo.story import Act, Deliver, Ingest, Publish, load_story
from flows.demo.summary import Arrival, DemoSummary, Published, closing_words, in_words, indented
from flows.settings import LONDON, Settings, load_settings

Report = Callable[[str], None]


@dataclass
class Clock:
    """The demo's clock: it stands where the story put it. Moments are in UTC."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


def run_demo(home: Path, report: Report) -> DemoSummary:
    """Make the demo's home anew, tell the whole story in it, and say in plain words what happened.

    ``report`` gets one short line at a time. Mail is never sent, whatever the environment says: messages land in
    the home's outbox.

    Raises:
        DemoError: the home holds something that is no demo.
        schemas.loading.DefinitionError: the partnership, the story or the setting is wrong.
        flows.demo.sheet.GeneratorError: the story asks for an extract the demo cannot make.
    """
    started = time.monotonic()
    home = home.absolute()
    clock = Clock(datetime.now(UTC))
    # The clock is replaced below, so whatever an earlier demo or the environment says of the time is not read.
    settings = replace(load_settings({**os.environ, "EXCHANGE_NOW": "2000-01-01"}, home), now=clock, smtp=None)
    story, setting = load_story(settings.partnership), load_setting()
    make_fresh(home)
    for line in indented(f"{story.title}. This takes about a minute.", 0):
        report(line)
    summary = DemoSummary(home, story.look_at)
    with tempfile.TemporaryDirectory(prefix="exchange-demo-") as desk:
        for act in story.acts:
            report("")
            report(act.title)
            summary = _tell(settings, setting, clock, act, Path(desk), summary, report)
    summary = replace(_looked_back(settings, summary), seconds=time.monotonic() - started)
    for line in closing_words(settings, summary):
        report(line)
    return summary


def _tell(
    settings: Settings,
    setting: Setting,
    clock: Clock,
    act: Act,
    desk: Path,
    summary: DemoSummary,
    report: Report,
) -> DemoSummary:
    """Walk the steps of an act; returns the summary with what happened in it."""
    waiting: list[Deliver] = []
    for step in act.steps:
        clock.moment = step.at
        if isinstance(step, Deliver):
            _deliver(settings, setting, step, desk)
            waiting.append(step)
            continue
        mark(settings.home, step.at)
        started = time.monotonic()
        if isinstance(step, Ingest):
            arrivals = _ingest(settings, waiting, summary.arrivals)
            waiting = []
            summary = replace(summary, arrivals=(*summary.arrivals, *arrivals))
            _report_arrivals(step, arrivals, time.monotonic() - started, report)
        else:
            published = _publish(settings, step)
            summary = replace(summary, publications=(*summary.publications, published))
            title = settings.partnership.frameworks[step.framework].title
            seconds = time.monotonic() - started
            report(f"  {_day(step.at)}  published: {title}, {step.period.id} ({seconds:.1f} s)")
    return summary


def _deliver(settings: Settings, setting: Setting, step: Deliver, desk: Path) -> None:
    """Write the extract as the partner would send it, and put it into the partner's inbox."""
    from flows.land import deliver

    partnership = settings.partnership
    as_at = step.at.astimezone(LONDON).date()
    path = desk / file_name(step.key, step.period)
    path.write_bytes(extract(partnership, setting, step.key, step.period, as_at, step.fault))
    # A file that says its own period needs no other word; the others are declared, as an officer would.
    says_itself = partnership.contracts[step.key].period.column is not None
    deliver(settings, path, step.key, None if says_itself else step.period.id)
    path.unlink()


def _ingest(settings: Settings, waiting: list[Deliver], before: tuple[Arrival, ...]) -> list[Arrival]:
    """Take in what waits; returns each delivery with the decision on it, in the story's order."""
    from flows.drain import drain

    rows = {(f"{row['partner']}/{row['dataset']}", row["period"]): row for row in drain(settings)}
    arrivals = []
    for step in waiting:
        row = rows.get((step.key, step.period.id), {})
        first = not any((one.step.key, one.step.period) == (step.key, step.period) for one in before)
        arrivals.append(
            Arrival(
                step=step,
                delivery_id=str(row.get("delivery_id", "")),
                decision=str(row.get("decision") or row.get("state") or "not taken in"),
                reason=row.get("reason"),
                late=first and _is_late(settings, step, settings.now()),
            )
        )
    return arrivals


def _publish(settings: Settings, step: Publish) -> Published:
    from flows.publish import publish

    made = publish(settings, step.framework, step.period.id)
    return Published(step.framework, step.period.id, made.publication_id, made.folder)


def _is_late(settings: Settings, step: Deliver, received: datetime) -> bool:
    """Whether the period's first delivery came after the day its agreement names; published data is never owed."""
    if settings.partnership.contracts[step.key].cadence is None:
        return False
    day = received.astimezone(LONDON).date()
    agreement = settings.partnership.agreement_for(step.key, day, step.period)
    return agreement is not None and day > agreement.due_on(step.period)


def _report_arrivals(step: Ingest, arrivals: list[Arrival], seconds: float, report: Report) -> None:
    counts = Counter(arrival.decision for arrival in arrivals)
    said = ", ".join(f"{count} {in_words(decision)}" for decision, count in counts.most_common())
    number = len(arrivals)
    report(f"  {_day(step.at)}  {number} file{'' if number == 1 else 's'} taken in: {said} ({seconds:.1f} s)")
    for arrival in arrivals:
        if arrival.decision != "accepted" or arrival.late or not arrival.as_told:
            late = ", late" if arrival.late else ""
            about = f"{arrival.step.key} {arrival.step.period.id}: {in_words(arrival.decision)}{late}."
            for line in indented(f"{about} {arrival.step.note}"):
                report(line)


def _looked_back(settings: Settings, summary: DemoSummary) -> DemoSummary:
    """The states at the end, and who was alerted how often, as the exchange itself tells them."""
    from flows.cli.status import status
    from flows.officers.alerts import list_alerts

    states = {row["delivery_id"]: row["state"] for row in status(settings)["deliveries"]}
    raised = list_alerts(settings, all_of_them=True)
    alerts = Counter(str(alert["sent_to"]) for alert in raised if alert["for"] == "officer")
    return replace(summary, states=states, alerts=dict(sorted(alerts.items())))


def _day(moment: datetime) -> str:
    return moment.astimezone(LONDON).date().isoformat()
