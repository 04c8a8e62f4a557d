"""A reward grant in words: what it would have come to under the framework's own formula. Modelled, never money."""

from collections import Counter

from reports import words
from reports.publication import Publication, Record, records

WHOLE, PART, NONE = "would bring their whole share", "a part of it", "nothing"
FULL = 100  # per cent


def earned(row: Record) -> str:
    """How much of its share of the reward a figure would bring; "" where none can be said."""
    percent = words.as_number(row.get("modelled_percent"))
    if percent is None:
        return ""
    return NONE if not percent else WHOLE if percent >= FULL else PART


def reward_words(publication: Publication) -> str:
    """One sentence for the layer, and what became of the reward; "" where the framework has none."""
    rows = records(publication.reward)
    counted = Counter(part for row in rows if (part := earned(row)))
    if not counted:
        return ""
    said = words.listed([f"{counted[part]} {part}" for part in (WHOLE, PART, NONE) if counted[part]])
    judged = words.count(counted.total(), "indicator")
    begun = f"Reward grant, by the newest whole year of {judged}: {said}. "
    return (begun + str(rows[0].get("note") or "")).strip()
