"""A dataset's scorecard: what its sender says was checked before stands beside the verdict."""

from datetime import date, datetime
from typing import Any

from reports.scorecard import CHARACTERISTICS, scorecard_page


def card(checks: str | None) -> dict[str, Any]:
    row = {
        "period_title": "April to June 2009",
        "received_at": datetime.fromisoformat("2009-07-14T10:00:00+00:00"),
        "state": "merged",
        "decision": "accepted",
        "rows_quarantined": 0,
        "rules_failed": 0,
        "rules_confirmed": 1,
        "passed": dict.fromkeys(CHARACTERISTICS, 97.5),
        "checks": checks,
    }
    about = {"partnership": "Anyborough Partnership", "marking": "", "on": date(2009, 8, 1)}
    return {**about, "partner_name": "Police", "title": "Recorded crime", "dataset": "x", "deliveries": [row]}


def test_it_says_which_checks_were_made_before_a_file_was_sent() -> None:
    assert "checked before: local audit</small>" in scorecard_page(card("b"))
    assert "checked before" not in scorecard_page(card(None))
