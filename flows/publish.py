"""Publish: one immutable release of a framework's performance for a period, switched into place at once."""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows.files import make_private
from flows.governance.definitions import changes_between, note_definitions
from flows.releases.copies import copy_releases
from flows.releases.notices import post_notices, show_all_releases
from flows.releases.readiness import note_published, owed_publications
from flows.settings import Settings, today
from reports.dictionary import render_dictionary
from reports.documents import Documents, documents
from reports.publication import Publication as Page
from schemas.framework import Framework
from schemas.periods import Period, parse_period, period_of, previous
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.dictionary import described_tables
from warehouse.publication import (
    AUDIENCES,
    RESTRICTED,
    Publication,
    build_publication,
    final_id,
    publication_frames,
)
from warehouse.reference import create_reference
from warehouse.release import in_force, manifest_sha256, switch, write_release
from warehouse.statements import Stated
from warehouse.values import create_merged, recompute


class PublishError(Exception):
    """A publication that cannot be made as asked; the message says why."""


@dataclass(frozen=True)
class Made:
    """A publication that now stands: its id, its folder, its pages; ``new`` is False when nothing had changed."""

    publication_id: str
    folder: Path
    pages: tuple[Path, ...]
    new: bool


def publish_due(settings: Settings, framework: str | None, period: str | None) -> list[Made]:
    """Publish one framework, or each that is running, for a period (default: its latest ended one).

    Raises:
        PublishError: no such framework or period.
    """
    frameworks = settings.partnership.frameworks
    if framework is not None:
        return [publish(settings, framework, period)]
    day = today(settings)
    running = [
        one.id for one in frameworks.values() if one.indicators and _running(one, _period(one, period, day))
    ]
    if not running:
        raise PublishError("No framework runs in that period.")
    return [publish(settings, one, period) for one in running]


def publish_owed(settings: Settings) -> list[Made]:
    """Publish each period that became ready, or whose published figures moved, and of which no publication followed.

    It is provisional unless everything is in; what is final becomes so only by ``exchange release``.
    """
    frameworks = settings.partnership.frameworks
    return [
        publish(settings, framework, period)
        for framework, period in owed_publications(settings)
        if framework in frameworks and _running(frameworks[framework], parse_period(period))
    ]


def publish(settings: Settings, framework: str, period: str | None = None) -> Made:
    """Make a framework's publication for a period, for every layer.

    Raises:
        PublishError: no such framework or period, or the period has not begun.
    """
    found = settings.partnership.frameworks.get(framework)
    if found is None:
        known = ", ".join(sorted(settings.partnership.frameworks))
        raise PublishError(f"There is no framework {framework}. The frameworks are: {known}.")
    moment = settings.now()
    day = today(settings)
    wanted = _period(found, period, day)
    if not _running(found, wanted):
        raise PublishError(f"{found.title} does not run in {wanted.id}.")
    if wanted.start > day:
        raise PublishError(f"{wanted.id} has not begun: it starts on {wanted.start:%d %B %Y}.")
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, moment)
        definitions = note_definitions(settings, connection)
        publication = build(settings, connection, found, wanted, moment)
        made = put_into_place(settings, connection, found, publication)
        with transaction(connection):
            _record(settings, connection, found, publication, moment, definitions, made.folder)
            note_published(settings, connection, found.id, wanted.id)
    show_all_releases(settings)
    copy_releases(settings)
    return made


def build(
    settings: Settings,
    connection: Connection,
    framework: Framework,
    period: Period,
    moment: datetime,
    **final: Any,
) -> Publication:
    """The figures of a framework as they stand, past disclosure control; `final` as build_publication takes it."""
    ledger.prepare(connection, moment)
    day = today(settings)
    create_reference(connection, settings.partnership, last=max(day, period.end), shown_on=day)
    create_merged(connection)
    # The framework's files may have changed since the last merge: the values follow what they say now.
    with transaction(connection):
        recompute(connection, today=today(settings))
    standing = settings.published / "current" / "exchange.duckdb"
    return build_publication(
        connection,
        framework.id,
        period,
        moment,
        previous=standing if standing.exists() else None,
        due_on=partial(_due_on, settings),
        contribution_model=settings.partnership.contribution_model,
        stated=_stated(settings, connection, period),
        **final,
    )


def _stated(settings: Settings, connection: Connection, until: Period) -> list[Stated]:
    """The deliveries whose words and money are published as they stand: live, with their rows still kept."""
    found = []
    for row in ledger.deliveries(connection, "state = 'merged'"):
        contract = settings.partnership.contracts.get(f"{row['partner']}/{row['dataset']}")
        if contract is None or contract.states is None:
            continue
        period = parse_period(row["period"])
        accepted = settings.accepted(contract.partner, contract.dataset, row["delivery_id"])
        if period.end <= until.end and accepted.is_file():
            found.append(
                Stated(contract.states, contract.partner, contract.dataset, row["delivery_id"], period, accepted)
            )
    return found


def _due_on(settings: Settings, key: str, period: Period) -> date | None:
    """The day a dataset was owed for a period, under the agreement that covers it."""
    agreements = (one for one in settings.partnership.agreements if key in one.datasets and one.covers(period))
    return next((agreement.due_on(period) for agreement in agreements), None)


def _period(framework: Framework, written: str | None, day: date) -> Period:
    if written is None:
        return previous(period_of(framework.calendar, day))
    try:
        period = parse_period(written)
    except ValueError as error:
        raise PublishError(str(error)) from None
    if period.kind != framework.calendar:
        kind = framework.calendar.replace("_", " ")
        example = period_of(framework.calendar, period.end).id
        raise PublishError(f"{framework.title} is published by {kind}: {example}, for example.")
    return period


def _running(framework: Framework, period: Period) -> bool:
    return period.start >= framework.starts and (framework.ends is None or period.end <= framework.ends)


def put_into_place(
    settings: Settings, connection: Connection, framework: Framework, publication: Publication
) -> Made:
    """Write the release beside the old ones, then switch; a reader sees the old or the new, never half."""
    period = publication.period
    folder = in_force(settings.published, publication)
    new = folder is None
    if folder is None:
        releases = make_private(settings.published / "releases")
        building = releases / f".{publication.publication_id}.building"
        shutil.rmtree(building, ignore_errors=True)
        make_private(building)
        standing = settings.published / "current" / "exchange.duckdb"
        drawn = _documents(settings, connection, framework, period, publication)
        write_release(connection, publication, building, standing if standing.exists() else None, drawn)
        folder = switch(settings.published, building, framework.id, period.id)
    pages = tuple(folder / layer.id / "index.html" for layer in framework.layers)
    return Made(publication.publication_id, folder, pages, new)


def _documents(
    settings: Settings, connection: Connection, framework: Framework, period: Period, publication: Publication
) -> dict[tuple[str, str], dict[str, bytes]]:
    """Page, spreadsheets and board paper of every audience and layer, and a data dictionary for each audience."""
    tables = described_tables(connection)
    drawn = {
        (audience, ""): {
            "dictionary.html": render_dictionary(tables, settings.partnership.name, audience).encode()
        }
        for audience in AUDIENCES
    }
    changed = _definitions_changed(connection, publication)
    for layer in framework.layers:
        latest: Documents | None = None
        for audience in AUDIENCES:
            frames: dict[str, Any] = dict(publication_frames(connection, layer.id, audience))
            latest = documents(
                Page(
                    title=f"{framework.title}: {layer.name}",
                    framework_title=framework.title,
                    framework_note=framework.note,
                    partnership_name=settings.partnership.name,
                    marking=settings.partnership.marking if audience == RESTRICTED else "",
                    layer={"id": layer.id, "name": layer.name, "role": layer.role, "chair": layer.chair},
                    period_words=period.title,
                    publication_id=publication.publication_id,
                    status=publication.status,
                    published_on=today(settings),
                    area_code=settings.partnership.area_code,
                    audience=audience,
                    outlines=settings.partnership.geography.outlines,
                    outlines_owed_to=settings.partnership.geography.outlines_owed_to,
                    # An officer's name may stand in it.
                    definitions=changed if audience == RESTRICTED else (),
                    **frames,
                ),
                latest,
            )
            drawn[audience, layer.id] = latest.files
    return drawn


def _definitions_changed(connection: Connection, publication: Publication) -> tuple[dict[str, Any], ...]:
    """What changed in the definitions since the framework's publication before; other frameworks' files left out.

    A final publication tells what its provisional one told.
    """
    own = {publication.publication_id, publication.publication_id.removesuffix(final_id(""))}
    made = ledger.rows(
        connection,
        "SELECT publication_id, published_at FROM warehouse.ledger.publication WHERE framework = ? "
        "ORDER BY published_at",
        [publication.framework],
    )
    before = [row["published_at"] for row in made if row["publication_id"] not in own]
    if not before:
        return ()
    frameworks = "schemas/frameworks/"
    return tuple(
        change
        for change in changes_between(connection, before[-1], publication.published_at)
        if not change["file"].startswith(frameworks)
        or change["file"].startswith(f"{frameworks}{publication.framework}/")
    )


def _record(
    settings: Settings,
    connection: Connection,
    framework: Framework,
    publication: Publication,
    moment: datetime,
    definitions: str,
    folder: Path,
) -> None:
    """Write the publication into the ledger, with the notices of it."""
    known = connection.execute(
        "SELECT count(*) FROM warehouse.ledger.publication WHERE publication_id IN (?, ?)",
        [publication.publication_id, final_id(publication.publication_id)],
    ).fetchall()[0][0]
    if known:
        return
    about = {"framework": publication.framework, "period": publication.period.id}
    record_publication(
        connection,
        publication_id=publication.publication_id,
        **about,
        status=publication.status,
        published_at=moment.astimezone(UTC).replace(tzinfo=None),
        actor=settings.actor.name,
    )
    ledger.audit(
        connection,
        "publication.released",
        publication.publication_id,
        {
            **about,
            "status": publication.status,
            "framework_fingerprint": settings.partnership.framework_fingerprint(framework.id),
            "definitions": definitions,
            "folder": folder.name,
            "manifest_sha256": manifest_sha256(folder),
        },
        actor=settings.actor,
        at=moment,
    )
    post_notices(settings, connection, framework, publication, moment)


def record_publication(connection: Connection, **columns: Any) -> None:
    """One row more in the ledger's publications."""
    marks = ", ".join("?" for _ in columns)
    connection.execute(
        f"INSERT INTO warehouse.ledger.publication ({', '.join(columns)}) VALUES ({marks})", list(columns.values())
    )
