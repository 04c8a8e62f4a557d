"""Working days and office hours where the partnership is: weekends and its nation's bank holidays do not count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
OPENS, CLOSES = time(9), time(17)  # office hours, London time
NATIONS = {"E": "ENG", "N": "NIR", "S": "SCT", "W": "WLS"}  # by the first letter of a GSS code
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The calendar of a nation of the United Kingdom; None keeps only the bank holidays that all of them have."""

    nation: str | None

    def is_working(self, day: date) -> bool:
        """Whether offices are open on that day."""
        return day.weekday() < SATURDAY and day not in _bank_holidays(self.nation, day.year)

    def after(self, day: date, count: int) -> date:
        """The working day `count` after `day`; `day` itself for 0, whatever day it is."""
        return self._away(day, count, timedelta(days=1))

    def before(self, day: date, count: int) -> date:
        """The working day `count` before `day`; `day` itself for 0, whatever day it is."""
        return self._away(day, count, timedelta(days=-1))

    def since(self, first: date, last: date) -> int:
        """How many working days passed after `first`, up to and with `last`; 0 when `last` is not later."""
        return sum(self.is_working(first + timedelta(days=days + 1)) for days in range((last - first).days))

    def office_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between two moments fell into office hours, 09:00 to 17:00 on working days."""
        start, end = start.astimezone(LONDON), end.astimezone(LONDON)
        spent = timedelta()
        for days in range((end.date() - start.date()).days + 1):
            day = start.date() + timedelta(days=days)
            if self.is_working(day):
                opens, closes = (datetime.combine(day, hour, LONDON) for hour in (OPENS, CLOSES))
                spent += max(min(end, closes) - max(start, opens), timedelta())
        return spent

    def _away(self, day: date, count: int, step: timedelta) -> date:
        while count:
            day += step
            if self.is_working(day):
                count -= 1
        return day


def working_days_of(area_code: str) -> WorkingDays:
    """The calendar that holds in an area, told by its GSS code (E for England, N, S, W)."""
    return WorkingDays(NATIONS.get(area_code[:1]))


@cache
def _bank_holidays(nation: str | None, year: int) -> frozenset[date]:
    # Imported when first asked: reading the library takes a quarter of a second, and few commands need it.
    import holidays

    return frozenset(holidays.country_holidays("GB", subdiv=nation, years=year))
