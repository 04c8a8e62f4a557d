"""A period is ready when the last extract it is owed has been merged; a published one is restated by a correction."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import events
from flows.cli.status import status
from flows.drain import drain
from flows.events import TOLD, tell_moves
from flows.governance.erasure import erase
from flows.land import deliver
from flows.merge import restated_by
from flows.officers.decisions import withdraw
from flows.officers.nil import nil_return
from flows.publish import Made, publish, publish_owed
from flows.releases import readiness
from flows.releases.owed import owed
from flows.releases.readiness import READY, RESTATED, owed_publications
from flows.settings import Settings
from flows.sweep import sweep
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

PUBLISHED = ("laa-2008-11", "FY2009-Q1")
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


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    """A home in which they are published, made once and copied by each test."""
    folder = tmp_path_factory.mktemp("published")
    settings = Settings(home=folder / "home", now=lambda: datetime(2009, 7, 20, tzinfo=UTC))
    deliver(settings, waste(folder), KEY, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.publish._documents", lambda *_: {})
        drain(settings)
        return settings.home, publish(settings, *PUBLISHED)


class TestAPublishedPeriod:
    """The figures of April to June 2009 are published, and a corrected file comes."""

    MORE = "2009-04,kerbside_residual,household,residual,efw,8001.000,"

    @pytest.fixture(autouse=True)
    def no_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Figures are published and no page is drawn of them, which takes seconds."""
        monkeypatch.setattr("flows.publish._documents", lambda *_: {})

    @pytest.fixture
    def published(self, at: Callable[..., Settings], standing: tuple[Path, Made]) -> tuple[Settings, Made]:
        settings = at("2009-07-20")
        shutil.copytree(standing[0], settings.home, symlinks=True)
        return settings, standing[1]

    def correct(self, settings: Settings) -> None:
        deliver(settings, waste(settings.home.parent, self.MORE), KEY, None)
        drain(settings)

    def test_is_published_again_by_the_sweep_when_its_figures_moved(
        self, published: tuple[Settings, Made]
    ) -> None:
        settings, first = published
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

    def test_is_told_to_the_server_once_for_each_correction(self, published: tuple[Settings, Made]) -> None:
        settings, _ = published
        self.correct(settings)
        with open_warehouse(settings.home) as connection:
            moves = ledger.moves_of_run(connection, settings.actor.run_id, 0)
        restated = [move for move in moves if move["event"] in TOLD and move["event"] == "period.restated"]
        assert [json.loads(move["details"]) for move in restated] == [
            {"framework": "laa-2008-11", "period": "FY2009-Q1"}
        ]

    def test_is_owed_when_one_breakdown_alone_moved(self, published: tuple[Settings, Made]) -> None:
        settings, _ = published
        rows = (
            "2009-04,kerbside_residual,household,residual,efw,4000.000,",
            "2009-05,kerbside_recycling,household,glass,recycle,1000.500,0.500",  # it was paper and card
            "2009-06,kerbside_organic,household,garden,compost,500.000,",
        )
        deliver(settings, waste(settings.home.parent, *rows), KEY, None)
        (row,) = drain(settings)
        assert restated_by(settings, [row["delivery_id"]]) == [], "no headline moved"
        assert owed_publications(settings) == [PUBLISHED]
        (made,) = publish_owed(settings)
        assert made.new
        assert owed_publications(settings) == []

    def test_is_owed_when_one_more_extract_is_in(self, published: tuple[Settings, Made]) -> None:
        """A nil return of a dataset whose figure was missing and stays so: only who is in has changed."""
        settings, _ = published
        nil_return(settings, "council/housing_completions", "FY2009-Q1", reason="none", by="A. Officer")
        assert owed_publications(settings) == [PUBLISHED]
        (made,) = publish_owed(settings)
        assert made.new

    def test_is_owed_when_what_is_said_of_an_extract_changed(self, published: tuple[Settings, Made]) -> None:
        settings, _ = published
        deliver(
            settings, waste(settings.home.parent, "2009-04,no such stream,household,residual,efw,-1,"), KEY, None
        )
        (row,) = drain(settings)
        assert row["state"] == "rejected"
        assert owed_publications(settings) == [PUBLISHED]
        (made,) = publish_owed(settings)
        assert made.new, "a newer file was not accepted"

    @pytest.mark.parametrize("taken_away", [withdraw, erase])
    def test_is_owed_when_its_extract_is_taken_away(
        self, published: tuple[Settings, Made], taken_away: Callable[..., object]
    ) -> None:
        settings, _ = published
        (row,) = status(settings)["deliveries"]
        taken_away(settings, row["delivery_id"], reason="sent in error", by="A. Officer")
        assert owed_publications(settings) == [PUBLISHED]

    def test_is_owed_with_every_later_one_that_shows_it_too(
        self, at: Callable[..., Settings], published: tuple[Settings, Made]
    ) -> None:
        settings = at("2009-10-20")
        publish(settings, "laa-2008-11", "FY2009-Q2")
        assert owed_publications(settings) == []
        self.correct(settings)
        assert owed_publications(settings) == [PUBLISHED, ("laa-2008-11", "FY2009-Q2")]

    def test_owes_nothing_when_the_same_file_comes_again_or_one_of_a_later_period(
        self, at: Callable[..., Settings], published: tuple[Settings, Made]
    ) -> None:
        settings, _ = published
        deliver(settings, waste(settings.home.parent), KEY, None)
        later = at("2009-10-20")
        rows = ("2009-07,kerbside_residual,household,residual,efw,4100.000,",)
        deliver(later, waste(settings.home.parent, *rows, name="waste_FY2009-Q2.csv"), KEY, None)
        assert sorted(row["state"] for row in drain(later)) == ["duplicate", "merged"]
        assert owed_publications(later) == []

    def test_is_told_to_the_server_also_when_no_figure_moved(
        self, published: tuple[Settings, Made], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings, _ = published
        told: list[Any] = []
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        monkeypatch.setattr(events, "emit", lambda found: told.extend(found))
        before = tell_moves(settings)
        told.clear()
        nil_return(settings, "council/housing_completions", "FY2009-Q1", reason="none", by="A. Officer")
        tell_moves(settings, before)
        assert {"framework": "laa-2008-11", "period": "FY2009-Q1"} in [
            one["payload"] for one in told if one["event"] == f"exchange.{RESTATED}"
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
