"""Doctor: is this machine set up to run the exchange? Each finding says what is so and, where it is wrong, what to do.

It looks and connects (mail server, inboxes, places of copies, Prefect server), and changes nothing: no mail, no file,
no row.
"""

import os
import re
import smtplib
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.events import server_answers
from flows.governance.keys import require_keys
from flows.receiving.channels import open_place
from flows.service.health import disk
from flows.settings import LONDON, PROGRAM, Settings, SettingsError
from schemas.loading import DefinitionError
from schemas.partner import Inbox

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([0-9][^\s;\\]*)", re.MULTILINE)
RUNS_ON = ("prefect", "fastapi", "duckdb", "duckdb-engine", "great-expectations", "pandas", "sqlalchemy")


@dataclass(frozen=True)
class Finding:
    """What one look found: ``ok``, ``look`` (it runs, but a person should know) or ``wrong`` (it will not run so)."""

    about: str
    state: str
    says: str


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order a person would set things up. A look that fails is a finding itself."""
    found: list[Finding] = []
    for about, look in LOOKS.items():
        try:
            found += [Finding(about, state, says) for state, says in look(settings)]
        except (SettingsError, DefinitionError) as error:
            found.append(Finding(about, "wrong", str(error)))
        except Exception as error:
            # A library's text may quote a credential or a partner's file: only its type may leave.
            found.append(Finding(about, "wrong", f"It could not be looked at ({type(error).__name__})."))
    return found


def as_json(found: list[Finding]) -> list[dict[str, Any]]:
    """The findings as plain JSON values."""
    return [asdict(finding) for finding in found]


def _versions(settings: Settings) -> Iterator[tuple[str, str]]:
    locked = {
        name.lower().replace("_", "-"): version
        for name, version in PINNED.findall((PROGRAM / "requirements.txt").read_text(encoding="utf-8"))
    }
    others = [
        f"{name} {metadata.version(name)} instead of {locked[name]}"
        for name in RUNS_ON
        if metadata.version(name) != locked[name]
    ]
    if others:
        yield "wrong", f"Installed are {', '.join(others)}. Install what is locked: make install"
    else:
        yield "ok", f"Python {sys.version.split()[0]} and the locked libraries."


def _time_zone(settings: Settings) -> Iterator[tuple[str, str]]:
    try:
        ZoneInfo(LONDON.key)
    except ZoneInfoNotFoundError:
        yield "wrong", f"The time zone {LONDON.key} is unknown here. Install the package tzdata."
        return
    now = settings.now().astimezone(LONDON)
    if os.environ.get("EXCHANGE_NOW"):
        yield "look", f"EXCHANGE_NOW holds the clock at {now:%d %B %Y %H:%M}: a rehearsal. Unset it for real work."
    else:
        yield "ok", f"It is {now:%A %d %B %Y %H:%M} in London. If that is not so, set the machine's clock."


def _definitions(settings: Settings) -> Iterator[tuple[str, str]]:
    found = settings.partnership
    yield "ok", f"{found.name}: {len(found.partners)} partners, {len(found.contracts)} datasets."


def _modes(settings: Settings) -> Iterator[tuple[str, str]]:
    home = settings.home
    if not home.exists():
        yield "look", f"There is no {home} yet; the first delivery makes it, for this account only."
        return
    open_to_others = [
        path
        for path in (home, *sorted(home.iterdir()))
        if not path.is_symlink() and stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    if open_to_others:
        yield "wrong", f"Others can open {', '.join(map(str, open_to_others[:5]))}. Run: chmod -R go= {home}"
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield "wrong", f"This account may not write to {home}. Run the exchange as its owner."
    elif not open_to_others:
        yield "ok", f"{home} is this account's alone."


def _disk(settings: Settings) -> Iterator[tuple[str, str]]:
    low = list(disk(settings))
    yield ("wrong", low[0]) if low else ("ok", "There is room.")


def _keys(settings: Settings) -> Iterator[tuple[str, str]]:
    require_keys(settings)
    yield (
        "ok",
        "The pseudonym keys are there. Keep a copy apart: without them no later extract matches an earlier one.",
    )


def _smtp(settings: Settings) -> Iterator[tuple[str, str]]:
    from flows.notify import connected

    if settings.redirect_all_mail:
        yield "look", f"All mail goes to {settings.redirect_all_mail}: a rehearsal. No officer hears anything."
    smtp = settings.smtp
    if smtp is None:
        yield "look", f"No mail server is set: mail stays in {settings.home / 'outbox'}. Set EXCHANGE_SMTP_HOST."
        return
    where = f"{smtp.host}:{smtp.port}"
    try:
        server = connected(smtp)
    except smtplib.SMTPAuthenticationError:
        yield "wrong", f"{where} does not know EXCHANGE_SMTP_USER with EXCHANGE_SMTP_PASSWORD."
    except smtplib.SMTPNotSupportedError:
        yield (
            "wrong",
            f"{where} offers no STARTTLS. Use the right port, or set EXCHANGE_SMTP_STARTTLS=no knowingly.",
        )
    except OSError as error:
        hint = " Name the authority's certificates in EXCHANGE_SMTP_CA." if "SSL" in type(error).__name__ else ""
        yield "wrong", f"{where} cannot be reached ({type(error).__name__}).{hint}"
    else:
        server.close()
        told = "" if smtp.starttls else " Mail to it travels unencrypted."
        yield ("ok" if smtp.starttls else "look"), f"{where} lets us in.{told}"


def _inboxes(settings: Settings) -> Iterator[tuple[str, str]]:
    for partner in settings.partnership.partners.values():
        if partner.inbox is None:
            folder = settings.inbox / partner.id
            usable = not folder.exists() or os.access(folder, os.R_OK | os.W_OK | os.X_OK)
            yield (
                ("ok", f"{partner.id}: {folder}")
                if usable
                else ("wrong", f"{partner.id}: {folder} is closed to us.")
            )
        else:
            yield _place("inbox", partner.id, partner.inbox, partner.name)


def _copies(settings: Settings) -> Iterator[tuple[str, str]]:
    copies = settings.partnership.copies
    if not copies:
        yield "ok", "Releases are copied nowhere: partnership.yaml names no copies."
    for copy in copies:
        yield _place("copy", copy.id, copy.place, "whoever keeps it")


def _place(kind: str, id: str, place: Inbox, keeper: str) -> tuple[str, str]:
    """Whether a place that has a URL can be used, with the credential of its kind (inbox, copy) and id."""
    try:
        with open_place(place, kind, id) as channel:
            there = channel.is_there()
    except SettingsError as error:
        return "wrong", str(error)
    except Exception as error:
        told = type(error).__name__
        return "wrong", f"{id}: {place.url} cannot be used ({told}). Check address, credential and firewall."
    if not there:
        return "wrong", f"{id}: {place.url} does not exist there. Ask {keeper} to make the folder or bucket."
    if place.url.startswith("file://") and not os.access(place.url.removeprefix("file://"), os.W_OK):
        return "wrong", f"{id}: {place.url} may not be written to by this account."
    return "ok", f"{id}: {place.url}"


def _server(settings: Settings) -> Iterator[tuple[str, str]]:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        yield "ok", "None is set: commands run without one, and `exchange up` brings its own."
    elif server_answers():
        yield "ok", f"{url} answers."
    else:
        yield (
            "wrong",
            f"{url} does not answer or does not let us in. See PREFECT_API_AUTH_STRING and, for a certificate of "
            "your own authority, SSL_CERT_FILE.",
        )


LOOKS: dict[str, Callable[[Settings], Iterator[tuple[str, str]]]] = {
    "versions": _versions,
    "time zone": _time_zone,
    "definitions": _definitions,
    "file modes": _modes,
    "disk": _disk,
    "keys": _keys,
    "mail": _smtp,
    "inboxes": _inboxes,
    "copies": _copies,
    "Prefect": _server,
}
