"""Closing zombies: runs that a Prefect server believes alive although their process is gone.

A killed worker leaves its run in state Running for ever, and the run keeps its deployment's one slot: nothing of that
deployment would start again. Whether a run lives is not asked of the server but of the lock it holds in the home.
"""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from flows.service.environment import POOL
from flows.service.liveness import forget, lives, was_here

UNDER_WAY = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
TRACELESS = timedelta(minutes=10)  # a run that left no lock in the home for so long never got there
SECOND_LOOK = 3.0  # seconds between a run's letting go of its lock and the server's hearing of its end, at most
CLOSED = "Its process is gone. What it had committed stands; the next run does the rest."
log = logging.getLogger("exchange.zombies")


def close_zombies(home: Path) -> list[UUID]:
    """Write down the end of every run of the work pool that has no process on this home any more; returns their ids.

    A server that does not answer is told another time: the next sweep asks again.
    """
    try:
        with get_client(sync_client=True) as client:
            if not (suspects := _gone(home, _under_way(client))):
                return []
            time.sleep(SECOND_LOOK)
            gone = suspects & _gone(home, _under_way(client))
            for run_id in gone:
                client.set_flow_run_state(run_id, Crashed(message=CLOSED), force=True)
                forget(home, str(run_id))
    except Exception as error:
        log.warning("runs without a process could not be looked for: %s", type(error).__name__)
        return []
    return sorted(gone)


def _under_way(client: SyncPrefectClient) -> list[FlowRun]:
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNDER_WAY)))
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state), work_pool_filter=pool)


def _gone(home: Path, runs: Iterable[FlowRun]) -> set[UUID]:
    before = datetime.now(UTC) - TRACELESS
    return {
        run.id
        for run in runs
        if not lives(home, str(run.id))
        and (was_here(home, str(run.id)) or (run.state is not None and run.state.timestamp < before))
    }
