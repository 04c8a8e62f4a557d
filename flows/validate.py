"""Validate: bring each received delivery to its decision, and keep what was accepted apart from what was not.

A failure of ours (a rule that could not run, a crash, a missing key) leaves the delivery received and tells the
operator; it never reads as the partner's. It is tried again by every run. Only what brings down the process that
judges it is set aside after ``MAXIMUM_TRIES``: from the second on in a process of its own, so that the others go on.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows.files import make_private, sync_file, write_whole
from flows.governance.definitions import note_definitions
from flows.governance.keys import Key, pseudonym_key
from flows.land import promised_rows
from flows.officers import messages
from flows.officers.alerts import settle
from flows.officers.compose import report_path
from flows.receiving.before import accepted_before
from flows.receiving.contained import ContainedError, contained, limit_seconds, watched
from flows.receiving.examine import Examination, OurFaultError, Verdict, examine
from flows.settings import LONDON, Settings, SettingsError, today
from reports.error_report import error_report
from schemas.contract import Contract
from schemas.partnership import Partnership
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.reader import FileFacts
from warehouse.staging import needs_key

MAXIMUM_TRIES = 3
WORKERS = 2  # judged at once; each has a database of its own, with a memory limit of its own
TOGETHER = 8  # verdicts written down in one opening of the warehouse; a crash costs judging these again
log = logging.getLogger("exchange.validate")


@dataclass(frozen=True)
class Fault:
    """A failure of ours: the delivery stays received and the operator is told."""

    problem: str
    tries: int = 0  # how often this delivery brought down the process that judged it


Judge = Callable[[Settings, list[dict[str, Any]]], "list[Verdict | Fault]"]


def verdicts_of(settings: Settings, batch: list[dict[str, Any]]) -> "list[Verdict | Fault]":
    """Judge some deliveries at once, in threads of this process."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(partial(verdict_on, settings), batch))


def validate_received(settings: Settings, judge: Judge = verdicts_of) -> list[tuple[str, str]]:
    """Decide every received delivery; returns (delivery id, decision), with 'ours' where we failed.

    ``judge`` gives the verdicts on a batch; a Prefect flow gives one that makes each a task run.
    """
    with open_warehouse(settings.home) as connection:
        waiting = ledger.deliveries(connection, "state = 'received' AND tries < ?", MAXIMUM_TRIES)
    decided: list[tuple[dict[str, Any], Verdict | Fault]] = []
    for batch in _batches(waiting):
        verdicts = list(zip(batch, judge(settings, batch), strict=True))
        with open_warehouse(settings.home, writable=True) as connection:
            if not decided:  # a run follows the definitions it began with
                note_definitions(settings, connection)
            for delivery, verdict in verdicts:
                _write_down(settings, connection, delivery, verdict)
        _document(settings, verdicts)
        decided += verdicts
    if decided:
        _list_documents(settings)
    return [
        (delivery["delivery_id"], verdict.decision if isinstance(verdict, Verdict) else "ours")
        for delivery, verdict in decided
    ]


def _batches(waiting: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Deliveries to judge at once, in order of arrival: never two of a dataset, whose rules compare the later with
    the earlier."""
    batch: list[dict[str, Any]] = []
    for delivery in waiting:
        key = (delivery["partner"], delivery["dataset"])
        if len(batch) == TOGETHER or any((other["partner"], other["dataset"]) == key for other in batch):
            yield batch
            batch = []
        batch.append(delivery)
    if batch:
        yield batch


def _document(settings: Settings, verdicts: list[tuple[dict[str, Any], Verdict | Fault]]) -> None:
    """Write the redacted Data Docs pages of what was judged."""
    judged = [
        (delivery, verdict.judged)
        for delivery, verdict in verdicts
        if isinstance(verdict, Verdict) and verdict.judged is not None
    ]
    if not judged:
        return
    from expectations.docs import DocRun, write_pages

    contracts = settings.partnership.contracts
    write_pages(
        make_private(settings.home / "docs"),
        [
            DocRun(
                delivery_id=delivery["delivery_id"],
                title=f"{contracts[said.standard.key].title}, {parse_period(delivery['period']).title}",
                results=said.results,
                standard=said.standard,
                validated_at=settings.now(),
            )
            for delivery, said in judged
        ],
    )


def _list_documents(settings: Settings) -> None:
    """List every delivery ever judged, once a run: the list reads them all."""
    if (settings.home / "docs").is_dir():
        from expectations.docs import write_index

        write_index(settings.home / "docs")


def verdict_on(settings: Settings, delivery: dict[str, Any]) -> Verdict | Fault:
    """What the delivery is worth, or why we could not tell.

    Of a delivery that is judged again as it was once, ``decided_in`` is the audit row that told of its decision.
    """
    try:
        return _examined(settings, delivery)
    except SettingsError as error:
        return Fault(str(error))
    except Exception as error:
        # The text of an unforeseen error may quote a row: only its type may leave.
        log.error("validation of %s failed: %s", delivery["delivery_id"], type(error).__name__)
        return Fault(f"{type(error).__name__} while validating")


def _examined(settings: Settings, delivery: dict[str, Any]) -> Verdict | Fault:
    partner, dataset, delivery_id = delivery["partner"], delivery["dataset"], delivery["delivery_id"]
    contract = settings.partnership.contracts[f"{partner}/{dataset}"]
    folder = settings.staging / delivery_id
    left = folder.exists()  # by a run that died, perhaps of this very file
    shutil.rmtree(folder, ignore_errors=True)
    make_private(folder)
    accepted = settings.accepted(partner, dataset, delivery_id)
    quarantined = settings.quarantined(partner, dataset, delivery_id)
    for path in (accepted, quarantined):
        make_private(path.parent)
    key = _key(settings, delivery)
    with open_warehouse(settings.home) as connection:
        confirmed = ledger.confirmed_rules(connection, delivery, today(settings))
        period, decided = parse_period(delivery["period"]), delivery.get("decided_in")
        before = accepted_before(settings, connection, contract, period, decided)
    try:
        work = Examination(
            contract=contract,
            period=period,
            received_on=delivery["received_at"].astimezone(LONDON).date(),
            path=settings.archived(delivery["sha256"]),
            facts=FileFacts(
                delivery["sha256"],
                delivery["size_bytes"],
                delivery["encoding"],
                delivery["line_ending"],
                delivery["quotes"],
            ),
            folder=folder,
            name=delivery["file_name"] or "",
            accepted=accepted,
            quarantined=quarantined,
            pseudonym_key=key.secret if key else None,
            age_bands=_bands(settings, contract),
            confirmed=confirmed,
            before=before,
            promised_rows=promised_rows(settings, delivery),
        )
        seconds = limit_seconds(delivery["size_bytes"])
        if left or delivery["tries"]:
            verdict = _contained(settings, work, seconds, first=not delivery["tries"])
        else:
            with watched(delivery_id, seconds):
                verdict = judged(settings.partnership, work)
        for path in (accepted, quarantined):
            if path.exists():
                sync_file(path)
        return verdict
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judged(partnership: Partnership, work: Examination) -> Verdict | Fault:
    """The verdict, or why a rule of ours could not run."""
    try:
        return examine(partnership, work)
    except OurFaultError as error:
        return Fault(str(error))


def _contained(settings: Settings, work: Examination, seconds: float, first: bool) -> Verdict | Fault:
    """As ``judged``, in a process of its own; the ``first`` time here, the run that died counts as a try too."""
    try:
        return contained(judged, settings.partnership, work, seconds=seconds)
    except ContainedError as error:
        return Fault(f"It could not be judged: {error}", tries=(1 + first) * error.died)


def _key(settings: Settings, delivery: dict[str, Any]) -> Key | None:
    """The key of the purpose that the delivery came for; None where nothing of it is pseudonymised.

    What is judged again as it was once takes the key that it took then.
    """
    contract = settings.partnership.contracts[f"{delivery['partner']}/{delivery['dataset']}"]
    if not needs_key(contract):
        return None
    then = delivery["pseudonym_key_id"] if "decided_in" in delivery else None
    return pseudonym_key(settings, str(delivery["agreement_id"]), then)


def _bands(settings: Settings, contract: Contract) -> dict[str, tuple[str, ...]]:
    """The codes of the bands into which dates of birth go, by column."""
    return {
        column.name: tuple(code for code, _ in settings.partnership.codelists[str(column.codelist)])
        for column in contract.columns
        if column.treatment == "age_band"
    }


def _write_down(
    settings: Settings, connection: Connection, delivery: dict[str, Any], verdict: Verdict | Fault
) -> None:
    """Write the decision, the rules' outcomes, the audit row and the messages in one transaction."""
    moment, delivery_id = settings.now(), delivery["delivery_id"]
    if isinstance(verdict, Fault):
        with transaction(connection):
            ledger.change(connection, delivery_id, {"tries": delivery["tries"] + verdict.tries})
            if not ledger.has_message(connection, delivery_id, "operator"):
                fault = messages.on_fault(settings, delivery, verdict.problem)
                ledger.post(connection, fault, delivery_id, moment)
        return
    twin = ledger.standing_twin(connection, delivery)
    if twin is not None:  # both came before either was decided
        _write_duplicate(settings, connection, delivery, twin)
        return
    name = f"{delivery['partner']}/{delivery['dataset']}"
    counts = verdict.counts
    changes: dict[str, Any] = {
        "decision": verdict.decision,
        "reason": verdict.reason,
        "rows_received": counts.received if counts else None,
        "rows_accepted": counts.accepted if counts else None,
        "rows_quarantined": counts.quarantined if counts else None,
        "rows_out_of_scope": counts.out_of_scope if counts else None,
        "slot": verdict.slot,
        "decided_at": moment,
        "contract_fingerprint": settings.partnership.contracts[name].fingerprint,
        "pseudonym_key_id": key.id if (key := _key(settings, delivery)) else None,
        "standard_fingerprint": settings.partnership.standards[name].fingerprint,
    }
    told = messages.on_decision(
        settings, connection, {**delivery, **changes}, verdict.decision, verdict.rules, verdict.remedy
    )
    _report(settings, told, verdict)
    answered = [alert["id"] for alert in messages.open_alerts(connection, {**delivery, **changes})]
    with transaction(connection):
        ledger.record_rules(connection, delivery_id, verdict.rules)
        ledger.move(
            connection,
            delivery_id,
            verdict.decision,
            actor=settings.actor,
            at=moment,
            changes=changes,
            messages=told,
        )
        settle(connection, answered, delivery_id, actor=settings.actor, at=moment)


def _report(settings: Settings, told: list[ledger.Message], verdict: Verdict) -> None:
    """Write the error report before the messages that name it are committed: the same verdict, the same bytes."""
    for message in told:
        path = report_path(settings, message.payload)
        if path is not None:
            sheet = verdict.origin.sheet if verdict.origin else None
            write_whole(path, error_report(message.payload, verdict.cells, verdict.faults, sheet))


def _write_duplicate(settings: Settings, connection: Connection, delivery: dict[str, Any], twin: str) -> None:
    for path in (settings.accepted, settings.quarantined):
        path(delivery["partner"], delivery["dataset"], delivery["delivery_id"]).unlink(missing_ok=True)
    reason, remedy = messages.as_duplicate(twin)
    changes = {"decision": "duplicate", "reason": reason}
    receipt = messages.on_decision(settings, connection, {**delivery, **changes}, "duplicate", [], remedy)
    with transaction(connection):
        ledger.move(
            connection,
            delivery["delivery_id"],
            "duplicate",
            actor=settings.actor,
            at=settings.now(),
            changes=changes,
            messages=receipt,
        )
