"""A partner's own pages: how a dataset did by the six characteristics over time, and everything it sent."""

from collections.abc import Mapping
from typing import Any

from reports import words
from reports.letters import VERDICTS
from reports.reply import checks_words
from reports.specification import about, pages

# The six characteristics of good data of the Audit Commission's standards (2007).
CHARACTERISTICS = {
    "accuracy": "right, and close enough to the truth for its use",
    "validity": "recorded as agreed: the columns, the codes, the forms",
    "reliability": "the same way each time, each thing counted once",
    "timeliness": "of the period, and in time to be used",
    "relevance": "what is asked, and nothing that is not",
    "completeness": "nothing missing that should be there",
}


def scorecard_page(card: Mapping[str, Any]) -> str:
    """A dataset's deliveries in order of arrival, each with its share of checks passed by characteristic."""
    return (
        pages()
        .get_template("scorecard.html.j2")
        .render(
            card=card,
            characteristics=tuple(CHARACTERISTICS),
            meanings=CHARACTERISTICS,
            verdict=verdict,
            checks_words=checks_words,
            **about(card),
        )
    )


def history_page(said: Mapping[str, Any]) -> str:
    """Every delivery of a partner, and what it owes."""
    return pages().get_template("history.html.j2").render(said=said, verdict=verdict, **about(said))


def verdict(row: Mapping[str, Any]) -> str:
    """A delivery's verdict in words."""
    decision = str(row["decision"] or row["state"])
    known = VERDICTS.get(decision, "being checked" if decision == "received" else words.humanise(decision))
    return known[0].upper() + known[1:]
