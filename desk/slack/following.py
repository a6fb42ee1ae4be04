"""Follows what happens to tickets: reads on in the audit trail and puts what Slack should show into the outbox.

The trail has an entry for every change, in the order of the commits. Reading on from where the last look ended, and
noting both in one transaction, no change is missed and none is sent twice, whoever made it and from wherever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from desk.application import Work
from desk.services import facts, outbox, queue, reminders
from desk.slack.delivery import CHANNEL
from desk.storage.models import AuditEntry, Fact, Ticket

_FOLLOWED = "slack-team-followed"
_MOST_AT_ONCE = 500
#: Entries that are worth a line in the ticket's thread; everything else only changes the post.
_LINES: Mapping[str, str] = {
    "ticket.opened": "opened",
    "ticket.added": "added",
    "ticket.escalated": "escalated",
    "ticket.extended": "extended",
}


def follow(work: Work) -> int:
    """Put a refresh into the outbox for every ticket that changed; gives how many."""
    if not work.settings.slack_team_is_on:
        return 0
    seen = _seen(work)
    if seen is None:
        # Where Slack is switched on for a desk that has been working, its past is not told again.
        facts.remember(work, _FOLLOWED, str(_end(work)))
        return 0
    statement = select(AuditEntry).where(AuditEntry.sequence > seen).order_by(AuditEntry.sequence)
    entries = work.session.scalars(statement.limit(_MOST_AT_ONCE)).all()
    if not entries:
        return 0
    changed: dict[int, list[str]] = {}
    for entry in entries:
        if entry.ticket_id is not None and entry.action.startswith("ticket."):
            lines = changed.setdefault(entry.ticket_id, [])
            lines.extend([line] if (line := _line(entry)) else [])
    for ticket_id, lines in changed.items():
        if work.session.get(Ticket, ticket_id) is not None:
            payload = {"do": "refresh", "lines": list(dict.fromkeys(lines))}
            outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket_id)
    facts.remember(work, _FOLLOWED, str(entries[-1].sequence))
    return len(changed)


def anything_new(work: Work) -> bool:
    """Tell whether there is something to follow, without taking the write lock; works in `desk.read()`."""
    seen = _seen(work)
    return seen is None or _end(work) > seen


def remind(work: Work) -> int:
    """Put today's reminders into the outbox, once for each ticket, due date and day."""
    if not work.settings.slack_team_is_on:
        return 0
    sent = 0
    for days in sorted(set(work.settings.reminder_days)):
        for ticket in reminders.due_in(work, days):
            key = f"slack-team-reminder:{ticket.id}:{ticket.due_on.isoformat()}:{days}"
            payload = {"do": "remind", "days": days}
            sent += outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id, once_key=key) is not None
    return sent


def digest(work: Work) -> bool:
    """Put the morning's list of overdue tickets into the outbox, once on every working day that has any."""
    if not work.settings.slack_team_is_on or not work.desk.calendar.is_working_day(work.today):
        return False
    if work.now < morning_of(work, work.now):
        return False
    if not queue.count(work, queue.view(work, "overdue"), at_most=1):
        return False
    key = f"slack-team-digest:{work.today.isoformat()}"
    return outbox.enqueue(work, CHANNEL, {"do": "digest"}, once_key=key) is not None


def morning_of(work: Work, moment: datetime, days: int = 0) -> datetime:
    """Give the time of the digest, at the place of the desk, on the day of a moment or some days later."""
    day = work.desk.calendar.day_of(moment) + timedelta(days=days)
    return datetime.combine(day, work.settings.slack_team_digest, work.settings.timezone)


def _line(entry: AuditEntry) -> str | None:
    if entry.action == "ticket.state-changed" and json.loads(entry.details).get("after") == "reopened":
        return "reopened"
    return _LINES.get(entry.action)


def _seen(work: Work) -> int | None:
    fact = work.session.get(Fact, _FOLLOWED, populate_existing=True)
    return int(fact.value) if fact else None


def _end(work: Work) -> int:
    return work.session.scalar(select(func.max(AuditEntry.sequence))) or 0
