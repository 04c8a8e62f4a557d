"""Copies: every release, whole, at each URL the partnership names, once it stands.

``copies`` of ``schemas/geography/partnership.yaml`` names the places. A release is written beside its name and moved to
it, so a reader there never sees half of one; a place for the public is given the public's files and no others. A
place that is away is told to the operator, and given what it lacks by the next release or sweep.
"""

import json
import logging

from flows import messages
from flows.channels import open_place
from flows.files import write_json
from flows.settings import Settings, today
from schemas.copies import Copy
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction
from warehouse.release import audience_folder, released

log = logging.getLogger("exchange.copies")


def copy_releases(settings: Settings) -> list[str]:
    """Give every place the releases it does not have yet; returns `<release> to <place>` of each that was copied."""
    done: list[str] = []
    for copy in settings.partnership.copies:
        try:
            with one_run(settings.home, f"copy-{copy.id}"):
                done += _copy_to(settings, copy)
        except Exception as error:
            # The text of a library's error may hold a credential: only its type may leave.
            log.warning("releases could not be copied to %s: %s", copy.id, type(error).__name__)
            _tell_operator(settings, copy, type(error).__name__)
    return done


def _copy_to(settings: Settings, copy: Copy) -> list[str]:
    memory = settings.home / "channels" / f"copy-{copy.id}.json"
    releases = settings.published / "releases"
    known: list[str] = json.loads(memory.read_text(encoding="utf-8"))["releases"] if memory.exists() else []
    wanted = [place for place, _ in released(releases) if place.name not in known] if releases.is_dir() else []
    if not wanted:
        return []
    with open_place(copy.place, "copy", copy.id) as channel:
        for release in wanted:
            target, part = f"{channel.root}/{release.name}", f"{channel.root}/.{release.name}.part"
            if channel.system.exists(part):  # of a run that was killed
                channel.system.rm(part, recursive=True)
            source = audience_folder(release, copy.audience)
            for path in sorted(path for path in source.rglob("*") if path.is_file()):
                to = f"{part}/{path.relative_to(source).as_posix()}"
                channel.system.makedirs(to.rpartition("/")[0], exist_ok=True)
                channel.system.put_file(str(path), to)
            if not channel.system.exists(target):
                channel.system.mv(part, target, recursive=True)
            known.append(release.name)
            write_json(memory, {"releases": known})
    return [f"{release.name} to {copy.id}" for release in wanted]


def _tell_operator(settings: Settings, copy: Copy, kind: str) -> None:
    """Once a day and place."""
    problem = f"Releases could not be copied to {copy.id} ({kind}). The next sweep tries again"
    fault = messages.on_fault(settings, {"delivery_id": None}, problem)
    told = ledger.Message(fault.kind, None, fault.payload, f"{today(settings)}")
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        with transaction(connection):
            ledger.post(connection, told, f"copy-{copy.id}", settings.now())
