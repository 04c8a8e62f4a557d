"""Copies: every release, whole, at each URL the partnership names, once it stands.

``copies`` of ``schemas/geography/partnership.yaml`` names the places. A place for the public is given the public's
files and no others. ``releases.json`` there, written last, lists what is whole and which release of each period
stands, so that whoever reads there follows a restatement too. A place that is away is told to the operator, and given
what it lacks by the next release or sweep.
"""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flows.files import write_whole
from flows.receiving.channels import Channel, open_place, tell_operator
from flows.settings import Settings
from schemas.copies import Copy
from warehouse.connection import one_run
from warehouse.release import audience_folder, released

LIST = "releases.json"
Listed = dict[str, dict[str, Any]]  # a release's folder -> what it is
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
            kind = type(error).__name__
            problem = f"Releases could not be copied to {copy.id} ({kind}). The next sweep tries again"
            tell_operator(settings, f"copy-{copy.id}", problem)
    return done


def holding(settings: Settings, publication_ids: Iterable[str]) -> list[str]:
    """The places to which any of these publications was copied, and where it is still: `<id> (<URL>)`."""
    releases, asked = settings.published / "releases", set(publication_ids)
    found = released(releases) if asked and releases.is_dir() else []
    names = {place.name for place, manifest in found if manifest["publication_id"] in asked}
    return [
        f"{copy.id} ({copy.place.url})"
        for copy in settings.partnership.copies
        if names & _given(_memory(settings, copy)).keys()
    ]


def _copy_to(settings: Settings, copy: Copy) -> list[str]:
    memory, now = _memory(settings, copy), _listed(settings)
    given = _given(memory)
    if given == {**given, **now}:
        return []
    wanted = [name for name in now if name not in given]
    with open_place(copy.place, "copy", copy.id) as channel:
        for name in wanted:
            _put_release(channel, settings.published / "releases" / name, copy.audience)
            given[name] = now[name]
            _put_list(channel, memory, given)
        _put_list(channel, memory, {**given, **now})
    return [f"{name} to {copy.id}" for name in wanted]


def _memory(settings: Settings, copy: Copy) -> Path:
    """What a place was given: its releases.json as it was last written there."""
    return settings.home / "channels" / f"copy-{copy.id}.json"


def _given(memory: Path) -> Listed:
    listed: Listed = json.loads(memory.read_text(encoding="utf-8"))["releases"] if memory.exists() else {}
    return listed


def _listed(settings: Settings) -> Listed:
    """Every release by its folder: what it is of, and whether it is the one that stands for its period."""
    releases = settings.published / "releases"
    return {
        place.name: {
            **{key: manifest[key] for key in ("framework", "period", "status", "published_at")},
            "stands": (settings.published / manifest["framework"] / manifest["period"]).resolve()
            == place.resolve(),
        }
        for place, manifest in (released(releases) if releases.is_dir() else [])
    }


def _put_release(channel: Channel, release: Path, audience: str) -> None:
    """Put a release under its name; where the place can rename, a reader never sees half of it."""
    target = f"{channel.root}/{release.name}"
    part = f"{channel.root}/.{release.name}.part" if channel.renames else target
    if channel.renames and channel.system.exists(part):  # of a run that was killed
        channel.system.rm(part, recursive=True)
    source = audience_folder(release, audience)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        to = f"{part}/{path.relative_to(source).as_posix()}"
        channel.system.makedirs(to.rpartition("/")[0], exist_ok=True)
        channel.system.put_file(str(path), to)
    if channel.renames and not channel.system.exists(target):
        channel.system.mv(part, target, recursive=True)


def _put_list(channel: Channel, memory: Path, given: Listed) -> None:
    """The place's list first: where this machine stops in between, the next run writes it again."""
    text = json.dumps({"releases": given}, indent=2, sort_keys=True) + "\n"
    target = f"{channel.root}/{LIST}"
    part = f"{channel.root}/.{LIST}.part" if channel.renames else target
    channel.system.pipe_file(part, text.encode())
    if channel.renames:
        channel.system.mv(part, target)
    write_whole(memory, text.encode())
