"""The flows a Prefect server runs. Parameters are ids and folders only: the UI shows them.

Stations are tasks; each is one call of a plain function. Only what meets the outside world is retried.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task

from flows.examine import OurFaultError
from flows.ingest import ingest_waiting
from flows.merge import merge_accepted
from flows.notify import send_outbox
from flows.publish import Made, PublishError, publish_due
from flows.settings import Settings, SettingsError, load_settings
from flows.validate import validate_received
from schemas.loading import DefinitionError
from warehouse import ledger
from warehouse.connection import WarehouseBusyError, one_run, open_warehouse

# Errors whose text is a sentence of ours. Any other may quote a row, and Prefect logs and keeps what is raised.
OURS = (DefinitionError, ledger.NewerHomeError, OurFaultError, PublishError, SettingsError, WarehouseBusyError)


@contextmanager
def _no_value_told() -> Iterator[None]:
    """Let only the type of an unforeseen error leave a station."""
    try:
        yield
    except OURS:
        raise
    except Exception as error:
        raise OurFaultError(f"{type(error).__name__} in a station of the flow") from None


@task(
    name="ingest", description="Claim, fingerprint, identify and archive every waiting file.", persist_result=False
)
def ingest_station(settings: Settings) -> list[str]:
    """Claim, fingerprint, identify and archive every waiting file."""
    with _no_value_told():
        return ingest_waiting(settings)


@task(name="validate", description="Bring each received delivery to its decision.", persist_result=False)
def validate_station(settings: Settings) -> list[str]:
    """Bring each received delivery to its decision."""
    with _no_value_told():
        return [delivery_id for delivery_id, _ in validate_received(settings)]


@task(name="merge", description="Merge accepted deliveries and recompute what they touch.", persist_result=False)
def merge_station(settings: Settings) -> list[str]:
    """Merge accepted deliveries and recompute what they touch."""
    with _no_value_told():
        return [merged.delivery_id for merged in merge_accepted(settings)]


@task(
    name="notify",
    description="Send what the outbox holds.",
    retries=3,
    retry_delay_seconds=[10, 60, 300],
    persist_result=False,
)
def notify_station(settings: Settings) -> None:
    """Send what the outbox holds; an SMTP server that is away is tried again."""
    with _no_value_told():
        sent, unsent = send_outbox(settings)
    get_run_logger().info("%d messages sent, %d waiting", sent, unsent)
    if unsent:
        raise ConnectionError(f"{unsent} messages could not be sent yet")


@flow(name="ingest", persist_result=False)
def ingest(home: str | None = None) -> list[dict[str, Any]]:
    """Take in everything waiting in the partners' inboxes, through validation and merge, and tell the officers."""
    os.umask(0o077)
    settings = load_settings(home=Path(home) if home else None)
    with one_run(settings.home):
        taken = set(ingest_station(settings)) | set(validate_station(settings)) | set(merge_station(settings))
    try:  # outside the lock: a mail server that is away must not keep the next run waiting
        notify_station(settings)
    except ConnectionError:
        get_run_logger().warning("some messages wait for the next run")
    with open_warehouse(settings.home) as connection:
        return [row for row in ledger.deliveries(connection) if row["delivery_id"] in taken]


@flow(name="publish", persist_result=False)
def publish(framework: str | None = None, period: str | None = None, home: str | None = None) -> list[Made]:
    """Publish a framework's performance for a period: the same template for every governance layer."""
    os.umask(0o077)
    with _no_value_told():
        return publish_due(load_settings(home=Path(home) if home else None), framework, period)
