"""The mail that tells a layer's recipients of a release: what it is, who is missing, what moved, where to look."""

from reports import words
from reports.letters import Part, Payload, marked, one_line, ringing
from reports.mail import Mail, written

SAID = {
    "provisional": "It is provisional: what is still owed may move the figures.",
    "ready": "Everything owed for the period is in. It becomes final when a second person releases it.",
    "final": "It is final.",
}


def released(payload: Payload) -> Mail:
    """The release notice. It names indicators and counts; figures are in the publication alone."""
    status = str(payload["status"])
    what = f"{payload['framework_title']}, {payload['period_words']}"
    line = marked(payload, one_line(f"{status.capitalize()}: {what}, for the {payload['layer_name']}"))
    parts = [
        Part(
            "", [f"{what} has been published for the {payload['layer_name']}. {SAID[status]}", *_approved(payload)]
        ),
        Part("Who is in", [_partners(payload)] if payload.get("partners_owing") else []),
        Part("What changed since the last release", *_changes(payload)),
        Part("Where to look", [f"Open {payload['where']}, or the spreadsheet and the board paper beside it."]),
        Part("", [f"Publication {payload['publication_id']}. {ringing(payload['contact'])}"]),
    ]
    return written(payload, line, parts)


def _approved(payload: Payload) -> list[str]:
    return [f"Released by {payload['approved_by']}."] if payload.get("approved_by") else []


def _partners(payload: Payload) -> str:
    told = f"{payload['partners_in']} of {words.count(int(payload['partners_owing']), 'partner')} "
    missing = payload.get("partners_missing") or []
    verb = "has" if payload["partners_in"] == 1 else "have"
    return told + f"{verb} sent everything owed" + (f"; not {words.listed(list(missing))}." if missing else ".")


def _changes(payload: Payload) -> tuple[list[str], list[tuple[str]]]:
    changes = payload.get("changes") or {}
    if not changes.get("moved"):
        return ["No figure that was told before has moved."], []
    more = [(f"and {changes['more']} more",)] if changes.get("more") else []
    moved = words.count(
        int(changes["moved"]), "figure that was told before has", "figures that were told before have"
    )
    return [f"{moved} moved:"], [*((str(name),) for name in changes["names"]), *more]


RENDER = {"released": released}
