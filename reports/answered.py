"""The letters about a Reply sheet: it was applied, it was not and why, and a rule's owner is asked about a rule.

No reason that a person wrote is repeated: it is free text, and stays in the ledger.
"""

from collections.abc import Callable, Mapping
from typing import Any

from reports import words
from reports.letters import Part, Payload, filled, ringing, sentence, title
from reports.mail import Mail, written
from reports.reply import ACKNOWLEDGE, CHECKS, NIL, RULE_IS_WRONG, TRUE_AS_SENT, WILL_CORRECT, WITHDRAW

FOLLOWS = {
    ACKNOWLEDGE: "thank you; we will not remind your deputy.",
    WILL_CORRECT: "we expect the whole file by {day}; after that day your deputy hears too.",
    NIL: "the period now counts as received, with nothing to report.",
    WITHDRAW: "it counts no more, and its period shows as not received until a new file comes.",
    TRUE_AS_SENT: "taken as true until {day}, also for later files of this period. It stands beside the figure.",
    RULE_IS_WRONG: "whoever owns the rule has been asked. Until they change it, the rule stands.",
}


def reply(payload: Payload) -> Mail:
    """The receipt of a filled Reply sheet: each answer and what follows from it."""
    answers = payload.get("answers") or []
    judged = any(one["answer"] == TRUE_AS_SENT for one in answers)
    nil = any(one["answer"] == NIL for one in answers)
    after = []
    if judged:
        after.append("The file is being judged anew; what became of it comes in a message of its own.")
    if nil:
        after.append("The receipt of the nil return comes in a message of its own.")
    parts = [
        Part("", [f"We have applied your reply: {title(payload)}."]),
        Part("What you answered", points=[_answer(one) for one in answers]),
        Part(
            "What happens next", [*(after or ["You need do nothing more for now."]), ringing(payload["contact"])]
        ),
    ]
    return written(payload, f"Your reply is applied: {title(payload, short=True)}", parts)


def _answer(one: Mapping[str, Any]) -> tuple[str, ...]:
    about = f"Rule {one['rule']}" if one.get("rule") else "The whole file"
    day = words.read_day(one.get("day"))
    lines = []
    if one.get("answer"):
        follows = FOLLOWS[one["answer"]].replace("{day}", words.day(day) if day else "the day given")
        lines.append(f"{about}: {one['answer'][0].lower()}{one['answer'][1:]}.")
        lines.append(follows[0].upper() + follows[1:])
    if one.get("checks"):
        made = CHECKS[one["checks"]].partition(" ")[2]
        lines.append(f"Checks made on the data: {made[0].lower()}{made[1:]}. This is shown with its figures.")
    return tuple(lines)


def reply_refused(payload: Payload) -> Mail:
    """Why nothing of a Reply sheet was applied, row by row, and what to do."""
    parts = [
        Part("", [f"We could not apply your reply, and nothing was changed: {title(payload)}."]),
        Part("What is wrong", points=[(sentence(str(problem)),) for problem in payload.get("problems") or []]),
        Part(
            "What to do",
            [
                "Put right the sheet Reply of the same workbook, save it, and put it where you put your data. We did "
                "not keep the one you sent.",
                ringing(payload["contact"]),
            ],
        ),
    ]
    return written(payload, f"[Action needed] Your reply was not applied: {title(payload, short=True)}", parts)


def rule_questioned(payload: Payload) -> Mail:
    """For the owner of a rule: an officer thinks it wrong."""
    failed = int(payload.get("failed") or 0)
    parts = [
        Part(
            "",
            [
                f"{payload['by']} ({payload['partner_name']}) says that rule {payload['rule']} is wrong.",
                f"It comes to you because the {payload['owner']} owns the standard.",
            ],
        ),
        Part(
            "The rule",
            points=[
                (f"It says: {sentence(filled(str(payload['sentence']), failed))}",),
                (f"It exists because: {sentence(str(payload['why']))}",),
                (f"It failed in: {title(payload)}, {words.count(failed, 'row')}",),
                (f"Delivery: {payload['delivery_id']}",),
            ],
        ),
        Part(
            "What to do",
            [
                'Their reason is kept with the alert: see "exchange alerts list". Please answer them. If the rule is '
                'to change, change the standard and look with "exchange rejudge" at what would follow before you let '
                "it.",
                "The rule stands until then, and the file with it.",
            ],
        ),
    ]
    return written(payload, f"Rule {payload['rule']} is questioned: {title(payload, short=True)}", parts)


RENDER: dict[str, Callable[[Payload], Mail]] = {
    "reply": reply,
    "reply_refused": reply_refused,
    "rule_questioned": rule_questioned,
}
