"""The credential of a channel: from the environment, else from a Secret block of the Prefect server.

``EXCHANGE_INBOX_<PARTNER>_USER`` with ``_SECRET`` (a password or an S3 secret key) or ``_KEY_FILE`` (a private SSH
key); else the block ``exchange-inbox-<partner>``, whose value is JSON with ``user`` and ``secret`` or ``key``. Where
releases are copied to it is ``EXCHANGE_COPY_<NAME>_...`` and ``exchange-copy-<name>``.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

from flows.settings import SettingsError


def credential(kind: str, id: str) -> dict[str, str]:
    """``user``, and ``secret`` or ``key`` (a private SSH key's text), of the ``inbox`` or the ``copy`` of that id.

    Raises:
        SettingsError: there is none, or others can read the key's file; says what to set.
    """
    prefix = f"EXCHANGE_{kind.upper()}_{id.upper().replace('-', '_')}"
    user, secret, key_file = (os.environ.get(f"{prefix}_{name}") for name in ("USER", "SECRET", "KEY_FILE"))
    if user and key_file:
        return {"user": user, "key": _private_key(Path(key_file), prefix)}
    if user and secret:
        return {"user": user, "secret": secret}
    given = _of_block(f"exchange-{kind}-{id}")
    if "user" in given and ("secret" in given or "key" in given):
        return given
    raise SettingsError(
        f"There is no credential for the {kind} of {id}. Set {prefix}_USER and {prefix}_SECRET (or, for a "
        f"private SSH key, {prefix}_KEY_FILE), or make the Prefect Secret block exchange-{kind}-{id}."
    )


def _private_key(path: Path, prefix: str) -> str:
    if not path.is_file():
        raise SettingsError(f"{prefix}_KEY_FILE names {path}, which is no file.")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"Others can read {path}. Set its mode: chmod 600 {path}")
    return path.read_text(encoding="ascii")


def _of_block(name: str) -> dict[str, str]:
    if not os.environ.get("PREFECT_API_URL"):
        return {}
    from prefect.blocks.system import Secret

    load: Any = Secret.load
    try:
        found = load(name, _sync=True).get()
    except ValueError:  # the server has no such block
        return {}
    content = json.loads(found) if isinstance(found, str) else found
    return {key: str(value) for key, value in content.items()} if isinstance(content, dict) else {}
