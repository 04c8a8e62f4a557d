"""``exchange up``, whole: a real Prefect server, a warm worker and the inbox watch, as one person runs them.

One service for the module, in the order a bad week goes: a file arrives and a published figure moves, the
deployments are written again, the worker is killed, the server is killed, everything is stopped. All the while the
network is cut off: whatever would leave this machine is written down and refused.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import httpx
import pytest

from flows import events
from flows.cli.status import status
from flows.land import deliver
from flows.settings import Settings, load_settings
from tests.flows.waste import KEY, waste

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds a busy machine may take for what takes five
pytestmark = pytest.mark.timeout(900)
# Python runs this at the start of each process that finds it: of the service, and of all that the service starts.
CUT_OFF = """
import sys
HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}
def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in HERE:
        with open(LEFT, "a") as left:
            left.write(f"{event} {host} {sys.argv}\\n")
        raise OSError("the network is cut off")
sys.addaudithook(refuse)
"""
T = TypeVar("T")
RESIDUAL = "{month},kerbside_residual,household,residual,efw,{tonnes}.000,"


@dataclass(frozen=True)
class Service:
    """A running service: its process, its home, its server."""

    process: subprocess.Popen[str]
    settings: Settings
    environment: dict[str, str]
    server: httpx.Client

    def found(self, what: str, **asked: Any) -> list[dict[str, Any]]:
        """What the server lists."""
        answer = self.server.post(f"/{what}/filter", json=asked)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """The runs of a flow that began, newest first."""
        runs = self.found("flow_runs", flows={"name": {"any_": [flow]}}, sort="START_TIME_DESC")
        return [run for run in runs if run["start_time"]]

    def announce_ready(self) -> None:
        """Say that a period is ready, as the ledger's moves are told."""
        details = {"framework": "laa-2008-11", "period": "FY2009-Q1"}
        nudge = events.event(
            "period.ready", "laa-2008-11.FY2009-Q1", details, datetime.now(UTC), str(uuid.uuid4())
        )
        assert self.server.post("/events", json=[nudge]).is_success

    def states(self) -> list[str]:
        """The deliveries' states, in order of arrival."""
        return [row["state"] for row in status(self.settings)["deliveries"]]

    def slots_taken(self, deployment: str) -> int:
        """How many runs the server believes to be at work for a deployment."""
        (found,) = self.found("deployments", deployments={"name": {"any_": [deployment]}})
        return int(found["global_concurrency_limit"]["active_slots"])

    def child(self, name: str) -> int:
        """The process id of the server, worker or watch."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid), "-f", name], capture_output=True, text=True)
        return int(found.stdout.split()[0])


def eventually(look: Callable[[], T]) -> T:
    """The first true thing that a look finds."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    home = folder / "home"
    (folder / "sitecustomize.py").write_text(f"LEFT = {str(folder / 'left')!r}\n{CUT_OFF}")
    given = {name: value for name, value in os.environ.items() if not name.startswith(("EXCHANGE_", "PREFECT_"))}
    given |= {
        "EXCHANGE_HOME": str(home),
        "EXCHANGE_NOW": "2009-07-20T09:00",
        "EXCHANGE_PSEUDONYM_KEY": "ab" * 32,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "up", "--port", "0"],
        env=given,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, f"it ended: {said}"
            said += line
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", said)
        user, _, password = (home / "prefect" / "auth").read_text().strip().partition(":")
        with httpx.Client(base_url=f"{url}/api", auth=(user, password), trust_env=False) as server:
            yield Service(process, load_settings(given), given, server)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def unpublished(folder: Path, tonnes: int) -> Path:
    """An extract of a period that is not published: its merge starts no publication, which takes seconds."""
    return waste(folder, RESIDUAL.format(month="2009-01", tonnes=tonnes), name="waste_FY2008-Q4.csv")


def figure(settings: Settings) -> float | None:
    """Kilograms of residual waste per household, as published."""
    file = settings.published / "current" / "exchange.duckdb"
    if not file.exists():
        return None
    with duckdb.connect(str(file), read_only=True) as connection:
        (row,) = connection.sql(
            "SELECT value FROM performance.indicator WHERE indicator = 'NI191' AND period = 'FY2009-Q1' "
            "AND breakdown = 'all'"
        ).fetchall()
    value: float | None = row[0]
    return value


def test_a_file_dropped_into_the_inbox_moves_the_published_figure(service: Service, tmp_path: Path) -> None:
    deliver(service.settings, waste(tmp_path), KEY)
    eventually(lambda: service.states() == ["merged"])
    service.announce_ready()
    first = eventually(lambda: figure(service.settings)) or 0.0
    deliver(service.settings, waste(tmp_path, RESIDUAL.format(month="2009-04", tonnes=8001)), KEY)
    eventually(lambda: service.states() == ["superseded", "merged"])
    # By itself, as the period is published. The first file had 4,000 tonnes and half a tonne of rejects.
    eventually(lambda: figure(service.settings) == pytest.approx(2 * first))


def test_what_a_person_sees_of_it_are_ids_counts_and_decisions(service: Service) -> None:
    run = eventually(lambda: [run for run in service.runs("ingest") if run["state_name"] == "Accepted"])[0]
    assert run["parameters"] == {}
    tasks = service.found("task_runs", task_runs={"flow_run_id": {"any_": [run["id"]]}})
    assert "council/household_waste FY2009-Q1" in {task["name"] for task in tasks}
    assert run["name"] == "ingest council/household_waste FY2009-Q1"
    published = eventually(lambda: [run for run in service.runs("publish") if run["state_name"] == "Published"])
    assert {run["name"] for run in published} == {"publish laa-2008-11 FY2009-Q1"}
    shown = service.found("artifacts")
    assert {artifact["key"] for artifact in shown} >= {"deliveries", "data-docs", "publications"}
    (table, *_) = [json.loads(artifact["data"]) for artifact in shown if artifact["key"] == "deliveries"]
    counts = {key: table[0][key] for key in ("received", "accepted", "quarantined")}
    assert sum(counts.values()) == 2 * counts["received"] > 0
    everything = [shown, service.runs("ingest"), tasks, service.found("logs"), service.found("deployments")]
    everything.append(service.found("events", limit=50))
    for name in ("waste_FY2009-Q1", "4000.000", "8001.000", "alex.rowntree"):
        assert name not in str(everything), "no name that a partner chose, no value, no person"


def test_deploying_again_changes_nothing(service: Service) -> None:
    def standing() -> dict[str, Any]:
        kept = ("id", "name", "parameters", "concurrency_options", "paused", "entrypoint", "tags")
        deployments = [{key: each[key] for key in kept} for each in service.found("deployments", sort="NAME_ASC")]
        automations = sorted(each["name"] for each in service.found("automations"))
        return {"deployments": deployments, "automations": automations, "figure": figure(service.settings)}

    before = standing()
    assert len(before["deployments"]) == 7
    subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        env={
            **service.environment,
            "PREFECT_HOME": str(service.settings.home / "prefect"),
            "PREFECT_API_URL": str(service.server.base_url).rstrip("/"),
            "PREFECT_API_AUTH_STRING": (service.settings.home / "prefect" / "auth").read_text().strip(),
        },
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert standing() == before


def test_a_killed_worker_leaves_no_zombie_and_its_file_goes_through(service: Service, tmp_path: Path) -> None:
    runs = service.settings.home / "prefect" / "runs"
    ended = {run["id"] for run in service.runs("ingest")}
    deliver(service.settings, unpublished(tmp_path, 4001), KEY)
    eventually(lambda: [path for path in runs.glob("*.lock") if path.stem not in ended])
    os.kill(service.child("flows.cli worker"), signal.SIGKILL)
    eventually(lambda: service.states() == ["superseded", "merged", "merged"])
    eventually(lambda: not [run for run in service.runs("ingest") if run["state_type"] in {"RUNNING", "PENDING"}])
    eventually(lambda: service.slots_taken("ingest") == 0)


def test_a_killed_server_loses_nothing(service: Service, tmp_path: Path) -> None:
    os.kill(service.child("uvicorn"), signal.SIGKILL)
    deliver(service.settings, unpublished(tmp_path, 4002), KEY)
    eventually(lambda: service.states() == ["superseded", "merged", "superseded", "merged"])


def test_it_stops_with_all_it_started(service: Service) -> None:
    group = [service.child(name) for name in ("uvicorn", "flows.cli worker", "flows.cli watch")]
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(PATIENCE) == 0
    assert not [pid for pid in group if Path(f"/proc/{pid}").exists()]


def test_no_connection_left_the_machine(service: Service) -> None:
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    refused = subprocess.run(
        [sys.executable, "-c", probe], env=service.environment, capture_output=True, text=True
    )
    assert "the network is cut off" in refused.stderr, "the cut itself works"
    left = (service.settings.home.parent / "left").read_text().splitlines()
    assert left == ["socket.getaddrinfo 192.0.2.1 ['-c']"], "nothing but the probe"
