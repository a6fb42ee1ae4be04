"""The log of readings: who opened or exported which ticket and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from desk.application import Work
from desk.storage.models import ReadLogEntry, Ticket

OPENED = "opened"
EXPORTED = "exported"
FILE = "file"
# A page that refreshes itself while it is being read is one reading.
_SAME_READING = timedelta(minutes=5)


def log(work: Work, what: str, ticket: Ticket | None = None) -> None:
    """Note that the one who acts read something."""
    ticket_id = ticket.id if ticket is not None else None
    if what == OPENED and _was_just_noted(work, ticket_id):
        return
    work.session.add(
        ReadLogEntry(at=work.now, actor=work.actor, user_id=work.user_id, ticket_id=ticket_id, what=what[:64])
    )


def of_ticket(work: Work, ticket: Ticket, limit: int = 100) -> Sequence[ReadLogEntry]:
    """List who read a ticket, newest first."""
    statement = select(ReadLogEntry).where(ReadLogEntry.ticket_id == ticket.id)
    return work.session.scalars(statement.order_by(ReadLogEntry.at.desc()).limit(limit)).all()


def of_user(work: Work, user_id: int, limit: int = 100) -> Sequence[ReadLogEntry]:
    """List what a colleague read, newest first."""
    statement = select(ReadLogEntry).where(ReadLogEntry.user_id == user_id)
    return work.session.scalars(statement.order_by(ReadLogEntry.at.desc()).limit(limit)).all()


def latest(work: Work, limit: int = 100, before_id: int | None = None) -> Sequence[ReadLogEntry]:
    """List all readings, newest first."""
    statement = select(ReadLogEntry)
    if before_id is not None:
        statement = statement.where(ReadLogEntry.id < before_id)
    return work.session.scalars(statement.order_by(ReadLogEntry.id.desc()).limit(limit)).all()


def _was_just_noted(work: Work, ticket_id: int | None) -> bool:
    statement = select(ReadLogEntry.id).where(
        ReadLogEntry.ticket_id == ticket_id,
        ReadLogEntry.actor == work.actor,
        ReadLogEntry.what == OPENED,
        ReadLogEntry.at > work.now - _SAME_READING,
    )
    return work.session.scalar(statement.limit(1)) is not None
