"""A person's word on a delivery: what is confirmed as true counts, what is withdrawn does not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.decisions import DecisionError, confirm, withdraw
from flows.drain import drain
from flows.examine import weigh
from flows.land import deliver
from flows.settings import Settings
from flows.status import status
from schemas.standard import Rule
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

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
    assert weighed["sentence"].endswith("more than 5 % of those checked.") == (severity == "critical")


def test_what_is_confirmed_is_within_any_tolerance() -> None:
    rule = Rule("TST-001", "expect_any", {}, "warning", "validity", "Odd: {count}.", "Mend them.", "A test.", 0.05)
    told = {"severity": "warning", "outcome": "failed", "failed": 900, "checked": 1000, "sentence": "Odd: 900."}
    assert weigh(told, rule, confirmed={"TST-001"})["outcome"] == "confirmed"
