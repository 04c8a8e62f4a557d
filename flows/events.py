"""Events: the ledger's moves, told to a Prefect server where one is configured. A nudge and a record, never the truth.

They are posted by plain HTTP, in a second or not at all, so that no command imports Prefect or waits for it. What is
told is what the audit already says of this run: every move that a colleague writes there under a name of ``TOLD``;
and, after a move of a delivery, of each publication that is owed now.
"""

import base64
import json
import os
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from flows.releases.readiness import READY, RESTATED, owed_publications
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import WarehouseBusyError, open_warehouse

PATIENCE = 1.0  # seconds
TOLD = frozenset(
    {
        *("delivery.accepted", "delivery.accepted_with_exceptions", "delivery.rejected", "delivery.held"),
        *("delivery.superseded", "extract.overdue", "period.ready", "period.restated"),
        *("publication.released", "alert.sent", "alert.escalated"),
    }
)
# Ids and counts; a reason, an address or a file's name stays in the ledger.
SAID = frozenset(
    {
        *("rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope", "superseded_by"),
        *("partner", "dataset", "framework", "period", "due_on", "agreement_id"),
    }
)


def tell_moves(settings: Settings, after: int = 0) -> int:
    """Emit what this run moved since audit row ``after``; returns the last row told. Never raises, never waits long."""
    if not os.environ.get("PREFECT_API_URL"):
        return after
    try:
        with open_warehouse(settings.home, wait_seconds=PATIENCE) as connection:
            moves = ledger.moves_of_run(connection, settings.actor.run_id, after)
        owed = owed_publications(settings) if any(move["event"].startswith("delivery.") for move in moves) else []
    except WarehouseBusyError:
        return after
    told = [move for move in moves if move["event"] in TOLD]
    spoken_of = {move["subject"] for move in told if move["event"] in (READY, RESTATED)}
    events = [
        event(move["event"], move["subject"], json.loads(move["details"]), move["occurred_at"], move["hash"])
        for move in told
    ]
    for framework, period in owed:
        if (subject := f"{framework}.{period}") not in spoken_of:
            details, last = {"framework": framework, "period": period}, moves[-1]
            events.append(event(RESTATED, subject, details, last["occurred_at"], f"{last['hash']} {subject}"))
    emit(events)
    return max((move["sequence"] for move in moves), default=after)


def landed(places: Iterable[tuple[str, str]], at: datetime) -> bool:
    """Announce that files wait for these (partner, dataset), by one event; True when it was taken."""
    waiting = sorted(set(places))
    payload = {"waiting": len(waiting)}
    return emit([event("delivery.landed", "waiting", payload, at, str(uuid.uuid4()))])


def event(name: str, subject: str, details: Mapping[str, Any], at: datetime, key: str) -> dict[str, Any]:
    """An event ``exchange.<name>`` about ``exchange.<kind>.<subject>``; the same key gives the same id."""
    kind = name.partition(".")[0]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
        "occurred": at.astimezone(UTC).isoformat(),
        "event": f"exchange.{name}",
        "resource": {"prefect.resource.id": f"exchange.{kind}.{subject}"},
        "payload": {key: value for key, value in details.items() if key in SAID or key == "waiting"},
    }


def emit(events: Iterable[Mapping[str, Any]]) -> bool:
    """Post events; False when no server took them, which changes nothing."""
    told = list(events)
    if not told:
        return True
    return _asked("/events", json.dumps(told).encode())


def server_answers() -> bool:
    """True when the configured Prefect server is there and lets us in."""
    return _asked("/admin/version", None)


def _asked(path: str, body: bytes | None) -> bool:
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        return False
    headers = {"Content-Type": "application/json"}
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    request = urllib.request.Request(url + path, data=body, headers=headers)  # noqa: S310 (http or https only)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return bool(200 <= answer.status < 300)
    except (OSError, ValueError):
        return False
