"""A release: the files of a publication, written whole, fingerprinted, and switched into place at once.

    releases/<publication_id>/                    never changed again
        <layer>/performance.csv, performance.parquet, index.html ..., datapackage.json
        exchange.duckdb                           the newest figures of every framework, and what each release said
        public/                                   the same once more, of what the agreements let the public see
        manifest.json                             SHA-256 of every file
    <framework>/<period> -> its release           current -> the newest release

CSV, Parquet and page are the same bytes for the same content. A .duckdb file is not: its rows are fingerprinted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from warehouse.connection import identifier, literal, sync
from warehouse.data_package import data_package
from warehouse.publication import AUDIENCES, PUBLIC, RESTRICTED, Publication, final_id, seen
from warehouse.published_database import database_sha256, write_database

MANIFEST, DATABASE, DATA_PACKAGE = "manifest.json", "exchange.duckdb", "datapackage.json"
# Modes of files and of folders: what is public any account may read, as a web server's; the rest only the group's.
MODES = {RESTRICTED: (0o440, 0o750), PUBLIC: (0o444, 0o755)}
# What a text must not begin with in a CSV that a spreadsheet may open: it would be run as a formula. Some spreadsheets
# take the wide signs of East Asian keyboards for the plain ones, and skip spaces and what is not printed before them.
FORMULA = r"^[\pZ\pC]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"

CSV = "(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"')"


class StaleReleaseError(Exception):
    """Another publication was released since this one was written: write it again, on top of that one."""


def write_release(
    connection: duckdb.DuckDBPyConnection,
    publication: Publication,
    folder: Path,
    previous: Path | None,
    documents: Mapping[tuple[str, str], Mapping[str, bytes]],
) -> None:
    """Write every file of a release into `folder`, which must be new or empty, and fsync them.

    `connection` holds the publication (see build_publication) and is in no transaction; `previous` is the
    exchange.duckdb now published, whose other publications and older revisions are carried over; `documents`
    gives the files that others drew, name and bytes, by audience and layer; layer '' for the audience's own.

    Raises:
        LookupError: a document is for an audience or layer that the publication does not have.
        FileExistsError: the folder holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    known = {
        (audience, layer)
        for audience in AUDIENCES
        for layer in ("", *(each["layer"] for each in publication.layers))
    }
    if unknown := set(documents) - known:
        raise LookupError(f"The publication has no layer {', '.join(sorted(layer for _, layer in unknown))}.")
    contents = {}
    for audience in AUDIENCES:
        place = audience_folder(folder, audience)
        place.mkdir(exist_ok=True)
        for name, content in documents.get((audience, ""), {}).items():
            (place / name).write_bytes(content)
        for layer in publication.layers:
            own = place / layer["layer"]
            own.mkdir()
            _write_tables(connection, layer["layer"], audience, own)
            for name, content in documents.get((audience, layer["layer"]), {}).items():
                (own / name).write_bytes(content)
            described = data_package(connection, publication, layer, audience, own)
            (own / DATA_PACKAGE).write_bytes(described)
        earlier = None if previous is None else audience_folder(previous.parent, audience) / DATABASE
        earlier = earlier if earlier is not None and earlier.exists() else None
        contents[place / DATABASE], holds = write_database(
            connection, publication, place / DATABASE, earlier, audience
        )
    _write_manifest(publication, folder, previous, contents, holds)
    for path in _files(folder):
        path.chmod(MODES[_audience_of(path, folder)][0])
        sync(path)
    for path in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        path.chmod(MODES[_audience_of(path, folder)][1])
        sync(path)


def audience_folder(release: Path, audience: str) -> Path:
    """Where in a release the files of an audience are: the partnership's own at the top, the public's apart."""
    return release if audience == RESTRICTED else release / audience


def _audience_of(path: Path, release: Path) -> str:
    return PUBLIC if path.is_relative_to(audience_folder(release, PUBLIC)) else RESTRICTED


def _write_tables(connection: duckdb.DuckDBPyConnection, layer: str, audience: str, folder: Path) -> None:
    rows = f"({seen(connection, layer, audience)})"
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'performance' AND table_name = 'indicator' ORDER BY column_index"
    ).fetchall()
    order = "ORDER BY indicator, period_end, area_code, breakdown, category"
    plain = ", ".join(inert(name) if type == "VARCHAR" else identifier(name) for name, type in columns)
    connection.execute(
        f"COPY (SELECT {plain} FROM {rows} AS seen {order}) TO '{literal(str(folder / 'performance.csv'))}' {CSV}"
    )
    connection.execute(
        f"COPY (SELECT * FROM {rows} AS seen {order}) TO '{literal(str(folder / 'performance.parquet'))}' "
        "(FORMAT parquet, COMPRESSION zstd)"
    )


def inert(column: str) -> str:
    """A text column for a CSV, as SQL: what a spreadsheet would run as a formula begins with an apostrophe."""
    name = identifier(column)
    return f"CASE WHEN regexp_matches({name}, '{FORMULA}') THEN '''' || {name} ELSE {name} END AS {name}"


def _write_manifest(
    publication: Publication,
    folder: Path,
    previous: Path | None,
    contents: Mapping[Path, str],
    holds: list[dict[str, str]],
) -> None:
    files = {
        path.relative_to(folder).as_posix(): {"content_sha256": contents[path]}
        if path in contents
        else {"sha256": _sha256(path), "bytes": path.stat().st_size}
        for path in _files(folder)
    }
    manifest = {
        "publication_id": publication.publication_id,
        "framework": publication.framework,
        "period": publication.period.id,
        "status": publication.status,
        "layers": [{"layer": layer["layer"], "name": layer["name"]} for layer in publication.layers],
        "published_at": publication.published_at.isoformat(),
        "built_on": None if previous is None else previous.resolve().parent.name,
        "holds": holds,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def manifest_sha256(release: Path) -> str:
    """The fingerprint of a release's manifest, which names that of every other file."""
    return _sha256(release / MANIFEST)


def altered(release: Path) -> list[str]:
    """The files of a release that are not as its manifest says: changed, gone, or not of it."""
    told = read_manifest(release)["files"]
    there = {path.relative_to(release).as_posix() for path in _files(release)} - {MANIFEST}
    changed = {name for name in set(told) & there if not _is_as_told(release / name, told[name])}
    return sorted((set(told) ^ there) | changed)


def _is_as_told(path: Path, told: Mapping[str, Any]) -> bool:
    if "sha256" in told:
        return bool(_sha256(path) == told["sha256"])
    try:
        return database_sha256(path) == str(told["content_sha256"])
    except duckdb.Error:
        return False


def in_force(published: Path, publication: Publication) -> Path | None:
    """The folder of the release in which this publication stands already, or None when it is to be written."""
    link, current = published / publication.framework / publication.period.id, published / "current"
    if not (link.is_symlink() and current.is_symlink()):
        return None
    place = link.resolve()
    ids = {
        _held(current.resolve(), publication.framework, publication.period.id),
        read_manifest(place)["publication_id"],
    }
    # Published again with the same figures, a final publication stays final.
    known = {publication.publication_id, final_id(publication.publication_id)}
    return place if len(ids) == 1 and ids <= known else None


def switch(published: Path, release: Path, framework: str, period: str) -> Path:
    """Put a written release into place and point the links at it; returns the folder it now is.

    Killed anywhere, it leaves the old release or the new one in force, and running it again finishes the work,
    with the same folder or with the same publication written anew. A publication that is in force already changes
    nothing. Old releases stay: figures that go from A to B and back to A get a second folder, `<id>-2`.

    Raises:
        FileNotFoundError: there is no such release, and none that a killed run left half-way.
        StaleReleaseError: another publication was released after this one was written.
    """
    releases, current = published / "releases", published / "current"
    releases.mkdir(parents=True, exist_ok=True)
    with FileLock(published / ".switch.lock"):
        newest = current.resolve() if current.is_symlink() else None
        newest_name = newest.name if newest else None
        made = read_manifest(release) if release.exists() else _left_half_way(releases, newest, framework, period)
        id = made["publication_id"]
        placed = _placed(releases, id)
        if newest is not None and _held(newest, framework, period) == id:
            place = placed[-1]  # killed after `current` was switched, or nothing new to say
        elif placed and read_manifest(placed[-1])["built_on"] == newest_name:
            place = placed[-1]  # killed before `current` was switched
        elif made["built_on"] == newest_name:
            place = releases / (f"{id}-{len(placed) + 1}" if placed else id)
            os.replace(release, place)
            sync(releases)
        else:
            raise StaleReleaseError(
                f"{id} was not written on top of the release that is in force: write it again."
            )
        if newest is None or _held(newest, framework, period) != id:
            _point(current, place)
        _point(published / framework / period, place)
        if release.exists() and release.resolve() != place.resolve():
            shutil.rmtree(release)
    return place


def read_manifest(release: Path) -> dict[str, Any]:
    """A release's manifest: its publication, what it was built on, what it holds, and the SHA-256 of each file."""
    manifest: dict[str, Any] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def released(releases: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Every release in its place; a folder in the making has a name with a dot."""
    places = [path for path in releases.iterdir() if not path.name.startswith(".")]
    return [(path, read_manifest(path)) for path in sorted(places, key=lambda path: (len(path.name), path.name))]


def standing_publication(published: Path, framework: str, period: str) -> str | None:
    """The id of the publication that stands for a framework and period, or None when there is none."""
    link = published / framework / period
    return str(read_manifest(link)["publication_id"]) if link.is_symlink() else None


def find_release(published: Path, name: str) -> Path:
    """The folder of a release, which stays where it was put for good.

    Raises:
        FileNotFoundError: it is not there.
    """
    place = published / "releases" / name
    if not place.is_dir():
        raise FileNotFoundError(f"The release {name} is no longer there.")
    return place


def keep_for_meeting(published: Path, release: Path, framework: str, meeting: str) -> None:
    """Point `<framework>/meetings/<layer>-<day>` at the release that is in a meeting's papers."""
    _point(published / framework / "meetings" / meeting.replace("/", "-"), release)


def _placed(releases: Path, publication_id: str) -> list[Path]:
    """The folders of this publication, in the order they were put into place."""
    return [path for path, manifest in released(releases) if manifest["publication_id"] == publication_id]


def _left_half_way(releases: Path, newest: Path | None, framework: str, period: str) -> dict[str, Any]:
    """The manifest of the release that a killed run put into place: not linked yet, or not everywhere."""
    stands = _held(newest, framework, period) if newest else None
    ours = [
        manifest
        for _, manifest in released(releases)
        if (manifest["framework"], manifest["period"]) == (framework, period)
    ]
    # One built on the newest release was about to follow it; only where there is none is `current` switched already.
    half_way = [manifest for manifest in ours if manifest["built_on"] == (newest.name if newest else None)]
    for manifest in half_way or ours:
        if half_way or manifest["publication_id"] == stands:
            return manifest
    raise FileNotFoundError(f"There is no release of {framework} for {period} to switch to.")


def _held(newest: Path, framework: str, period: str) -> str | None:
    """The id of the publication of a period that a release holds."""
    holds = read_manifest(newest)["holds"]
    found = (row["publication_id"] for row in holds if (row["framework"], row["period"]) == (framework, period))
    return next(found, None)


def _point(link: Path, place: Path) -> None:
    """Switch a link at once: a reader sees the old target or the new one."""
    target = os.path.relpath(place, link.parent)
    if link.is_symlink() and os.readlink(link) == target:
        return
    if not link.parent.is_dir():
        link.parent.mkdir(parents=True)
        sync(link.parent.parent)
    made = link.with_name(f".{link.name}.new")
    made.unlink(missing_ok=True)
    made.symlink_to(target)
    os.replace(made, link)
    sync(link.parent)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
