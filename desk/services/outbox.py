"""The outbox: messages are written in the transaction they tell of and leave later, never lost and hardly ever twice.

A worker leases a few messages, sends them one by one and ticks each off right after sending. When it is killed in
between, the lease runs out and another one takes over. Only a crash in the moment between sending and ticking off
sends twice, and then with the same message id, so that mailboxes which look at it show it once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update

from desk.application import Work
from desk.domain.errors import NotFound
from desk.storage.crypto import Unreadable, new_token
from desk.storage.models import OutboxMessage
from desk.storage.upsert import add_row_once

_FIRST_DELAY = timedelta(seconds=15)
_LONGEST_DELAY = timedelta(hours=6)
_KEPT_AFTER_SENDING = timedelta(days=30)


@dataclass(frozen=True)
class Message:
    """A message that this worker holds the lease of."""

    id: int
    channel: str
    ticket_id: int | None
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    lease: str


@dataclass(frozen=True)
class OutboxStatus:
    """How the outbox stands, for the desk's pages, metrics and health."""

    waiting: int
    failing: int
    dead: int
    oldest_waiting: datetime | None


def enqueue(
    work: Work,
    channel: str,
    payload: dict[str, Any],
    *,
    ticket_id: int | None = None,
    once_key: str | None = None,
    available_at: datetime | None = None,
) -> int | None:
    """Put a message into the outbox; None when one with the same key was put there before."""
    values = {
        "channel": channel,
        "payload": payload,
        "ticket_id": ticket_id,
        "once_key": once_key,
        "created_at": work.now,
        "available_at": available_at or work.now,
        "attempts": 0,
    }
    return add_row_once(work.session, OutboxMessage, values)


def claim(work: Work, limit: int) -> list[Message]:
    """Lease the messages that have waited longest; nobody else gets them until the lease runs out."""
    lease = new_token()
    due = (
        select(OutboxMessage.id)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None))
        .where(OutboxMessage.available_at <= work.now)
        .order_by(OutboxMessage.available_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = work.session.scalars(due).all()
    if not ids:
        return []
    until = work.now + timedelta(seconds=work.settings.outbox_lease_seconds)
    # A leased message becomes available again when its lease ends, so one indexed column answers for both.
    work.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(lease=lease, leased_until=until, available_at=until, attempts=OutboxMessage.attempts + 1)
    )
    found = (_message(work, number, lease) for number in sorted(ids))
    return [message for message in found if message is not None]


def anything_due(work: Work) -> bool:
    """Tell whether a message waits that could be sent now; works in `desk.read()`."""
    statement = select(OutboxMessage.id).where(OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None))
    return work.session.scalar(statement.where(OutboxMessage.available_at <= work.now).limit(1)) is not None


def _message(work: Work, message_id: int, lease: str) -> Message | None:
    columns = (OutboxMessage.channel, OutboxMessage.ticket_id, OutboxMessage.attempts, OutboxMessage.created_at)
    row = work.session.execute(select(*columns).where(OutboxMessage.id == message_id)).one()
    found = Message(message_id, row.channel, row.ticket_id, {}, row.attempts, row.created_at, lease)
    try:
        payload = work.session.scalar(select(OutboxMessage.payload).where(OutboxMessage.id == message_id))
    except Unreadable as error:
        # One message that cannot be read must not keep all others from leaving.
        mark_failed(work, found, str(error), permanent=True)
        return None
    return replace(found, payload=payload or {})


def still_ours(work: Work, message: Message) -> bool:
    """Prolong the lease right before sending; False when somebody else has taken the message over."""
    until = work.now + timedelta(seconds=work.settings.outbox_lease_seconds)
    return _change(work, message, leased_until=until, available_at=until)


def mark_sent(work: Work, message: Message) -> bool:
    """Tick a message off and forget what it said; the sent mail is in the ticket's correspondence."""
    return _change(work, message, sent_at=work.now, payload=None, lease=None, leased_until=None, last_error=None)


def mark_failed(
    work: Work, message: Message, error: str, *, permanent: bool = False, retry_after: timedelta | None = None
) -> bool:
    """Note why sending failed; try again later, or give up visibly."""
    if permanent or message.attempts >= work.settings.outbox_attempts:
        work.record("outbox.gave-up", message.ticket_id, message=message.id, channel=message.channel)
        return _change(work, message, dead_at=work.now, lease=None, leased_until=None, last_error=error[:300])
    available_at = work.now + (retry_after or delay_after(message.attempts))
    return _change(work, message, available_at=available_at, lease=None, leased_until=None, last_error=error[:300])


def delay_after(attempts: int) -> timedelta:
    """Give the pause after a number of failed attempts: twice as long each time, a little random, six hours at most."""
    longest = min(_FIRST_DELAY * 2 ** (attempts - 1), _LONGEST_DELAY)
    return timedelta(seconds=longest.total_seconds() * random.uniform(0.8, 1.0))


def dead_letters(work: Work, limit: int = 100) -> Sequence[OutboxMessage]:
    """List messages that were given up, newest first."""
    statement = select(OutboxMessage).where(OutboxMessage.dead_at.is_not(None)).order_by(OutboxMessage.dead_at.desc())
    return work.session.scalars(statement.limit(limit)).all()


def revive(work: Work, message_id: int) -> None:
    """Send a message that was given up after all."""
    message = work.session.get(OutboxMessage, message_id)
    if message is None or message.dead_at is None:
        raise NotFound(f"No message {message_id} was given up.")
    message.dead_at, message.attempts, message.available_at = None, 0, work.now
    work.record("outbox.revived", message.ticket_id, message=message_id)


def status(work: Work) -> OutboxStatus:
    """Count what waits, what failed at least once and what was given up."""
    waiting = (OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None))
    row = work.session.execute(
        select(func.count(), func.count(OutboxMessage.last_error), func.min(OutboxMessage.created_at)).where(*waiting)
    ).one()
    dead = work.session.scalar(select(func.count()).where(OutboxMessage.dead_at.is_not(None))) or 0
    return OutboxStatus(waiting=row[0], failing=row[1], dead=dead, oldest_waiting=row[2])


def forget_sent(work: Work) -> int:
    """Remove rows of messages that were sent a while ago; their keys against doubling are not needed any more."""
    statement = delete(OutboxMessage).where(OutboxMessage.sent_at < work.now - _KEPT_AFTER_SENDING)
    return _rows(work.session.execute(statement))


def _change(work: Work, message: Message, **values: Any) -> bool:
    statement = update(OutboxMessage).where(OutboxMessage.id == message.id, OutboxMessage.lease == message.lease)
    return _rows(work.session.execute(statement.values(**values))) == 1


def _rows(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
