"""What an alert holds up: the next meeting whose papers still wait for the period's figures."""

from collections.abc import Callable

import pytest

from flows.officers.messages import meetings
from flows.settings import Settings

KEY = "police/recorded_crime"


@pytest.mark.parametrize(
    ("day", "period", "on"),
    [
        ("2010-01-08", "FY2009-Q3", ["2010-04-20"]),  # January's meeting is about the quarter before
        ("2010-01-08", "FY2009-Q2", ["2010-01-26"]),  # the next, not each that follows
        ("2010-01-20", "FY2009-Q2", ["2010-04-20"]),  # January's papers have closed
        ("2010-04-14", "FY2009-Q3", []),
    ],
)
def test_the_next_meeting_that_wants_the_period(
    at: Callable[[str], Settings], day: str, period: str, on: list[str]
) -> None:
    assert [one["on"] for one in meetings(at(day), KEY, period)] == on


def test_a_dataset_that_feeds_no_figure_holds_up_no_meeting(at: Callable[[str], Settings]) -> None:
    assert meetings(at("2010-01-08"), "council/commentary", "FY2009-Q3") == []
