"""Nil return: a partner says that a period has nothing to report. The period counts as in, with zero, not as missing.

It is a delivery like any other, whose bytes are the statement itself: so it is archived, receipted, superseded by a
file that comes after all, withdrawn, erased and traced like one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flows.files import write_whole
from flows.governance.definitions import note_definitions
from flows.merge import merge_accepted
from flows.officers import messages
from flows.officers.alerts import settle
from flows.officers.decisions import DecisionError, given
from flows.settings import Settings, today
from schemas.periods import Period, parse_period
from warehouse import ledger
from warehouse.connection import Connection, one_run, open_warehouse, transaction

STATEMENT = "nil-return.json"


def nil_return(settings: Settings, key: str, period: str, *, reason: str, by: str) -> str:
    """Take a partner's word that a dataset has nothing to report for a period; returns the delivery's id.

    Raises:
        DecisionError: no such dataset or period, nothing is owed, a file stands for it, or no reason given.
    """
    given(reason, by)
    with one_run(settings.home):
        with open_warehouse(settings.home, writable=True) as connection:
            ledger.prepare(connection, settings.now())
            note_definitions(settings, connection)
            delivery = statement(settings, connection, key, period, reason=reason.strip(), by=by.strip())
            with transaction(connection):
                record(settings, connection, delivery)
        merge_accepted(settings)
    return str(delivery["delivery_id"])


def statement(
    settings: Settings, connection: Connection, key: str, period: str, *, reason: str, by: str
) -> dict[str, Any]:
    """The delivery that a nil return is, its bytes in the archive; nothing is in the ledger yet.

    Raises:
        DecisionError: no such dataset or period, nothing is owed, or a file stands for it.
    """
    covered, agreement_id = _may_be_nil(settings, connection, key, period)
    partner, _, dataset = key.partition("/")
    said = {
        "nil_return": key,
        "period": covered.id,
        "reason": reason,
        "by": by,
        "on": today(settings).isoformat(),
    }
    content = json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    sha256 = hashlib.sha256(content).hexdigest()
    write_whole(settings.archived(sha256), content)
    base = f"{partner}-{dataset}-{covered.id}-{sha256[:8]}"
    earlier = ledger.deliveries(connection, "delivery_id = ? OR starts_with(delivery_id, ? || '-')", base, base)
    return {
        "delivery_id": base if not earlier else f"{base}-{len(earlier) + 1}",
        "sequence": ledger.next_sequence(connection),
        "claim": None,
        "partner": partner,
        "dataset": dataset,
        "period": covered.id,
        "file_name": STATEMENT,
        "sha256": sha256,
        "size_bytes": len(content),
        "encoding": "utf-8",
        "line_ending": "lf",
        "quotes": 0,
        "state": "received",
        "received_at": settings.now(),
        "agreement_id": agreement_id,
        "tries": 0,
    }


def record(settings: Settings, connection: Connection, delivery: Mapping[str, Any]) -> None:
    """Write a nil return into the ledger as accepted, with its receipt; settles what was asked. In a transaction."""
    moment = settings.now()
    changes = {
        "decision": "nil",
        "rows_received": 0,
        "rows_accepted": 0,
        "rows_quarantined": 0,
        "rows_out_of_scope": 0,
        "decided_at": moment,
        "contract_fingerprint": settings.partnership.contracts[
            f"{delivery['partner']}/{delivery['dataset']}"
        ].fingerprint,
    }
    decided = {**delivery, **changes}
    answered = [alert["id"] for alert in messages.open_alerts(connection, decided)]
    told = messages.on_decision(settings, connection, decided, "nil", [], None)
    ledger.add(connection, delivery, actor=settings.actor, at=moment)
    ledger.move(
        connection,
        delivery["delivery_id"],
        "accepted",
        actor=settings.actor,
        at=moment,
        changes=changes,
        messages=told,
    )
    settle(connection, answered, delivery["delivery_id"], actor=settings.actor, at=moment)


def _may_be_nil(settings: Settings, connection: Connection, key: str, period: str) -> tuple[Period, str]:
    """The period, and the agreement under which it is owed."""
    partnership = settings.partnership
    contract = partnership.contracts.get(key)
    if contract is None:
        raise DecisionError(
            f"There is no dataset {key}. The datasets are: {', '.join(sorted(partnership.contracts))}."
        )
    if contract.cadence is None:
        raise DecisionError(f"Nobody owes {key}, which is published data: there is no nil return for it.")
    try:
        covered = parse_period(period)
    except ValueError as error:
        raise DecisionError(str(error)) from None
    if covered.kind != contract.cadence:
        raise DecisionError(f"{covered.id} is no {contract.cadence.replace('_', ' ')}, which {key} is owed for.")
    if covered.end >= today(settings):
        raise DecisionError(f"{covered.title} is not over: nobody can know yet that there is nothing to report.")
    agreement = partnership.agreement_for(key, today(settings), covered)
    if agreement is None:
        raise DecisionError(partnership.why_no_agreement(key, today(settings), covered))
    states = ", ".join(f"'{state}'" for state in ledger.live_states())
    standing = ledger.deliveries(
        connection,
        f"partner = ? AND dataset = ? AND period = ? AND state IN ({states})",
        *key.split("/"),
        covered.id,
    )
    if standing:
        raise DecisionError(
            f"{standing[-1]['delivery_id']} stands for {covered.title}. If there was nothing to report, withdraw it "
            "first."
        )
    return covered, agreement.id
