"""Sweep: with every event dropped it finds what is to be done, says each thing once, and leaves the rest alone."""

import json
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from flows import sweep as sweeping
from flows.cli.status import status
from flows.drain import drain
from flows.ingest import ingest_waiting
from flows.land import deliver
from flows.notify import send_outbox
from flows.officers.alerts import acknowledge
from flows.officers.chase import chase
from flows.officers.escalate import escalate
from flows.settings import Settings
from flows.sweep import PARTS, sweep
from tests.definitions import copy_definitions
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
WASTE = "council-household_waste-FY2009-Q1"  # due by Wednesday 30 September 2009
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"


@pytest.fixture(scope="module")
def one_agreement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped partnership with one agreement only, for one extract of each quarter from April 2009."""
    root = copy_definitions(tmp_path_factory.mktemp("partnership"))
    for path in (root / "schemas" / "agreements").iterdir():
        if path.name != "council-waste.yaml":
            path.unlink()
        else:
            path.write_text(path.read_text().replace("covers_from: 2008-04-01", "covers_from: 2009-04-01"))
    return root


@pytest.fixture
def at(at: Callable[[str, Path], Settings], one_agreement: Path, monkeypatch: pytest.MonkeyPatch) -> At:
    """Waste alone is owed, so that one extract makes a period ready; no page is drawn of it, which takes seconds."""
    monkeypatch.setattr("flows.publish._documents", lambda *_: {})
    return lambda moment: at(moment, one_agreement)


def outbox(settings: Settings, subject: str | None = None) -> list[dict[str, Any]]:
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return []
        rows = ledger.rows(connection, "SELECT * FROM warehouse.ledger.outbox ORDER BY created_at, message_id")
    return [row for row in rows if subject is None or row["delivery_id"] == subject]


def told_since(settings: Settings, before: list[dict[str, Any]]) -> list[str]:
    known = {row["message_id"] for row in before}
    return [row["message_id"] for row in outbox(settings, WASTE) if row["message_id"] not in known]


def test_what_no_event_announced_is_brought_through_in_one_cycle(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20T10:00")
    deliver(settings, waste(tmp_path), KEY)
    found = {swept.part: swept for swept in sweep(settings)}
    assert list(found) == list(PARTS)
    (row,) = status(settings)["deliveries"]
    assert row["state"] == "merged"
    assert found["pick_up"].done == (row["delivery_id"],)
    assert not any(swept.problem for swept in found.values())
    assert all(message["state"] == "sent" for message in outbox(settings))


def test_a_second_sweep_does_nothing_new(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20T10:00")
    deliver(settings, waste(tmp_path), KEY)
    sweep(settings)
    told = outbox(settings)
    assert [swept.done for swept in sweep(settings)] == [()] * len(PARTS)
    assert outbox(settings) == told


def test_a_sweep_says_when_it_ran_and_can_run_in_part(at: At) -> None:
    assert [swept.part for swept in sweep(at("2009-07-20T10:00"), ["retention", "send"])] == ["retention", "send"]
    settings = at("2009-07-20T11:00")
    sweep(settings, ["send"])
    with open_warehouse(settings.home) as connection:
        ran = {part: moment.isoformat()[:16] for part, moment in ledger.sweeps(connection).items()}
    assert ran == {"retention": "2009-07-20T10:00", "send": "2009-07-20T11:00"}


def test_a_part_that_fails_keeps_none_from_running_and_the_operator_hears_once(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(settings: Settings) -> list[str]:
        raise ValueError("ZXCANARY")

    monkeypatch.setitem(sweeping.PARTS, "retention", fails)
    settings = at("2009-07-20T10:00")
    for _ in range(2):
        (failed,) = (swept for swept in sweep(settings, ["retention", "send"]) if swept.problem)
        assert (failed.part, failed.problem) == ("retention", "ValueError")
    (told,) = outbox(settings, "sweep-retention")
    assert (told["kind"], told["state"]) == ("operator", "sent")
    assert "ZXCANARY" not in json.dumps(told, default=str)


class TestChase:
    """The extract for April to June 2009 is owed by Wednesday 30 September 2009."""

    @pytest.mark.parametrize(
        ("moment", "says"),
        [
            ("2009-09-24T09:00", None),  # four working days ahead
            ("2009-09-25T16:50", "before.due_soon"),  # three: the Friday before
            ("2009-09-27T09:00", None),  # a Sunday: nobody is written to
            ("2009-09-30T22:50", "before.due_soon"),
            ("2009-09-30T23:00", "day-1.overdue"),  # still Wednesday in UTC: in London it is Thursday
            ("2009-10-01T09:00", "day-1.overdue"),
            ("2009-10-02T09:00", "day-1.overdue"),
            ("2009-10-03T09:00", None),  # a Saturday
            ("2009-10-05T09:00", "day-3.overdue"),
            ("2009-10-07T09:00", "day-5.overdue"),
            ("2009-10-14T09:00", "day-10.overdue"),
            ("2009-12-29T09:00", "day-10.overdue"),  # the first sweep after a long pause says one thing, not four
        ],
    )
    def test_what_is_said_on_which_day(self, at: At, moment: str, says: str | None) -> None:
        settings = at(moment)
        chase(settings)
        said = [row["message_id"] for row in outbox(settings, WASTE)]
        assert said == ([f"{WASTE}.{says}"] if says else [])
        assert chase(settings) == [], "each thing once"

    def test_the_circle_of_those_who_hear_grows_by_the_partnerships_steps(self, at: At) -> None:
        chased = [at(f"2009-10-{day}T09:00") for day in ("01", "05", "07", "14")]
        for settings in chased:
            chase(settings)
            send_outbox(settings)
        addressed = [str(row["sent_to"]).split("@")[0] for row in outbox(settings, WASTE)]
        assert addressed == ["alex.rowntree", "alex.rowntree", "chris.verey", "data-quality"]

    def test_the_chase_ends_with_thanks_when_the_file_is_in(self, at: At, tmp_path: Path) -> None:
        chase(at("2009-10-01T09:00"))
        late = at("2009-10-02T09:00")
        deliver(late, waste(tmp_path), KEY)
        drain(late)
        before = outbox(late)
        assert chase(late) == [f"{WASTE}.received.chase_over"]
        chase(at("2009-12-29T09:00"))
        assert told_since(late, before) == [f"{WASTE}.received.chase_over"]

    def test_who_was_not_chased_is_not_thanked(self, at: At, tmp_path: Path) -> None:
        settings = at("2009-09-28T09:00")
        chase(settings)  # a reminder only
        deliver(settings, waste(tmp_path), KEY)
        drain(settings)
        assert chase(settings) == []

    def test_a_file_that_lies_with_us_is_not_asked_for(self, at: At, tmp_path: Path) -> None:
        settings = at("2009-10-01T09:00")
        deliver(settings, waste(tmp_path), KEY)
        ingest_waiting(settings)
        chase(settings)
        assert outbox(settings, WASTE) == []

    def test_a_file_that_was_turned_down_is_named_in_the_chase(self, at: At, tmp_path: Path) -> None:
        settings = at("2009-09-30T09:00")
        deliver(settings, waste(tmp_path, header=HEADER.replace("destination", "destinations")), KEY)
        drain(settings)
        chased = at("2009-10-01T09:00")
        chase(chased)
        send_outbox(chased)
        text = " ".join((settings.home / "outbox" / f"{WASTE}.day-1.overdue.eml").read_text().split())
        assert "We have no file that we can use" in text
        assert "Your file of 30 September 2009 was not accepted" in text


class TestEscalation:
    """An alert of Monday 20 July 2009 is to be acted on by Wednesday 22 July at 17:00."""

    MONDAY = "2009-07-20T10:00"

    def alert(self, at: At, folder: Path) -> str:
        settings = at(self.MONDAY)
        deliver(settings, waste(folder, header=HEADER.replace("destination", "destinations")), KEY)
        (row,) = drain(settings)
        return str(row["delivery_id"])

    @pytest.mark.parametrize(
        ("moment", "step"),
        [
            ("2009-07-22T15:59", None),
            ("2009-07-22T16:00", "after-2"),  # 17:00 in London
            ("2009-07-24T16:00", "after-4"),
            ("2009-07-25T10:00", None),  # a Saturday: nobody is written to
            ("2009-09-01T10:00", "after-4"),  # after a long pause one thing is said, not two
        ],
    )
    def test_who_does_not_answer_is_not_the_last_to_hear(
        self, at: At, tmp_path: Path, moment: str, step: str | None
    ) -> None:
        delivery_id = self.alert(at, tmp_path)
        settings = at(moment)
        assert escalate(settings) == ([f"{delivery_id}.{step}.escalation"] if step else [])
        assert escalate(settings) == [], "each step once"

    def test_it_goes_to_the_deputy_and_then_on_in_the_alerts_own_conversation(
        self, at: At, tmp_path: Path
    ) -> None:
        delivery_id = self.alert(at, tmp_path)
        for moment in ("2009-07-22T16:00", "2009-07-24T16:00"):
            sweep(at(moment), ["escalation", "send"])
        settings = at("2009-07-24T17:00")
        first, second = (
            message_from_bytes((settings.home / "outbox" / f"{delivery_id}.{step}.escalation.eml").read_bytes())
            for step in ("after-2", "after-4")
        )
        assert first["To"] == "chris.verey@council.example"
        assert "alex.rowntree@council.example" in str(first["Cc"])
        assert second["To"] == "data-quality@exchange.example"
        assert f"{delivery_id}.1.alert@" in str(first["In-Reply-To"])
        assert str(first["Subject"]).startswith("Not answered: Council household waste")

    def test_an_acknowledged_or_settled_alert_goes_no_further(self, at: At, tmp_path: Path) -> None:
        delivery_id = self.alert(at, tmp_path)
        acknowledge(at("2009-07-21T10:00"), f"{delivery_id}.1.alert", "A. Rowntree")
        assert escalate(at("2009-07-24T16:00")) == []

    def test_what_nobody_has_to_act_on_is_not_escalated(self, at: At, tmp_path: Path) -> None:
        settings = at(self.MONDAY)
        deliver(settings, waste(tmp_path, GOOD, "x,,,,,,"), KEY)
        drain(settings)
        assert escalate(at("2009-07-24T16:00")) == []
