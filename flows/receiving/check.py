"""Check: the verdict on a file before it is sent. Writes nothing outside a temporary folder."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.officers import messages
from flows.receiving.before import accepted_before
from flows.receiving.door import Caller, at_the_door
from flows.receiving.examine import Examination, Verdict, examine
from flows.settings import Settings, today
from reports.error_report import error_report
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.reader import inspect


class CheckError(Exception):
    """The question itself was wrong (no such file, no such dataset); the message says what to do."""


def check(
    settings: Settings,
    file: Path,
    key: str,
    declared: str | None = None,
    *,
    name: str | None = None,
    promised_rows: int | None = None,
) -> Verdict:
    """What ``ingest`` would decide about this file today. ``name`` is what it came as, where not its own.

    ``promised_rows`` is the control total that a manifest beside it gives.

    Raises:
        CheckError: no such file or dataset.
        flows.receiving.examine.OurFaultError: a rule could not run.
    """
    partnership = settings.partnership
    if not file.is_file():
        raise CheckError(f"There is no file {file}.")
    if key not in partnership.contracts:
        raise CheckError(
            f"There is no dataset {key}. The datasets are: {', '.join(sorted(partnership.contracts))}."
        )
    facts = inspect(file)
    day = today(settings)
    with tempfile.TemporaryDirectory(prefix="exchange-check-") as folder:
        identified = at_the_door(
            partnership, Caller(key, file, facts, name or file.name, declared, day, Path(folder))
        )
    if identified.state != "received" or identified.period is None:
        return Verdict(identified.state, reason=identified.reason, remedy=identified.remedy)
    contract = partnership.contracts[key]
    with open_warehouse(settings.home) as connection:
        before = accepted_before(settings, connection, contract, identified.period)
        named = {"partner": contract.partner, "dataset": contract.dataset, "period": identified.period.id}
        confirmed = ledger.confirmed_rules(connection, named, day)
    with tempfile.TemporaryDirectory(prefix="exchange-check-") as folder:
        verdict = examine(
            partnership,
            Examination(
                contract=contract,
                period=identified.period,
                received_on=day,
                path=file.resolve(),
                facts=facts,
                folder=Path(folder),
                name=name or file.name,
                confirmed=confirmed,
                before=before,
                promised_rows=promised_rows,
            ),
        )
        return replace(verdict, period=identified.period.id)


def report_of(settings: Settings, verdict: Verdict, key: str) -> bytes:
    """The error report of a checked file: the workbook that would come with the alert."""
    payload = messages.of_check(settings, key, verdict)
    return error_report(payload, verdict.cells, verdict.faults, verdict.origin.sheet if verdict.origin else None)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values: counts, rule ids, sentences and row numbers, never a value."""
    counts = verdict.counts
    return {
        "decision": verdict.decision,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "read": verdict.origin.sentence if verdict.origin else None,
        "rows_received": counts.received if counts else None,
        "rows_accepted": counts.accepted if counts else None,
        "rows_quarantined": counts.quarantined if counts else None,
        "rows_out_of_scope": counts.out_of_scope if counts else None,
        "rules": [
            {name: rule[name] for name in ("rule_id", "severity", "sentence", "remedy", "outcome", "failed")}
            | {"rows": rule["first_rows"]}
            for rule in verdict.rules
        ],
    }
