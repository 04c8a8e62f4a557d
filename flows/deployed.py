"""The flows a Prefect server runs. Parameters are ids only, since the UI shows them; the home is EXCHANGE_HOME's.

Stations are tasks; each is one call of a plain function. Nothing here decides: a run that is late, lost or doubled
finds in the ledger what is left to do.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows import record
from flows.events import tell_moves
from flows.ingest import ingest_waiting
from flows.merge import merge_accepted
from flows.notify import send_outbox
from flows.publish import Made, PublishError, publish_due, publish_owed
from flows.receiving.examine import OurFaultError, Verdict
from flows.releases.meetings import due_meetings, publish_for_meeting
from flows.service.liveness import alive
from flows.service.zombies import close_zombies
from flows.settings import LONDON, Settings, SettingsError, load_settings
from flows.sweep import sweep as sweep_parts
from flows.validate import WORKERS, Fault, validate_received, verdict_on
from schemas.loading import DefinitionError
from warehouse import ledger
from warehouse.connection import WarehouseBusyError, one_run, open_warehouse

# Errors whose text is a sentence of ours. Any other may quote a row, and Prefect logs and keeps what is raised.
OURS = (DefinitionError, ledger.NewerHomeError, OurFaultError, PublishError, SettingsError, WarehouseBusyError)
log = logging.getLogger("exchange.deployed")

FrameworkId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", examples=["laa-2008-11"])]
PeriodId = Annotated[str, Field(pattern=r"^(FY|AY|CY)?[0-9]{4}(-[A-Za-z0-9]+)?$", examples=["FY2009-Q2"])]


@contextmanager
def _no_value_told() -> Iterator[None]:
    """Let only the type of an unforeseen error leave a station."""
    try:
        yield
    except OURS:
        raise
    except Exception as error:
        raise OurFaultError(f"{type(error).__name__} in a station of the flow") from None


@contextmanager
def _run() -> Iterator[Settings]:
    """The settings of a run, which shows meanwhile in the home that it lives."""
    os.umask(0o077)
    settings = load_settings()
    with alive(settings.home, flow_run.get_id()):
        yield settings


def _named() -> str:
    """A run's name: the flow and the minute, in London time."""
    started = flow_run.get_scheduled_start_time().astimezone(LONDON)
    return f"{flow_run.get_flow_name()} {started:%d %b %Y %H:%M:%S}"


def _shown(make: Callable[..., Any], **content: Any) -> None:
    """Add an artifact to the run; a server that does not take it loses a picture, no delivery."""
    try:
        make(**content)
    except Exception as error:
        log.warning("an artifact could not be written: %s", type(error).__name__)


@task(
    name="ingest",
    task_run_name="ingest",
    description="Claim, fingerprint, identify and archive every waiting file.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def ingest_station(settings: Settings) -> list[str]:
    """Claim, fingerprint, identify and archive every waiting file."""
    with _no_value_told():
        return ingest_waiting(settings)


@task(
    name="validate",
    task_run_name="{name}",
    description="Bring one received delivery to its decision.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def validate_station(settings: Settings, delivery: dict[str, Any], name: str) -> State[Any]:
    """Bring one received delivery to its decision; the final state is named after it."""
    verdict = verdict_on(settings, delivery)
    if isinstance(verdict, Fault):
        return Failed(data=verdict, name=record.STATES["ours"], message=verdict.problem)
    counts = verdict.counts
    told = (
        f"{counts.received} rows, {counts.accepted} accepted, {counts.quarantined} quarantined" if counts else ""
    )
    return Completed(data=verdict, name=record.STATES[verdict.decision], message=told)


@task(
    name="merge",
    task_run_name="merge",
    description="Merge accepted deliveries and recompute what they touch.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def merge_station(settings: Settings) -> list[str]:
    """Merge accepted deliveries and recompute what they touch."""
    with _no_value_told():
        return [merged.delivery_id for merged in merge_accepted(settings)]


@task(
    name="notify",
    task_run_name="notify",
    description="Send what the outbox holds.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def notify_station(settings: Settings) -> State[Any]:
    """Send what the outbox holds; what an SMTP server away did not take waits for the next notify run."""
    with _no_value_told():
        sent, unsent = send_outbox(settings)
    told = f"{sent} sent, {unsent} waiting"
    return Completed(data=unsent, name="Mail waits" if unsent else "Completed", message=told)


def _judged(settings: Settings, batch: list[dict[str, Any]]) -> list[Verdict | Fault]:
    """The verdicts on a batch, each a task run of its own."""
    futures = [validate_station.submit(settings, delivery, record.name_of(delivery)) for delivery in batch]
    verdicts: list[Verdict | Fault] = []
    for future in futures:
        future.wait()
        found = future.state.data
        found = getattr(found, "result", found)
        verdicts.append(
            found if isinstance(found, Verdict | Fault) else Fault("a validation ended without a verdict")
        )
    return verdicts


def _brought_through(settings: Settings) -> set[str]:
    """Everything waiting, and what comes meanwhile, as far as it goes; returns the deliveries that moved."""
    taken: set[str] = set()
    with one_run(settings.home):
        found = ingest_station(settings)
        while True:
            taken |= set(found)
            with _no_value_told():
                taken |= {delivery_id for delivery_id, _ in validate_received(settings, _judged)}
            taken |= set(merge_station(settings))
            if not found:
                return taken
            found = ingest_station(settings)
            if not found:
                return taken


def _renamed(found: Sequence[str], many: str) -> None:
    """Name the run after what it found to do, unknown when it began; a server that does not take it keeps the old."""
    run_id = flow_run.get_id()
    if run_id is None or not found:
        return
    what = found[0] if len(found) == 1 else f"{len(found)} {many}"
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(UUID(run_id), name=f"{flow_run.get_flow_name()} {what}")
    except Exception as error:
        log.warning("a run could not be renamed: %s", type(error).__name__)


def _told(settings: Settings, taken: set[str]) -> list[dict[str, Any]]:
    """The deliveries of a run as they stand, after showing them in the run's record."""
    if not taken:
        return []
    with open_warehouse(settings.home) as connection:
        rows = [row for row in ledger.deliveries(connection) if row["delivery_id"] in taken]
    _shown(
        create_table_artifact,
        key="deliveries",
        table=record.deliveries_table(rows),
        description="Rows by delivery",
    )
    if failed := record.rules_table(settings, sorted(taken)):
        _shown(create_table_artifact, key="rules", table=failed, description="Failures by rule")
    if links := record.docs_links(settings, rows):
        _shown(create_markdown_artifact, key="data-docs", markdown=links, description="Redacted Data Docs")
    return rows


def _ended(settings: Settings, taken: set[str]) -> Any:
    """The final state of a run, named after what became of its deliveries; a caller gets its data, the rows."""
    rows = _told(settings, taken)
    _renamed([record.name_of(row) for row in rows], "deliveries")
    decisions = [record.decision_of(row) for row in rows]
    return Completed(data=rows, name=record.state_name(decisions), message=record.sentence(decisions) or None)


@flow(
    name="ingest",
    flow_run_name=_named,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
    persist_result=False,
)
def ingest() -> list[dict[str, Any]]:
    """Take in everything waiting in the partners' inboxes, through validation and merge, and tell the officers."""
    with _run() as settings:
        taken = _brought_through(settings)
        told = tell_moves(settings)
        notify_station(settings)  # outside the lock: a mail server that is away must not keep the next run waiting
        tell_moves(settings, told)
        rows: list[dict[str, Any]] = _ended(settings, taken)
        return rows


@flow(
    name="merge",
    flow_run_name=_named,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
    persist_result=False,
)
def merge() -> list[dict[str, Any]]:
    """Decide and merge what an earlier run left behind; new files are for the ingest flow."""
    with _run() as settings:
        with one_run(settings.home), _no_value_told():
            taken = {delivery_id for delivery_id, _ in validate_received(settings, _judged)}
            taken |= set(merge_station(settings))
        tell_moves(settings)
        rows: list[dict[str, Any]] = _ended(settings, taken)
        return rows


@flow(name="notify", flow_run_name=_named, persist_result=False)
def notify() -> Any:
    """Send what the outbox still holds: alerts and receipts that a mail server away did not take."""
    with _run() as settings:
        ended: State[Any] = notify_station(settings, return_state=True)
        tell_moves(settings)
        return Completed(name=ended.name, message=ended.message)


@flow(name="publish", flow_run_name=_named, persist_result=False)
def publish(framework: FrameworkId | None = None, period: PeriodId | None = None) -> list[Made]:
    """Publish a framework's performance for a period: the same template for every governance layer."""
    with _run() as settings:
        with _no_value_told():
            made = publish_due(settings, framework, period)
            if framework is None:
                made += publish_owed(settings)
                made += [publish_for_meeting(settings, meeting) for meeting in due_meetings(settings)]
        notify_station(settings)  # the notices to each layer's readers
        tell_moves(settings)
        ended: list[Made] = _published(settings, made)
        return ended


def _swept(parts: Sequence[str] | None) -> State[Any]:
    """A sweep (None: all of it) with a table of what each part did; it fails where a part could not be done."""
    with _run() as settings:
        with _no_value_told():
            found = sweep_parts(settings, parts)
        close_zombies(settings.home)
        tell_moves(settings)
    _shown(create_table_artifact, key="sweep", table=record.sweep_table(found), description="What each part did")
    if failed := [one.part for one in found if one.problem]:
        return Failed(data=found, message=f"Not done, our fault: {', '.join(failed)}")
    done = sum(len(one.done) for one in found)
    return Completed(data=found, name="Completed" if done else "Nothing was left", message=f"{done} done")


@flow(name="sweep", flow_run_name=_named, persist_result=False)
def sweep() -> Any:
    """Find whatever no event announced: waiting files, stuck states, what is overdue, unsent mail, retention."""
    return _swept(None)


@flow(name="chase", flow_run_name=_named, persist_result=False)
def chase() -> Any:
    """Remind officers of what is due soon and chase what is overdue, by working days, and send the mail."""
    return _swept(["delays", "chase", "reviews", "send"])


@flow(name="retention", flow_run_name=_named, persist_result=False)
def retention() -> Any:
    """Erase what is kept no longer: held files whose days are over, rows past their agreement's retention."""
    return _swept(["retention"])


def _published(settings: Settings, made: Sequence[Made]) -> Any:
    """The final state of a publish run, named after the releases it made, once they are shown in its record."""
    for one in made:
        get_run_logger().info("%s: %s", one.publication_id, "new" if one.new else "unchanged")
    links = "\n".join(f"## {one.publication_id}\n{record.pages_links(one.pages)}" for one in made)
    if links:
        _shown(create_markdown_artifact, key="publications", markdown=links, description="The publications' pages")
    new = record.publications(settings, [one.publication_id for one in made if one.new])
    _renamed([f"{row['framework']} {row['period']}" for row in new], "publications")
    told = "; ".join(f"{row['framework']} {row['period']} {row['status']}" for row in new)
    return Completed(data=list(made), name="Published" if new else "Nothing had changed", message=told or None)


# `prefect deploy` refuses a work pool that does not exist, and a server just started has none.
if "deploy" in sys.argv and "prefect" in Path(sys.argv[0]).parts[-2:]:
    from flows.service.pool import ensure_pool

    ensure_pool()
