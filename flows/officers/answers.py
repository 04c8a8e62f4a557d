"""Answers: a Reply sheet that came back is applied, all of it in one transaction or none of it, and receipted.

A sheet is hostile input like any other file: what it names must be a delivery of the partner in whose inbox it lay,
and a rule that this delivery failed. Nothing it says is repeated in a mail but the agreed answers, ids and days; the
reasons stay in the ledger. The workbook itself is not kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flows.governance.said import keep_words
from flows.merge import record_what_moved
from flows.officers import messages
from flows.officers.alerts import settle
from flows.officers.decisions import DecisionError, may_be_confirmed
from flows.officers.nil import record, statement
from flows.officers.wording import MAY_BE_A_NAME, may_name_somebody
from flows.settings import Settings, today
from reports import words
from reports.reply import (
    ACKNOWLEDGE,
    NIL,
    RULE_IS_WRONG,
    TRUE_AS_SENT,
    WILL_CORRECT,
    WITHDRAW,
    Answer,
    read_answers,
)
from schemas.partner import Partner
from warehouse import ledger
from warehouse.connection import Connection, open_memory, open_warehouse, transaction
from warehouse.ledger import Message
from warehouse.reference import create_reference
from warehouse.values import create_merged, recompute, remember

CODES = {
    ACKNOWLEDGE: "acknowledged",
    WILL_CORRECT: "will_correct",
    NIL: "nil",
    WITHDRAW: "withdraw",
    TRUE_AS_SENT: "true_as_sent",
    RULE_IS_WRONG: "rule_is_wrong",
}
OF_THE_FILE = {ACKNOWLEDGE, WILL_CORRECT, NIL, WITHDRAW, ""}
OF_A_RULE = {WILL_CORRECT, TRUE_AS_SENT, RULE_IS_WRONG}
OVER = ("superseded", "withdrawn", "erased", "expired", "duplicate")  # nothing is left to answer


@dataclass(frozen=True)
class Sheet:
    """A Reply sheet as it came: whose inbox it lay in, under which claim, and its cells."""

    claim: str
    partner: Partner
    cells: Sequence[Sequence[Any]]


def apply_reply(settings: Settings, sheet: Sheet) -> None:
    """Apply a filled sheet, or tell its sender why nothing of it was applied. A sheet is applied once."""
    answers, problems = read_answers(sheet.cells)
    with open_memory() as working:
        create_reference(working, settings.partnership, last=today(settings))
        with open_warehouse(settings.home, writable=True, working=working) as connection:
            ledger.prepare(connection, settings.now())
            create_merged(connection)
            if _is_applied(connection, sheet.claim):
                return
            known = _deliveries(connection, sheet.partner, answers)
            if not problems:
                problems = [
                    f"Row {answer.row}: {problem}"
                    for answer in answers
                    if (problem := _problem(settings, connection, known.get(answer.delivery_id), answer, answers))
                ]
            if not problems and not answers:
                problems = [
                    "No answer is filled in. Please fill in the yellow cells of the sheet Reply and save it."
                ]
            if problems:
                subject = next(iter(known), f"reply-{sheet.claim}")
                told = _not_applied(settings, sheet, known.get(subject), problems)
                with transaction(connection):
                    ledger.post(connection, told, subject, settings.now())
                return
            _apply(settings, connection, sheet, answers, known)


def _is_applied(connection: Connection, claim: str) -> bool:
    found = ledger.rows(connection, "SELECT 1 AS one FROM warehouse.ledger.reply WHERE claim = ? LIMIT 1", [claim])
    return bool(found)


def _deliveries(connection: Connection, partner: Partner, answers: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """The partner's own deliveries among those that are answered, by id."""
    found = {}
    for delivery_id in dict.fromkeys(answer.delivery_id for answer in answers):
        for row in ledger.deliveries(connection, "delivery_id = ? AND partner = ?", delivery_id, partner.id):
            found[delivery_id] = row
    return found


def _problem(
    settings: Settings,
    connection: Connection,
    delivery: dict[str, Any] | None,
    answer: Answer,
    answers: Sequence[Answer],
) -> str | None:
    """Why an answer cannot be applied, in a sentence; None when it can. Echoes nothing of the sheet."""
    if delivery is None:
        return (
            "the delivery in the first column is none of yours that we know. Please leave that column as it was."
        )
    if delivery["state"] in OVER:
        return (
            f"this file is {words.humanise(delivery['state']).lower()} meanwhile, so there is nothing to answer. "
            "If a newer file needs an answer, please use the workbook that came with it."
        )
    if answer.answer not in (OF_THE_FILE if answer.rule_id is None else OF_A_RULE):
        return "this answer does not belong to this row. Please choose one from the drop-down."
    if answer.day is not None and answer.day < today(settings):
        return "the day is over. Please give a day to come."
    try:
        _may_be_applied(settings, connection, delivery, answer)
    except DecisionError as error:
        return f"{error}"
    of_it = [one for one in answers if one.delivery_id == answer.delivery_id and one.answer]
    if answer.answer in (NIL, WITHDRAW) and len(of_it) > 1:
        return "a nil return or a withdrawal is an answer for the whole file; please give no other beside it."
    return None


def _may_be_applied(settings: Settings, connection: Connection, delivery: dict[str, Any], answer: Answer) -> None:
    """Raises DecisionError where the delivery does not let the answer be given."""
    if answer.answer == NIL:
        if delivery["period"] is None or delivery["dataset"] is None:
            raise DecisionError("the file names no period, so we do not know for which one there is nothing.")
        key = f"{delivery['partner']}/{delivery['dataset']}"
        statement(
            settings, connection, key, delivery["period"], reason=answer.reason, by=_person(settings, delivery)
        )
    if answer.answer == WITHDRAW and "withdrawn" not in ledger.next_states(delivery["state"]):
        raise DecisionError("this file is not in use, so there is nothing to withdraw.")
    if answer.rule_id is None:
        return
    failed = ledger.failed_severities(connection, delivery["delivery_id"])
    if answer.rule_id not in failed:
        raise DecisionError(
            "this file did not fail the rule in the second column. Please leave that column as it was."
        )
    if answer.answer == TRUE_AS_SENT:
        if may_name_somebody(settings.partnership, answer.reason):
            raise DecisionError(MAY_BE_A_NAME)
        may_be_confirmed(connection, delivery, answer.rule_id)


def _person(settings: Settings, delivery: Mapping[str, Any]) -> str:
    """Who answers for the partner's data today: a sheet carries no signature of its own."""
    return settings.partnership.partners[delivery["partner"]].answering(today(settings)).name


def _apply(
    settings: Settings,
    connection: Connection,
    sheet: Sheet,
    answers: Sequence[Answer],
    known: Mapping[str, dict[str, Any]],
) -> None:
    moment, by = settings.now(), sheet.partner.answering(today(settings)).name
    with transaction(connection):
        for answer in answers:
            _write(connection, sheet, answer, by, moment)
        for delivery_id, delivery in known.items():
            given = [answer for answer in answers if answer.delivery_id == delivery_id]
            # The question first: what a rule found is forgotten where the file is to be judged anew.
            for does in (_acknowledge, _question, _confirm, _withdraw, _nil):
                does(settings, connection, delivery, given, by)
            told = _applied(settings, sheet, delivery, given)
            ledger.post(connection, told, delivery_id, moment)
            ledger.audit(
                connection,
                "reply.applied",
                delivery_id,
                {
                    "answers": [f"{one.rule_id or 'file'}: {CODES.get(one.answer, 'checks')}" for one in given],
                    "by": by,
                },
                actor=settings.actor,
                at=moment,
            )


def _write(connection: Connection, sheet: Sheet, answer: Answer, by: str, moment: datetime) -> None:
    connection.execute(
        "INSERT INTO warehouse.ledger.reply VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            sheet.claim,
            sheet.partner.id,
            answer.delivery_id,
            answer.rule_id,
            CODES.get(answer.answer),
            answer.reason or None,
            answer.day,
            answer.checks,
            by,
            moment.replace(tzinfo=None),
        ],
    )


def _acknowledge(
    settings: Settings, connection: Connection, delivery: dict[str, Any], given: Sequence[Answer], by: str
) -> None:
    """Whoever answers has read the alert."""
    open_ones = ledger.rows(
        connection,
        "SELECT message_id FROM warehouse.ledger.outbox WHERE kind = 'alert' AND delivery_id = ? "
        "AND acknowledged_at IS NULL AND settled_at IS NULL",
        [delivery["delivery_id"]],
    )
    for row in open_ones:
        connection.execute(
            "UPDATE warehouse.ledger.outbox SET acknowledged_at = ?, acknowledged_by = ? WHERE message_id = ?",
            [settings.now().replace(tzinfo=None), by, row["message_id"]],
        )


def _confirm(
    settings: Settings, connection: Connection, delivery: dict[str, Any], given: Sequence[Answer], by: str
) -> None:
    """Remember what is true as sent, and let the delivery be judged anew by the run this belongs to."""
    true = [answer for answer in given if answer.answer == TRUE_AS_SENT]
    if not true:
        return
    moment = settings.now()
    told = [
        {
            "rule_id": answer.rule_id,
            "reason": answer.reason,
            "until": answer.day or today(settings),
            "slot": delivery["slot"],
        }
        for answer in true
    ]
    said = keep_words(settings, delivery["delivery_id"], {"confirmed": told})
    for answer in true:
        ledger.remember_confirmation(
            connection,
            delivery,
            str(answer.rule_id),
            reason=answer.reason,
            until=answer.day or today(settings),
            by=by,
            at=moment,
        )
    ledger.forget_rules(connection, delivery["delivery_id"])
    ledger.move(
        connection,
        delivery["delivery_id"],
        "received",
        actor=settings.actor,
        at=moment,
        changes={"tries": 0},
        because={"confirmed": [answer.rule_id for answer in true], "by": by, "said": said},
    )


def _withdraw(
    settings: Settings, connection: Connection, delivery: dict[str, Any], given: Sequence[Answer], by: str
) -> None:
    if not any(answer.answer == WITHDRAW for answer in given):
        return
    delivery_id = delivery["delivery_id"]
    ledger.move(
        connection,
        delivery_id,
        "withdrawn",
        actor=settings.actor,
        at=settings.now(),
        because={
            "by": by,
            "said": keep_words(settings, delivery_id, {"reason": given[0].reason, "where": "in a Reply sheet"}),
        },
    )
    remember(connection)
    connection.execute("DELETE FROM warehouse.merged.contribution WHERE delivery_id = ?", [delivery_id])
    recompute(connection, datasets={f"{delivery['partner']}/{delivery['dataset']}"}, today=today(settings))
    record_what_moved(settings, connection, [delivery_id])
    own = [alert["id"] for alert in messages.open_alerts(connection, delivery)]
    settle(connection, own, f"withdrawn by {by}", actor=settings.actor, at=settings.now())


def _nil(
    settings: Settings, connection: Connection, delivery: dict[str, Any], given: Sequence[Answer], by: str
) -> None:
    for answer in given:
        if answer.answer == NIL:
            key = f"{delivery['partner']}/{delivery['dataset']}"
            said = statement(settings, connection, key, delivery["period"], reason=answer.reason, by=by)
            record(settings, connection, said)


def _question(
    settings: Settings, connection: Connection, delivery: dict[str, Any], given: Sequence[Answer], by: str
) -> None:
    """Who owns a rule hears that an officer thinks it wrong."""
    for answer in given:
        if answer.answer == RULE_IS_WRONG:
            told = _questioned(settings, connection, delivery, str(answer.rule_id), by)
            ledger.post(connection, told, delivery["delivery_id"], settings.now())


def _about(settings: Settings, delivery: Mapping[str, Any] | None) -> dict[str, Any]:
    """What every letter about an answer says: which file, whose exchange, whom to ring."""
    named = messages.naming(settings, delivery) if delivery is not None else {"dataset_title": "Your reply"}
    return {
        **named,
        "exchange_name": settings.partnership.name,
        "marking": settings.partnership.marking,
        "contact": messages.contact(settings),
    }


def _applied(settings: Settings, sheet: Sheet, delivery: dict[str, Any], given: Sequence[Answer]) -> Message:
    first = f"{delivery['delivery_id']}.1.alert"
    payload = {
        **_about(settings, delivery),
        "kind": "reply",
        "delivery_id": delivery["delivery_id"],
        "thread": {"first": first, "latest": first},
        "answers": [
            {"rule": answer.rule_id, "answer": answer.answer, "day": _iso(answer.day), "checks": answer.checks}
            for answer in given
        ],
    }
    return Message("reply", sheet.partner.id, payload, f"answer-{sheet.claim}")


def _not_applied(
    settings: Settings, sheet: Sheet, delivery: dict[str, Any] | None, problems: Sequence[str]
) -> Message:
    payload = {**_about(settings, delivery), "kind": "reply_refused", "problems": list(problems)}
    if delivery is not None:
        first = f"{delivery['delivery_id']}.1.alert"
        payload |= {"delivery_id": delivery["delivery_id"], "thread": {"first": first, "latest": first}}
    return Message("reply_refused", sheet.partner.id, payload, f"answer-{sheet.claim}")


def _questioned(
    settings: Settings, connection: Connection, delivery: dict[str, Any], rule_id: str, by: str
) -> Message:
    key = f"{delivery['partner']}/{delivery['dataset']}"
    standard = settings.partnership.standards[key]
    rule = next((one for one in standard.rules if one.id == rule_id), None)
    payload = {
        **_about(settings, delivery),
        "kind": "rule_questioned",
        "to": ["data_quality_lead"],
        "delivery_id": delivery["delivery_id"],
        "partner_name": settings.partnership.partners[delivery["partner"]].name,
        "rule": rule_id,
        "sentence": rule.sentence if rule else "",
        "why": rule.reason if rule else "",
        "owner": standard.owner,
        "by": by,
        "failed": ledger.failed_rows(connection, delivery["delivery_id"], rule_id),
    }
    return Message("rule_questioned", delivery["partner"], payload, f"question-{rule_id}")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
