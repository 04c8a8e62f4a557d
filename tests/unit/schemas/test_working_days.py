"""Working days and office hours: weekends, the bank holidays of the nation, Christmas, and the clocks going round."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.partnership import load_partnership
from schemas.working_days import LONDON, WorkingDays, working_days_of

ENGLAND = working_days_of("E09000013")


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        ("2009-10-30", 1, "2009-11-02"),  # Friday: Monday
        ("2009-10-31", 1, "2009-11-02"),  # Saturday: Monday
        ("2009-04-09", 1, "2009-04-14"),  # Maundy Thursday: the Tuesday after Easter
        ("2009-12-24", 1, "2009-12-29"),  # Boxing Day was a Saturday, so Monday 28 December was kept instead
        ("2010-12-24", 1, "2010-12-29"),  # Christmas Day and Boxing Day at the weekend: two days kept instead
        ("2009-12-31", 1, "2010-01-04"),  # New Year's Day on a Friday
        ("2009-12-23", 5, "2010-01-04"),  # five working days over Christmas and the New Year
        ("2012-06-01", 1, "2012-06-06"),  # the late May holiday was moved to 4 June for the Jubilee on the 5th
        ("2022-09-16", 1, "2022-09-20"),  # the Queen's funeral
        ("2026-11-24", 3, "2026-11-27"),
        ("2026-11-24", 0, "2026-11-24"),
    ],
)
def test_the_working_day_after(day: str, count: int, then: str) -> None:
    first, last = date.fromisoformat(day), date.fromisoformat(then)
    assert ENGLAND.after(first, count) == last
    assert ENGLAND.since(first, last) == count
    assert ENGLAND.since(last, first) == 0


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [("2009-11-02", 1, "2009-10-30"), ("2009-12-31", 3, "2009-12-24"), ("2010-01-04", 1, "2009-12-31")],
)
def test_the_working_day_before(day: str, count: int, then: str) -> None:
    assert ENGLAND.before(date.fromisoformat(day), count) == date.fromisoformat(then)


@pytest.mark.parametrize(
    ("area", "closed", "open_"),
    [
        ("E09000013", "2026-08-31", "2026-08-03"),  # the summer holiday is late in England
        ("W06000015", "2026-08-31", "2026-08-03"),
        ("S12000036", "2026-08-03", "2026-08-31"),  # and early in Scotland,
        ("S12000036", "2026-11-30", "2026-04-06"),  # which keeps St Andrew's Day and not Easter Monday
        ("N09000003", "2026-03-17", "2026-03-18"),  # St Patrick's Day
        ("K02000001", "2026-12-25", "2026-03-17"),  # of no one nation: what all of them keep
    ],
)
def test_the_nation_is_told_by_the_areas_code(area: str, closed: str, open_: str) -> None:
    calendar = working_days_of(area)
    assert not calendar.is_working(date.fromisoformat(closed))
    assert calendar.is_working(date.fromisoformat(open_))


def test_a_partnership_knows_its_working_days() -> None:
    assert load_partnership().working_days == WorkingDays("ENG")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2009-10-30T16:50", "2009-11-02T09:00", 1 / 6),  # a Friday 16:50 failure: ten minutes by Monday 09:00
        ("2009-10-30T16:50", "2009-11-02T12:50", 4),
        ("2009-10-30T08:00", "2009-10-30T18:00", 8),
        ("2009-10-31T09:00", "2009-11-01T17:00", 0),  # a weekend
        ("2009-12-24T15:00", "2009-12-29T11:00", 4),  # over Christmas
        ("2009-03-27T16:00", "2009-03-30T10:00", 2),  # the clocks went forward on the 29th
        ("2009-10-23T16:00", "2009-10-26T10:00", 2),  # and back on the 25th
        ("2009-11-02T10:00", "2009-11-02T09:00", 0),
    ],
)
def test_office_time_is_that_of_london(start: str, end: str, hours: float) -> None:
    first, last = (datetime.fromisoformat(text).replace(tzinfo=LONDON) for text in (start, end))
    assert ENGLAND.office_time(first, last) == timedelta(hours=hours)
    assert ENGLAND.office_time(first.astimezone(UTC), last.astimezone(UTC)) == timedelta(hours=hours)
