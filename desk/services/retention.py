"""The end of a ticket's life: after its time the person is removed everywhere; counts and audit stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, delete, func, or_, select, union_all

from desk.application import WORKER, Desk, Work
from desk.domain.clock import add_months
from desk.domain.errors import AlreadyAnonymised, InvalidInput, OnLegalHold
from desk.domain.kinds import Kind
from desk.services import webhooks
from desk.storage.models import (
    Attachment,
    Base,
    Correspondence,
    HandledRequest,
    IdempotencyKey,
    InboundMail,
    Note,
    OutboxMessage,
    ReadLogEntry,
    StandingCount,
    Ticket,
    TicketContent,
    TicketToken,
)
from desk.storage.standing import CLOSED

_BATCH = 100
# Everything of a ticket that says or may say something about the person.
_PERSONAL: tuple[type[Base], ...] = (
    Attachment,
    Correspondence,
    HandledRequest,
    InboundMail,
    Note,
    OutboxMessage,
    TicketContent,
    TicketToken,
)


@dataclass(frozen=True)
class Expiring:
    """A ticket whose time ends, and the day on which it does."""

    ticket: Ticket
    on: date


def preview(work: Work, until: date | None = None, limit: int = 100) -> Sequence[Expiring]:
    """List the tickets that are anonymised up to a day, the longest closed first."""
    numbers = _first_to_expire(work, until or work.today, limit)
    statement = select(Ticket).where(Ticket.id.in_(numbers)).order_by(Ticket.closed_at, Ticket.id)
    return [Expiring(ticket, ends_on(work, ticket)) for ticket in work.session.scalars(statement)]


def count_expiring(work: Work, until: date | None = None) -> int:
    """Count the tickets that are anonymised up to a day."""
    ends = [
        and_(StandingCount.kind == kind, StandingCount.day <= _last_closed_on(work, kind, until or work.today))
        for kind in Kind
    ]
    total = select(func.sum(StandingCount.count)).where(StandingCount.standing == CLOSED, or_(*ends))
    return work.session.scalar(total) or 0


def ends_on(work: Work, ticket: Ticket) -> date:
    """Give the day on which a closed ticket's time ends."""
    if ticket.closed_at is None:
        raise InvalidInput("The time of a ticket begins when it is closed.")
    return add_months(work.desk.calendar.day_of(ticket.closed_at), work.settings.retention_months[ticket.kind])


def run(desk: Desk, progress: Callable[[int], None] = lambda _done: None, now: datetime | None = None) -> int:
    """Anonymise everything whose time is over, in small transactions; safe to stop and to run again."""
    done = 0
    while True:
        with desk.work(WORKER, now) as work:
            numbers = _first_to_expire(work, work.today, _BATCH)
            batch = work.session.scalars(select(Ticket).where(Ticket.id.in_(numbers)).with_for_update()).all()
            for ticket in batch:
                anonymise(work, ticket)
        delete_mail_files(desk, [ticket.reference for ticket in batch])
        done += len(batch)
        progress(done)
        if len(batch) < _BATCH:
            return done


def anonymise(work: Work, ticket: Ticket) -> None:
    """Remove the person from a closed ticket; what is left are its dates, kind and outcome.

    Call `delete_mail_files` after the commit, for files cannot be put back when a transaction fails.
    """
    if ticket.anonymised_at is not None:
        raise AlreadyAnonymised("The person was removed from this ticket before.")
    if ticket.legal_hold:
        raise OnLegalHold("This ticket is under legal hold.")
    if ticket.open:
        raise InvalidInput("An open ticket is answered first.")
    work.session.flush()
    work.session.expire(ticket, ["content"])
    for model in _PERSONAL:
        work.session.execute(delete(model).where(model.__table__.c.ticket_id == ticket.id))
    # An answer of the API that is kept for repetitions may quote the ticket.
    work.session.execute(delete(IdempotencyKey))
    ticket.email_hash, ticket.request_id = None, f"anonymised:{ticket.id}"
    ticket.marks, ticket.escalation_reference = [], None
    ticket.anonymised_at = ticket.updated_at = work.now
    work.record("ticket.anonymised", ticket.id)
    webhooks.announce(work, "ticket.anonymised", ticket)


def delete_mail_files(desk: Desk, references: Iterable[str]) -> int:
    """Remove the mail that was written to files about tickets, as far as the desk keeps such files."""
    wanted, removed = set(references), 0
    if not wanted or not desk.settings.mail_dir.is_dir():
        return 0
    for path in desk.settings.mail_dir.glob("*.eml"):
        if path.stem.partition("-")[2].partition("-")[2] in wanted:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def forget_read_log(work: Work) -> None:
    """Remove old entries of the log of readings, which are personal data of colleagues."""
    oldest = work.desk.calendar.end_of(add_months(work.today, -work.settings.read_log_months))
    work.session.execute(delete(ReadLogEntry).where(ReadLogEntry.at < oldest))


def _first_to_expire(work: Work, until: date, limit: int) -> Sequence[int]:
    # Each kind has its own stretch of the index and its own period, so the first ones of each are looked at.
    parts = [_expiring(work, kind, until).limit(limit).subquery() for kind in Kind]
    every = union_all(*(select(part) for part in parts)).subquery()
    return work.session.scalars(select(every.c.id).order_by(every.c.closed_at, every.c.id).limit(limit)).all()


def _expiring(work: Work, kind: Kind, until: date) -> Select[int, datetime | None]:
    over = Ticket.closed_at < work.desk.calendar.end_of(_last_closed_on(work, kind, until))
    return (
        select(Ticket.id, Ticket.closed_at)
        .where(Ticket.kind == kind, over, Ticket.closed_at.is_not(None), Ticket.anonymised_at.is_(None))
        .where(Ticket.legal_hold.is_(False))
        .order_by(Ticket.closed_at, Ticket.id)
    )


def _last_closed_on(work: Work, kind: Kind, until: date) -> date:
    # Tickets that were closed on this day or before have had their months on the day `until`.
    return add_months(until, -work.settings.retention_months[kind])
