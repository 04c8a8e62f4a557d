"""A period is ready when the last extract it is owed has been merged, and that is told once."""

from collections.abc import Callable

import pytest

from flows import readiness
from flows.drain import drain
from flows.land import deliver
from flows.owed import owed
from flows.settings import Settings
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse


def told(settings: Settings) -> list[str]:
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(
            connection, "SELECT subject FROM warehouse.ledger.audit WHERE event = 'period.ready' ORDER BY sequence"
        )
    return [row["subject"] for row in rows]


def test_a_period_is_ready_when_its_last_extract_is_merged(
    at: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if waste alone were owed: other datasets of the framework are left out of what is asked."""
    monkeypatch.setattr(
        readiness,
        "owed",
        lambda settings: [one for one in owed(settings) if one.key == KEY and one.period.id == "FY2009-Q1"],
    )
    settings = at("2009-07-20")
    drain(settings)
    assert not (settings.home / "warehouse.duckdb").exists() or told(settings) == []
    deliver(settings, waste(settings.home.parent), KEY, None)
    drain(settings)
    assert told(settings) == ["laa-2008-11.FY2009-Q1"]
    rows = ("2009-04,kerbside_residual,household,residual,efw,4100.000,",)
    deliver(settings, waste(settings.home.parent, *rows, name="again_FY2009-Q1.csv"), KEY, "FY2009-Q1")
    drain(settings)
    assert told(settings) == ["laa-2008-11.FY2009-Q1"]  # once


def test_a_period_is_not_ready_while_something_is_owed(at: Callable[..., Settings]) -> None:
    settings = at("2009-07-20")
    deliver(settings, waste(settings.home.parent), KEY, None)
    drain(settings)
    assert told(settings) == []
