"""The letters that no delivery brings about: what is due, overdue or in at last, what lies with us, what lapses."""

from collections.abc import Callable

from reports import words
from reports.letters import Part, Payload, holds_up_part, one_line, sentence, time_of, title
from reports.mail import Mail, written
from reports.words import count


def due_soon(payload: Payload) -> Mail:
    """A few working days before the due day: nothing is wrong yet."""
    due_on = _day(payload, "due_on")
    parts = [
        Part("", [f"Your file is due by {due_on}: {title(payload)}.", *_came(payload)]),
        _reds_part(payload),
        _meeting_part(payload),
        Part(
            "What to do", ["Please send it by then. If it is on its way, you need do nothing.", *_contact(payload)]
        ),
    ]
    return written(payload, one_line(f"{title(payload)}: due by {due_on}"), parts)


def overdue(payload: Payload) -> Mail:
    """After the due day: what is missing, since when, what waits for it, who else is told."""
    due_on, late = _day(payload, "due_on"), int(payload.get("working_days_late") or 0)
    parts = [
        Part(
            "",
            [
                f"We have not received your file: {title(payload)}."
                if not payload.get("last_decision")
                else f"We have no file that we can use: {title(payload)}.",
                f"It was due by {due_on}, {count(late, 'working day')} ago, under the agreement "
                f"“{payload.get('agreement')}”.",
                *_came(payload),
            ],
        ),
        Part(
            "What still stands",
            ["Until it is in, its figures show as not received, and the boards see who has not sent."],
        ),
        holds_up_part(payload),
        _reds_part(payload),
        _meeting_part(payload),
        Part(
            "What to do",
            [
                "Please send it, or tell us when it will come. If there is nothing to report for this period, say so "
                "with a nil return.",
                *_also(payload),
                *_contact(payload),
            ],
        ),
    ]
    return written(payload, one_line(f"[Action needed] {title(payload)}: overdue since {due_on}"), parts)


def unanswered(payload: Payload) -> Mail:
    """The return is in, and some Reds are not spoken of: each of them by name."""
    reds = payload.get("reds") or []
    parts = [
        Part(
            "",
            [
                f"Your return is in, and {count(len(reds), 'Red figure')} {'is' if len(reds) == 1 else 'are'} still "
                f"unanswered: {title(payload)}.",
                f"An answer was due by {_day(payload, 'due_on')}, under the agreement “{payload.get('agreement')}”.",
            ],
        ),
        _reds_part(payload),
        Part(
            "What to do",
            [
                "A workbook in your folder answers has the rows to fill in. A return takes the place of the one "
                "before, so please put them under the rows you sent already, and send all of it again.",
                *_also(payload),
                *_contact(payload),
            ],
        ),
    ]
    subject = f"[Action needed] {title(payload)}: {count(len(reds), 'Red figure')} unanswered"
    return written(payload, one_line(subject), parts)


def chase_over(payload: Payload) -> Mail:
    """The chase has ended: only who was asked hears."""
    parts = [
        Part("", [f"Received, thank you: {title(payload)}.", "We will not ask for it again. You need do nothing."])
    ]
    return written(payload, one_line(f"{title(payload)}: received, thank you"), parts)


def delay(payload: Payload) -> Mail:
    """Our own failure holds a file up: the officer is to do nothing."""
    parts = [
        Part(
            "",
            [
                f"We have your file, and you need do nothing: {title(payload)}.",
                "Something on our side keeps us from checking it. It is safe with us, our engineer knows, and it "
                "counts as received when it came. Please do not send it again.",
            ],
        ),
        Part(
            "Which",
            points=[
                (f"Received: {time_of(payload.get('received_at'))}",),
                (f"Delivery: {payload.get('delivery_id')}",),
            ],
        ),
        Part("Questions", _contact(payload)),
    ]
    return written(payload, one_line(f"{title(payload)}: we have your file, do nothing"), parts)


def delay_over(payload: Payload) -> Mail:
    """What held a file up is mended."""
    parts = [
        Part(
            "",
            [
                f"What held up your file is mended: {title(payload)}.",
                "Its receipt says what became of it. If it asks nothing of you, you need do nothing.",
            ],
        ),
        Part(
            "Which",
            points=[
                (f"Received: {time_of(payload.get('received_at'))}",),
                (f"Delivery: {payload.get('delivery_id')}",),
            ],
        ),
    ]
    return written(payload, one_line(f"{title(payload)}: no longer held up"), parts)


def hold_over(payload: Payload) -> Mail:
    """A held file is erased: what was erased, why it was held, what is kept."""
    parts = [
        Part(
            "",
            [
                f"The file that was held is erased: {title(payload)}.",
                sentence(str(payload.get("reason") or "")),
                "Its bytes are gone. We keep its fingerprint, its size and the reason, to show that it was erased.",
            ],
        ),
        Part(
            "What to do",
            [
                "Nothing, if a file without what may not be shared was sent since. Else please send one.",
                *_contact(payload),
            ],
        ),
        Part(
            "Which",
            points=[
                (f"Received: {time_of(payload.get('received_at'))}",),
                (f"Delivery: {payload.get('delivery_id')}",),
                (f"SHA-256: {payload.get('sha256')}",),
            ],
        ),
    ]
    return written(payload, one_line(f"{title(payload)}: the held file is erased"), parts)


def review(payload: Payload) -> Mail:
    """An agreement comes up for review, or ends: without it nothing may be received."""
    day, ends = _day(payload, "day"), _day(payload, "end")
    left = count(int(payload.get("days_left") or 0), "day")
    name = f"{payload.get('agreement_title')} ({payload.get('agreement')})"
    ending = payload.get("what") == "end"
    opening = (
        f"The agreement {name} ends on {day}, in {left}."
        if ending
        else f"The agreement {name} is to be reviewed by {day}, in {left}."
    )
    after = (
        "What arrives after that day is held apart and not used."
        if ending
        else f"It ends on {ends}."
        if ends
        else "It has no last day."
    )
    parts = [
        Part("", [opening, after]),
        Part("What it covers", points=[(str(dataset),) for dataset in payload.get("datasets") or []]),
        Part(
            "What to do",
            [
                "Please agree with the other parties whether it is to go on, and with what changes, and tell us the "
                "new dates.",
                *_contact(payload),
            ],
        ),
    ]
    return written(
        payload,
        one_line(f"Agreement {payload.get('agreement')}: {'ends' if ending else 'review due'} {day}"),
        parts,
    )


RENDER: dict[str, Callable[[Payload], Mail]] = {
    "due_soon": due_soon,
    "overdue": overdue,
    "unanswered": unanswered,
    "chase_over": chase_over,
    "delay": delay,
    "delay_over": delay_over,
    "hold_over": hold_over,
    "review": review,
}


def _day(payload: Payload, name: str) -> str:
    found = words.read_day(payload.get(name))
    return words.day(found) if found else ""


def _reds_part(payload: Payload) -> Part:
    """The Red figures that wait for a word, and for which."""
    points = [(f"{red['name']} ({red['indicator']}): {red['asked']}",) for red in payload.get("reds") or []]
    return Part("Which Red figures wait for it", points=points) if points else Part("")


def _came(payload: Payload) -> list[str]:
    """What came and cannot be used, where something did."""
    received = words.read_day(payload.get("last_received_at"))
    if not received or payload.get("last_decision") not in ("rejected", "held", "refused"):
        return []
    said = {"held": "is held apart", "refused": "was turned away"}.get(
        str(payload["last_decision"]), "was not accepted"
    )
    return [f"Your file of {words.day(received)} {said}; the message about it says why."]


def _meeting_part(payload: Payload) -> Part:
    """The next meeting that wants it."""
    meeting = payload.get("meeting")
    if not meeting:
        return Part("")
    cut_off, on = words.read_day(meeting["cut_off"]), words.read_day(meeting["on"])
    if cut_off is None or on is None:
        return Part("")
    return Part(
        "Which meeting waits for it",
        [f"{meeting['name']} on {words.day(on)}. What is in by {words.day(cut_off)} is in its papers."],
    )


def _also(payload: Payload) -> list[str]:
    """Who is told beside the officer, said openly."""
    named = {"deputy": "the deputy", "data_quality_lead": "the partnership's data-quality lead"}
    told = [named[role] for role in payload.get("to") or [] if role in named]
    return [f"This message goes to {words.listed(told)} as well as to the designated officer."] if told else []


def _contact(payload: Payload) -> list[str]:
    return [f"Questions: {payload['contact']}."] if payload.get("contact") else []
