"""``exchange up``: server, work pool, deployments, warm worker and inbox watch on one machine, until told to stop."""

import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from filelock import FileLock, Timeout

from flows.service.children import Child, ChildError
from flows.service.environment import HOST, free_port, is_taken, service_environment, state_folder
from flows.settings import PROGRAM, Settings

PORT = 4200
SERVER_WAIT = 180.0  # seconds a server may take to answer first; on an idle machine it takes about ten
DEPLOY_WAIT = 300.0
GRACE = {"watch": 2.0, "worker": 10.0, "server": 10.0}  # seconds between being asked to end and being ended
LOOK_EVERY = 0.2


class UpError(Exception):
    """The service cannot start or go on; the message says why and what to do."""


def up(settings: Settings, port: int = PORT, report: Callable[[str], None] = print) -> None:
    """Run the service until SIGINT or SIGTERM; ``port`` 0 takes a free one.

    Raises:
        UpError: it runs already on this home, the port is taken, or a process of it does not stay up.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    lock = FileLock(state_folder(settings) / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UpError(f"The service runs already on {settings.home}.") from None
    try:
        _run(settings, port or free_port(), report, stop)
    except ChildError as error:
        raise UpError(str(error)) from None
    finally:
        lock.release()
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(settings: Settings, port: int, report: Callable[[str], None], stop: threading.Event) -> None:
    if is_taken(port):
        raise UpError(f"Port {port} of {HOST} is in use. Choose another: exchange up --port {port + 1}")
    children = {child.name: child for child in _children(settings, port)}
    server, worker, watch = (children[name] for name in ("server", "worker", "watch"))
    try:
        server.start()
        report(f"Starting on {settings.home} ...")
        _wait_for(server, f"http://{HOST}:{port}/api/health", stop)
        if stop.is_set():
            return
        worker.start()  # it warms up while the deployments are written
        _deploy(server, stop)
        watch.start()
        report(
            f"Prefect's pages: http://{HOST}:{port}  (sign in with the line in {state_folder(settings) / 'auth'})"
        )
        report(f"Files dropped into {settings.inbox}/<partner>/<dataset>/ are taken in. Ctrl-C stops everything.")
        while not stop.wait(LOOK_EVERY):
            for child in children.values():
                if child.keep_up():
                    report(f"The {child.name} had ended and was started again; what it said is in {child.log}")
    finally:
        for name in ("watch", "worker", "server"):
            children[name].stop(GRACE[name])
    report("Stopped.")


def _children(settings: Settings, port: int) -> list[Child]:
    environment = service_environment(settings, port)
    logs = state_folder(settings)
    app = ("--factory", "prefect.server.api.server:create_app", "--host", HOST, "--port", str(port))
    quiet = ("--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "3")
    commands = {
        "server": ("uvicorn", *app, *quiet),
        "worker": ("flows.cli", "worker"),
        "watch": ("flows.cli", "watch"),
    }
    return [
        Child(name, (sys.executable, "-m", *command), environment, logs / f"{name}.log", PROGRAM)
        for name, command in commands.items()
    ]


def _wait_for(server: Child, url: str, stop: threading.Event) -> None:
    deadline = time.monotonic() + SERVER_WAIT
    while not stop.is_set():
        assert server.process is not None
        if (code := server.process.poll()) is not None:
            raise UpError(f"The server ended at once (with {code}). What it said is in {server.log}")
        if time.monotonic() > deadline:
            raise UpError(f"The server did not answer within {SERVER_WAIT:.0f} seconds. See {server.log}")
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2).close()
        except urllib.error.HTTPError:
            return  # it answers, if only to say that it does not know us
        except OSError:
            stop.wait(0.1)
        else:
            return


def _deploy(server: Child, stop: threading.Event) -> None:
    """Write work pool and deployments; on a server that has them this changes nothing that counts."""
    log = server.log.with_name("deploy.log")
    child = Child("deployment", DEPLOY, server.environment, log, PROGRAM)
    log.unlink(missing_ok=True)
    child.start()
    assert child.process is not None
    deadline = time.monotonic() + DEPLOY_WAIT
    try:
        while child.process.poll() is None and not stop.wait(0.1):
            if time.monotonic() > deadline:
                raise UpError(f"Writing the deployments took longer than {DEPLOY_WAIT:.0f} seconds. See {log}")
        if child.process.returncode and not stop.is_set():
            raise UpError(f"The deployments could not be written. What was said is in {log}")
    finally:
        child.stop(2)


DEPLOY = (sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all")
