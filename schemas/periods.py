"""The periods a delivery or a figure can cover, and the ids they are written with.

Every id is safe in a path and means one thing: `2018-01` (month), `FY2009-Q2` (July to September 2009),
`FY2009` (April 2009 to March 2010), `FY2009-T1` (an NI 195 tranche of four months), `AY2023` (September
2023 to August 2024), `AY2023-autumn`, `CY2008`. A kind's periods follow each other without gap or overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

KINDS = ("month", "quarter", "financial_year", "tranche", "academic_year", "term", "calendar_year")
EXAMPLES = "2018-01, FY2009-Q2, FY2009, FY2009-T1, AY2023, AY2023-autumn, CY2008"
FIRST_YEAR, LAST_YEAR = 1900, 2199

_TERMS = ("autumn", "spring", "summer")
# Written out, because strftime follows the machine's locale.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ID = re.compile(
    r"(?P<month>(?P<m_year>\d{4})-(?P<m>\d{2}))"
    r"|FY(?P<fy>\d{4})(?:-(?:Q(?P<q>\d)|T(?P<t>\d)))?"
    r"|AY(?P<ay>\d{4})(?:-(?P<term>autumn|spring|summer))?"
    r"|CY(?P<cy>\d{4})",
    re.IGNORECASE | re.ASCII,
)
# A period in a longer name: not the start of a full date (2018-01-31) nor of another id (FY2009-Q7, AY2023-24).
_IN_TEXT = re.compile(rf"(?<![A-Za-z0-9])(?:{_ID.pattern})(?![A-Za-z0-9])(?!-[QT]?\d)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days with its id. `start` and `end` are both inside it."""

    id: str
    kind: str
    start: date
    end: date

    def __str__(self) -> str:
        return self.id

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def title(self) -> str:
        """The period in words for a page or an e-mail, e.g. "Quarter 2 2009/10 (July to September 2009)"."""
        return _title(self)


def parse_period(text: str) -> Period:
    """The period `text` names. Raises ValueError, with one plain sentence, when it names none."""
    found = _ID.fullmatch(text.strip())
    period = _from_match(found) if found else None
    if period is None:
        raise ValueError(f"'{text}' is not a period. Periods are written like {EXAMPLES}.")
    return period


def period_of(kind: str, day: date) -> Period:
    """The period of that kind in which `day` lies. Raises ValueError for a kind that does not exist."""
    if kind == "month":
        return _build(kind, day.year, day.month)
    if kind == "calendar_year":
        return _build(kind, day.year)
    if kind in ("financial_year", "quarter", "tranche"):
        year = day.year if day.month >= 4 else day.year - 1
        months_in = (day.month - 4) % 12
        part = {"financial_year": 0, "quarter": months_in // 3 + 1, "tranche": months_in // 4 + 1}[kind]
        return _build(kind, year, part)
    if kind in ("academic_year", "term"):
        year = day.year if day.month >= 9 else day.year - 1
        if kind == "academic_year":
            return _build(kind, year)
        return next(term for part in (1, 2, 3) if day in (term := _build(kind, year, part)))
    raise ValueError(f"'{kind}' is not a kind of period. The kinds are {', '.join(KINDS)}.")


def periods_between(kind: str, first: date, last: date) -> list[Period]:
    """Every period of that kind sharing a day with `first`..`last`, in order; none when `last` is earlier."""
    return list(_between(kind, first, last))


def previous(period: Period) -> Period:
    """The period of the same kind just before."""
    return period_of(period.kind, period.start - timedelta(days=1))


def following(period: Period) -> Period:
    """The period of the same kind just after."""
    return period_of(period.kind, period.end + timedelta(days=1))


def same_last_year(period: Period) -> Period:
    """The same month, quarter, tranche, term or year, one year earlier."""
    return _build(period.kind, *_year_and_part(period.id, less_years=1))


def find_in_text(text: str) -> list[Period]:
    """The periods written in a file name, each once, in order, e.g. in `police_crime_FY2009-Q1.csv`."""
    found = (_from_match(match) for match in _IN_TEXT.finditer(text))
    return list(dict.fromkeys(period for period in found if period is not None))


def find_in_words(text: str) -> list[Period]:
    """The periods a title speaks of, each once: 'April to June 2020' (a quarter), '2023-24' (a financial year)."""
    found = []
    for match in re.finditer(rf"\b({'|'.join(_MONTHS)}) to ({'|'.join(_MONTHS)}) ((?:19|20)[0-9]{{2}})\b", text):
        first, last, year = _MONTHS.index(match[1]) + 1, _MONTHS.index(match[2]) + 1, int(match[3])
        quarter = period_of("quarter", date(year, first, 1))
        if (quarter.start.month, quarter.end.month) == (first, last):
            found.append(quarter)
    for match in re.finditer(r"(?<![0-9])((?:19|20)[0-9]{2})[-/]([0-9]{2})(?![0-9])", text):
        if (int(match[1]) + 1) % 100 == int(match[2]):
            found.append(_build("financial_year", int(match[1])))
    return list(dict.fromkeys(found))


def in_words(day: date) -> str:
    """A day as pages and e-mails write it: 3 March 2027."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _between(kind: str, first: date, last: date) -> Iterator[Period]:
    if last < first:
        return
    period = period_of(kind, first)
    while period.start <= last:
        yield period
        period = following(period)


def _from_match(match: re.Match[str]) -> Period | None:
    """The period of a matched id, or None when its numbers do not exist (month 13, quarter 5, year 3000)."""
    found = match.groupdict()
    try:
        if found["month"]:
            return _build("month", int(found["m_year"]), int(found["m"]))
        if found["fy"] and found["q"]:
            return _build("quarter", int(found["fy"]), int(found["q"]))
        if found["fy"] and found["t"]:
            return _build("tranche", int(found["fy"]), int(found["t"]))
        if found["fy"]:
            return _build("financial_year", int(found["fy"]))
        if found["ay"] and found["term"]:
            return _build("term", int(found["ay"]), _TERMS.index(found["term"].lower()) + 1)
        if found["ay"]:
            return _build("academic_year", int(found["ay"]))
        return _build("calendar_year", int(found["cy"]))
    except ValueError:
        return None


def _year_and_part(id: str, less_years: int) -> tuple[int, int]:
    found = _ID.fullmatch(id)
    assert found is not None, id
    group = found.groupdict()
    year = int(group["m_year"] or group["fy"] or group["ay"] or group["cy"])
    if group["term"]:
        return year - less_years, _TERMS.index(group["term"].lower()) + 1
    return year - less_years, int(group["m"] or group["q"] or group["t"] or 0)


def _build(kind: str, year: int, part: int = 0) -> Period:
    """The period of a year and a part of it: month 1-12, quarter 1-4, tranche or term 1-3, a whole year 0."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"{year} is not a year between {FIRST_YEAR} and {LAST_YEAR}.")
    if kind == "month":
        return Period(f"{year}-{part:02}", kind, *_months(year, part, 1, parts=12))
    if kind == "quarter":
        return Period(f"FY{year}-Q{part}", kind, *_months(year, 4 + 3 * (part - 1), 3, parts=4))
    if kind == "tranche":
        return Period(f"FY{year}-T{part}", kind, *_months(year, 4 + 4 * (part - 1), 4, parts=3))
    if kind == "financial_year":
        return Period(f"FY{year}", kind, date(year, 4, 1), date(year + 1, 3, 31))
    if kind == "academic_year":
        return Period(f"AY{year}", kind, date(year, 9, 1), date(year + 1, 8, 31))
    if kind == "term":
        return Period(f"AY{year}-{_TERMS[part - 1]}", kind, *_term(year, part))
    return Period(f"CY{year}", kind, date(year, 1, 1), date(year, 12, 31))


def _months(year: int, first_month: int, months: int, parts: int) -> tuple[date, date]:
    """First and last day of `months` months; `first_month` may run past December into the next year."""
    last_month_of_kind = first_month + months - 1
    start_of_kind = 1 if parts == 12 else 4
    if not start_of_kind <= first_month or last_month_of_kind > start_of_kind + 11:
        raise ValueError(f"There is no such part of {year}.")
    after = first_month + months
    return (
        date(year + (first_month - 1) // 12, (first_month - 1) % 12 + 1, 1),
        date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1) - timedelta(days=1),
    )


def _term(year: int, part: int) -> tuple[date, date]:
    """School terms as the school census draws them: 1 September, 1 January, the day after Easter Sunday."""
    easter = easter_sunday(year + 1)
    return (
        (date(year, 9, 1), date(year, 12, 31)),
        (date(year + 1, 1, 1), easter),
        (easter + timedelta(days=1), date(year + 1, 8, 31)),
    )[part - 1]


def easter_sunday(year: int) -> date:
    """Easter Sunday of a Gregorian year, by the anonymous (Meeus/Jones/Butcher) computus."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, century_rest = divmod(century, 4)
    moon_shift = (8 * century + 13) // 25
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    correction = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


def _title(period: Period) -> str:
    year, part = _year_and_part(period.id, less_years=0)
    span = f"{year}/{(year + 1) % 100:02}"
    first, last = _MONTHS[period.start.month - 1], _MONTHS[period.end.month - 1]
    if period.start.year == period.end.year:
        months = f"{first} to {last} {period.end.year}"
    else:
        months = f"{first} {period.start.year} to {last} {period.end.year}"
    if period.kind == "month":
        return f"{first} {year}"
    if period.kind == "quarter":
        return f"Quarter {part} {span} ({months})"
    if period.kind == "tranche":
        return f"Tranche {part} {span} ({months})"
    if period.kind == "term":
        return f"{_TERMS[part - 1].capitalize()} term {span}"
    if period.kind == "calendar_year":
        return f"{year}"
    return f"{'Financial' if period.kind == 'financial_year' else 'School'} year {span}"
