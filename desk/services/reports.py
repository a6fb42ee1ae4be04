"""Figures of a period, from counts that were made as things happened; nothing in them is about a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import func, select

from desk.application import Work
from desk.domain.kinds import Kind
from desk.storage.counts import monday_of
from desk.storage.models import DailyCount, StandingCount, WeeklyCount
from desk.storage.standing import OPEN

_BACKLOG_EDGES = (7, 14, 30, 60, 90)
_NO_EDGE = 1_000_000


@dataclass(frozen=True)
class Figures:
    """Figures of a period, both days included, without personal data; times in hours, rates from 0 to 1.

    A ticket is on time when it was closed within the period that Article 12(3) GDPR gives, extension included.
    """

    since: date
    until: date
    received: int
    closed: int
    answered: int
    refused: int
    withdrawn: int
    extended: int
    reopened: int
    escalated: int
    on_time: int
    late: int
    on_time_rate: float | None
    hours_to_first_answer: float | None
    hours_to_close: float | None


@dataclass(frozen=True)
class Point:
    """What was counted in a week."""

    week: date
    subject: str
    count: int


class _Row(NamedTuple):
    day: date
    event: str
    subject: str
    counted: int
    seconds: int


def figures(work: Work, since: date, until: date) -> Figures:
    """Add up a period, both days included."""
    return figures_by_kind(work, since, until)[None]


def figures_by_kind(work: Work, since: date, until: date) -> Mapping[Kind | None, Figures]:
    """Add up a period for each kind, and under None for all of them together."""
    counts: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for row in _counted(work, since, until):
        for subject in (row.subject, None):
            counts[subject][row.event] += row.counted
            seconds[subject][row.event] += row.seconds
    return {kind: _figures(since, until, counts[kind], seconds[kind]) for kind in (*Kind, None)}


def by_week(work: Work, event: str, since: date, until: date) -> Sequence[Point]:
    """Count an event by calendar week (its Monday) and kind or topic."""
    weeks: Counter[tuple[date, str]] = Counter()
    for row in _counted(work, since, until, event):
        weeks[monday_of(row.day), row.subject] += row.counted
    return [Point(week, subject, count) for (week, subject), count in sorted(weeks.items())]


def by_subject(work: Work, event: str, since: date, until: date) -> Sequence[tuple[str, int]]:
    """Count an event by kind or topic, the most frequent first."""
    subjects: Counter[str] = Counter()
    for row in _counted(work, since, until, event):
        subjects[row.subject] += row.counted
    return sorted(subjects.items(), key=lambda found: (-found[1], found[0]))


def open_now(work: Work) -> int:
    """Count the open tickets."""
    total = select(func.sum(StandingCount.count)).where(StandingCount.standing == OPEN)
    return work.session.scalar(total) or 0


def backlog_by_age(work: Work) -> Sequence[tuple[str, int]]:
    """Count open tickets by how many days ago they arrived; today's are 0 days old."""
    total = func.sum(StandingCount.count)
    statement = select(StandingCount.day, total).where(StandingCount.standing == OPEN).group_by(StandingCount.day)
    days = [((work.today - day).days, int(count)) for day, count in work.session.execute(statement)]
    counts = []
    for lower, upper in pairwise((0, *_BACKLOG_EDGES, _NO_EDGE)):
        count = sum(count for age, count in days if lower <= age < upper)
        counts.append((f"{lower}+" if upper == _NO_EDGE else f"{lower}-{upper}", count))
    return counts


def _counted(work: Work, since: date, until: date, event: str | None = None) -> Iterator[_Row]:
    """Read what was counted in a period: from whole weeks as far as there are any, and day by day at its ends."""
    first = monday_of(since + timedelta(days=6))
    last = monday_of(until + timedelta(days=1)) - timedelta(days=1)
    if first > last:
        yield from _counted_by_day(work, since, until, event)
        return
    yield from _counted_by_day(work, since, first - timedelta(days=1), event)
    yield from _counted_by_week(work, first, last, event)
    yield from _counted_by_day(work, last + timedelta(days=1), until, event)


def _counted_by_day(work: Work, since: date, until: date, event: str | None) -> Iterator[_Row]:
    if since > until:
        return
    columns = (DailyCount.day, DailyCount.event, DailyCount.subject, DailyCount.count, DailyCount.seconds)
    statement = select(*columns).where(DailyCount.day.between(since, until))
    for row in work.session.execute(statement if event is None else statement.where(DailyCount.event == event)):
        yield _Row(*row)


def _counted_by_week(work: Work, since: date, until: date, event: str | None) -> Iterator[_Row]:
    columns = (WeeklyCount.week, WeeklyCount.event, WeeklyCount.subject, WeeklyCount.count, WeeklyCount.seconds)
    statement = select(*columns).where(WeeklyCount.week.between(since, until))
    for row in work.session.execute(statement if event is None else statement.where(WeeklyCount.event == event)):
        yield _Row(*row)


def _figures(since: date, until: date, counts: Counter[str], seconds: Counter[str]) -> Figures:
    closed = sum(counts[f"closed-{outcome}"] for outcome in ("answered", "refused", "withdrawn", "merged"))
    on_time, late = counts["closed-on-time"], counts["closed-late"]
    return Figures(
        since=since,
        until=until,
        received=counts["received"],
        closed=closed,
        answered=counts["closed-answered"],
        refused=counts["closed-refused"],
        withdrawn=counts["closed-withdrawn"],
        extended=counts["extended"],
        reopened=counts["reopened"],
        escalated=counts["escalated"],
        on_time=on_time,
        late=late,
        on_time_rate=on_time / (on_time + late) if on_time + late else None,
        hours_to_first_answer=_hours(seconds["first-answer"], counts["first-answer"]),
        hours_to_close=_hours(seconds["closed-on-time"] + seconds["closed-late"], closed),
    )


def _hours(seconds: int, count: int) -> float | None:
    return seconds / count / 3600 if count else None
