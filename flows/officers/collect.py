"""Collect: what a partner finds in ``collect/<partner>/``, so that an officer needs no command line and no memory.

``receipts/`` (what was said of each delivery), ``reports/`` (error reports, written by validate), ``checks/`` (the
latest check before sending), ``scorecards/`` and ``history.html``, ``specifications/`` (what to send, with a workbook
to fill in), ``answers/`` (a workbook with rows for every Red that waits for a word), ``publications/`` (the releases
that partner may see). All but the reports is drawn anew from the ledger, the definitions and what is published, so
nothing in it outlives the erasure of what it speaks of.
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flows.files import make_private, write_whole
from flows.land import CHECK
from flows.officers.compose import RENDER, TOGETHER
from flows.officers.specification import write_specification
from flows.officers.unanswered import unanswered, write_answer_sheets
from flows.releases.owed import owed
from flows.settings import Settings, today
from reports.scorecard import history_page, scorecard_page
from schemas.framework import Framework
from schemas.partner import Partner
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse
from warehouse.scorecard import scorecard


def collect(settings: Settings) -> list[str]:
    """Draw everything in ``collect/``; what has not changed keeps its bytes. Nobody is told: it returns no ids."""
    partners = list(settings.partnership.partners.values())
    tell(settings, partners)
    for partner in partners:
        _specifications(settings, partner)
        _publications(settings, partner)
    write_answer_sheets(settings, unanswered(settings))
    return []


def tell(settings: Settings, partners: Iterable[Partner]) -> None:
    """Draw receipts, history and scorecards of these partners."""
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return
        for partner in partners:
            deliveries = ledger.deliveries(connection, f"partner = '{partner.id}'")
            if not deliveries:
                continue
            folder = make_private(settings.home / "collect" / partner.id)
            _receipts(connection, folder / "receipts", partner, deliveries)
            _write(folder / "history.html", history_page(_history(settings, partner, deliveries)))
            for dataset in sorted({str(row["dataset"]) for row in deliveries if row["dataset"]}):
                card = _scorecard(settings, connection, partner, dataset)
                _write(folder / "scorecards" / f"{dataset}.html", scorecard_page(card))


def _receipts(
    connection: Connection, folder: Path, partner: Partner, deliveries: Iterable[dict[str, Any]]
) -> None:
    """What was said of each delivery last, as the mail said it; not of one whose rows are gone."""
    standing = {row["delivery_id"] for row in deliveries if row["rows_gone_at"] is None}
    told = ledger.rows(
        connection,
        "SELECT delivery_id, kind, payload FROM warehouse.ledger.outbox "
        f"WHERE partner = '{partner.id}' ORDER BY created_at, message_id",
    )
    latest = {row["delivery_id"]: row for row in told if row["kind"] in TOGETHER}
    for delivery_id in sorted(standing & latest.keys()):
        row = latest[delivery_id]
        payload = {**json.loads(row["payload"]), "officer": None}
        _write(folder / f"{delivery_id}.txt", RENDER[row["kind"]](payload).text)


def _about(settings: Settings, partner: Partner) -> dict[str, Any]:
    return {
        "partnership": settings.partnership.name,
        "marking": settings.partnership.marking,
        "on": today(settings),
        "partner_name": partner.name,
    }


def _history(settings: Settings, partner: Partner, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    """Every delivery of a partner, the latest first, and what it owes. No file's name: that is the sender's word."""
    live = {(row["dataset"], row["period"]) for row in deliveries if row["state"] in ledger.live_states()}
    waiting = [
        {"title": _title(settings, one.key), "period": one.period.title, "due_on": one.due_on}
        for one in owed(settings)
        if one.partner == partner.id and (one.dataset, one.period.id) not in live
    ]
    return {
        **_about(settings, partner),
        "owed": waiting,
        "deliveries": [
            {
                **row,
                "title": _title(settings, f"{partner.id}/{row['dataset']}"),
                "period_title": parse_period(row["period"]).title if row["period"] else "no period",
            }
            for row in reversed(deliveries)
        ],
    }


def _scorecard(settings: Settings, connection: Connection, partner: Partner, dataset: str) -> dict[str, Any]:
    return {
        **_about(settings, partner),
        "title": _title(settings, f"{partner.id}/{dataset}"),
        "dataset": dataset,
        "deliveries": [
            {**row, "period_title": parse_period(row["period"]).title}
            for row in scorecard(connection, partner.id, dataset)
            if row["period"]
        ],
    }


def _title(settings: Settings, key: str) -> str:
    contract = settings.partnership.contracts.get(key)
    return contract.title if contract else "A file for no agreed dataset"


def _specifications(settings: Settings, partner: Partner) -> None:
    """What to send for each dataset, and the folders to put it into."""
    folder = settings.home / "collect" / partner.id / "specifications"
    written: set[Path] = set()
    for key, contract in settings.partnership.contracts.items():
        if contract.partner == partner.id:
            make_private(settings.inbox / key / CHECK)
            written.update(write_specification(settings, key, folder))
    for path in set(folder.glob("*")) - written:  # a workbook named for a period gone by
        path.unlink()


def _publications(settings: Settings, partner: Partner) -> None:
    """The newest release of each framework and period, as far as the partner may see it."""
    target = settings.home / "collect" / partner.id / "publications"
    building = target.with_name(".publications.building")
    shutil.rmtree(building, ignore_errors=True)
    for framework in settings.partnership.frameworks.values():
        for release in sorted((settings.published / framework.id).glob("*")):
            for layer in framework.layers:
                sees = layer.id in layers_of(partner, framework)
                source = release / layer.id if sees else release / "public" / layer.id
                if source.is_dir():
                    _linked(source.resolve(), building / framework.id / release.name / layer.id)
    shutil.rmtree(target, ignore_errors=True)
    if building.is_dir():
        building.rename(target)


def layers_of(partner: Partner, framework: Framework) -> set[str]:
    """The layers whose restricted pages a partner may see; of the others it sees what the public does.

    All partners sit on the strategic and the executive layer. On an operational one sit those whose figures it is
    about: who leads one of its indicators, or whose data feeds one.
    """
    found = {layer.id for layer in framework.layers if layer.role != "operational"}
    for indicator in framework.indicators:
        terms = (*indicator.formula.numerator, *indicator.formula.denominator)
        fed_by = {term.dataset.partition("/")[0] for term in terms if term.dataset}
        if partner.id == indicator.lead_partner or partner.id in fed_by:
            found.add(indicator.layer)
    return found


def _linked(source: Path, target: Path) -> None:
    """The same files without a second copy, where the disk lets it: a release never changes."""
    make_private(target)
    for path in sorted(source.iterdir()):
        if path.is_file():
            try:
                os.link(path, target / path.name)
            except OSError:
                shutil.copyfile(path, target / path.name)


def _write(path: Path, text: str) -> None:
    content = text.encode()
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)
