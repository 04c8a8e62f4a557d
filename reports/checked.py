"""The letter about a file that was only checked: what we would say of it, and that nothing of it was kept."""

from reports.letters import Part, Payload, counts_of, counts_sentence, ringing, rules_part, sentence, title
from reports.mail import Mail, written

WOULD_BE = {
    "accepted": "It would be accepted as it is.",
    "accepted_with_exceptions": "It would be accepted with exceptions: the rows that fail would be set aside.",
    "rejected": "It would not be accepted.",
    "held": "It would be held apart and not used, since no agreement lets us receive it as it is.",
    "refused": "It would be turned away.",
}
IN_SHORT = {
    "accepted": "would be accepted",
    "accepted_with_exceptions": "would be accepted with exceptions",
    "rejected": "would not be accepted",
    "held": "would be held, not used",
    "refused": "would be turned away",
}


def checked(payload: Payload) -> Mail:
    """The verdict on a checked file, in the words and the order of an alert."""
    said, counts = str(payload["decision"]), counts_of(payload)
    lines = [f"You asked us to check a file: {title(payload)}.", WOULD_BE[said]]
    if counts["received"] is not None:
        lines.append(counts_sentence(counts, said))
    if payload.get("reason") and not payload.get("rules"):
        lines.append(sentence(str(payload["reason"])))
    remedy = sentence(str(payload["remedy"])) if payload.get("remedy") else ""
    ready = said in ("accepted", "accepted_with_exceptions")
    todo = [
        *([remedy] if remedy else []),
        "To send it, put it one folder up, into the dataset's own folder."
        if ready
        else "Put right what is listed, and check it again here or send it.",
        *([f"The workbook {payload['report']} names every row that fails."] if payload.get("rules") else []),
        ringing(payload["contact"]),
    ]
    parts = [
        Part("", lines),
        rules_part(payload),
        Part("What to do", todo),
        Part("What we kept", ["Nothing of your file: it is deleted, and no figure was touched."]),
    ]
    return written(payload, f"Checked: {title(payload, short=True)}: {IN_SHORT[said]}", parts)
