"""Notices of a release: the list of all releases, and a mail to each layer's named recipients."""

from datetime import UTC, datetime
from typing import Any

from flows.files import write_whole
from flows.settings import LONDON, Settings
from reports.releases import Release, releases_page
from schemas.framework import Framework
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection
from warehouse.ledger import Message
from warehouse.publication import RESTRICTED, Publication, publication_frames
from warehouse.release import released

INDEX = "index.html"
FIGURES_NAMED = 8


def show_all_releases(settings: Settings) -> None:
    """Write `published/index.html`, which lists every release, newest first; whole or not at all."""
    frameworks = settings.partnership.frameworks
    standing = {
        link.resolve().name
        for framework in frameworks
        for link in (settings.published / framework).glob("*")
        if link.is_symlink()
    }
    listed = [
        Release(
            folder=f"releases/{place.name}",
            framework=manifest["framework"],
            framework_title=frameworks[manifest["framework"]].title
            if manifest["framework"] in frameworks
            else manifest["framework"],
            period=parse_period(manifest["period"]).title,
            status=manifest["status"],
            published_at=datetime.fromisoformat(manifest["published_at"]).astimezone(LONDON),
            stands=place.name in standing,
            layers=tuple((each["layer"], each["name"]) for each in manifest.get("layers", ())),
        )
        for place, manifest in released(settings.published / "releases")
    ]
    newest_first = sorted(listed, key=lambda one: (one.published_at, one.folder), reverse=True)
    page = releases_page(settings.partnership.name, newest_first)
    path = settings.published / INDEX
    if not path.exists() or path.read_text(encoding="utf-8") != page:
        write_whole(path, page.encode())
        path.chmod(0o640)  # for the readers of the releases, which are so too


def post_notices(
    settings: Settings, connection: Connection, framework: Framework, publication: Publication, moment: datetime
) -> None:
    """Put a notice for each layer's recipients into the outbox, once for each publication."""
    about = ledger.rows(
        connection,
        "SELECT status, partners_in, partners_owing, partners_missing, approved_by FROM performance.publication",
    )[0]
    partners = settings.partnership.partners
    missing = [partners[id].name for id in (about["partners_missing"] or "").split(", ") if id in partners]
    for layer in framework.layers:
        if not layer.recipients:
            continue
        payload: dict[str, Any] = {
            "framework_title": framework.title,
            "layer_name": layer.name,
            "period_words": publication.period.title,
            "publication_id": publication.publication_id,
            "marking": settings.partnership.marking,
            **about,
            "partners_missing": missing,
            "changes": _changes(connection, publication, layer.id),
            "where": f"published/{framework.id}/{publication.period.id}/{layer.id}/index.html",
            "people": [{"name": person.name, "email": person.email} for person in layer.recipients],
            "contact": {
                "name": settings.partnership.data_quality_lead.name,
                "email": settings.partnership.data_quality_lead.email,
                "telephone": settings.partnership.data_quality_lead.telephone,
            },
        }
        message = Message("released", None, payload, step=layer.id)
        ledger.post(connection, message, publication.publication_id, moment.astimezone(UTC))


def _changes(connection: Connection, publication: Publication, layer: str) -> dict[str, Any]:
    """How many figures moved since the release before, and the first of them by name: no figure is in a mail."""
    moved = publication_frames(connection, layer, RESTRICTED)["changes"]
    names = [str(name) for name in dict.fromkeys(moved["name"])]
    return {"moved": len(moved), "names": names[:FIGURES_NAMED], "more": max(0, len(names) - FIGURES_NAMED)}
