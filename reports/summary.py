"""What a board needs first: how many are on target, what changed, what is asked of it, the worst and the best."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports import words
from reports.figures import Figure, Point
from reports.publication import Record
from schemas.periods import parse_period

STANDING_WORDS = {
    "green": "Green",
    "amber": "Amber",
    "red": "Red",
    "none": "No target",
    "unjudged": "Not judged",
    "missing": "Not received",
    "suppressed": "Confidential",
    "unavailable": "Not available",
}
ORDER = tuple(STANDING_WORDS)
TROUBLE = ("red", "missing", "amber")
WORST = 3
NAMED = 4  # in a sentence
ROOM_FOR_FIGURES = 30  # of one side of A4


@dataclass(frozen=True)
class Ask:
    """Something a layer is asked to do: by whom, about what, by when."""

    who: str
    what: str
    when: date | None
    overdue: bool


def tally(figures: Sequence[Figure]) -> list[tuple[str, int]]:
    """How many figures stand where, in the order of the key; RAG always, the others when there are any."""
    counted = Counter(figure.standing for figure in figures)
    return [(standing, counted[standing]) for standing in ORDER if counted[standing] or standing in ORDER[:3]]


def is_many(figures: Sequence[Figure]) -> bool:
    """Whether one side of paper has no room for all: then each priority counts its figures, and shows the troubled."""
    return len(figures) > ROOM_FOR_FIGURES


def exceptions(figures: Sequence[Figure]) -> list[Figure]:
    """Red first and furthest off target first, then what was not received, then amber."""
    troubled = [figure for figure in figures if figure.standing in TROUBLE]
    return sorted(troubled, key=lambda f: (TROUBLE.index(f.standing), -(f.miss or 0.0), f.name))


def worst(figures: Sequence[Figure]) -> list[Figure]:
    """At most three figures that are red or amber, the furthest off target first."""
    off = [figure for figure in exceptions(figures) if figure.standing != "missing"]
    return off[:WORST]


def best(figures: Sequence[Figure]) -> Figure | None:
    """The figure that beats its target by most."""
    beating = [f for f in figures if f.standing == "green" and f.miss is not None and f.miss < 0]
    return min(beating, key=lambda f: (f.miss, f.name), default=None)


def before(figure: Figure) -> Point | None:
    return figure.history[-2] if len(figure.history) > 1 else None


def what_changed(figures: Sequence[Figure], due: Sequence[Record]) -> list[str]:
    """Three sentences: where the whole stands against a period ago, what moved, and what is not known."""
    return [standing_sentence(figures), movement_sentence(figures), unknown_sentence(figures, due)]


def standing_sentence(figures: Sequence[Figure]) -> str:
    judged = [figure for figure in figures if figure.standing in ("green", "amber", "red")]
    if not judged:
        return "No indicator can be judged against a target yet."
    green = sum(figure.standing == "green" for figure in judged)
    sentence = f"{share_words(green, len(judged))} on target"
    earlier = [point for figure in judged if (point := before(figure)) and point.rag != "none"]
    if not earlier:
        return sentence + "."
    was = sum(point.rag == "green" for point in earlier)
    return f"{sentence}; a period earlier it was {was} of {len(earlier)}."


def share_words(green: int, judged: int) -> str:
    """How many of the indicators judged, as the start of a sentence with its verb."""
    if judged == 1:
        return f"The one indicator that can be judged is{'' if green else ' not'}"
    if green == judged:
        return f"All {judged} indicators that can be judged are"
    verb = "is" if green < 2 else "are"
    return f"{green or 'None'} of the {judged} indicators that can be judged {verb}"


def movement_sentence(figures: Sequence[Figure]) -> str:
    into = [f.name for f in figures if f.standing == "red" and (b := before(f)) and b.rag in ("green", "amber")]
    out = [f.name for f in figures if f.standing in ("green", "amber") and (b := before(f)) and b.rag == "red"]
    said = []
    if into:
        said.append(f"{named(into)} {'has' if len(into) == 1 else 'have'} turned red")
    if out:
        said.append(f"{named(out)} {'is' if len(out) == 1 else 'are'} no longer red")
    return ("; ".join(said) if said else "No indicator has turned red and none has left red") + "."


def named(names: Sequence[str]) -> str:
    """Names as a list; of many the first three, and how many more."""
    if len(names) <= NAMED:
        return words.listed(list(names))
    shown = names[: NAMED - 1]
    return words.listed([*shown, f"{len(names) - len(shown)} others"])


def unknown_sentence(figures: Sequence[Figure], due: Sequence[Record]) -> str:
    missing = [figure for figure in figures if figure.standing == "missing"]
    hidden = [figure for figure in figures if figure.standing == "suppressed"]
    said = []
    if missing:
        partners = sorted({words.humanise(figure.lead_partner) for figure in missing if figure.lead_partner})
        whose = f" (lead: {words.listed(partners)})" if partners else ""
        verb = "has" if len(missing) == 1 else "have"
        said.append(
            f"{words.count(len(missing), 'indicator')} {verb} no figure because an extract was not received{whose}"
        )
    if hidden:
        said.append(
            f"{words.count(len(hidden), 'figure')} {'is' if len(hidden) == 1 else 'are'} kept confidential"
        )
    late = sum(str(row["state"]) == "overdue" for row in due)
    if late:
        said.append(f"{words.count(late, 'extract')} {'is' if late == 1 else 'are'} overdue")
    return ("; ".join(said) if said else "Every extract that was owed has been received") + "."


def asks(
    figures: Sequence[Figure],
    actions: Sequence[Record],
    due: Sequence[Record],
    on: date,
    escalated: Sequence[Record] = (),
) -> list[Ask]:
    """What is asked of the readers: what was escalated to them to decide, overdue actions, red figures with no
    corrective action, extracts overdue."""
    found = [decision(row) for row in escalated]
    for row in actions:
        when = words.read_day(row.get("due_on"))
        late = when is not None and when < on and not is_done(row)
        if late:
            found.append(Ask(str(row.get("owner") or ""), action_words(row), when, True))
    unanswered: dict[str, list[str]] = {}
    for figure in figures:
        if figure.standing == "red" and not [row for row in figure.actions if not is_done(row)]:
            unanswered.setdefault(words.humanise(figure.lead_partner), []).append(figure.name)
    for partner, names in unanswered.items():
        found.append(Ask(partner, f"agree a corrective action for {words.listed(names)}", None, False))
    late_rows = [row for row in due if str(row["state"]) == "overdue"]
    for partner, extracts in owing(due):
        days = [words.read_day(row["due_on"]) for row in late_rows if partner_of(row) == partner]
        since = min((day for day in days if day), default=None)
        found.append(Ask(partner, f"send {extracts}", since, True))
    return found


def decision(row: Record) -> Ask:
    """What a lower layer could not settle and hands up."""
    return Ask("For decision", escalated_words(row), None, False)


def escalated_words(row: Record) -> str:
    """What was escalated and why, without codes: a period by its months, an action by what it is about."""
    about = str(row.get("name") or "")
    times, since = words.as_number(row.get("times")), row.get("since")
    if row.get("action_id"):
        return f"{about}: an action is past its day" if about else "an action that is past its day"
    if not times or not since:
        return about
    in_a_row = f"in {times:.0f} periods in a row, " if times > 1 else ""
    return f"{about}: red {in_a_row}since {period_of({'period': since})}"


def handed_on(escalations: Sequence[Record], own: str) -> list[tuple[str, str]]:
    """What could not be settled where it arose, in words, and who is to decide: first what this layer is."""
    told = [
        (
            escalated_words(row),
            "for this layer to decide" if row.get("to_layer") == own else f"with the {layer_name(row, 'to')}",
            row.get("to_layer") != own,
        )
        for row in escalations
    ]
    return [(what, who) for what, who, _ in sorted(told, key=lambda each: each[2])]


def layer_name(row: Record, end: str) -> str:
    return str(
        row.get(f"{end}_layer_name") or words.humanise(str(row.get(f"{end}_layer") or "").replace("-", " "))
    )


def action_words(row: Record) -> str:
    """An action, with how often it was carried over where it was."""
    said, times = str(row.get("action") or ""), words.as_number(row.get("times_carried"))
    return f"{said.rstrip('.')} (carried over {times_words(int(times))})" if times else said


def times_words(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def first_lower(text: str) -> str:
    """A sentence to follow a colon; an abbreviation keeps its capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def risks(figures: Sequence[Figure]) -> list[tuple[Figure, str]]:
    """Figures that are not red yet, and why they may be: a forecast that misses the year's target, or figures that
    got worse since the last period and since a year ago. The widest miss first."""
    found = []
    for figure in figures:
        now = figure.latest
        if figure.standing not in ("green", "amber", "unjudged", "none"):
            continue
        miss = figure.missed(now.forecast, now.target)
        if miss is not None and miss > 0:
            ahead, wanted = figure.shown(now.forecast), figure.shown(now.target)
            reason = f"heads for {ahead} at the year’s end; the target is {wanted}"
            found.append((-miss, figure, reason))
        elif now.better == "worse" and now.better_than_last_year == "worse":
            found.append((0.0, figure, "worse than the period before and than a year ago"))
    return [(figure, reason) for _, figure, reason in sorted(found, key=lambda each: (each[0], each[1].name))]


def owing(due: Sequence[Record]) -> list[tuple[str, str]]:
    """Each partner with an extract overdue, and which ones in words: each dataset once, with its periods."""
    late: dict[str, dict[str, list[str]]] = {}
    for row in due:
        if str(row["state"]) == "overdue":
            late.setdefault(partner_of(row), {}).setdefault(title_of(row), []).append(period_of(row))
    return [
        (partner, "; ".join(f"{title} for {some(periods)}" for title, periods in datasets.items()))
        for partner, datasets in sorted(late.items())
    ]


def nobody_owes(figures: Sequence[Figure], on: date) -> str:
    """What is said where no extract is overdue; a figure may still wait for one that nobody owes yet."""
    said = f"Nobody: every extract that was due by {words.day(on)} has been received."
    waiting = sum(figure.standing == "missing" for figure in figures)
    if not waiting:
        return said
    verb = "waits" if waiting == 1 else "wait"
    return f"{said} {words.count(waiting, 'indicator')} {verb} for one that is not due yet."


def some(periods: Sequence[str]) -> str:
    """One period by its name, several by how many there are."""
    return periods[0] if len(periods) == 1 else f"{len(periods)} periods, the first {periods[0]}"


def partner_of(row: Record) -> str:
    return words.humanise(str(row["partner"]))


def is_done(row: Record) -> bool:
    return str(row.get("state") or row.get("status") or "").lower() in {
        "done",
        "complete",
        "completed",
        "closed",
        "dropped",
    }


def title_of(row: Record) -> str:
    """A dataset in words: its title where the frame has one."""
    return str(row.get("dataset_title") or words.humanise(str(row["dataset"]).rpartition("/")[2]).lower())


def period_of(row: Record) -> str:
    """A row's period in words; its text as it stands when it is not one of the exchange's periods."""
    text = str(row["period"] or "")
    try:
        period = parse_period(text)
    except ValueError:
        return text
    return words.period(period.start, period.end)
