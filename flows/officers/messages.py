"""What a delivery's sender is told: payloads of ids, counts and agreed sentences, written with the state change.

The words around them are the templates' (``reports.mail``); the addresses are looked up when mail is sent, so a
new officer inherits what is open.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flows.receiving.examine import Verdict
from flows.settings import LONDON, Settings, today
from reports.error_report import report_name
from reports.words import period as period_in_words
from reports.words import period_short
from schemas.alerting import closing_time, quiet_until
from schemas.contract import Contract
from schemas.periods import parse_period, period_of
from schemas.working_days import CLOSES, working_days_of
from warehouse import ledger
from warehouse.connection import Connection
from warehouse.ledger import Message

ALERTING = {"rejected", "held", "refused", "accepted_with_exceptions"}
ACT_BY = {"rejected", "held", "refused"}  # nothing goes on until the officer acts
REPORTED = {"rejected", "accepted_with_exceptions"}  # an error report comes with it
SETTLING = {
    "nil",
    "accepted",
    "accepted_with_exceptions",
    "rejected",
}  # what it finds takes the place of what was said before


def on_arrival(
    settings: Settings, connection: Connection, delivery: Mapping[str, Any], remedy: str | None
) -> list[Message]:
    """Messages for what ends at the door (held, refused, duplicate); none for what goes on to validation."""
    if delivery["state"] == "received":
        return []
    if delivery["partner"] is None:
        return [_operator(settings, delivery, str(delivery["reason"]))]
    return on_decision(settings, connection, delivery, delivery["state"], [], remedy)


def on_decision(
    settings: Settings,
    connection: Connection,
    delivery: Mapping[str, Any],
    decision: str,
    rules: Iterable[Mapping[str, Any]],
    remedy: str | None,
) -> list[Message]:
    """One message for every delivery: an alert when somebody has to act, else a receipt, which ends an open alert.

    An alert is the receipt of its file too: two mails about one file would say the same twice.
    """
    payload = _payload(settings, connection, delivery, decision, rules, remedy)
    answered = open_alerts(connection, delivery) if decision in SETTLING else []
    if decision in ALERTING:
        kind = "alert"
    else:
        kind = "resolved" if any(alert["payload"].get("act_by") for alert in answered) else "receipt"
    payload["settles"] = [
        {"id": alert["id"], "raised_at": alert["payload"]["raised_at"], "decision": alert["payload"]["decision"]}
        for alert in answered
        if alert["payload"].get("act_by")
    ]
    payload["thread"] = _thread(connection, delivery, answered)
    told = [Message(kind, delivery["partner"], {**payload, "kind": kind})]
    if decision == "held":
        told.append(_operator(settings, delivery, "A file is held apart: " + str(delivery["reason"])))
    return told


def of_check(settings: Settings, key: str, verdict: Verdict) -> dict[str, Any]:
    """The payload of a file that was only checked: the same words, and no delivery to speak of."""
    contract, counts = settings.partnership.contracts[key], verdict.counts
    return {
        "kind": "checked",
        "delivery_id": None,
        "partner_name": settings.partnership.partners[contract.partner].name,
        **naming(settings, {"partner": contract.partner, "dataset": contract.dataset, "period": verdict.period}),
        "state": verdict.decision,
        "decision": verdict.decision,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "counts": {
            "received": counts.received if counts else None,
            "accepted": counts.accepted if counts else None,
            "quarantined": counts.quarantined if counts else None,
            "out_of_scope": counts.out_of_scope if counts else None,
        },
        "rules": _failed(verdict.rules),
        "exchange_name": settings.partnership.name,
        "marking": settings.partnership.marking,
        "contact": contact(settings),
    }


def as_duplicate(twin: str) -> tuple[str, str]:
    """Reason and remedy of a delivery whose bytes are those of one that stands."""
    return f"It is the same file, byte for byte, as {twin}.", "Nothing: the file that stands is this one."


def in_trial(settings: Settings, delivery: Mapping[str, Any]) -> bool:
    """True when the delivery came under an agreement at stage `test`: judged and answered in full, and never merged."""
    agreement = settings.partnership.agreement(delivery.get("agreement_id"))
    return agreement is not None and agreement.stage == "test"


def on_fault(settings: Settings, delivery: Mapping[str, Any], problem: str) -> Message:
    """A failure of ours: the operator hears of it, the partner does not."""
    return _operator(settings, delivery, problem)


def on_refused_address(settings: Settings, partner: str, address: str) -> Message:
    """A mail server does not know somebody's address: the operator is told, since only the files can be mended."""
    problem = (
        f"The mail server refuses {address} for good; the next in line has been written to instead. "
        f"Correct schemas/partners/{partner}.yaml, or ask the partner"
    )
    return _operator(settings, {"delivery_id": None, "partner": partner}, problem)


def _operator(settings: Settings, delivery: Mapping[str, Any], problem: str) -> Message:
    return Message(
        "operator",
        None,
        {
            "kind": "operator",
            "delivery_id": delivery["delivery_id"],
            "partner": delivery.get("partner"),
            "dataset": f"{delivery['partner']}/{delivery['dataset']}" if delivery.get("dataset") else None,
            "period": delivery.get("period"),
            "marking": settings.partnership.marking,
            "problem": problem,
            "state": delivery.get("state"),
            "hold_until": str(delivery["hold_until"]) if delivery.get("hold_until") else None,
            "at": settings.now().isoformat(),
            "exchange_name": settings.partnership.name,
        },
    )


def _payload(
    settings: Settings,
    connection: Connection,
    delivery: Mapping[str, Any],
    decision: str,
    rules: Iterable[Mapping[str, Any]],
    remedy: str | None,
) -> dict[str, Any]:
    partnership = settings.partnership
    key = f"{delivery['partner']}/{delivery['dataset']}" if delivery["dataset"] else None
    contract = partnership.contracts.get(key) if key else None
    period = parse_period(delivery["period"]) if delivery["period"] else None
    trial = in_trial(settings, delivery)
    return {
        "delivery_id": delivery["delivery_id"],
        "trial": trial,
        "partner_name": partnership.partners[delivery["partner"]].name,
        **naming(settings, delivery),
        "received_at": _iso(delivery["received_at"]),
        "sha256": delivery["sha256"],
        "state": decision,
        "decision": decision,
        "reason": delivery.get("reason"),
        "remedy": remedy,
        "counts": {
            "received": delivery.get("rows_received"),
            "accepted": delivery.get("rows_accepted"),
            "quarantined": delivery.get("rows_quarantined"),
            "out_of_scope": delivery.get("rows_out_of_scope"),
        },
        **_clock(settings, decision, _promised(connection, delivery)),
        "rules": _failed(rules),
        "feeds": feeds(settings, key) if key and not trial else [],
        "meetings": meetings(settings, key, delivery["period"]) if key and period and not trial else [],
        "stands": _stands(connection, delivery, decision),
        "due_on": _due_on(settings, delivery) if contract and period and not trial else None,
        "next_due": _next_due(settings, delivery) if contract and period and not trial else None,
        "hold_until": str(delivery["hold_until"]) if delivery.get("hold_until") else None,
        "report": report_name(delivery["delivery_id"]) if decision in REPORTED else None,
        "exchange_name": partnership.name,
        "marking": partnership.marking,
        "contact": contact(settings),
    }


def naming(settings: Settings, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """Which extract a letter speaks of: partner, dataset and period, as ids and in words."""
    key = f"{delivery['partner']}/{delivery['dataset']}" if delivery["dataset"] else None
    contract = settings.partnership.contracts.get(key) if key else None
    period = parse_period(delivery["period"]) if delivery["period"] else None
    return {
        "partner": delivery["partner"],
        "dataset": key,
        "dataset_title": _titled(contract) if contract else "a file for no agreed dataset",
        "period": period.id if period else None,
        "period_words": period_in_words(period.start, period.end) if period else None,
        "period_short": period_short(period.start, period.end) if period else None,
    }


def _failed(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules that failed: agreed sentences, counts, row numbers and columns, never a value."""
    return [
        {
            "id": rule["rule_id"],
            "severity": rule["severity"],
            "sentence": rule["sentence"],
            "remedy": rule["remedy"],
            "failed": rule["failed"],
            "rows": list(rule["first_rows"]),
            "columns": [list(place) for place in rule.get("columns", ())],
        }
        for rule in rules
        if rule["outcome"] == "failed"
    ]


def contact(settings: Settings) -> dict[str, str]:
    """Whom an officer rings or writes to."""
    lead = settings.partnership.data_quality_lead
    return {"name": lead.name, "email": lead.email, "telephone": lead.telephone}


def _promised(connection: Connection, delivery: Mapping[str, Any]) -> date | None:
    """The day by which the officer said that this file will be put right, in the newest answer; None without one."""
    (said,) = ledger.rows(
        connection,
        "SELECT arg_max(day, answered_at) AS day FROM warehouse.ledger.reply "
        "WHERE delivery_id = ? AND answer = 'will_correct'",
        [delivery["delivery_id"]],
    )
    day: date | None = said["day"]
    return day


def _clock(settings: Settings, decision: str, promised: date | None) -> dict[str, Any]:
    """When the alert was raised, by when to act, and when offices open again where nobody is asked before.

    Judged anew after a day was promised, the file is asked for by the end of that day.
    """
    moment, calendar = settings.now(), working_days_of(settings.partnership.area_code)
    acts = decision in ACT_BY
    opening = quiet_until(calendar, moment) if acts else None
    by = closing_time(calendar, moment, settings.partnership.escalation[0].after) if acts else None
    kept = by is not None and promised is not None and promised >= today(settings)
    if kept:
        by = datetime.combine(promised or date.min, CLOSES, LONDON)
    return {
        "raised_at": moment.isoformat(),
        "act_by": by.isoformat() if by else None,
        "as_promised": kept,
        "quiet_until": opening.isoformat() if opening else None,
    }


def open_alerts(connection: Connection, delivery: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The unsettled alerts that a decision on this delivery answers: of its slot, or of files that named no period.

    Its own of an earlier judgement are among them; those of files that came after it are not. Each with its id and
    payload, oldest first.
    """
    if not delivery.get("dataset"):
        return []
    found = ledger.rows(
        connection,
        "SELECT message_id, payload, delivery.slot FROM warehouse.ledger.outbox AS told "
        "JOIN warehouse.ledger.delivery AS delivery USING (delivery_id) "
        "WHERE told.kind = 'alert' AND told.settled_at IS NULL AND delivery.partner = ? AND delivery.dataset = ? "
        "AND (delivery.period = ? OR delivery.period IS NULL) AND delivery.sequence <= ? "
        "ORDER BY told.created_at, message_id",
        [delivery["partner"], delivery["dataset"], delivery["period"], delivery["sequence"]],
    )
    slot = delivery.get("slot")
    return [
        {"id": row["message_id"], "payload": json.loads(row["payload"])}
        for row in found
        if slot is None or row["slot"] in (None, slot)
    ]


def _thread(
    connection: Connection, delivery: Mapping[str, Any], answered: list[dict[str, Any]]
) -> dict[str, str] | None:
    """The first and the latest message about the same slot, so that mail programs show them as one conversation."""
    earlier = ledger.rows(
        connection,
        "SELECT message_id FROM warehouse.ledger.outbox AS told "
        "JOIN warehouse.ledger.delivery AS delivery USING (delivery_id) "
        "WHERE told.partner = ? AND delivery.partner = ? AND delivery.dataset = ? AND delivery.period = ? "
        "AND (delivery.slot IS NULL OR ?::VARCHAR IS NULL OR delivery.slot = ?) "
        "ORDER BY told.created_at, message_id",
        [*[delivery["partner"]] * 2, delivery["dataset"], delivery["period"], *[delivery.get("slot")] * 2],
    )
    ids = [row["message_id"] for row in earlier] or [alert["id"] for alert in answered]
    return {"first": ids[0], "latest": ids[-1]} if ids else None


def feeds(settings: Settings, key: str) -> list[dict[str, str]]:
    """The indicators, of any framework, that a dataset feeds."""
    return [
        {"indicator": indicator.id, "name": indicator.name, "framework": framework.id}
        for framework in settings.partnership.frameworks.values()
        for indicator in framework.indicators
        if any(term.dataset == key for term in (*indicator.formula.numerator, *indicator.formula.denominator))
    ]


def meetings(settings: Settings, key: str, period: str) -> list[dict[str, str]]:
    """The next meeting of each layer, of a framework that the dataset feeds, that wants the period's figures.

    One whose figures end before the period does not wait for it; nor does one whose papers have closed.
    """
    fed, covered, day = {feed["framework"] for feed in feeds(settings, key)}, parse_period(period), today(settings)
    ahead = [
        ({layer.id: layer.name for layer in framework.layers}[meeting.layer], meeting)
        for framework in settings.partnership.frameworks.values()
        if framework.id in fed
        for meeting in framework.meetings
        if meeting.papers_by >= day and meeting.period.end >= covered.start
    ]
    found: dict[str, dict[str, str]] = {}
    for body, meeting in sorted(ahead, key=lambda one: (one[1].on, one[0])):
        told = {"body": body, "on": meeting.on.isoformat(), "papers_by": meeting.papers_by.isoformat()}
        found.setdefault(body, told)
    return list(found.values())


def _stands(connection: Connection, delivery: Mapping[str, Any], decision: str) -> str | None:
    """Which file goes on being used while this one is not."""
    if decision in {"accepted", "accepted_with_exceptions"}:
        return None
    live = ledger.deliveries(
        connection,
        "partner = ? AND dataset = ? AND period = ? AND state IN ('accepted', 'accepted_with_exceptions', 'merged') "
        "AND delivery_id <> ?",
        delivery["partner"],
        delivery["dataset"],
        delivery["period"],
        delivery["delivery_id"],
    )
    if not live:
        return None
    day = live[-1]["received_at"].astimezone(LONDON)
    return f"Your file of {day.day} {day:%B %Y} stays in use."


def _due_on(settings: Settings, delivery: Mapping[str, Any]) -> str | None:
    """The day this period's delivery is owed under the agreement, or None when none is."""
    key = f"{delivery['partner']}/{delivery['dataset']}"
    if settings.partnership.contracts[key].cadence is None:
        return None
    period = parse_period(delivery["period"])
    agreement = settings.partnership.agreement_for(key, settings.now().date(), period)
    return agreement.due_on(period).isoformat() if agreement else None


def _next_due(settings: Settings, delivery: Mapping[str, Any]) -> str | None:
    """The day the next delivery of this dataset is owed under the agreement, or None when none is."""
    key = f"{delivery['partner']}/{delivery['dataset']}"
    contract = settings.partnership.contracts[key]
    if contract.cadence is None:
        return None
    period = parse_period(delivery["period"])
    following = period_of(contract.cadence, period.end + timedelta(days=1))
    agreement = settings.partnership.agreement_for(key, settings.now().date(), following)
    return agreement.due_on(following).isoformat() if agreement else None


def _titled(contract: Contract) -> str:
    """The dataset's name with whose it is: "Police recorded crime"; an abbreviation keeps its capitals."""
    partner, title = contract.partner.replace("_", " ").capitalize(), contract.title
    if title.lower().startswith(partner.lower()):
        return title
    return f"{partner} {title[0].lower() + title[1:] if title[1:2].islower() else title}"


def _iso(moment: datetime | str) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else moment
