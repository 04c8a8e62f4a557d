"""A person's word on a delivery: what is confirmed as true counts, what is withdrawn does not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import deliver
from flows.officers import decisions
from flows.officers.decisions import DecisionError, confirm, may_be_confirmed, withdraw
from flows.receiving.examine import weigh
from flows.settings import Settings
from schemas.standard import Rule
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.values import create_merged

At = Callable[[str], Settings]
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
HEAVY = "2009-05,kerbside_residual,household,residual,efw,21000.000,"  # above the 20,000 tonnes of CHW-015
HEAVIER = "2009-05,kerbside_residual,household,residual,efw,22000.000,"
WORD = {"reason": "The quarter's waste was weighed twice over and stands.", "by": "D. Lead"}
UNTIL = date(2009, 12, 31)


def send(settings: Settings, file: Path) -> dict[str, Any]:
    deliver(settings, file, KEY, None)
    return drain(settings)[-1]


def outcomes(settings: Settings, delivery_id: str) -> dict[str, str]:
    with open_warehouse(settings.home) as connection:
        found = ledger.rows(connection, "SELECT * FROM warehouse.ledger.rule_result WHERE outcome <> 'passed'")
    return {row["rule_id"]: row["outcome"] for row in found if row["delivery_id"] == delivery_id}


def tonnes(settings: Settings) -> int:
    with open_warehouse(settings.home) as connection:
        return int(
            connection.execute(
                "SELECT coalesce(sum(amount), 0) FROM warehouse.merged.contribution WHERE breakdown = 'all'"
            ).fetchall()[0][0]
        )


def test_what_is_confirmed_is_accepted_and_remembered_for_the_slot(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    row = send(settings, waste(tmp_path, GOOD, HEAVY))
    before = tonnes(settings)
    assert (row["decision"], row["rows_quarantined"]) == ("accepted_with_exceptions", 1)
    assert confirm(settings, row["delivery_id"], "CHW-015", until=UNTIL, **WORD) == "accepted"
    (now,) = status(settings)["deliveries"]
    assert (now["state"], now["rows_accepted"], now["rows_quarantined"]) == ("merged", 2, 0)
    assert outcomes(settings, row["delivery_id"])["CHW-015"] == "confirmed"
    assert tonnes(settings) > before
    later = send(settings, waste(tmp_path, GOOD, HEAVIER, name="again_FY2009-Q1.csv"))
    assert (later["decision"], later["rows_accepted"]) == ("accepted", 2)


def test_a_confirmation_ends_with_its_day_and_holds_for_its_period_alone(at: At, tmp_path: Path) -> None:
    row = send(at("2009-07-20"), waste(tmp_path, GOOD, HEAVY))
    confirm(at("2009-07-20"), row["delivery_id"], "CHW-015", until=date(2009, 7, 31), **WORD)
    later = send(at("2009-08-01"), waste(tmp_path, GOOD, HEAVIER, name="again_FY2009-Q1.csv"))
    assert later["decision"] == "accepted_with_exceptions"


def test_a_critical_rule_cannot_be_confirmed_away(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    with pytest.raises(DecisionError, match="no delivery"):
        confirm(settings, "no-such", "CHW-015", until=UNTIL, **WORD)
    empty = waste(tmp_path, GOOD)
    empty.write_text(empty.read_text().splitlines()[0] + "\n")
    row = send(settings, empty)
    assert row["state"] == "rejected"
    with pytest.raises(DecisionError, match="critical"):
        confirm(settings, row["delivery_id"], "CHW-001", until=UNTIL, **WORD)


def test_only_what_failed_can_be_confirmed_and_not_for_a_day_gone_by(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    row = send(settings, waste(tmp_path, GOOD, HEAVY))
    with pytest.raises(DecisionError, match="did not fail rule CHW-003"):
        confirm(settings, row["delivery_id"], "CHW-003", until=UNTIL, **WORD)
    with pytest.raises(DecisionError, match="is over"):
        confirm(settings, row["delivery_id"], "CHW-015", until=date(2009, 7, 19), **WORD)
    with pytest.raises(DecisionError, match="Say why"):
        confirm(settings, row["delivery_id"], "CHW-015", until=UNTIL, reason=" ", by="D. Lead")
    with pytest.raises(DecisionError, match="may be somebody's name"):
        confirm(settings, row["delivery_id"], "CHW-015", until=UNTIL, reason="Okafor forgot", by="D. Lead")
    assert outcomes(settings, row["delivery_id"])["CHW-015"] == "failed"


def test_a_withdrawn_file_counts_no_more_and_the_one_before_does_not_stand_again(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    first = send(settings, waste(tmp_path, GOOD))
    second = send(settings, waste(tmp_path, name="again_FY2009-Q1.csv"))
    withdraw(settings, second["delivery_id"], reason="Wrong year.", by="A. Officer")
    states = {row["delivery_id"]: row["state"] for row in status(settings)["deliveries"]}
    assert states == {first["delivery_id"]: "superseded", second["delivery_id"]: "withdrawn"}
    with open_warehouse(settings.home) as connection:
        left = connection.execute(
            "SELECT count(*) FROM warehouse.merged.contribution WHERE delivery_id = ?", [second["delivery_id"]]
        ).fetchall()
    assert left == [(0,)]
    with pytest.raises(DecisionError, match="nothing to withdraw"):
        withdraw(settings, second["delivery_id"], reason="Again.", by="A. Officer")
    back = send(settings, waste(tmp_path, GOOD, name="back_FY2009-Q1.csv"))
    assert back["state"] == "merged"


@pytest.mark.parametrize(("failed", "severity"), [(0, "warning"), (50, "warning"), (51, "critical")])
def test_more_failing_rows_than_the_tolerance_turn_the_file_away(failed: int, severity: str) -> None:
    rule = Rule("TST-001", "expect_any", {}, "warning", "validity", "Odd: {count}.", "Mend them.", "A test.", 0.05)
    told = {
        "severity": "warning",
        "outcome": "failed" if failed else "passed",
        "failed": failed,
        "checked": 1000,
        "sentence": f"Odd: {failed}.",
    }
    weighed = weigh(told, rule, confirmed=())
    assert weighed["severity"] == severity
    assert weighed["sentence"].endswith("more than 5% of those checked.") == (severity == "critical")


def test_what_is_confirmed_is_within_any_tolerance() -> None:
    rule = Rule("TST-001", "expect_any", {}, "warning", "validity", "Odd: {count}.", "Mend them.", "A test.", 0.05)
    told = {"severity": "warning", "outcome": "failed", "failed": 900, "checked": 1000, "sentence": "Odd: 900."}
    assert weigh(told, rule, confirmed={"TST-001"})["outcome"] == "confirmed"


def judged(settings: Settings, *states: str) -> dict[str, Any]:
    """A delivery that failed a rule and went through these states, written straight into the ledger."""
    moment, id = settings.now(), "council-household_waste-FY2009-Q1-1"
    delivery = {"delivery_id": id, "sequence": 1, "partner": "council", "dataset": "household_waste"}
    delivery |= {"period": "FY2009-Q1", "state": "received", "received_at": moment, "sha256": "1", "tries": 0}
    said = {"characteristic": "validity", "sentence": "Odd.", "remedy": "Mend.", "outcome": "failed", "checked": 3}
    rules = [
        {"rule_id": "CHW-015", "severity": "warning", "failed": 1, "first_rows": [1], **said},
        {"rule_id": "CHW-001", "severity": "critical", "failed": 1, "first_rows": [1], **said},
    ]
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, moment)
        ledger.add(connection, delivery, actor=settings.actor, at=moment)
        ledger.record_rules(connection, id, rules)
        for state in states:
            ledger.move(connection, id, state, actor=settings.actor, at=moment)
        create_merged(connection)
        connection.execute(
            "INSERT INTO warehouse.merged.contribution VALUES (?, 'council', 'household_waste', 'collected', "
            "DATE '2009-04-01', DATE '2009-04-30', ?, 'all', 'all', 4000, 1)",
            [id, settings.partnership.area_code],
        )
        (row,) = ledger.deliveries(connection)
    return row


def counted(settings: Settings) -> int:
    with open_warehouse(settings.home) as connection:
        return int(connection.execute("SELECT count(*) FROM warehouse.merged.contribution").fetchall()[0][0])


def test_a_reason_that_points_to_a_person_is_refused_before_anything_is_looked_up(at: At) -> None:
    with pytest.raises(DecisionError, match=r"^[A-Z]"):
        confirm(at("2009-07-20"), "any", "CHW-015", until=UNTIL, reason="Ring 020 7946 0123.", by="D. Lead")
    with pytest.raises(DecisionError, match="Say why"):
        withdraw(at("2009-07-20"), "any", reason="Wrong.", by=" ")


@pytest.mark.parametrize(
    ("rule", "states", "said"),
    [
        ("CHW-009", ("rejected",), "did not fail rule CHW-009. The rules it failed: CHW-001, CHW-015."),
        ("CHW-001", ("rejected",), "Rule CHW-001 is critical"),
        ("CHW-015", ("accepted", "withdrawn"), "is withdrawn: there is nothing to judge anew."),
    ],
)
def test_what_may_not_be_confirmed(at: At, rule: str, states: tuple[str, ...], said: str) -> None:
    settings = at("2009-07-20")
    row = judged(settings, *states)
    with open_warehouse(settings.home) as connection, pytest.raises(DecisionError, match=said):
        may_be_confirmed(connection, row, rule)


def test_a_confirmed_file_that_we_then_cannot_judge_counts_no_more(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the next run; until then nothing of it stands beside a verdict that is gone."""
    settings = at("2009-07-20")
    row = judged(settings, "accepted_with_exceptions", "merged")
    assert counted(settings) == 1
    monkeypatch.setattr(decisions, "validate_received", lambda _: [])
    monkeypatch.setattr(decisions, "merge_accepted", lambda _: [])
    confirm(settings, row["delivery_id"], "CHW-015", until=date(2009, 7, 20), reason=" So it is. ", by=" D. Lead ")
    with open_warehouse(settings.home) as connection:
        (now,) = ledger.deliveries(connection)
        last = ledger.audit_rows(connection, "delivery.%")[-1]
        kept = ledger.rows(connection, "SELECT reason, confirmed_by FROM warehouse.ledger.confirmation")
        assert ledger.failed_severities(connection, row["delivery_id"]) == {}
    assert (now["state"], now["tries"], counted(settings)) == ("received", 0, 0)
    assert (last["event"], last["details"]["by"]) == ("delivery.received", "D. Lead")
    assert "CHW-015" in last["details"]["confirmed"]
    assert [tuple(one.values()) for one in kept] == [("So it is.", "D. Lead")]


def test_a_withdrawal_is_told_in_the_audit_with_its_word_and_reason(at: At) -> None:
    settings = at("2009-07-20")
    row = judged(settings, "accepted")
    withdraw(settings, row["delivery_id"], reason=" Wrong year. ", by=" A. Officer ")
    with open_warehouse(settings.home) as connection:
        last = ledger.audit_rows(connection, "delivery.%")[-1]
    assert (last["event"], last["details"]["by"]) == ("delivery.withdrawn", "A. Officer")
    assert counted(settings) == 0
