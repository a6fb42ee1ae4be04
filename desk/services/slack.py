"""Tells the team's Slack channel what happened to a ticket; nothing about the person ever goes there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import requests

from desk.application import Work
from desk.services import letters, outbox
from desk.services.delivery import DeliveryFailed
from desk.storage.models import Ticket

CHANNEL = "slack"
_TIMEOUT_SECONDS = 10
_TOO_MANY = 429
_REQUEST_TIMEOUT = 408


def notify(work: Work, ticket: Ticket, event: str, *, once_key: str | None = None, extra: str = "") -> None:
    """Put a notice about a ticket into the outbox, when a webhook is set."""
    if work.settings.slack_webhook_url is None:
        return
    payload = {"text": notice(work, ticket, event, extra)}
    outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id, once_key=once_key)


def notice(work: Work, ticket: Ticket, event: str, extra: str = "") -> str:
    """Write a notice from reference, kind, language, due date and address in the desk, and from nothing else."""
    parts = [
        f"{letters.word('slack', event, 'en')}: <{work.settings.ticket_url(ticket.reference)}|{ticket.reference}>",
        letters.word("kinds", ticket.kind.value, "en"),
        letters.word("languages", ticket.language, "en"),
        f"{letters.word('slack', 'due', 'en')} {letters.long_date(ticket.due_on, 'en')}",
    ]
    return " · ".join([*parts, extra] if extra else parts)


def deliver(webhook_url: str | None, payload: dict[str, Any]) -> None:
    """Post a notice; raise DeliveryFailed with what to do about it."""
    if webhook_url is None:
        raise DeliveryFailed("SLACK_WEBHOOK_URL is not set any more.", permanent=True)
    try:
        response = requests.post(webhook_url, json=payload, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        # The address of a webhook is a secret, and requests puts it into its messages.
        raise DeliveryFailed(f"Slack cannot be reached ({type(error).__name__}).") from None
    if response.ok:
        return
    message = f"Slack answered {response.status_code}."
    if response.status_code == _TOO_MANY:
        raise DeliveryFailed(message, retry_after=_retry_after(response))
    gone = 400 <= response.status_code < 500 and response.status_code != _REQUEST_TIMEOUT
    raise DeliveryFailed(message, permanent=gone)


def _retry_after(response: requests.Response) -> timedelta:
    value = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(value) if value.isdigit() else 60)
