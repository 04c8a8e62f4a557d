"""Release: a publication becomes final on the word of a second person, with the very figures they were shown."""

from datetime import UTC
from typing import Any

from flows.governance.definitions import note_definitions
from flows.publish import Made, build, put_into_place, record_publication
from flows.releases.copies import copy_releases
from flows.releases.notices import post_notices, show_all_releases
from flows.settings import LONDON, Settings
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.publication import final_id
from warehouse.release import manifest_sha256, standing_publication


class ReleaseError(Exception):
    """A publication that cannot be made final; the message says why and what to do."""


def release(settings: Settings, publication_id: str, by: str) -> Made:
    """Make a ready publication final. The account that published it may not; figures that moved since may not.

    Raises:
        ReleaseError: no such publication, not the one that stands, not ready, the same person, or figures moved.
    """
    if not by.strip():
        raise ReleaseError("Say who releases it: --by NAME.")
    moment = settings.now()
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, moment)
        definitions = note_definitions(settings, connection)
        row = _found(connection, publication_id)
        _may_be_final(settings, row)
        framework = settings.partnership.frameworks[row["framework"]]
        publication = build(
            settings,
            connection,
            framework,
            parse_period(row["period"]),
            moment,
            stated_on=row["published_at"].astimezone(LONDON).date(),
            approved_by=by,
        )
        if publication.publication_id != final_id(publication_id):
            raise ReleaseError(
                f"The figures have moved since {publication_id} was published. Publish {row['period']} again, look at "
                "what changed, and release that."
            )
        made = put_into_place(settings, connection, framework, publication)
        with transaction(connection):
            about = {"framework": row["framework"], "period": row["period"]}
            record_publication(
                connection,
                publication_id=publication.publication_id,
                **about,
                status="final",
                published_at=moment.astimezone(UTC).replace(tzinfo=None),
                actor=settings.actor.name,
                approved_by=by,
            )
            told = {
                **about,
                "status": "final",
                "made_by": row["actor"],
                "approved_by": by,
                "definitions": definitions,
                "folder": made.folder.name,
                "manifest_sha256": manifest_sha256(made.folder),
            }
            ledger.audit(
                connection,
                "publication.released",
                publication.publication_id,
                told,
                actor=settings.actor,
                at=moment,
            )
            post_notices(settings, connection, framework, publication, moment)
    show_all_releases(settings)
    copy_releases(settings)
    return made


def _found(connection: Connection, publication_id: str) -> dict[str, Any]:
    rows = ledger.rows(connection, "SELECT * FROM warehouse.ledger.publication ORDER BY published_at")
    for row in rows:
        if row["publication_id"] == publication_id:
            return row
    ready = [row["publication_id"] for row in rows if row["status"] == "ready"]
    known = f"Ready are: {', '.join(ready)}." if ready else "None is ready."
    raise ReleaseError(f"There is no publication {publication_id}. {known}")


def _may_be_final(settings: Settings, row: dict[str, Any]) -> None:
    id = row["publication_id"]
    standing = standing_publication(settings.published, row["framework"], row["period"])
    if row["status"] == "final" or standing == final_id(id):
        raise ReleaseError(f"{id} is final already.")
    if standing != id:
        raise ReleaseError(f"{id} no longer stands: {standing} has taken its place. Release that one.")
    if row["actor"] == settings.actor.name:
        raise ReleaseError(
            f"{id} was published from this account, {row['actor']}. Somebody else must release it, from their own."
        )
    if row["status"] != "ready":
        raise ReleaseError(
            f"{id} is provisional: not everything that is owed for {row['period']} is in. See: exchange status"
        )
