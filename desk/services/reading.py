"""Who read which ticket and when: written before anything is shown, and not again for every click on the same page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from desk.application import Work
from desk.storage.models import ReadLogEntry, Ticket

OPENED = "opened"
_ONE_SITTING = timedelta(minutes=5)


def log_read(work: Work, ticket: Ticket, what: str) -> None:
    """Note that somebody reads a ticket; reloading it within minutes is the same reading."""
    if not _noted_before(work, ticket, what):
        entry = ReadLogEntry(at=work.now, actor=work.actor, user_id=work.user_id, ticket_id=ticket.id, what=what)
        work.session.add(entry)


def readers_of(work: Work, ticket: Ticket, limit: int = 20) -> Sequence[ReadLogEntry]:
    """List who read a ticket, the latest first."""
    statement = select(ReadLogEntry).where(ReadLogEntry.ticket_id == ticket.id)
    return work.session.scalars(statement.order_by(ReadLogEntry.at.desc()).limit(limit)).all()


def recent(work: Work, before_id: int | None = None, limit: int = 100) -> Sequence[ReadLogEntry]:
    """List the latest readings and exports of the whole desk."""
    statement = select(ReadLogEntry).order_by(ReadLogEntry.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(ReadLogEntry.id < before_id)
    return work.session.scalars(statement).all()


def _noted_before(work: Work, ticket: Ticket, what: str) -> bool:
    statement = select(ReadLogEntry.id).where(
        ReadLogEntry.ticket_id == ticket.id,
        ReadLogEntry.actor == work.actor,
        ReadLogEntry.what == what,
        ReadLogEntry.at > work.now - _ONE_SITTING,
    )
    return work.session.scalar(statement.limit(1)) is not None
