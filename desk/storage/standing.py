"""Counts of the tickets that stand open or closed, kept up as tickets change, so that nobody has to count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from desk.domain.clock import Calendar
from desk.domain.kinds import Kind
from desk.storage.models import StandingCount, Ticket
from desk.storage.upsert import dialect_insert, table_of

OPEN: Literal["open"] = "open"
CLOSED: Literal["closed"] = "closed"
_DECIDES = ("open", "received_at", "closed_at", "kind", "anonymised_at", "legal_hold")


class Place(NamedTuple):
    """Where a ticket is counted: open by the day it arrived, or closed by the day from which its time runs."""

    standing: Literal["open", "closed"]
    day: date
    kind: Kind


class CountingSession(Session):
    """A session that notices which tickets move from one place to another."""

    def __init__(self, calendar: Calendar, **options: Any) -> None:
        super().__init__(**options)
        self.calendar = calendar
        self.moved: Counter[Place] = Counter()

    def count_new(self, ticket: Ticket) -> None:
        """Count a ticket that was inserted by a plain statement."""
        _count(self, {name: getattr(ticket, name) for name in _DECIDES}, 1)


@event.listens_for(CountingSession, "before_flush")
def _notice(session: CountingSession, _context: object, _instances: object) -> None:
    for row in session.dirty:
        if isinstance(row, Ticket):
            _count(session, {name: _before(row, name) for name in _DECIDES}, -1)
            _count(session, {name: getattr(row, name) for name in _DECIDES}, 1)


def place_of(calendar: Calendar, ticket: Mapping[str, Any]) -> Place | None:
    """Give the place of a ticket; None while it is kept by a legal hold and once its person was removed."""
    if ticket["open"]:
        return Place(OPEN, calendar.day_of(ticket["received_at"]), ticket["kind"])
    if ticket["closed_at"] is None or ticket["anonymised_at"] is not None or ticket["legal_hold"]:
        return None
    return Place(CLOSED, calendar.day_of(ticket["closed_at"]), ticket["kind"])


def add(session: Session, moved: Mapping[Place, int]) -> None:
    """Add to the counts, in one fixed order so that two transactions never wait for each other."""
    rows = [{**place._asdict(), "count": by} for place, by in sorted(moved.items()) if by]
    if rows:
        session.connection().execute(_adding(session.get_bind().dialect.name), rows)


def _count(session: CountingSession, ticket: Mapping[str, Any], by: int) -> None:
    place = place_of(session.calendar, ticket)
    if place is not None:
        session.moved[place] += by


def _before(row: Ticket, name: str) -> Any:
    replaced = get_history(row, name).deleted
    return replaced[0] if replaced else getattr(row, name)


@lru_cache(maxsize=2)
def _adding(dialect: str) -> Any:
    statement, table = dialect_insert(dialect, StandingCount), table_of(StandingCount)
    return statement.on_conflict_do_update(
        index_elements=["standing", "day", "kind"], set_={"count": table.c.count + statement.excluded.count}
    )
