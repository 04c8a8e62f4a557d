"""Channels: a partner's inbox that is a URL. Its files come into the local inbox, its ``collect/`` goes back.

``inbox.url`` of ``schemas/partners/<partner>.yaml`` is ``s3://bucket/folder``, ``sftp://host:port/folder`` or
``file:///mounted/folder``; below it lie ``<dataset>/`` folders and ``collect/``. One channel and one credential for
each partner: the channel proves the sender. A file is taken when it is whole: seen twice with the same size and time,
or with a manifest whose sha256 is that of its bytes. It leaves the channel only when it is safe in the local inbox.
"""

import hashlib
import json
import logging
import posixpath
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from flows.files import make_private, sync_file, write_json
from flows.land import CHECK, MANIFEST, MANIFEST_BYTES, SETTLED_SECONDS, is_unfinished, place, plain_name
from flows.officers import messages
from flows.receiving.credentials import credential
from flows.settings import Settings, today
from schemas.partner import Inbox, Partner
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction

COLLECT = "collect"
log = logging.getLogger("exchange.channels")


@dataclass(frozen=True)
class Entry:
    """What lies in a channel: its path there, its dataset's folder, and a mark that changes when it changes."""

    path: str
    dataset: str
    kind: str  # file, directory, or what it is instead
    size: int
    mark: str

    @property
    def name(self) -> str:
        """Its own name, without the folders."""
        return posixpath.basename(self.path)


def remote_partners(settings: Settings) -> list[Partner]:
    """The partners whose inbox is a URL."""
    return [partner for partner in settings.partnership.partners.values() if partner.inbox is not None]


def fetch_all(settings: Settings) -> None:
    """Take what waits in every channel into the local inbox."""
    _with_each(settings, fetch)


def give_all_back(settings: Settings) -> None:
    """Put into every channel what its partner is to collect."""
    _with_each(settings, give_back)


def _with_each(settings: Settings, work: Callable[[Settings, Partner, "Channel"], object]) -> None:
    """Do some work with every channel. One that is away keeps none of the others waiting; the operator hears of it."""
    for partner in remote_partners(settings):
        try:
            with one_run(settings.home, f"channel-{partner.id}"), open_channel(partner) as channel:
                work(settings, partner, channel)
        except Exception as error:
            # The text of a library's error may hold a credential or a partner's file name: only its type may leave.
            log.warning("the channel of %s could not be used: %s", partner.id, type(error).__name__)
            kind = type(error).__name__
            problem = f"The inbox of {partner.id} could not be reached ({kind}). See: exchange doctor"
            tell_operator(settings, f"channel-{partner.id}", problem)


def waiting_at(partner: Partner) -> dict[str, tuple[int, int]]:
    """What lies in a channel, as the inbox watch compares it: by a name of ours, size and mark.

    Raises:
        Exception: whatever the channel's library raises when it is away.
    """
    with open_channel(partner) as channel:
        return {
            f"{partner.id}/{entry.dataset}/{entry.name}": (entry.size, hash(entry.mark))
            for entry in channel.entries()
            if not entry.name.endswith(MANIFEST)
        }


class Channel:
    """An open channel: a file system and the folder in it that is the partner's."""

    def __init__(self, system: Any, root: str, close: Callable[[], None]) -> None:
        self.system = system
        self.root = root.rstrip("/")
        self._close = close

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def renames(self) -> bool:
        """True where a name can be changed at once; S3 knows only copying, file by file."""
        return "s3" not in self.system.protocol

    def is_there(self) -> bool:
        """True when the place can be listed. An S3 folder is there only while something lies in it; its bucket counts.

        Raises:
            Exception: whatever the library raises when the other side is away or lets us not in.
        """
        try:
            self.system.ls(self.root, detail=False)
        except FileNotFoundError:
            return not self.renames and bool(self.system.exists(self.root.partition("/")[0]))
        return True

    def entries(self) -> list[Entry]:
        """Everything that lies where a file may lie, sorted; nothing that is still written or is ours."""
        found = []
        for folder in self._listed(self.root):
            if folder.kind != "directory":
                found.append(folder)
            elif folder.name != COLLECT:
                found += self._of_dataset(folder)
        return sorted(found, key=lambda entry: (entry.dataset, entry.mark, entry.path))

    def _of_dataset(self, folder: Entry) -> list[Entry]:
        found = []
        for each in self._listed(folder.path):
            if each.kind == "directory" and each.name == CHECK:
                found += [replace(inner, dataset=f"{folder.name}/{CHECK}") for inner in self._listed(each.path)]
            else:
                found.append(replace(each, dataset=folder.name))
        return found

    def _listed(self, folder: str) -> list[Entry]:
        try:
            listed = self.system.ls(folder, detail=True)
        except FileNotFoundError:
            return []
        entries = []
        for about in listed:
            path = str(about["name"]).rstrip("/")
            # A name with a slash or dots in it would lead elsewhere: only what lies right here is looked at.
            inside = posixpath.basename(path)
            if path != f"{folder}/{inside}" or inside in {"", ".", ".."} or is_unfinished(inside):
                continue
            kind = "link" if about.get("islink") else str(about["type"])
            size = int(about.get("size") or 0)
            when = about.get("mtime") or about.get("LastModified")
            entries.append(Entry(path, "", kind, size, f"{size} {when} {about.get('ETag', '')}"))
        return entries

    def read_small(self, path: str) -> bytes:
        """The bytes of a file that is small by right."""
        content: bytes = self.system.cat_file(path, start=0, end=MANIFEST_BYTES)
        return content


def fetch(settings: Settings, partner: Partner, channel: Channel) -> int:
    """Take every whole file of a channel into the local inbox; returns how many."""
    memory = _Memory(settings, partner)
    entries = channel.entries()
    manifests = {entry.path: entry for entry in entries if entry.name.endswith(MANIFEST)}
    files = [entry for entry in entries if entry.path not in manifests]
    if any(memory.seen.get(entry.path) != entry.mark and entry.path not in memory.taken for entry in files):
        memory.see(files)
        time.sleep(SETTLED_SECONDS)
        entries = channel.entries()
        manifests = {entry.path: entry for entry in entries if entry.name.endswith(MANIFEST)}
        files = [entry for entry in entries if entry.path not in manifests]
    fetched = 0
    for entry in files:
        beside = manifests.get(entry.path + MANIFEST)
        if memory.taken.get(entry.path) != entry.mark:
            if not _brought(settings, partner, channel, entry, beside, memory.seen.get(entry.path) == entry.mark):
                continue
            memory.take(entry)
            fetched += 1
        _remove(channel, entry, beside)
    memory.see(files)
    return fetched


def _brought(
    settings: Settings, partner: Partner, channel: Channel, entry: Entry, beside: Entry | None, still: bool
) -> bool:
    """Put one entry into the local inbox; False when it is not whole yet."""
    dataset, _, check = entry.dataset.partition("/")
    folder = settings.inbox / partner.id / plain_name(dataset or "unknown") / check
    if entry.kind != "file":
        place(settings, folder, entry.name, b"", {"kind": entry.kind})
        return True
    said = manifest_said(channel, beside)
    if "sha256" not in said and not still:
        return False
    arriving = make_private(settings.staging / "fetched") / hashlib.sha256(entry.path.encode()).hexdigest()
    try:
        channel.system.get_file(entry.path, str(arriving))
        sync_file(arriving)
        with arriving.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        if said.get("sha256", sha256) != sha256 and not still:
            return False  # the manifest is there before its file is: the next look sees more
        if entry.size != arriving.stat().st_size:
            return False
        place(settings, folder, entry.name, arriving, said)
    finally:
        arriving.unlink(missing_ok=True)
    return True


def manifest_said(channel: Channel, beside: Entry | None) -> dict[str, Any]:
    """What a partner's manifest says that counts: the file's sha256, rows and period."""
    if beside is None or beside.kind != "file" or beside.size > MANIFEST_BYTES:
        return {}
    try:
        content = json.loads(channel.read_small(beside.path))
    except (ValueError, RecursionError, FileNotFoundError):
        return {}
    said = content if isinstance(content, dict) else {}
    kinds = {"sha256": str, "rows": int, "period": str}
    return {key: said[key] for key, kind in kinds.items() if type(said.get(key)) is kind}  # True is no count


def _remove(channel: Channel, entry: Entry, beside: Entry | None) -> None:
    """Take an entry that is safe with us off the channel; one we may not remove is not taken again."""
    for each in (entry, beside):
        if each is None or each.kind == "directory":
            continue
        try:
            channel.system.rm_file(each.path)
        except FileNotFoundError:
            continue
        except Exception as error:
            log.warning("a file that is safe could not be removed from a channel: %s", type(error).__name__)


def give_back(settings: Settings, partner: Partner, channel: Channel) -> None:
    """Make ``collect/`` of a channel what ``collect/<partner>/`` is here: new and changed files put, others removed."""
    memory = _Memory(settings, partner)
    here = settings.home / COLLECT / partner.id
    files = {
        path.relative_to(here).as_posix(): f"{path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in (sorted(here.rglob("*")) if here.is_dir() else [])
        if path.is_file() and not path.is_symlink() and not is_unfinished(path.name)
    }
    for name, mark in files.items():
        if memory.given.get(name) != mark:
            target = f"{channel.root}/{COLLECT}/{name}"
            channel.system.makedirs(posixpath.dirname(target), exist_ok=True)
            channel.system.put_file(str(here / name), f"{target}.part")
            channel.system.mv(f"{target}.part", target)
            memory.give(name, mark)
    for name in memory.given.keys() - files.keys():  # erased, expired or answered here: it goes there too
        with suppress(FileNotFoundError):
            channel.system.rm_file(f"{channel.root}/{COLLECT}/{name}")
        memory.give(name, None)


class _Memory:
    """What is known of a channel between two looks; losing it costs a second look, never a file."""

    def __init__(self, settings: Settings, partner: Partner) -> None:
        self._path = settings.home / "channels" / f"{partner.id}.json"
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        self.seen: dict[str, str] = kept.get("seen", {})
        self.taken: dict[str, str] = kept.get("taken", {})
        self.given: dict[str, str] = kept.get("given", {})

    def see(self, entries: list[Entry]) -> None:
        """Keep how these lie now, and forget what lies there no more."""
        self.seen = {entry.path: entry.mark for entry in entries}
        self.taken = {path: mark for path, mark in self.taken.items() if path in self.seen}
        self._keep()

    def take(self, entry: Entry) -> None:
        """Keep that an entry is safe here."""
        self.taken[entry.path] = entry.mark
        self._keep()

    def give(self, name: str, mark: str | None) -> None:
        """Keep that a file of collect/ lies in the channel as it is here, or (None) no more."""
        if mark is None:
            self.given.pop(name, None)
        else:
            self.given[name] = mark
        self._keep()

    def _keep(self) -> None:
        write_json(self._path, {"seen": self.seen, "taken": self.taken, "given": self.given})


def open_channel(partner: Partner) -> Channel:
    """Open a partner's channel, importing its library only now.

    Raises:
        SettingsError: there is no credential for it, or it is not usable.
        Exception: whatever the library raises when the other side is away.
    """
    assert partner.inbox is not None
    return open_place(partner.inbox, "inbox", partner.id)


def open_place(inbox: Inbox, kind: str, id: str) -> Channel:
    """Open any place that has a URL, with the credential of its kind (inbox, copy) and id. Raises as open_channel."""
    scheme, _, rest = inbox.url.partition("://")
    if scheme == "file":
        from fsspec.implementations.local import LocalFileSystem

        return Channel(LocalFileSystem(auto_mkdir=False), rest, lambda: None)
    given = credential(kind, id)
    if scheme == "s3":
        return _s3(rest, inbox.endpoint, given)
    return _sftp(rest, inbox.host_key, given)


def _s3(rest: str, endpoint: str | None, given: dict[str, str]) -> Channel:
    import s3fs

    # Key and secret are always given: without them the library would ask addresses nobody configured.
    system = s3fs.S3FileSystem(
        key=given["user"],
        secret=given["secret"],
        endpoint_url=endpoint,
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}},
    )
    return Channel(system, rest, lambda: s3fs.S3FileSystem.close_session(system.loop, system.s3))


def _sftp(rest: str, host_key: str | None, given: dict[str, str]) -> Channel:
    import asyncssh
    from fsspec.asyn import sync
    from sshfs import SSHFileSystem

    where, _, folder = rest.partition("/")
    host, _, port = where.partition(":")
    proof = {"client_keys": [asyncssh.import_private_key(given["key"])]} if "key" in given else {}
    system = SSHFileSystem(
        host,
        port=int(port or 22),
        username=given["user"],
        password=given.get("secret"),
        known_hosts=([asyncssh.import_public_key(host_key or "")], [], []),
        config=None,
        agent_path=None,
        connect_timeout=10,
        skip_instance_cache=True,
        **{"client_keys": None, **proof},
    )

    async def close() -> None:
        await system._pool.close()
        await system._stack.aclose()

    return Channel(system, f"/{folder}", lambda: sync(system.loop, close))


def tell_operator(settings: Settings, place: str, problem: str) -> None:
    """A place of ours could not be reached: told once a day and place, and to no partner."""
    fault = messages.on_fault(settings, {"delivery_id": None}, problem)
    told = ledger.Message(fault.kind, None, fault.payload, f"{today(settings)}")
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        with transaction(connection):
            ledger.post(connection, told, place, settings.now())
