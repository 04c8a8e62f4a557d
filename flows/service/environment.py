"""What the service's processes are told: where Prefect keeps its state, its address, how to sign in, whom not to call.

Everything lies in ``prefect/`` of the home, for the owner only.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from flows.files import make_private, write_whole
from flows.settings import Settings

HOST = "127.0.0.1"
POOL = "exchange"
LOOPBACK = f"{HOST},localhost"
# Prefect's own defaults call home, look for versions and wait long; a person's own setting wins over these.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",  # seconds one writer of its file waits for another
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    # Who holds a deployment's slot outlives a restart of the server; in its memory the slot would stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
    "PREFECT_WORKER_QUERY_SECONDS": "0.25",
    "PREFECT_WORKER_PREFETCH_SECONDS": "1",
}


def state_folder(settings: Settings) -> Path:
    """Where Prefect keeps its database, its profile and the string to sign in with."""
    return make_private(settings.home / "prefect")


def auth_string(folder: Path) -> str:
    """``exchange:<secret>``, made at the first start and kept in the file ``auth``, mode 600."""
    path = folder / "auth"
    if not path.exists():
        write_whole(path, f"{POOL}:{secrets.token_urlsafe(32)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def service_environment(
    settings: Settings, port: int, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of the service's processes: the caller's own, and what makes them one closed service.

    A database of one's own choice (PREFECT_SERVER_DATABASE_CONNECTION_URL, for PostgreSQL) is kept.
    """
    given = dict(os.environ if environment is None else environment)
    folder = state_folder(settings)
    secret = auth_string(folder)
    api = f"http://{HOST}:{port}/api"
    made = {
        **QUIET,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
        **given,
        "EXCHANGE_HOME": str(settings.home),
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": api,
        "PREFECT_UI_API_URL": "/api",  # of whatever address the pages were asked from: a tunnel's, a proxy's
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_API_AUTH_STRING": secret,
        "PREFECT_SERVER_API_AUTH_STRING": secret,
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("NO_PROXY", "no_proxy"):  # a proxy is for the world outside, never for this machine
        made[name] = ",".join(part for part in (given.get(name), LOOPBACK) if part)
    return made


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """True when somebody listens on that port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
