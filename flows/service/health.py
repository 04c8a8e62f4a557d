"""Health: what a council's own monitoring asks each few minutes. Only looks; never writes, never calls out."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from flows.officers.alerts import undelivered
from flows.settings import Settings
from flows.sweep import LATE_AFTER, PARTS
from warehouse import ledger
from warehouse.connection import open_warehouse

DISK_FREE_BYTES = 2 * 1024**3  # below it a large extract, staged and archived, may not fit
MAIL_WAITS = timedelta(hours=4)


def problems(settings: Settings) -> list[str]:
    """What needs the operator now, each a sentence that says what to do; empty when all is well."""
    return [*_sweep(settings), *disk(settings), *_mail(settings)]


def _sweep(settings: Settings) -> Iterator[str]:
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return  # nothing has arrived yet, so nothing can be late
        ran = ledger.sweeps(connection)
    late = [part for part in PARTS if part not in ran or settings.now() - _utc(ran[part], settings) > LATE_AFTER]
    if late:
        yield (
            f"The sweep is late ({', '.join(late)}): its last whole run was more than {_hours(LATE_AFTER)} hours ago. "
            "See that `exchange up` runs, or run: exchange sweep"
        )


def disk(settings: Settings) -> Iterator[str]:
    """A sentence when the home's disk is nearly full."""
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < DISK_FREE_BYTES:
        yield (
            f"The disk of {settings.home} has {free / 1024**3:.1f} GB left, less than "
            f"{DISK_FREE_BYTES / 1024**3:.0f} GB. Make room before an extract does not fit."
        )


def _mail(settings: Settings) -> Iterator[str]:
    found = undelivered(settings)
    kind = f" ({found['last_error']})" if found["last_error"] else ""
    if found["dead"]:
        yield (
            f"{found['dead']} messages were refused too often{kind} and wait for a person. Mend the cause, then: "
            "exchange alerts send"
        )
    if found["waiting"] and settings.now() - _utc(found["oldest"], settings) > MAIL_WAITS:
        yield (
            f"Mail is stuck: {found['waiting']} messages wait, the oldest for more than {_hours(MAIL_WAITS)} hours"
            f"{kind}. See: exchange doctor"
        )


def _utc(moment: datetime | str, settings: Settings) -> datetime:
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read if read.tzinfo else read.replace(tzinfo=settings.now().tzinfo)


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)
