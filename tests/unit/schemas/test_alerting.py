"""When an officer is told that nothing is needed yet, by office hours in London."""

from datetime import datetime

import pytest

from schemas.alerting import quiet_until
from schemas.working_days import WorkingDays

ENGLAND = WorkingDays("ENG")


@pytest.mark.parametrize(
    ("raised", "opens"),
    [
        ("2009-11-20T16:50+00:00", "2009-11-23"),  # Friday, in the last hour: Monday
        ("2009-11-21T10:00+00:00", "2009-11-23"),  # Saturday
        ("2009-12-24T18:00+00:00", "2009-12-29"),  # Boxing Day was a Saturday, so Monday 28 was a holiday
        ("2009-11-23T10:00+00:00", None),  # in office hours
        ("2008-07-28T07:00+01:00", None),  # the morning of a working day: it is read when the office opens
    ],
)
def test_nothing_is_needed_before_the_office_opens_on_another_day(raised: str, opens: str | None) -> None:
    found = quiet_until(ENGLAND, datetime.fromisoformat(raised))
    assert (found.date().isoformat() if found else None) == opens
