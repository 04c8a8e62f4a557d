"""The warm worker: Prefect's own process worker, but each run is forked from a process that has everything imported.

A stock worker starts a new Python for each run and pays every import again. Here the run record (states, logs,
tasks, cancellation) is Prefect's as ever; only the way the process comes into being differs.
"""

import multiprocessing
import warnings
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.flows import load_flow_from_flow_run
from prefect.runner._control_channel import ControlChannel
from prefect.runner._flow_run_executor import FlowRunExecutionResult, FlowRunExecutorContext
from prefect.runner._process_manager import ProcessHandle
from prefect.settings import get_current_settings
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.service.environment import POOL
from flows.service.fork import execute
from flows.service.zombies import close_zombies

# It takes the place of Prefect's own in this process, knowingly: the pool stays one that a stock worker can serve too.
warnings.filterwarnings("ignore", message="Type 'WarmWorker' .* will be overridden")

FORKS: ForkServerContext = multiprocessing.get_context("forkserver")


class WarmWorker(ProcessWorker):
    """A process worker whose runs start warm."""

    type = "process"

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Run one flow run in a forked process and wait for its end."""
        told = task_status or anyio.TASK_STATUS_IGNORED
        executions: list[FlowRunExecutionResult | None] = []
        async with FlowRunExecutorContext() as context:
            executor = context.create_executor(
                flow_run,
                ForkedStarter(configuration, context.control_channel),
                resolve_flow=load_flow_from_flow_run,
                propose_submitting=False,
            )

            async def execute(*, task_status: anyio.abc.TaskStatus[ProcessHandle]) -> None:
                executions.append(await executor.submit(task_status=task_status))

            async with anyio.create_task_group() as group:
                handle: ProcessHandle = await group.start(execute)
                told.started(handle.pid or 0)
        execution = executions[0]
        if execution is None or execution.status_code is None:
            raise RuntimeError("the flow run's process could not be started")
        return ProcessWorkerResult(status_code=execution.status_code, identifier=str(execution.handle.pid))


class ForkedStarter:
    """Starts a flow run in a process forked from the warm one (Prefect's ``ProcessStarter``)."""

    def __init__(self, configuration: ProcessJobConfiguration, control: ControlChannel) -> None:
        self._configuration = configuration
        self._control = control

    async def start(
        self, flow_run: FlowRun, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Fork, tell the caller of the process, and wait for its end."""
        port, token = self._control.register(flow_run.id)
        environment = {
            **{name: value for name, value in self._configuration.env.items() if value is not None},
            **get_current_settings().to_environment_variables(exclude_unset=True),
            "PREFECT__FLOW_RUN_ID": str(flow_run.id),
            "PREFECT__CONTROL_PORT": str(port),
            "PREFECT__CONTROL_TOKEN": token,
            "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "86400",  # the worker knows whether it lives
        }
        process = FORKS.Process(
            target=execute, args=(str(flow_run.id), environment, self._configuration.working_dir), daemon=True
        )
        await anyio.to_thread.run_sync(process.start)
        task_status.started(ProcessHandle(process))  # type: ignore[arg-type]  # it asks for pid and exitcode only
        await anyio.to_thread.run_sync(process.join, abandon_on_cancel=True)


def warm_up() -> None:
    """Start the process to fork from; it imports while the worker makes itself known to the server."""
    FORKS.set_forkserver_preload(["flows.service.preload"])
    from multiprocessing import forkserver

    forkserver.ensure_running()


async def work(home: Path, name: str | None = None) -> None:
    """Take runs from the exchange's work pool until told to stop; first close what an earlier worker's death left."""
    warm_up()
    await anyio.to_thread.run_sync(close_zombies, home)
    settings: Any = get_current_settings().worker
    worker = WarmWorker(
        work_pool_name=POOL,
        name=name,
        prefetch_seconds=settings.prefetch_seconds,
        heartbeat_interval_seconds=int(settings.heartbeat_seconds),
    )
    await worker.start()
