"""Unanswered: each Red of the newest publications that nobody has written about, or acts on, yet.

What is Red is read from the published file, so nothing that disclosure control withheld can be asked about. What was
sent since it was published counts as answered: the officer is not asked for what lies here already.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.files import make_private, write_whole
from flows.officers.specification import specification
from flows.settings import Settings
from reports.fill_in import fill_in
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, literal, open_warehouse
from warehouse.explain import published

COMMENTARY, ACTION = "commentary", "corrective_action"
ASKED = {COMMENTARY: "a commentary", ACTION: "a corrective action"}

_REDS = """
    SELECT release.period AS return_period, said.framework, said.indicator, said.name, said.layer, said.state,
        said.owed_by, said.owed_in, said.due_on
    FROM performance.commentary AS said
    JOIN performance.publication AS release USING (publication_id)
    WHERE said.due_on IS NOT NULL AND said.state LIKE '%awaited'
    QUALIFY release.period_end = max(release.period_end) OVER (PARTITION BY said.framework)
    ORDER BY said.layer, said.indicator
"""


@dataclass(frozen=True)
class Red:
    """A headline that is Red, and what is still asked for it: a commentary, a corrective action or both."""

    framework: str
    indicator: str
    name: str
    layer: str
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Unanswered:
    """The Reds that a partner's return for a period has yet to answer, by layer."""

    partner: str
    dataset: str
    period: str
    due_on: date
    reds: tuple[Red, ...]

    @property
    def slot(self) -> tuple[str, str, str]:
        """Partner, dataset and period id, as the ledger has them."""
        return (self.partner, self.dataset, self.period)

    @property
    def as_told(self) -> list[dict[str, str]]:
        """The Reds as a letter names them."""
        return [
            {
                "indicator": red.indicator,
                "name": red.name,
                "asked": " and ".join(ASKED[kind] for kind in red.asked),
            }
            for red in self.reds
        ]


def unanswered(settings: Settings) -> list[Unanswered]:
    """What each return is still asked for; nothing before the first publication."""
    path = settings.published / "current" / "exchange.duckdb"
    if not path.is_file():
        return []
    with published(path) as connection:
        found = ledger.rows(connection, _REDS)
    with open_warehouse(settings.home) as connection:
        answers = _answers(settings, connection, {(row["owed_by"], row["owed_in"]) for row in found})
    returns: dict[tuple[str, str, str, date], list[Red]] = {}
    for row in found:
        asked = tuple(
            kind
            for kind, word in ((COMMENTARY, "commentary"), (ACTION, "action"))
            if word in row["state"].split()
            and (row["return_period"], row["framework"], row["indicator"], kind) not in answers
        )
        if asked:
            slot = (row["owed_by"], row["owed_in"], row["return_period"], row["due_on"])
            red = Red(row["framework"], row["indicator"], row["name"], row["layer"], asked)
            returns.setdefault(slot, []).append(red)
    return [Unanswered(*slot, tuple(reds)) for slot, reds in sorted(returns.items())]


def _answers(
    settings: Settings, connection: Connection, datasets: Iterable[tuple[str, str]]
) -> set[tuple[str, str, str, str]]:
    """Return period, framework, indicator and kind of every row that stands in these returns."""
    found: set[tuple[str, str, str, str]] = set()
    for partner, dataset in sorted(datasets):
        for delivery in ledger.deliveries(
            connection, f"partner = '{literal(partner)}' AND dataset = '{literal(dataset)}'"
        ):
            path = settings.accepted(partner, dataset, delivery["delivery_id"])
            if delivery["state"] in ledger.live_states() and path.is_file():
                rows = connection.execute(
                    "SELECT DISTINCT framework, indicator, entry_kind "
                    f"FROM read_parquet('{literal(str(path))}') WHERE indicator IS NOT NULL"
                ).fetchall()
                found |= {(delivery["period"], *row) for row in rows}
    return found


def write_answer_sheets(settings: Settings, asked: Iterable[Unanswered]) -> None:
    """A workbook for each return, with a row for everything it is asked, in the partner's ``collect/answers``.

    Filled in, it is a delivery like any other. What is answered, and what is no longer asked, is taken away.
    """
    written = set()
    for one in asked:
        folder = make_private(settings.home / "collect" / one.partner / "answers")
        path = folder / f"{one.dataset}_{one.period}.xlsx"
        content = fill_in(_said(settings, one, path.name), _rows(settings, one))
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
        written.add(path)
    for path in set((settings.home / "collect").glob("*/answers/*.xlsx")) - written:
        path.unlink()


def _said(settings: Settings, one: Unanswered, name: str) -> dict[str, Any]:
    layers = {each.id: each.name for each in settings.partnership.frameworks[one.reds[0].framework].layers}
    told = [
        [layers.get(red.layer, red.layer), red.indicator, red.name, each["asked"]]
        for red, each in zip(one.reds, one.as_told, strict=True)
    ]
    said = specification(settings, f"{one.partner}/{one.dataset}")
    return {**said, "workbook": name, "asked": told, "asked_for": parse_period(one.period).title}


def _rows(settings: Settings, one: Unanswered) -> list[dict[str, str]]:
    """The rows to fill in, by header: whatever the exchange knows is written already."""
    contract = settings.partnership.contracts[f"{one.partner}/{one.dataset}"]
    rows = []
    for red in one.reds:
        for kind in red.asked:
            known = {
                "reference": f"{'CO' if kind == COMMENTARY else 'CA'}-{one.period}-{red.indicator}",
                "framework": red.framework,
                "entry_kind": kind,
                "indicator": red.indicator,
                **({"entry_state": "open"} if kind == ACTION else {}),
            }
            rows.append({contract.header_of(name): text for name, text in known.items()})
    return rows
