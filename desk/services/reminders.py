"""Reminds the team of tickets before they are due, on the day and after, once for each ticket, due date and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from desk.application import Work
from desk.services import letters, mail, slack
from desk.storage.models import Ticket, User

_MOST_AT_ONCE = 500


def remind(work: Work) -> int:
    """Put today's reminders into the outbox; calling it again adds none."""
    return sum(_remind_of_day(work, days) for days in sorted(set(work.settings.reminder_days)))


def due_in(work: Work, days: int) -> Sequence[Ticket]:
    """Find open tickets that are due in so many days; negative ones were due already."""
    day = work.today + timedelta(days=days)
    statement = select(Ticket).where(Ticket.open, Ticket.queue_on == day).order_by(Ticket.id)
    return work.session.scalars(statement.limit(_MOST_AT_ONCE)).all()


def when(days: int, language: str) -> str:
    """Say how far a due date is away."""
    if days < 0:
        return letters.word("due_words", "over", language)
    name = {0: "today", 1: "tomorrow"}.get(days, "ahead")
    return letters.fill(letters.word("due_words", name, language), {"days": str(days)})


def _remind_of_day(work: Work, days: int) -> int:
    sent = 0
    for ticket in due_in(work, days):
        key = f"reminder:{ticket.id}:{ticket.due_on.isoformat()}:{days}"
        sent += _mail(work, ticket, days, key)
        slack.notify(work, ticket, "reminder", once_key=f"slack-{key}", extra=when(days, "en"))
    return sent


def _mail(work: Work, ticket: Ticket, days: int, key: str) -> int:
    assignee = work.session.get(User, ticket.assignee_id) if ticket.assignee_id else None
    active = assignee if assignee is not None and assignee.active else None
    address = active.email if active else work.settings.team_mail
    if address is None:
        return 0
    language = active.language if active else "de"
    values = {
        "reference": ticket.reference,
        "kind": letters.word("kinds", ticket.kind.value, language),
        "when": when(days, language),
        "due": letters.long_date(ticket.due_on, language),
        "link": work.settings.ticket_url(ticket.reference),
    }
    queued = mail.send_to_staff(work, address, "reminder", language, values, ticket_id=ticket.id, once_key=key)
    return int(queued is not None)
