"""Prefect, thinly: one flow run per command, the stations as its tasks, nothing decided here.

With no Prefect server configured (PREFECT_API_URL unset), or with one that does not answer, a command runs the plain
functions: a partner's laptop needs no server and pays no import, and a server that is down keeps no file waiting.
"""

import os
from collections.abc import Callable
from typing import Any

from flows.events import server_answers
from flows.publish import Made
from flows.settings import Settings

Report = Callable[[str], None]


def _has_server(report: Report) -> bool:
    if not os.environ.get("PREFECT_API_URL"):
        return False
    if server_answers():
        return True
    report("the Prefect server does not answer: running without it")
    return False


def run_ingest(settings: Settings, report: Report) -> list[dict[str, Any]]:
    """Everything waiting, through to merge and notify: as a flow run where a server answers."""
    if not _has_server(report):
        from flows.drain import drain

        return drain(settings, report)
    from flows.deployed import ingest

    os.environ["EXCHANGE_HOME"] = str(settings.home)  # a flow's parameters are ids only
    rows: list[dict[str, Any]] = ingest()
    return rows


def run_publish(
    settings: Settings, framework: str | None, period: str | None, report: Report = lambda line: None
) -> list[Made]:
    """A publication: as a flow run where a server answers."""
    if not _has_server(report):
        from flows.notify import send_outbox
        from flows.publish import publish_due

        published = publish_due(settings, framework, period)
        send_outbox(settings)  # the notices to each layer's readers
        return published
    from flows.deployed import publish

    os.environ["EXCHANGE_HOME"] = str(settings.home)
    made: list[Made] = publish(framework, period)
    return made
