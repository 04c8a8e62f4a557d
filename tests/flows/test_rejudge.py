"""A rule changes: what stands is judged anew, and what would change is said before it does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli.status import status
from flows.cli.terminal import rejudged_text
from flows.drain import drain
from flows.land import deliver
from flows.officers.alerts import list_alerts
from flows.officers.decisions import DecisionError
from flows.officers.nil import nil_return
from flows.officers.rejudge import Outcome, rejudge, would_become
from flows.settings import Settings
from tests.definitions import copy_definitions
from tests.flows.waste import KEY, waste

At = Callable[..., Settings]
DAY = "2009-10-20"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
LARGE = "2009-05,kerbside_residual,household,residual,efw,9000.000,"
WORD = {"reason": "Weights above 5,000 tonnes are looked at.", "by": "D. Lead"}


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """The shipped partnership, but a load of waste is odd from 5,000 tonnes on."""
    root = copy_definitions(tmp_path / "partnership")
    path = root / "expectations/council/household_waste.yaml"
    path.write_text(path.read_text().replace("max_value: 20000", "max_value: 5000"))
    return root


def sent(settings: Settings, folder: Path, *rows: str) -> str:
    deliver(settings, waste(folder, *rows), KEY)
    return str(drain(settings)[-1]["delivery_id"])


def test_what_would_change_is_said_and_nothing_does(at: At, tmp_path: Path, stricter: Path) -> None:
    delivery_id = sent(at(DAY), tmp_path, GOOD, LARGE)
    before = status(at(DAY))
    assert would_become(at(DAY)) == []
    settings = at(DAY, stricter)
    assert would_become(settings, KEY) == [
        Outcome(delivery_id, KEY, "FY2009-Q1", ("accepted", 0), ("accepted_with_exceptions", 1), ("CHW-015",), ())
    ]
    said = rejudged_text(would_become(settings), applied=False)
    assert "1 was judged by earlier rules; 1 would change." in said
    assert "+CHW-015" in said
    assert status(settings) == before


def test_on_a_word_it_is_done_and_the_officer_hears(at: At, tmp_path: Path, stricter: Path) -> None:
    delivery_id = sent(at(DAY), tmp_path, GOOD, LARGE)
    settings = at(DAY, stricter)
    foretold = would_become(settings)
    assert rejudge(settings, None, **WORD) == foretold
    (row,) = status(settings)["deliveries"]
    assert (row["state"], row["decision"], row["rows_quarantined"]) == ("merged", "accepted_with_exceptions", 1)
    assert [alert["delivery_id"] for alert in list_alerts(settings)] == [delivery_id]
    assert would_become(settings) == [], "once is enough"


def test_a_file_that_no_row_of_stands_counts_no_more(at: At, tmp_path: Path, stricter: Path) -> None:
    sent(at(DAY), tmp_path, LARGE)
    settings = at(DAY, stricter)
    rejudge(settings, KEY, **WORD)
    (row,) = status(settings)["deliveries"]
    assert row["state"] == "rejected"
    assert any(
        one["dataset"] == "household_waste" and one["period"] == "FY2009-Q1" for one in status(settings)["due"]
    )


def test_what_was_judged_by_the_same_rules_or_holds_nothing_is_left_alone(
    at: At, tmp_path: Path, stricter: Path
) -> None:
    nil_return(at(DAY), KEY, "FY2009-Q1", reason="None.", by="A. Rowntree")
    assert would_become(at(DAY, stricter)) == []
    assert rejudge(at(DAY, stricter), None, **WORD) == []


def test_it_asks_for_a_reason_and_a_dataset_that_is_one(at: At) -> None:
    with pytest.raises(DecisionError, match="Say why"):
        rejudge(at(DAY), None, reason="", by="D. Lead")
    with pytest.raises(DecisionError, match="There is no dataset"):
        would_become(at(DAY), "council/no_such")
