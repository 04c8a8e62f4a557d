"""The flows a Prefect server runs, through Prefect's own harness; and the same command without a server."""

import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import prefect
import pytest
import yaml
from prefect import Flow
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import TaskRun
from prefect.exceptions import ParameterTypeError
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED,
    PREFECT_SERVER_UI_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness
from prefect.utilities.callables import parameter_schema
from pydantic import SecretStr

import flows.deployed
from flows.cli.status import status
from flows.land import deliver
from flows.receiving.credentials import credential
from flows.settings import SettingsError, load_settings
from schemas.partnership import REPOSITORY, load_partnership
from tests.flows.waste import KEY, waste

ROOT = Path(__file__).parents[2]
CANARY = "ZXCANARY"
DECLARED: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS: dict[str, dict[str, Any]] = {each["name"]: each for each in DECLARED["deployments"]}


@pytest.fixture(scope="session")
def server() -> Iterator[SyncPrefectClient]:
    """A Prefect server of this session's own, with nothing it does not need; it starts in about ten seconds."""
    quiet: dict[Any, Any] = {
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # its thread takes a second to end
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED: False,
        PREFECT_SERVER_UI_ENABLED: False,
    }
    with (
        temporary_settings(quiet),
        prefect_test_harness(server_startup_timeout=120),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that is not made yet, for an account whose new files others may read."""
    for name in [*os.environ]:
        if name.startswith("EXCHANGE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EXCHANGE_NOW", "2009-07-20T09:00")
    monkeypatch.setenv("EXCHANGE_HOME", str(tmp_path / "home"))
    umask = os.umask(0o022)
    yield tmp_path / "home"
    os.umask(umask)


def task_runs(client: SyncPrefectClient, count: int) -> list[TaskRun]:
    """The runs of tasks, first to last; a server hears of them a moment later."""
    deadline = time.monotonic() + 20
    while True:
        found = [run for run in client.read_task_runs() if run.end_time is not None]
        if len(found) >= count or time.monotonic() > deadline:
            return sorted(found, key=lambda run: run.start_time or run.expected_start_time)  # type: ignore[arg-type, return-value]
        time.sleep(0.1)


def test_ingest_is_one_flow_run_with_the_stations_as_its_tasks(
    server: SyncPrefectClient, home: Path, tmp_path: Path
) -> None:
    deliver(load_settings(home=home), waste(tmp_path), KEY)
    (row,) = flows.deployed.ingest()
    assert (row["state"], row["decision"], row["rows_accepted"]) == ("merged", "accepted", 3)
    assert [each["state"] for each in status(load_settings(home=home))["deliveries"]] == ["merged"]
    runs = task_runs(server, 5)
    assert [run.name for run in runs] == [
        "ingest",
        "council/household_waste FY2009-Q1",
        "merge",
        "ingest",
        "notify",
    ]
    (run,) = server.read_flow_runs()
    assert {each.flow_run_id for each in runs} == {run.id}
    assert (run.state_name, run.parameters) == ("Accepted", {})
    assert run.name == "ingest council/household_waste FY2009-Q1"
    assert [each.state_name for each in runs] == ["Completed", "Accepted", "Completed", "Completed", "Completed"]
    for path in (home, home / "warehouse.duckdb"):
        assert path.stat().st_mode & 0o077 == 0, "for the owner only, whatever the worker's umask"


def test_what_a_failing_station_raises_reaches_the_server_without_its_text(
    server: SyncPrefectClient, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Prefect logs and keeps an exception with its text, and that of DuckDB quotes the offending value."""

    def broken(settings: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(flows.deployed, "merge_accepted", broken)
    state = flows.deployed.ingest(return_state=True)
    assert state.is_failed()
    told = [
        state.message or "",
        caplog.text,
        *(run.state.message or "" for run in task_runs(server, 2) if run.state),
    ]
    assert "RuntimeError in a station of the flow" in "".join(told)
    assert CANARY not in "".join(told)


def test_nobody_of_a_file_is_in_anything_the_server_keeps(
    server: SyncPrefectClient, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Artifacts, runs, their states and logs, of a file with somebody in its rows, its ragged lines and its name."""
    rows = (
        "2009-04,kerbside_residual,household,residual,efw,4000.000,",
        f"2009-05,kerbside_residual,{CANARY},residual,efw,{CANARY},",
        f"2009-05,{CANARY},short",
        f"Total,{CANARY}",
    )
    deliver(load_settings(home=home), waste(tmp_path, *rows, name=f"{CANARY}_FY2009-Q1.csv"), KEY)
    (row,) = flows.deployed.ingest()
    assert (row["decision"], row["rows_quarantined"]) == ("accepted_with_exceptions", 2)
    task_runs(server, 5)
    ask: Any = server  # its types list every path
    kept = {
        what: ask.request("POST", f"/{what}/filter", json={}).text
        for what in ("artifacts", "flow_runs", "task_runs", "logs", "events")
    }
    assert "READ-RAGGED" in kept["artifacts"]
    assert "household_waste" in kept["flow_runs"]
    assert CANARY not in str(kept) + caplog.text


def test_prefect_yaml_declares_every_flow_for_the_prefect_that_is_locked() -> None:
    declared = {name for name, found in vars(flows.deployed).items() if isinstance(found, Flow)}
    assert set(DEPLOYMENTS) == declared
    assert DECLARED["prefect-version"] == prefect.__version__


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_leads_to_a_flow_that_describes_itself(name: str) -> None:
    declared = DEPLOYMENTS[name]
    module, _, attribute = declared["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), attribute)
    assert isinstance(flow, Flow)
    assert flow.name == name
    assert flow.description == inspect.getdoc(flow.fn)
    assert flow.description
    assert declared["description"].endswith(".")
    assert declared["work_pool"] == {"name": "exchange"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_schedules_are_in_london_time(name: str) -> None:
    for schedule in DEPLOYMENTS[name]["schedules"]:
        assert ZoneInfo(schedule["timezone"]).key == "Europe/London"
        assert len(schedule["cron"].split()) == 5


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_parameters_are_ids_since_the_server_shows_them(name: str) -> None:
    flow: Flow[..., Any] = getattr(flows.deployed, name)
    properties = parameter_schema(flow).properties
    assert set(properties) <= {"framework", "period"}
    for asked in properties.values():
        assert all("pattern" in kind or kind == {"type": "null"} for kind in asked["anyOf"]), "an id has its form"
    for trigger in DEPLOYMENTS[name].get("triggers", []):
        assert set(trigger.get("parameters", {})) <= set(properties)
    assert flow.persist_result is False


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_runs_once_at_a_time_and_on_time_without_any_event(name: str) -> None:
    declared = DEPLOYMENTS[name]
    assert declared["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert any(schedule["active"] for schedule in declared["schedules"])
    assert "exchange" in declared["tags"]


def test_a_free_text_is_no_parameter(server: SyncPrefectClient, home: Path) -> None:
    with pytest.raises(ParameterTypeError):
        flows.deployed.publish(framework="Robert'); DROP TABLE")


def test_a_notify_run_says_whether_mail_waits(server: SyncPrefectClient, home: Path, tmp_path: Path) -> None:
    state: Any = flows.deployed.notify(return_state=True)
    assert (state.name, state.message) == ("Completed", "0 sent, 0 waiting")


def test_a_sweep_shows_what_each_part_did(server: SyncPrefectClient, home: Path, tmp_path: Path) -> None:
    deliver(load_settings(), waste(tmp_path), KEY)
    states: list[Any] = [flow(return_state=True) for flow in (flows.deployed.sweep, flows.deployed.retention)]
    assert [state.name for state in states] == ["Completed", "Nothing was left"]
    assert [each["state"] for each in status(load_settings())["deliveries"]] == ["merged"]


def test_without_a_server_the_plain_functions_run_and_prefect_is_not_imported(home: Path, tmp_path: Path) -> None:
    deliver(load_settings(home=home), waste(tmp_path, name="of no period.csv"), KEY)
    script = """
import json, sys
from flows.orchestration import run_ingest
from flows.settings import load_settings
(row,) = run_ingest(load_settings(), lambda line: None)
print(json.dumps([row["state"], "prefect" in sys.modules]))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "EXCHANGE_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == ["refused", False]


@pytest.mark.parametrize("proof", [{"secret": "a secret of the test"}, {"key": "a private key of the test"}])
def test_a_channels_credential_may_be_a_secret_block_of_the_server(
    server: SyncPrefectClient, home: Path, monkeypatch: pytest.MonkeyPatch, proof: dict[str, str]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", str(server.api_url))
    council, police = (load_partnership(REPOSITORY).partners[id] for id in ("council", "police"))
    save: Any = Secret(value=SecretStr(json.dumps({"user": "council", **proof}))).save
    save("exchange-inbox-council", overwrite=True, _sync=True)
    assert credential("inbox", council.id) == {"user": "council", **proof}
    with pytest.raises(SettingsError, match="Prefect Secret block exchange-inbox-police"):
        credential("inbox", police.id)
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_USER", "somebody")
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_SECRET", "of the environment")
    assert credential("inbox", council.id) == {"user": "somebody", "secret": "of the environment"}, (
        "which goes first"
    )
