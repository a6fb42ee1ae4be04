"""The legal clock: by when the law wants an answer, and why.

Article 12(3) GDPR gives one month from receipt, which may be extended by two further months. How a month is counted
is not in the GDPR but in Regulation (EEC, Euratom) No 1182/71, which holds for all acts of the Union:

- Article 3(1): the day of the event (here: of receipt) is not counted.
- Article 3(2)(c): a period in months ends with the last hour of the day in its last month that has the same date as
  the day of the event; where that month has no such day, with its last day.
- Article 3(3): weekends and holidays within the period count.
- Article 3(4): when the last day is a public holiday, a Sunday or a Saturday, the period ends with the last hour of
  the next working day.
- Article 3(5): a period of two days or more holds at least two working days.

How an extension is counted: the two months follow on the calendar end of the first month, not on the working day
that this end was moved to. Article 3(4) moves the end of a period, and with the extension the first month's end is
no longer the end of anything. Where the readings differ (a request of 31 January: 28 February, then 28 April, though
three months in one go would end on 30 April) this is the earlier day, so nobody is ever answered too late.

How doubts about identity are counted (Article 12(6)): while the controller waits for the proof it asked for, the
clock stands; every full calendar day of waiting moves the calendar end by a day, and only then is the next working
day looked for.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

IsHoliday = Callable[[date], bool]

FIRST_PERIOD_MONTHS = 1
EXTENSION_MONTHS = 2
_SATURDAY = 5
_LEAST_WORKING_DAYS = 2


@dataclass(frozen=True)
class Calendar:
    """The place whose days count: its time zone and its public holidays."""

    timezone: ZoneInfo
    is_holiday: IsHoliday

    def day_of(self, instant: datetime) -> date:
        """Give the calendar day of an instant at the place of the desk."""
        if instant.tzinfo is None:
            raise ValueError("An instant without a time zone belongs to no calendar day.")
        return instant.astimezone(self.timezone).date()

    def end_of(self, day: date) -> datetime:
        """Give the instant at which a day at the place of the desk is over, in UTC.

        The next day's midnight may not exist or exist twice when clocks change; the zone's own rules decide.
        """
        return datetime.combine(day + timedelta(days=1), time(0), self.timezone).astimezone(UTC)

    def is_working_day(self, day: date) -> bool:
        """Tell whether a day is neither Saturday, Sunday nor public holiday (Article 2(2) of the Regulation)."""
        return day.weekday() < _SATURDAY and not self.is_holiday(day)

    def next_working_day(self, day: date) -> date:
        """Give the day itself when it is a working day, else the first one after it (Article 3(4))."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day


@dataclass(frozen=True)
class Clock:
    """Everything that decides on a due date; all of it is kept with the ticket."""

    received_on: date
    suspended_days: int = 0
    extended: bool = False


def add_months(day: date, months: int) -> date:
    """Give the same date some months later, or the last day of a month that has no such date (Article 3(2)(c))."""
    years, month_index = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month_index + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def calendar_end(clock: Clock) -> date:
    """Give the last day of the period before weekends and holidays are looked at."""
    first_end = add_months(clock.received_on, FIRST_PERIOD_MONTHS) + timedelta(days=clock.suspended_days)
    return add_months(first_end, EXTENSION_MONTHS) if clock.extended else first_end


def due_date(clock: Clock, place: Calendar) -> date:
    """Give the day by whose last hour the answer must have been given."""
    return _legal_end(clock.received_on, calendar_end(clock), place)


def last_day_to_extend(clock: Clock, place: Calendar) -> date:
    """Give the day until which the person must have been told of an extension: the end of the first month."""
    return due_date(Clock(clock.received_on, clock.suspended_days), place)


def end_of_days(event: date, days: int, place: Calendar) -> date:
    """Give the last day of a period of some days after an event, by the same rules (Article 3(2)(b), (4) and (5))."""
    return _legal_end(event, event + timedelta(days=days), place)


def _legal_end(event: date, last_day: date, place: Calendar) -> date:
    end = place.next_working_day(last_day)
    if (last_day - event).days < _LEAST_WORKING_DAYS:
        return end
    return _with_enough_working_days(event, end, place)


def _with_enough_working_days(event: date, end: date, place: Calendar) -> date:
    # Only very short periods are ever touched by this, so counting from the front ends after a few days.
    counted, day = 0, event
    while counted < _LEAST_WORKING_DAYS:
        day += timedelta(days=1)
        counted += place.is_working_day(day)
    return max(end, day)
