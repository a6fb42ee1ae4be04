"""Outgoing webhooks: other systems are told of changes, signed, through the outbox like everything else."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import select

from desk.application import Work
from desk.domain.errors import InvalidInput, NotFound
from desk.services import outbox
from desk.services.delivery import DeliveryFailed
from desk.storage.crypto import new_token
from desk.storage.models import Ticket, Webhook
from desk.storage.upsert import table_of

CHANNEL = "webhook"
EVENTS = (
    "ticket.opened",
    "ticket.state-changed",
    "ticket.assigned",
    "ticket.extended",
    "ticket.reopened",
    "ticket.withdrawn",
    "ticket.added",
    "ticket.escalated",
    "ticket.anonymised",
)
_TIMEOUT_SECONDS = 10
_TABLE = table_of(Webhook)
_ACTIVE = select(_TABLE.c.id, _TABLE.c.events).where(_TABLE.c.active)
_RETRIED = frozenset({408, 425, 429})


def announce(work: Work, event: str, ticket: Ticket) -> None:
    """Tell every system that listens to this event; the notice says what changed and nothing about the person."""
    for webhook_id in listening(work, event):
        payload = {
            "webhook_id": webhook_id,
            "body": {
                "event": event,
                "at": work.now.isoformat(),
                "ticket": {
                    "reference": ticket.reference,
                    "kind": ticket.kind.value,
                    "state": ticket.state.value,
                    "language": ticket.language,
                    "due": ticket.due_on.isoformat(),
                    "escalated": ticket.escalated,
                },
            },
        }
        outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id)


def listening(work: Work, event: str) -> list[int]:
    """Find the active webhooks that want an event."""
    return [hook.id for hook in work.session.connection().execute(_ACTIVE) if event in hook.events]


def all_webhooks(work: Work) -> Sequence[Webhook]:
    """List all webhooks."""
    return work.session.scalars(select(Webhook).order_by(Webhook.id)).all()


def add_webhook(work: Work, url: str, events: Sequence[str]) -> tuple[Webhook, str]:
    """Add a webhook and give the secret that its signatures are made with; it is shown this once."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 500:
        raise InvalidInput("A webhook needs an address that starts with https:// or http://.")
    unknown = sorted(set(events) - set(EVENTS))
    if unknown or not events:
        raise InvalidInput(f"A webhook needs events out of {', '.join(EVENTS)}.")
    if work.session.scalar(select(Webhook.id).where(Webhook.url == url)) is not None:
        raise InvalidInput("There is a webhook with this address already.")
    secret = new_token()
    hook = Webhook(url=url, secret=secret, events=list(events), created_by=work.user_id, created_at=work.now)
    work.session.add(hook)
    work.session.flush()
    work.record("webhook.added", None, webhook=hook.id)
    return hook, secret


def remove_webhook(work: Work, webhook_id: int) -> None:
    """Stop telling a system; what waits for it in the outbox is given up when its turn comes."""
    hook = work.session.get(Webhook, webhook_id)
    if hook is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    work.session.delete(hook)
    work.record("webhook.removed", None, webhook=webhook_id)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a notice; the time is signed too, so that an old notice cannot be played again."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver(hook: Webhook | None, message_id: int, timestamp: str, payload: dict[str, Any]) -> None:
    """Post a notice; raise DeliveryFailed with what to do about it."""
    if hook is None or not hook.active:
        raise DeliveryFailed("This webhook was removed.", permanent=True)
    body = json.dumps(payload["body"], ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": str(message_id),
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": signature(hook.secret, timestamp, body),
    }
    try:
        response = requests.post(hook.url, data=body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise DeliveryFailed(f"The webhook cannot be reached ({type(error).__name__}).") from None
    if response.ok and not response.is_redirect:
        return
    wrong = 300 <= response.status_code < 500 and response.status_code not in _RETRIED
    raise DeliveryFailed(f"The webhook answered {response.status_code}.", permanent=wrong)
