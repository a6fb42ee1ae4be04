"""Empties the outbox: takes messages under a lease, sends each its own way and ticks it off."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import undefer

from desk.application import WORKER, Desk
from desk.services import mail, outbox, slack, webhooks
from desk.services.delivery import DeliveryFailed
from desk.services.outbox import Message
from desk.slack import delivery as team
from desk.storage.models import Attachment, Webhook

_LOG = logging.getLogger(__name__)
_BATCH = 20


def send_waiting(desk: Desk) -> int:
    """Send what is due now, one batch; gives how many messages were looked at."""
    with desk.read() as work:
        if not outbox.anything_due(work):
            # Looking costs nothing, while claiming takes the write lock away from those who open tickets.
            return 0
    with desk.work(WORKER) as work:
        messages = outbox.claim(work, _BATCH)
    for message in messages:
        _send_one(desk, message)
    return len(messages)


def _send_one(desk: Desk, message: Message) -> None:
    with desk.work(WORKER) as work:
        if not outbox.still_ours(work, message):
            return
    try:
        _deliver(desk, message)
    except DeliveryFailed as failure:
        _LOG.warning("Message %d by %s did not leave: %s", message.id, message.channel, failure)
        with desk.work(WORKER) as work:
            outbox.mark_failed(
                work, message, str(failure), permanent=failure.permanent, retry_after=failure.retry_after
            )
        return
    with desk.work(WORKER) as work:
        outbox.mark_sent(work, message)


def _deliver(desk: Desk, message: Message) -> None:
    if message.channel == mail.CHANNEL:
        mail.deliver(desk.settings, message, _attachments(desk, message))
    elif message.channel == slack.CHANNEL:
        slack.deliver(desk.settings.slack_webhook_url, message.payload)
    elif message.channel == team.CHANNEL:
        team.deliver(desk, message)
    elif message.channel == webhooks.CHANNEL:
        _deliver_webhook(desk, message)
    else:
        raise DeliveryFailed(f"Nothing here sends by {message.channel}.", permanent=True)


def _deliver_webhook(desk: Desk, message: Message) -> None:
    with desk.read() as work:
        hook = work.session.get(Webhook, message.payload["webhook_id"])
        timestamp = str(int(work.now.timestamp()))
    webhooks.deliver(hook, message.id, timestamp, message.payload)


def _attachments(desk: Desk, message: Message) -> list[Attachment]:
    ids = message.payload.get("attachments") or []
    if not ids:
        return []
    with desk.read() as work:
        statement = select(Attachment).where(Attachment.id.in_(ids), Attachment.ticket_id == message.ticket_id)
        found = list(work.session.scalars(statement.options(undefer(Attachment.content))))
    if len(found) != len(ids):
        # A letter that speaks of a file must not leave without it.
        raise DeliveryFailed("A file of this mail is gone.", permanent=True)
    return found
