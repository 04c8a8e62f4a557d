"""Numbers, dates and periods in the words of the page and the mails: plain English, British spelling."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
MINUS = "\u2212"
PERCENT = re.compile(r"(%|per ?cent\b)\s*", re.IGNORECASE)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def as_number(value: Any) -> float | None:
    """The value as a float; None for nothing, NaN, infinity and text that is no number (a target may be text)."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def rounded(value: float, decimals: int) -> Decimal:
    """A figure rounded half up, as a published figure is."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def number(value: float, decimals: int) -> str:
    """A figure with thousands separators, rounded half up ("1,234.50")."""
    shown = rounded(value, decimals)
    text = f"{abs(shown):,.{decimals}f}"
    return MINUS + text if shown < 0 else text


def amount(value: float, unit: str, decimals: int) -> str:
    """The figure with the part of its unit that belongs beside the digits ("27.0%", "£1,200")."""
    digits = number(value, decimals)
    if PERCENT.match(unit):
        return digits + "%"
    if unit.startswith("£"):
        return (MINUS if digits.startswith(MINUS) else "") + "£" + digits.removeprefix(MINUS)
    return digits


def unit_words(unit: str) -> str:
    """What is left of the unit to be said in words ("per 1,000 people"; "of pupils" for "per cent of pupils")."""
    if PERCENT.match(unit):
        return PERCENT.sub("", unit).strip()
    return "thousand" if unit == "£000" else unit.removeprefix("£").strip()


def count(how_many: int, singular: str, plural: str | None = None) -> str:
    """A number of things: "1 row", "1,204 rows", "2 deliveries" """
    noun = singular if how_many == 1 else (plural or singular + "s")
    return f"{how_many:,} {noun}"


def listed(items: Sequence[str]) -> str:
    """Items in a sentence: "police, health and schools"."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def day(value: date) -> str:
    """A date in full: "3 March 2027"."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def weekday(value: date) -> str:
    """The day of the week: "Tuesday"."""
    return WEEKDAYS[value.weekday()]


def day_and_month(value: date) -> str:
    """A date near enough to need no year: "8 December"."""
    return f"{value.day} {MONTHS[value.month - 1]}"


def read_day(text: Any) -> date | None:
    """The date of a date, a timestamp or ISO text; None when it is none of them."""
    if isinstance(text, datetime):
        return text.date()
    if isinstance(text, date):
        return text
    try:
        return datetime.fromisoformat(str(text).strip()).date()
    except ValueError:
        return None


def moment(value: datetime) -> str:
    """A time of day in London: "3 March 2027 at 16:50"; one without a zone is UTC, as the exchange's clock is."""
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(LONDON)
    return f"{day(local.date())} at {local:%H:%M}"


def period(start: date, end: date) -> str:
    """A period in full, its end inclusive: "July to September 2009", "April 2009 to March 2010", "2008"."""
    first, last = MONTHS[start.month - 1], MONTHS[end.month - 1]
    if start.year == end.year:
        if start.month == end.month:
            return f"{first} {start.year}"
        whole_year = start.month == 1 and end.month == 12
        return str(start.year) if whole_year else f"{first} to {last} {start.year}"
    return f"{first} {start.year} to {last} {end.year}"


def period_short(start: date, end: date) -> str:
    """A period where room is scarce, as in a subject: "Oct-Dec 2009", "Jan 2018", "2009/10", "2008"."""
    months, year = period_label(start, end)
    return f"{months.replace('–', '-')} {year}".strip()


def period_label(start: date, end: date) -> tuple[str, str]:
    """A period on an axis, in two short lines: ("Jul-Sep", "2009"), ("2009/10", ""), ("Jan", "2018")."""
    days = (end - start).days + 1
    if days > 300:
        return (str(start.year) if start.month == 1 else f"{start.year}/{end.year % 100:02d}", "")
    first, last = MONTHS[start.month - 1][:3], MONTHS[end.month - 1][:3]
    return (first if first == last else f"{first}–{last}", str(end.year))


def length_words(start: date, end: date) -> str:
    """What one such period is called beside a figure: "month", "quarter", "year", "period"."""
    months = round(((end + timedelta(days=1)) - start).days / 30.4)
    return {1: "month", 3: "quarter", 12: "year"}.get(months, "period")


def humanise(name: str) -> str:
    """A column, state or category name as words: "accepted_with_exceptions" -> "Accepted with exceptions"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def slug(name: str) -> str:
    """A name that is safe as a fragment of the page: "NI 195/a" -> "NI-195-a"."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "x"
