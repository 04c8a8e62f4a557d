"""Prefect, thinly: one flow run per command, the stations as its tasks, nothing decided here.

With no Prefect server configured (PREFECT_API_URL unset) a command runs the plain functions, so that a partner's
laptop needs no server and pays no import.
"""

import os
from collections.abc import Callable
from typing import Any

from flows.publish import Made
from flows.settings import Settings

Report = Callable[[str], None]


def run_ingest(settings: Settings, report: Report) -> list[dict[str, Any]]:
    """Everything waiting, through to merge and notify: as a flow run where a server is configured."""
    if not os.environ.get("PREFECT_API_URL"):
        from flows.drain import drain

        return drain(settings, report)
    from flows.deployed import ingest

    return ingest(settings.home.as_posix())


def run_publish(settings: Settings, framework: str | None, period: str | None) -> list[Made]:
    """A publication: as a flow run where a server is configured."""
    if not os.environ.get("PREFECT_API_URL"):
        from flows.publish import publish_due

        return publish_due(settings, framework, period)
    from flows.deployed import publish

    return publish(framework, period, settings.home.as_posix())
