"""A period is ready when the last extract it is owed has been merged; a published one is restated by a correction."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import readiness
from flows.drain import drain
from flows.events import TOLD
from flows.land import deliver
from flows.owed import owed
from flows.publish import Made, publish
from flows.readiness import READY, RESTATED, owed_publications
from flows.settings import Settings
from flows.sweep import sweep
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

DECLARED: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "prefect.yaml").read_text())


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


class TestAPublishedPeriod:
    """The figures of April to June 2009 are published, and a corrected file comes."""

    MORE = "2009-04,kerbside_residual,household,residual,efw,8001.000,"

    @pytest.fixture(autouse=True)
    def no_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Figures are published and no page is drawn of them, which takes seconds."""
        monkeypatch.setattr("flows.publish._documents", lambda *_: {})

    def published(self, at: Callable[..., Settings]) -> tuple[Settings, Made]:
        settings = at("2009-07-20")
        deliver(settings, waste(settings.home.parent), KEY, None)
        drain(settings)
        return settings, publish(settings, "laa-2008-11", "FY2009-Q1")

    def correct(self, settings: Settings) -> None:
        deliver(settings, waste(settings.home.parent, self.MORE), KEY, None)
        drain(settings)

    def test_is_published_again_by_the_sweep_when_its_figures_moved(self, at: Callable[..., Settings]) -> None:
        settings, first = self.published(at)
        assert owed_publications(settings) == []
        self.correct(settings)
        assert owed_publications(settings) == [("laa-2008-11", "FY2009-Q1")]
        (swept,) = sweep(settings, ["publications"])
        (second,) = swept.done
        assert second != first.publication_id
        with open_warehouse(settings.home) as connection:
            rows = ledger.rows(
                connection, "SELECT publication_id, status FROM warehouse.ledger.publication ORDER BY published_at"
            )
        assert {row["publication_id"]: row["status"] for row in rows} == {
            first.publication_id: "provisional",
            second: "provisional",
        }
        assert owed_publications(settings) == []
        (again,) = sweep(settings, ["publications"])
        assert again.done == ()

    def test_is_told_to_the_server_once_for_each_correction(self, at: Callable[..., Settings]) -> None:
        settings, _ = self.published(at)
        self.correct(settings)
        with open_warehouse(settings.home) as connection:
            moves = ledger.moves_of_run(connection, settings.actor.run_id, 0)
        restated = [move for move in moves if move["event"] in TOLD and move["event"] == "period.restated"]
        assert [json.loads(move["details"]) for move in restated] == [
            {"framework": "laa-2008-11", "period": "FY2009-Q1"}
        ]

    def test_is_published_with_what_the_event_carries(self) -> None:
        """The trigger hands the flow the framework and period that the ledger wrote down."""
        (publishing,) = (each for each in DECLARED["deployments"] if each["name"] == "publish")
        (trigger,) = publishing["triggers"]
        assert set(trigger["expect"]) == {f"exchange.{READY}", f"exchange.{RESTATED}"}
        assert set(trigger["parameters"]) == {"framework", "period"}

    def test_that_is_not_published_owes_nothing(self, at: Callable[..., Settings]) -> None:
        settings = at("2009-07-20")
        deliver(settings, waste(settings.home.parent), KEY, None)
        drain(settings)
        self.correct(settings)
        assert owed_publications(settings) == []
