"""Where the exchange lives, whose definitions it follows, what time it is, and how it sends mail."""

import getpass
import json
import os
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from schemas.partnership import Partnership, load_partnership
from warehouse.ledger import Actor

PROGRAM = Path(__file__).resolve().parent.parent
LONDON = ZoneInfo("Europe/London")


class SettingsError(Exception):
    """A setting that cannot be used; the message says which, and what to do."""


@dataclass(frozen=True)
class Smtp:
    """How mail leaves. The password is never shown."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = True
    ca: Path | None = None  # certificates of the authority that vouches for the server; None: the system's


@dataclass(frozen=True)
class Settings:
    """All that a station needs to know. ``now`` gives the present moment in UTC."""

    home: Path
    partnership_root: Path = PROGRAM
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    smtp: Smtp | None = None
    redirect_all_mail: str | None = None  # the one address a rehearsal's mail goes to
    actor: Actor = field(default_factory=lambda: Actor(_account(), f"run-{uuid.uuid4().hex[:12]}"))

    @cached_property
    def partnership(self) -> Partnership:
        """The definitions, read once.

        Raises:
            schemas.loading.DefinitionError: a definition is wrong; names file, key path and the fix.
        """
        return load_partnership(self.partnership_root)

    @property
    def inbox(self) -> Path:
        """``inbox/<partner>/<dataset>/``: where partners' files land."""
        return self.home / "inbox"

    @property
    def staging(self) -> Path:
        """Claimed files and deliveries' own databases; empty when nothing is in work."""
        return self.home / "staging"

    @property
    def held(self) -> Path:
        """What no agreement covers: owner-only, apart, until its hold ends."""
        return self.home / "held"

    @property
    def published(self) -> Path:
        """Releases and the links to the newest ones."""
        return self.home / "published"

    def archived(self, sha256: str) -> Path:
        """The archive's path for bytes with this fingerprint."""
        return self.home / "archive" / sha256[:2] / sha256

    def arrival(self, sha256: str, delivery_id: str) -> Path:
        """What the sender called a file and how many rows it promised, beside its archived bytes."""
        return self.home / "archive" / sha256[:2] / f"{sha256}.{delivery_id}.json"

    def of_record(self, delivery_id: str) -> Path:
        """What an expired delivery's rows added up to: totals that stay as figures of record."""
        return self.home / "archive" / "of_record" / f"{delivery_id}.parquet"

    def compared_of_record(self, delivery_id: str) -> Path:
        """The counts, sums and means of an expired delivery that later ones were compared with."""
        return self.home / "archive" / "of_record" / f"{delivery_id}.json"

    def accepted(self, partner: str, dataset: str, delivery_id: str) -> Path:
        """The Parquet file of a delivery's accepted rows."""
        return self.home / "accepted" / partner / dataset / f"{delivery_id}.parquet"

    def quarantined(self, partner: str, dataset: str, delivery_id: str) -> Path:
        """The Parquet file of a delivery's quarantined rows with their rule ids, beside its accepted ones."""
        return self.home / "accepted" / partner / dataset / f"{delivery_id}.quarantined.parquet"


def today(settings: Settings) -> date:
    """The day it is in London by the exchange's clock."""
    return settings.now().astimezone(LONDON).date()


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return f"uid-{os.getuid()}"


def load_settings(environment: Mapping[str, str] | None = None, home: Path | None = None) -> Settings:
    """Read the settings from the environment: EXCHANGE_HOME, EXCHANGE_PARTNERSHIP, EXCHANGE_NOW, EXCHANGE_SMTP_*,
    EXCHANGE_REDIRECT_ALL_MAIL.

    A demo's home keeps the demo's own clock, so that nothing in it is overdue today.

    Raises:
        SettingsError: a value cannot be used.
    """
    env = os.environ if environment is None else environment
    home = Path(home or env.get("EXCHANGE_HOME") or "var").absolute()
    root = Path(env.get("EXCHANGE_PARTNERSHIP") or PROGRAM).absolute()
    if not (root / "schemas").is_dir():
        raise SettingsError(f"EXCHANGE_PARTNERSHIP names {root}, which has no schemas folder.")
    moment = env.get("EXCHANGE_NOW") or _demo_clock(home)
    redirect = env.get("EXCHANGE_REDIRECT_ALL_MAIL") or None
    if redirect is not None and not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", redirect):
        raise SettingsError(
            "EXCHANGE_REDIRECT_ALL_MAIL is not one e-mail address, such as rehearsal@council.example."
        )
    settings = {"home": home, "partnership_root": root, "smtp": _smtp(env), "redirect_all_mail": redirect}
    if moment:
        fixed = _moment(moment)
        return Settings(**settings, now=lambda: fixed)  # type: ignore[arg-type]
    return Settings(**settings)  # type: ignore[arg-type]


def _demo_clock(home: Path) -> str | None:
    marker = home / "demo.json"
    if not marker.is_file():
        return None
    clock = json.loads(marker.read_text(encoding="utf-8")).get("now")
    return str(clock) if clock else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"EXCHANGE_NOW is not a moment such as 2009-10-20T09:00: {text!r}.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)


def _smtp(env: Mapping[str, str]) -> Smtp | None:
    host = env.get("EXCHANGE_SMTP_HOST")
    if not host:
        return None
    sender = env.get("EXCHANGE_SMTP_SENDER")
    if not sender:
        raise SettingsError(
            "EXCHANGE_SMTP_HOST is set but EXCHANGE_SMTP_SENDER, the address mail comes from, is not."
        )
    try:
        port = int(env.get("EXCHANGE_SMTP_PORT") or 587)
    except ValueError:
        raise SettingsError("EXCHANGE_SMTP_PORT is not a number.") from None
    starttls = (env.get("EXCHANGE_SMTP_STARTTLS") or "yes").lower()
    if starttls not in {"yes", "true", "on", "1", "no", "false", "off", "0"}:
        raise SettingsError("EXCHANGE_SMTP_STARTTLS is neither yes nor no.")
    ca = Path(env["EXCHANGE_SMTP_CA"]).absolute() if env.get("EXCHANGE_SMTP_CA") else None
    if ca is not None and not ca.is_file():
        raise SettingsError(f"EXCHANGE_SMTP_CA names {ca}, which is no file of certificates.")
    return Smtp(
        host=host,
        port=port,
        sender=sender,
        user=env.get("EXCHANGE_SMTP_USER"),
        password=env.get("EXCHANGE_SMTP_PASSWORD"),
        starttls=starttls in {"yes", "true", "on", "1"},
        ca=ca,
    )
