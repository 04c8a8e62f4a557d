"""Rejudge: a standard or a contract changed; what would become of the deliveries that stand, and on a word it does.

Looking changes nothing. Applying lets each delivery that was judged by other rules be judged anew, in its own audit
row; what it feeds is worked out anew with it.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.governance.said import keep_words
from flows.land import promised_rows
from flows.merge import merge_accepted
from flows.officers.decisions import DecisionError, given, restate
from flows.receiving.before import accepted_before
from flows.receiving.examine import Examination, Verdict, examine
from flows.settings import LONDON, Settings, today
from flows.validate import validate_received
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction
from warehouse.reader import FileFacts


@dataclass(frozen=True)
class Outcome:
    """What a delivery was judged to be, and what it would be today: decisions, counts and rule ids, never a value."""

    delivery_id: str
    key: str
    period: str
    before: tuple[str, int | None]  # decision, rows set aside
    after: tuple[str, int | None]
    failing: tuple[str, ...]  # rules that would fail and did not
    passing: tuple[str, ...]  # rules that failed and would not

    @property
    def changes(self) -> bool:
        return self.before != self.after or bool(self.failing or self.passing)


def would_become(settings: Settings, key: str | None = None) -> list[Outcome]:
    """What each live delivery judged by an earlier standard or contract would be today. Writes nothing.

    Raises:
        DecisionError: there is no such dataset.
        flows.receiving.examine.OurFaultError: a rule could not run.
    """
    if key is not None and key not in settings.partnership.contracts:
        known = ", ".join(sorted(settings.partnership.contracts))
        raise DecisionError(f"There is no dataset {key}. The datasets are: {known}.")
    with open_warehouse(settings.home) as connection:
        found = [row for row in _live(settings, ledger.deliveries(connection)) if key in (None, _key(row))]
        failed = {
            row["delivery_id"]: set(ledger.failed_severities(connection, row["delivery_id"])) for row in found
        }
        confirmed = {row["delivery_id"]: ledger.confirmed_rules(connection, row, today(settings)) for row in found}
    return [_outcome(settings, row, failed[row["delivery_id"]], confirmed[row["delivery_id"]]) for row in found]


def rejudge(settings: Settings, key: str | None, *, reason: str, by: str) -> list[Outcome]:
    """Judge anew every live delivery that was judged by other rules; returns what changed, as foretold.

    Raises:
        DecisionError: no such dataset, or no reason given.
        flows.receiving.examine.OurFaultError: a rule could not run; nothing was changed.
    """
    given(reason, by)
    with one_run(settings.home):
        outcomes = would_become(settings, key)
        if not outcomes:
            return []
        ids = [outcome.delivery_id for outcome in outcomes]
        said = {
            delivery_id: keep_words(settings, delivery_id, {"rejudged": reason.strip()}) for delivery_id in ids
        }
        with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
            for delivery_id in ids:
                ledger.forget_rules(connection, delivery_id)
                ledger.move(
                    connection,
                    delivery_id,
                    "received",
                    actor=settings.actor,
                    at=settings.now(),
                    changes={"tries": 0},
                    because={"rejudged": True, "said": said[delivery_id], "by": by.strip()},
                )
        validate_received(settings)
        merge_accepted(settings)
        with open_warehouse(settings.home) as connection:
            fallen = [row for row in ledger.deliveries(connection) if row["delivery_id"] in ids]
        fallen = [row for row in fallen if row["state"] != "merged"]
        if fallen:
            restate(settings, fallen)
    return outcomes


def _live(settings: Settings, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The deliveries that count, and were judged by rules other than today's."""
    partnership = settings.partnership
    return [
        row
        for row in rows
        if row["state"] == "merged" and row["decision"] != "nil" and row["rows_gone_at"] is None
        if _key(row) in partnership.contracts
        if (row["standard_fingerprint"], row["contract_fingerprint"])
        != (partnership.standards[_key(row)].fingerprint, partnership.contracts[_key(row)].fingerprint)
    ]


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['partner']}/{row['dataset']}"


def _outcome(
    settings: Settings,
    row: dict[str, Any],
    failed: set[str],
    confirmed: frozenset[tuple[str, str | None]],
) -> Outcome:
    verdict = _verdict(settings, row, confirmed)
    fails = {rule["rule_id"] for rule in verdict.failed_rules}
    return Outcome(
        delivery_id=row["delivery_id"],
        key=_key(row),
        period=row["period"],
        before=(row["decision"], row["rows_quarantined"]),
        after=(verdict.decision, verdict.counts.quarantined if verdict.counts else None),
        failing=tuple(sorted(fails - failed)),
        passing=tuple(sorted(failed - fails)),
    )


def _verdict(settings: Settings, row: dict[str, Any], confirmed: frozenset[tuple[str, str | None]]) -> Verdict:
    facts = FileFacts(*(row[name] for name in ("sha256", "size_bytes", "encoding", "line_ending", "quotes")))
    contract, period = settings.partnership.contracts[_key(row)], parse_period(row["period"])
    with open_warehouse(settings.home) as connection:
        before = accepted_before(settings, connection, contract, period)
    with tempfile.TemporaryDirectory(prefix="exchange-rejudge-") as folder:
        return examine(
            settings.partnership,
            Examination(
                contract=contract,
                period=period,
                received_on=row["received_at"].astimezone(LONDON).date(),
                path=settings.archived(row["sha256"]),
                facts=facts,
                folder=Path(folder),
                name=row["file_name"] or "",
                confirmed=confirmed,
                before=before,
                promised_rows=promised_rows(settings, row),
            ),
        )
