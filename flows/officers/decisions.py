"""Decisions a person takes on a delivery: confirm what a rule found as true, or withdraw the file.

A confirmation is remembered for the slot until its last day: the rows it is about are accepted, and the rule's
sentence goes on standing beside the figure. A withdrawn file counts no more, and what it superseded does not stand
again: that file had been called wrong already, so the period is missing until a new file comes. Who wants the
earlier one back sends it again.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flows.governance.definitions import note_definitions
from flows.governance.said import keep_words
from flows.merge import merge_accepted, record_what_moved
from flows.officers.wording import MAY_BE_A_NAME, may_name_somebody
from flows.settings import Settings, today
from flows.validate import validate_received
from reports.reply import TOLD_BESIDE_THE_FIGURE, points_to_a_person
from schemas.periods import in_words
from warehouse import ledger
from warehouse.connection import Connection, one_run, open_memory, open_warehouse, transaction
from warehouse.reference import create_reference
from warehouse.values import create_merged, recompute, remember


class DecisionError(Exception):
    """A decision that cannot be taken as asked; the message says why."""


def confirm(settings: Settings, delivery_id: str, rule_id: str, *, reason: str, until: date, by: str) -> str:
    """Confirm as true what a rule found in a delivery, and judge the delivery anew; returns its decision.

    Later deliveries of the slot are judged with it up to and including `until`.

    Raises:
        DecisionError: no such delivery or failed rule, a critical rule, a day that is over, no reason,
            or one that points to a person.
    """
    given(reason, by)
    if points_to_a_person(reason):
        raise DecisionError(TOLD_BESIDE_THE_FIGURE[0].upper() + TOLD_BESIDE_THE_FIGURE[1:])
    if may_name_somebody(settings.partnership, reason):
        raise DecisionError(MAY_BE_A_NAME[0].upper() + MAY_BE_A_NAME[1:])
    if until < today(settings):
        raise DecisionError(f"{in_words(until)} is over: name a day to come (--until).")
    with one_run(settings.home):
        with open_warehouse(settings.home, writable=True) as connection:
            delivery = _delivery(connection, delivery_id)
            may_be_confirmed(connection, delivery, rule_id)
            note_definitions(settings, connection)
            moment = settings.now()
            told = [{"rule_id": rule_id, "reason": reason.strip(), "until": until, "slot": delivery["slot"]}]
            said = keep_words(settings, delivery_id, {"confirmed": told})
            with transaction(connection):
                ledger.remember_confirmation(
                    connection, delivery, rule_id, reason=reason.strip(), until=until, by=by.strip(), at=moment
                )
                ledger.forget_rules(connection, delivery_id)
                ledger.move(
                    connection,
                    delivery_id,
                    "received",
                    actor=settings.actor,
                    at=moment,
                    changes={"tries": 0},
                    because={"confirmed": [rule_id], "by": by.strip(), "said": said},
                )
        validate_received(settings)
        merge_accepted(settings)
        with open_warehouse(settings.home) as connection:
            judged = _delivery(connection, delivery_id)
    if judged["state"] != "merged":
        restate(settings, [judged])
    return str(judged["decision"])


def withdraw(settings: Settings, delivery_id: str, *, reason: str, by: str) -> None:
    """Withdraw a delivery: it counts no more, and what it fed is worked out anew without it.

    Raises:
        DecisionError: no such delivery, one that does not count, or no reason given.
    """
    given(reason, by)
    with one_run(settings.home):
        with open_warehouse(settings.home) as connection:
            delivery = _delivery(connection, delivery_id)
        if "withdrawn" not in ledger.next_states(delivery["state"]):
            raise DecisionError(f"{delivery_id} is {delivery['state']}: there is nothing to withdraw.")
        said = keep_words(settings, delivery_id, {"reason": reason.strip()})
        restate(settings, [delivery], withdrawn={"said": said, "by": by.strip()})


def given(reason: str, by: str) -> None:
    """Hold a decision to its reason and its word. Raises DecisionError."""
    if not reason.strip() or not by.strip():
        raise DecisionError("Say why (--reason) and on whose word (--by).")


def _delivery(connection: Connection, delivery_id: str) -> dict[str, Any]:
    found = ledger.deliveries(connection, "delivery_id = ?", delivery_id)
    if not found:
        raise DecisionError(f"There is no delivery {delivery_id}. See: exchange status")
    return found[0]


def may_be_confirmed(connection: Connection, delivery: Mapping[str, Any], rule_id: str) -> None:
    """Hold a confirmation to what can be confirmed.

    Raises:
        DecisionError: the delivery did not fail the rule, the rule is critical, or nothing is left to judge.
    """
    delivery_id = str(delivery["delivery_id"])
    failed = ledger.failed_severities(connection, delivery_id)
    if rule_id not in failed:
        known = ", ".join(sorted(failed)) or "none"
        raise DecisionError(f"{delivery_id} did not fail rule {rule_id}. The rules it failed: {known}.")
    if failed[rule_id] == "critical":
        raise DecisionError(f"Rule {rule_id} is critical: what it found cannot be confirmed, only corrected.")
    if "received" not in ledger.next_states(delivery["state"]):
        raise DecisionError(f"{delivery_id} is {delivery['state']}: there is nothing to judge anew.")


def restate(settings: Settings, found: list[dict[str, Any]], withdrawn: dict[str, str] | None = None) -> None:
    """Take the deliveries' contributions out and work out anew what they fed, in one transaction."""
    moment = settings.now()
    with open_memory() as working:
        create_reference(working, settings.partnership, last=today(settings))
        with open_warehouse(settings.home, writable=True, working=working) as connection:
            create_merged(connection)
            with transaction(connection):
                remember(connection)
                for row in found:
                    delivery_id = str(row["delivery_id"])
                    if withdrawn is not None:
                        ledger.move(
                            connection,
                            delivery_id,
                            "withdrawn",
                            actor=settings.actor,
                            at=moment,
                            because=withdrawn,
                        )
                    connection.execute(
                        "DELETE FROM warehouse.merged.contribution WHERE delivery_id = ?", [delivery_id]
                    )
                recompute(
                    connection,
                    datasets={f"{row['partner']}/{row['dataset']}" for row in found},
                    today=today(settings),
                )
                record_what_moved(settings, connection, [str(row["delivery_id"]) for row in found])
