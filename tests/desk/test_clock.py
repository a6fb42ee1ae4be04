"""The legal clock against the texts that rule it; each case says which article decides, in our own words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.application import public_holidays
from desk.domain.clock import (
    Calendar,
    Clock,
    add_months,
    calendar_end,
    due_date,
    end_of_days,
    last_day_to_extend,
)

BAVARIA = Calendar(ZoneInfo("Europe/Berlin"), public_holidays("DE-BY"))
ENGLAND = Calendar(ZoneInfo("Europe/London"), public_holidays("GB-ENG"))
NO_HOLIDAYS = Calendar(ZoneInfo("UTC"), lambda _day: False)

FIRST_MONTH = [
    # Article 3(1) and 3(2)(c) of Regulation 1182/71: the day of receipt does not count, the month ends on its date.
    ("2026-09-14", "2026-10-14", "an ordinary Monday"),
    # The example that the European Data Protection Board gives: received on 5 March, due on 5 April. In 2024 that is
    # a Friday, so nothing moves it.
    ("2024-03-05", "2024-04-05", "the same date in the next month"),
    # Article 3(2)(c), second sentence: where the month has no such date, it ends with its last day. 31 August, hence
    # 30 September (the Board's other example), a Wednesday in 2026.
    ("2026-08-31", "2026-09-30", "a month with 30 days"),
    ("2027-01-31", "2027-03-01", "28 February 2027 is a Sunday, so Article 3(4) moves it to Monday"),
    ("2025-01-31", "2025-02-28", "28 February, a Friday"),
    ("2025-01-29", "2025-02-28", "29 January has no counterpart in a common year either"),
    # In a leap year 29 February exists, and the last day is not needed.
    ("2024-01-29", "2024-02-29", "the counterpart exists in a leap year"),
    ("2024-01-31", "2024-02-29", "the last day of a leap year's February"),
    ("2024-02-29", "2024-04-02", "29 March 2024 is Good Friday, then weekend and Easter Monday: Article 3(4)"),
    # From the last day of a short month the period ends on the same date, not on the last day of the longer month.
    ("2026-02-28", "2026-03-30", "28 March 2026 is a Saturday, hence Monday the 30th"),
    ("2026-04-30", "2026-06-01", "30 May 2026 is a Saturday, hence Monday"),
    # Article 3(4): a period that would end on a Saturday, Sunday or public holiday ends with the next working day.
    ("2026-09-17", "2026-10-19", "17 October 2026 is a Saturday"),
    ("2026-09-18", "2026-10-19", "18 October 2026 is a Sunday"),
    ("2026-09-03", "2026-10-05", "3 October 2026 is German Unity Day and a Saturday"),
    ("2026-11-25", "2026-12-28", "25 December, then Boxing Day and a Sunday: Monday the 28th"),
    ("2025-11-24", "2025-12-24", "Christmas Eve is no public holiday"),
    ("2025-12-01", "2026-01-02", "New Year's Day is one; the day after is a Friday"),
    ("2025-12-06", "2026-01-07", "Epiphany is a holiday in Bavaria, and this place counts"),
    ("2026-04-01", "2026-05-04", "1 May 2026 is a holiday and a Friday, hence Monday"),
    # Receipt on a weekend changes nothing: Article 3(3) counts weekends, and only the end is moved.
    ("2026-09-12", "2026-10-12", "received on a Saturday"),
]


@pytest.mark.parametrize(("received", "due", "why"), FIRST_MONTH, ids=[case[2] for case in FIRST_MONTH])
def test_first_month_ends_where_the_regulation_says(received: str, due: str, why: str) -> None:
    assert due_date(Clock(date.fromisoformat(received)), BAVARIA) == date.fromisoformat(due), why


EXTENDED = [
    # Article 12(3) GDPR: two further months on top of the calendar end of the first.
    ("2026-09-14", "2026-12-14", "three months later, a Monday"),
    # The first month's end, Saturday 17 October, was moved to the 19th; with the extension it is no end any more, so
    # the two months follow on the 17th.
    ("2026-09-17", "2026-12-17", "counted from the calendar end, not from the working day it was moved to"),
    # The earlier of the two readings: 28 February, then 28 April; three months in one go would end on the 30th.
    ("2025-01-31", "2025-04-28", "from the end of a February"),
    ("2026-11-30", "2027-03-01", "30 December, then 28 February 2027 as the last day, a Sunday"),
    ("2026-10-06", "2027-01-07", "Epiphany again"),
]


@pytest.mark.parametrize(("received", "due", "why"), EXTENDED, ids=[case[2] for case in EXTENDED])
def test_extension_adds_two_months_to_the_calendar_end(received: str, due: str, why: str) -> None:
    clock = Clock(date.fromisoformat(received), extended=True)
    assert due_date(clock, BAVARIA) == date.fromisoformat(due), why


def test_extension_has_to_be_told_within_the_first_month() -> None:
    # Article 12(3), third sentence: the person is told within one month of receipt; that month ends as any other.
    assert last_day_to_extend(Clock(date(2026, 9, 17), extended=True), BAVARIA) == date(2026, 10, 19)


def test_days_of_doubt_about_identity_move_the_calendar_end() -> None:
    # Article 12(6) GDPR: ten days of waiting for proof, 14 October becomes the 24th, a Saturday, hence Monday the 26th.
    assert due_date(Clock(date(2026, 9, 14), suspended_days=10), BAVARIA) == date(2026, 10, 26)


def test_place_of_the_holidays_decides() -> None:
    # Article 2(1) of the Regulation: public holidays are those of the Member State. 6 January is none in England,
    # and the last Monday of August is none in Bavaria.
    assert due_date(Clock(date(2025, 12, 6)), ENGLAND) == date(2026, 1, 6)
    assert due_date(Clock(date(2026, 7, 31)), ENGLAND) == date(2026, 9, 1)
    assert due_date(Clock(date(2026, 7, 31)), BAVARIA) == date(2026, 8, 31)


SHORT_PERIODS = [
    # Article 3(5): at least two working days. Received on a Friday, two days: Saturday and Sunday, moved to Monday,
    # which would be one working day only; so Tuesday.
    ("2026-09-18", 2, "2026-09-22"),
    # From a Thursday: Friday and Saturday, moved to Monday; Friday and Monday are two working days already.
    ("2026-09-17", 2, "2026-09-21"),
    # One day is less than two, so Article 3(5) does not apply: Saturday, moved to Monday.
    ("2026-09-18", 1, "2026-09-21"),
    # Before Easter: Thursday 2 April 2026, three days end on Sunday; Good Friday and Easter Monday are holidays, so
    # the first two working days are Tuesday and Wednesday.
    ("2026-04-02", 3, "2026-04-08"),
    ("2026-09-14", 14, "2026-09-28"),
]


@pytest.mark.parametrize(("event", "days", "end"), SHORT_PERIODS)
def test_short_periods_hold_two_working_days(event: str, days: int, end: str) -> None:
    assert end_of_days(date.fromisoformat(event), days, BAVARIA) == date.fromisoformat(end)


MIDNIGHTS = [
    # An instant in UTC belongs to the calendar day of the place (Article 3(1) speaks of the day of the event there).
    (datetime(2026, 9, 14, 21, 59, 59, tzinfo=UTC), date(2026, 9, 14), "a second before midnight in summer"),
    (datetime(2026, 9, 14, 22, 0, tzinfo=UTC), date(2026, 9, 15), "midnight in summer is 22:00 UTC"),
    (datetime(2026, 1, 14, 22, 30, tzinfo=UTC), date(2026, 1, 14), "in winter 22:30 UTC is still the same day"),
    (datetime(2026, 1, 14, 23, 0, tzinfo=UTC), date(2026, 1, 15), "midnight in winter is 23:00 UTC"),
    # Clocks go forward on 29 March 2026 at 01:00 UTC: the night before is winter time still, the one after summer.
    (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28), "before the clocks go forward"),
    (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29), "the day on which they do begins"),
    (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30), "and ends an hour earlier in UTC"),
    # They go back on 25 October 2026: that day has 25 hours.
    (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25), "the long day begins in summer time"),
    (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25), "and is not over at 22:30 UTC"),
    (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26), "but at 23:00"),
]


@pytest.mark.parametrize(("instant", "day", "why"), MIDNIGHTS, ids=[case[2] for case in MIDNIGHTS])
def test_instant_belongs_to_the_day_at_the_place(instant: datetime, day: date, why: str) -> None:
    assert BAVARIA.day_of(instant) == day, why


def test_day_ends_with_its_last_hour_at_the_place() -> None:
    # Article 3(2): a period ends with the last hour of its last day.
    assert BAVARIA.end_of(date(2026, 10, 14)) == datetime(2026, 10, 14, 22, 0, tzinfo=UTC)
    assert BAVARIA.end_of(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    assert BAVARIA.end_of(date(2026, 10, 25)) == datetime(2026, 10, 25, 23, 0, tzinfo=UTC)


def test_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        BAVARIA.day_of(datetime(2026, 9, 14))


days = st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 12, 31))
clocks = st.builds(Clock, days, st.integers(0, 120), st.booleans())


@given(clocks)
def test_due_date_is_a_working_day_and_never_before_the_calendar_end(clock: Clock) -> None:
    due = due_date(clock, BAVARIA)
    assert BAVARIA.is_working_day(due)
    assert due >= calendar_end(clock)
    # No stretch of weekends and holidays in Bavaria is longer than this.
    assert due - calendar_end(clock) <= timedelta(days=5)


@given(days)
def test_first_month_has_28_to_31_days_before_weekends(received: date) -> None:
    assert 28 <= (calendar_end(Clock(received)) - received).days <= 31


@given(days, st.integers(0, 120))
def test_extension_is_never_later_than_three_months_in_one_go(received: date, suspended: int) -> None:
    # Of the two readings ours is the one that nobody can call late.
    if suspended == 0:
        assert calendar_end(Clock(received, extended=True)) <= add_months(received, 3)
    assert calendar_end(Clock(received, suspended, extended=True)) > calendar_end(Clock(received, suspended))


@given(clocks)
def test_later_receipt_is_never_due_earlier(clock: Clock) -> None:
    later = Clock(clock.received_on + timedelta(days=1), clock.suspended_days, clock.extended)
    assert due_date(later, BAVARIA) >= due_date(clock, BAVARIA)


@given(clocks)
def test_another_day_of_doubt_never_shortens_the_period(clock: Clock) -> None:
    longer = Clock(clock.received_on, clock.suspended_days + 1, clock.extended)
    assert due_date(longer, BAVARIA) >= due_date(clock, BAVARIA)


@given(days, st.integers(0, 48))
def test_months_added_keep_the_date_or_end_the_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(days, st.integers(2, 40))
def test_every_period_of_two_days_or_more_holds_two_working_days(event: date, length: int) -> None:
    end = end_of_days(event, length, BAVARIA)
    span = [event + timedelta(days=number) for number in range(1, (end - event).days + 1)]
    assert sum(BAVARIA.is_working_day(day) for day in span) >= 2
    assert end >= event + timedelta(days=length)


@given(days)
def test_without_holidays_only_weekends_move_the_end(received: date) -> None:
    moved = due_date(Clock(received), NO_HOLIDAYS) - calendar_end(Clock(received))
    assert moved.days == {5: 2, 6: 1}.get(calendar_end(Clock(received)).weekday(), 0)
