"""What the engineer sees of a run in Prefect's pages: names, final states and tables. Ids and counts, nothing else.

No value of a row, no reason that may quote one, and no name a partner chose for a file goes through here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.settings import Settings
from flows.sweep import Swept
from warehouse import ledger
from warehouse.connection import open_warehouse

STATES = {
    "accepted": "Accepted",
    "accepted_with_exceptions": "Accepted with exceptions",
    "rejected": "Rejected",
    "nil": "Nil return",
    "duplicate": "Duplicate",
    "held": "Held",
    "refused": "Refused",
    "ours": "Not decided, our fault",
}
# What a run with several outcomes is named after: the one that asks most of somebody.
GRAVEST = ("ours", "held", "rejected", "refused", "accepted_with_exceptions", "accepted", "nil", "duplicate")


def name_of(row: Mapping[str, Any]) -> str:
    """A delivery in words: ``police/recorded_crime FY2009-Q1``."""
    return f"{row['partner'] or 'unknown'}/{row['dataset'] or 'unknown'} {row['period'] or 'without period'}"


def state_name(decisions: Iterable[str]) -> str:
    """The name of a run's final state."""
    made = set(decisions)
    return next((STATES[decision] for decision in GRAVEST if decision in made), "Nothing was waiting")


def sentence(decisions: Sequence[str]) -> str:
    """How many deliveries met which decision."""
    counts = Counter(STATES.get(decision, decision) for decision in decisions)
    told = ", ".join(f"{count} {name[0].lower()}{name[1:]}" for name, count in counts.most_common())
    return f"{len(decisions)} {'delivery' if len(decisions) == 1 else 'deliveries'}: {told}." if told else ""


def decision_of(row: Mapping[str, Any]) -> str:
    """A delivery's decision; 'ours' while there is none."""
    return str(row["decision"] or "ours")


def deliveries_table(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows received, accepted and quarantined of each delivery."""
    return [
        {
            "delivery": row["delivery_id"],
            "dataset": f"{row['partner'] or 'unknown'}/{row['dataset'] or 'unknown'}",
            "period": row["period"],
            "decision": STATES.get(decision_of(row), decision_of(row)),
            "state": row["state"],
            "received": row["rows_received"],
            "accepted": row["rows_accepted"],
            "quarantined": row["rows_quarantined"],
            "out of scope": row["rows_out_of_scope"],
        }
        for row in rows
    ]


def rules_table(settings: Settings, delivery_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rules that failed, by delivery and rule id, with how many rows."""
    with open_warehouse(settings.home) as connection:
        found = ledger.failed_rules(connection, delivery_ids)
    return [
        {
            "delivery": row["delivery_id"],
            "rule": row["rule_id"],
            "severity": row["severity"],
            "failed": row["failed"],
            "checked": row["checked"],
        }
        for row in found
    ]


def sweep_table(found: Iterable[Swept]) -> list[dict[str, Any]]:
    """What each part of a sweep did: how much, and the kind of failure where it could not."""
    return [{"part": one.part, "done": len(one.done), "problem": one.problem or ""} for one in found]


def publications(settings: Settings, publication_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Framework, period and status of these publications, in the order they were made."""
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(
            connection,
            "SELECT publication_id, framework, period, status FROM warehouse.ledger.publication ORDER BY published_at",
        )
    return [row for row in rows if row["publication_id"] in publication_ids]


def docs_links(settings: Settings, rows: Iterable[Mapping[str, Any]]) -> str:
    """Links to the redacted Data Docs of the deliveries that were judged, as Markdown; empty where there are none."""
    pages = [(row, settings.home / "docs" / "deliveries" / f"{row['delivery_id']}.html") for row in rows]
    return "\n".join(_link(name_of(row), page) for row, page in pages if page.is_file())


def pages_links(pages: Iterable[Path]) -> str:
    """Links to a publication's pages, as Markdown."""
    return "\n".join(_link(page.parent.name, page) for page in pages)


def _link(name: str, page: Path) -> str:
    """With the path to copy: a browser follows no link from a server's page to a file."""
    return f"- [{name}]({page.as_uri()}) `{page}`"
