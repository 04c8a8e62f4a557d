"""Numbers, dates and periods as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reports import words


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [
        (1234567, 0, "1,234,567"),
        (0.125, 2, "0.13"),
        (2.675, 2, "2.68"),
        (-4.2, 1, "\u22124.2"),
        (-0.001, 1, "0.0"),
        (Decimal("7.5"), 0, "8"),
    ],
)
def test_numbers_are_rounded_half_up_with_separators(value: float, decimals: int, said: str) -> None:
    assert words.number(value, decimals) == said


@pytest.mark.parametrize(
    ("value", "unit", "said", "rest"),
    [
        (27.04, "%", "27.0%", ""),
        (27.04, "per cent of pupils", "27.0%", "of pupils"),
        (1200.0, "£", "£1,200.0", ""),
        (-3.0, "£000", "\u2212£3.0", "thousand"),
        (7.25, "per 1,000 people", "7.3", "per 1,000 people"),
    ],
)
def test_units_stand_where_they_belong(value: float, unit: str, said: str, rest: str) -> None:
    assert (words.amount(value, unit, 1), words.unit_words(unit)) == (said, rest)


@pytest.mark.parametrize("value", [None, "placeholder", "", float("nan"), float("inf"), True])
def test_what_is_no_number_is_none(value: object) -> None:
    assert words.as_number(value) is None


@pytest.mark.parametrize(
    ("start", "end", "said", "label"),
    [
        (date(2018, 1, 1), date(2018, 1, 31), "January 2018", ("Jan", "2018")),
        (date(2009, 7, 1), date(2009, 9, 30), "July to September 2009", ("Jul–Sep", "2009")),
        (date(2009, 4, 1), date(2010, 3, 31), "April 2009 to March 2010", ("2009/10", "")),
        (date(2008, 1, 1), date(2008, 12, 31), "2008", ("2008", "")),
        (date(2009, 12, 1), date(2010, 3, 31), "December 2009 to March 2010", ("Dec–Mar", "2010")),
    ],
)
def test_periods_are_said_in_full_and_short(start: date, end: date, said: str, label: tuple[str, str]) -> None:
    assert words.period(start, end) == said
    assert words.period_label(start, end) == label


def test_dates_and_times_are_london_s() -> None:
    assert words.day(date(2027, 3, 3)) == "3 March 2027"
    assert words.moment(datetime(2009, 7, 1, 23, 30, tzinfo=UTC)) == "2 July 2009 at 00:30"
    assert words.read_day("2009-10-30T16:50:00+00:00") == date(2009, 10, 30)
    assert words.read_day("soon") is None


def test_lists_and_counts_read_as_sentences() -> None:
    assert words.listed([]) == ""
    assert words.listed(["police", "health", "schools"]) == "police, health and schools"
    assert words.count(1, "row") == "1 row"
    assert words.count(1204, "delivery", "deliveries") == "1,204 deliveries"
    assert words.slug("NI 195/a") == "NI-195-a"
