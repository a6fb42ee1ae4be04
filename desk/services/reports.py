"""Figures of a period, from counts that were made as things happened; nothing in them is about a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from desk.application import Work
from desk.domain.kinds import Kind
from desk.storage.models import DailyCount, Ticket

_BACKLOG_EDGES = (7, 14, 30, 60, 90)


@dataclass(frozen=True)
class Figures:
    """What an authority, a board or a team asks for."""

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
    hours_to_first_answer: float | None
    hours_to_close: float | None

    @property
    def on_time_rate(self) -> float | None:
        """Give the share of tickets that were closed within the period that the law gives."""
        finished = self.on_time + self.late
        return self.on_time / finished if finished else None


@dataclass(frozen=True)
class Point:
    """What was counted in a week."""

    week: date
    subject: str
    count: int


def figures(work: Work, since: date, until: date, kind: Kind | None = None) -> Figures:
    """Add up a period, both days included."""
    counts, seconds = _totals(work, since, until, kind)
    closed = sum(counts[f"closed-{outcome}"] for outcome in ("answered", "refused", "withdrawn", "merged"))
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
        on_time=counts["closed-on-time"],
        late=counts["closed-late"],
        hours_to_first_answer=_hours(seconds["first-answer"], counts["first-answer"]),
        hours_to_close=_hours(seconds["closed-on-time"] + seconds["closed-late"], closed),
    )


def by_week(work: Work, event: str, since: date, until: date) -> Sequence[Point]:
    """Count an event by calendar week (its Monday) and kind or topic."""
    statement = select(DailyCount.day, DailyCount.subject, func.sum(DailyCount.count)).where(
        DailyCount.event == event, DailyCount.day.between(since, until)
    )
    weeks: Counter[tuple[date, str]] = Counter()
    for day, subject, count in work.session.execute(statement.group_by(DailyCount.day, DailyCount.subject)):
        weeks[day - timedelta(days=day.weekday()), subject] += count
    return [Point(week, subject, count) for (week, subject), count in sorted(weeks.items())]


def by_subject(work: Work, event: str, since: date, until: date) -> Sequence[tuple[str, int]]:
    """Count an event by kind or topic, the most frequent first."""
    total = func.sum(DailyCount.count)
    statement = select(DailyCount.subject, total).where(DailyCount.event == event, DailyCount.day.between(since, until))
    rows = work.session.execute(statement.group_by(DailyCount.subject).order_by(total.desc(), DailyCount.subject))
    return [(subject, int(count)) for subject, count in rows]


def backlog_by_age(work: Work) -> Sequence[tuple[str, int]]:
    """Count open tickets by how many days ago they arrived."""
    edges, counts, newer = (*_BACKLOG_EDGES, None), [], 0
    lower = 0
    for edge in edges:
        after = work.now - timedelta(days=edge) if edge is not None else None
        statement = select(func.count(Ticket.id)).where(Ticket.open)
        if after is not None:
            statement = statement.where(Ticket.received_at > after)
        total = work.session.scalar(statement) or 0
        counts.append((f"{lower}-{edge}" if edge is not None else f"{lower}+", total - newer))
        newer, lower = total, edge if edge is not None else lower
    return counts


def _totals(work: Work, since: date, until: date, kind: Kind | None) -> tuple[Counter[str], Counter[str]]:
    statement = select(DailyCount.event, func.sum(DailyCount.count), func.sum(DailyCount.seconds)).where(
        DailyCount.day.between(since, until)
    )
    if kind is not None:
        statement = statement.where(DailyCount.subject == kind.value)
    counts, seconds = Counter[str](), Counter[str]()
    for event, count, total in work.session.execute(statement.group_by(DailyCount.event)):
        counts[event], seconds[event] = int(count), int(total)
    return counts, seconds


def _hours(seconds: int, count: int) -> float | None:
    return seconds / count / 3600 if count else None
