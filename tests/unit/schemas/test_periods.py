"""The periods of a partnership: how they are written, where they begin and end, how they follow each other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from schemas.periods import (
    KINDS,
    easter_sunday,
    find_in_text,
    following,
    in_words,
    parse_period,
    period_of,
    periods_between,
    previous,
    same_last_year,
)

days = some.dates(date(1903, 1, 1), date(2198, 12, 31))
kinds = some.sampled_from(KINDS)


@pytest.mark.parametrize(
    ("id", "kind", "start", "end", "title"),
    [
        ("2018-01", "month", "2018-01-01", "2018-01-31", "January 2018"),
        ("2008-02", "month", "2008-02-01", "2008-02-29", "February 2008"),
        ("2009-12", "month", "2009-12-01", "2009-12-31", "December 2009"),
        ("FY2009-Q1", "quarter", "2009-04-01", "2009-06-30", "Quarter 1 2009/10 (April to June 2009)"),
        ("FY2009-Q2", "quarter", "2009-07-01", "2009-09-30", "Quarter 2 2009/10 (July to September 2009)"),
        ("FY2009-Q4", "quarter", "2010-01-01", "2010-03-31", "Quarter 4 2009/10 (January to March 2010)"),
        ("FY2009", "financial_year", "2009-04-01", "2010-03-31", "Financial year 2009/10"),
        ("FY1999", "financial_year", "1999-04-01", "2000-03-31", "Financial year 1999/00"),
        ("FY2009-T1", "tranche", "2009-04-01", "2009-07-31", "Tranche 1 2009/10 (April to July 2009)"),
        ("FY2009-T2", "tranche", "2009-08-01", "2009-11-30", "Tranche 2 2009/10 (August to November 2009)"),
        (
            "FY2009-T3",
            "tranche",
            "2009-12-01",
            "2010-03-31",
            "Tranche 3 2009/10 (December 2009 to March 2010)",
        ),
        ("AY2023", "academic_year", "2023-09-01", "2024-08-31", "School year 2023/24"),
        ("AY2023-autumn", "term", "2023-09-01", "2023-12-31", "Autumn term 2023/24"),
        ("AY2023-spring", "term", "2024-01-01", "2024-03-31", "Spring term 2023/24"),
        ("AY2023-summer", "term", "2024-04-01", "2024-08-31", "Summer term 2023/24"),
        ("CY2008", "calendar_year", "2008-01-01", "2008-12-31", "2008"),
    ],
)
def test_a_period_has_a_kind_a_first_and_a_last_day(id: str, kind: str, start: str, end: str, title: str) -> None:
    period = parse_period(id)
    assert (period.id, period.kind) == (id, kind)
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)
    assert period.title == title
    assert period.start in period
    assert period.end in period
    assert period.end + timedelta(days=1) not in period


@pytest.mark.parametrize("text", ["2018-13", "2018-00", "2018-1", "2018", "2018-01-31", "２０１８-01", "", "  "])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "FY2009-Q5",
            "FY2009-Q0",
            "FY2009-T4",
            "FY2009-T0",
            "FY2009-M1",
            "FY09",
            "FY9999",
            "FY0000",
            "FY2009 Q2",
        ),
        *("AY2023-winter", "AY2023-24", "CY2008-Q1", "Q2-2009", "FY2009-Q2.csv"),
    ],
)
def test_what_is_no_period_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a period\. Periods are written like 2018-01, FY2009-Q2"):
        parse_period(text)


def test_small_letters_and_spaces_around_are_read_and_written_one_way() -> None:
    assert parse_period(" fy2009-q2 ").id == "FY2009-Q2"
    assert parse_period("ay2023-Autumn").id == "AY2023-autumn"


@pytest.mark.parametrize(
    ("kind", "day", "id"),
    [
        ("quarter", date(2010, 3, 31), "FY2009-Q4"),
        ("quarter", date(2010, 4, 1), "FY2010-Q1"),
        ("tranche", date(2009, 12, 1), "FY2009-T3"),
        ("tranche", date(2010, 1, 1), "FY2009-T3"),
        ("financial_year", date(2008, 3, 31), "FY2007"),
        ("academic_year", date(2024, 8, 31), "AY2023"),
        ("term", date(2009, 4, 12), "AY2008-spring"),  # Easter Sunday of 2009
        ("term", date(2009, 4, 13), "AY2008-summer"),
        ("month", date(2008, 2, 29), "2008-02"),
    ],
)
def test_a_day_lies_in_one_period_of_each_kind(kind: str, day: date, id: str) -> None:
    assert period_of(kind, day).id == id


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'week' is not a kind of period"):
        period_of("week", date(2009, 1, 1))


@pytest.mark.parametrize(
    ("id", "before", "after", "a_year_ago"),
    [
        ("2018-01", "2017-12", "2018-02", "2017-01"),
        ("FY2009-Q1", "FY2008-Q4", "FY2009-Q2", "FY2008-Q1"),
        ("FY2009-T3", "FY2009-T2", "FY2010-T1", "FY2008-T3"),
        ("FY2009", "FY2008", "FY2010", "FY2008"),
        ("AY2023-autumn", "AY2022-summer", "AY2023-spring", "AY2022-autumn"),
        ("CY2008", "CY2007", "CY2009", "CY2007"),
    ],
)
def test_periods_follow_each_other(id: str, before: str, after: str, a_year_ago: str) -> None:
    period = parse_period(id)
    assert previous(period).id == before
    assert following(period).id == after
    assert same_last_year(period).id == a_year_ago


def test_every_period_that_shares_a_day_is_between() -> None:
    found = periods_between("quarter", date(2009, 6, 30), date(2009, 10, 1))
    assert [period.id for period in found] == ["FY2009-Q1", "FY2009-Q2", "FY2009-Q3"]
    assert periods_between("month", date(2009, 2, 1), date(2009, 1, 31)) == []


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("police_recorded_crime_FY2009-Q1.csv", ["FY2009-Q1"]),
        ("2018-01-metropolitan-street.csv", ["2018-01"]),
        ("0003-waste FY2009-Q2 (corrected).csv", ["FY2009-Q2"]),
        ("streets_fy2009-t1_final.csv", ["FY2009-T1"]),
        ("attendance AY2008.csv", ["AY2008"]),
        ("attendance_AY2008-autumn_2.csv", ["AY2008-autumn"]),
        ("both_FY2009-Q1_FY2009-Q2_FY2009-Q1.csv", ["FY2009-Q1", "FY2009-Q2"]),
        ("drawn_2018-01-31.csv", []),  # a day, not a month
        ("FY2009-Q7.csv", []),  # not the year either
        ("AY2023-24.csv", []),
        ("CR-2009-000123.csv", []),
        ("xFY2009.csv", []),
        ("crime.csv", []),
    ],
)
def test_periods_are_found_in_a_file_name(name: str, ids: list[str]) -> None:
    assert [period.id for period in find_in_text(name)] == ids


def test_days_are_written_in_words() -> None:
    assert in_words(date(2027, 3, 3)) == "3 March 2027"


@pytest.mark.parametrize(("year", "month", "day"), [(2008, 3, 23), (2009, 4, 12), (2019, 4, 21), (2024, 3, 31)])
def test_easter_sunday(year: int, month: int, day: int) -> None:
    assert easter_sunday(year) == date(year, month, day)


@given(kinds, days)
def test_a_period_reads_back_as_it_is_written(kind: str, day: date) -> None:
    period = period_of(kind, day)
    assert day in period
    assert parse_period(period.id) == period
    assert find_in_text(f"police_{period.id}.csv") == [period]


@given(kinds, days)
def test_periods_of_a_kind_leave_no_gap_and_do_not_overlap(kind: str, day: date) -> None:
    period = period_of(kind, day)
    assert following(period).start == period.end + timedelta(days=1)
    assert previous(following(period)) == period


@given(kinds, days)
def test_the_same_period_of_last_year_is_about_a_year_before(kind: str, day: date) -> None:
    period = period_of(kind, day)
    earlier = same_last_year(period)
    assert earlier.kind == kind
    # Easter moves by up to five weeks, and the spring and summer terms with it.
    assert abs((period.start - earlier.start).days - 365) <= (35 if kind == "term" else 1)


@given(kinds, days, days)
def test_every_day_asked_for_is_covered(kind: str, one: date, other: date) -> None:
    first, last = min(one, other), min(max(one, other), min(one, other) + timedelta(days=2000))
    found = periods_between(kind, first, last)
    assert first in found[0]
    assert last in found[-1]
