"""Keys for pseudonyms: one for each purpose, outside the repository and the database.

An agreement is a purpose. Its key is EXCHANGE_PSEUDONYM_KEY_<AGREEMENT> or the file ``keys/<agreement>.key``; where
there is none, it is drawn from the exchange's own key (EXCHANGE_PSEUDONYM_KEY or ``pseudonym.key``) by HMAC-SHA-256
over the agreement's id, so that the pseudonyms of two purposes can never be laid beside each other.
"""

import hashlib
import hmac
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from flows.settings import Settings, SettingsError, today
from warehouse.staging import needs_key

SHORTEST, LONGEST = 32, 64  # bytes: a block of SHA-256 at most, so that no key is hashed down first


@dataclass(frozen=True)
class Key:
    """A purpose's key, never shown, and the id that the ledger keeps of it."""

    secret: bytes = field(repr=False)
    id: str


def pseudonym_key(settings: Settings, agreement_id: str, key_id: str | None = None) -> Key:
    """The key of an agreement's purpose; with ``key_id`` the one of that id, be it in use or retired since.

    A retired key lies in ``keys/retired/`` under any name that ends in ``.key``.

    Raises:
        SettingsError: there is none, it is too short, or others may read its file.
    """
    if key_id is not None:
        return _of_id(settings, agreement_id, key_id)
    name = agreement_id.upper().replace("-", "_")
    own = _read(f"EXCHANGE_PSEUDONYM_KEY_{name}", settings.home / "keys" / f"{agreement_id}.key")
    if own is None:
        variable, path = "EXCHANGE_PSEUDONYM_KEY", settings.home / "pseudonym.key"
        general = _read(variable, path)
        if general is None:
            raise SettingsError(f"There is no pseudonym key. {_remedy(variable, path)} (mode 600).")
        own = _drawn(general, agreement_id)
    return _key(own)


def _of_id(settings: Settings, agreement_id: str, key_id: str) -> Key:
    """The key in use where it has that id, else the retired one that has, or from which one that has is drawn."""
    in_use = pseudonym_key(settings, agreement_id)
    if in_use.id == key_id:
        return in_use
    for path in sorted((settings.home / "keys" / "retired").glob("*.key")):
        retired = _read("", path) or b""
        for key in (_key(retired), _key(_drawn(retired, agreement_id))):
            if key.id == key_id:
                return key
    raise SettingsError(
        f"The pseudonym key {key_id} of the agreement {agreement_id} is not here. "
        f"Put it into a file in {settings.home / 'keys' / 'retired'} (mode 600)."
    )


def _drawn(general: bytes, agreement_id: str) -> bytes:
    return hmac.new(general, b"purpose\x00" + agreement_id.encode(), hashlib.sha256).digest()


def _key(secret: bytes) -> Key:
    return Key(secret, hmac.new(secret, b"key id", hashlib.sha256).hexdigest()[:16])


def require_keys(settings: Settings) -> None:
    """Make sure, before anything is taken in, that every agreement in force that needs a key has one.

    Raises:
        SettingsError: as ``pseudonym_key``.
    """
    for agreement in settings.partnership.agreements:
        contracts = (settings.partnership.contracts[key] for key in agreement.datasets)
        if agreement.in_force(today(settings)) and any(needs_key(contract) for contract in contracts):
            pseudonym_key(settings, agreement.id)


def _read(variable: str, path: Path) -> bytes | None:
    """A key in hexadecimal, from the environment or from a file that only its owner may read; None: in neither."""
    written = os.environ.get(variable) if variable else None
    if not written:
        if not path.exists():
            return None
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(f"Others can read {path}. Set its mode: chmod 600 {path}")
        written = path.read_text(encoding="ascii").strip()
    try:
        key = bytes.fromhex(written)
    except ValueError:
        raise SettingsError(f"The pseudonym key is not hexadecimal. {_remedy(variable, path)}.") from None
    if len(key) < SHORTEST:
        raise SettingsError(f"The pseudonym key is shorter than {SHORTEST} bytes. {_remedy(variable, path)}.")
    if len(key) > LONGEST:
        raise SettingsError(f"The pseudonym key is longer than {LONGEST} bytes. {_remedy(variable, path)}.")
    return key


def _remedy(variable: str, path: Path) -> str:
    return f"Make one with: openssl rand -hex 32, and set {variable} or write it to the file {path}"
