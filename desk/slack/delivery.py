"""Brings to the team's channel what the outbox holds for it; every post is made from the ticket as it is now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, ServerErrorRetryHandler

from desk.application import WORKER, Desk
from desk.services import facts, letters, queue, reminders
from desk.services.delivery import DeliveryFailed
from desk.services.outbox import Message
from desk.settings import Settings
from desk.slack.posts import TicketFacts, digest_post, facts_of, ticket_post, word
from desk.storage.models import Fact, Ticket

CHANNEL = "slack-team"
_TIMEOUT_SECONDS = 10
_RETRIES = 2
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
#: Sending the same again would end the same way; everything else may be put right in Slack or in the settings.
_HOPELESS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "invalid_arguments"})


def client_of(settings: Settings) -> WebClient:
    """Give the way to Slack. Rate limits are left to the outbox, which can wait without holding up the mail."""
    return WebClient(
        settings.slack_team_bot_token,
        base_url=settings.slack_team_api_url,
        timeout=_TIMEOUT_SECONDS,
        retry_handlers=[
            ConnectionErrorRetryHandler(max_retry_count=_RETRIES),
            ServerErrorRetryHandler(max_retry_count=_RETRIES),
        ],
    )


def deliver(desk: Desk, message: Message) -> None:
    """Send one message of the outbox; raise DeliveryFailed with what to do about it."""
    if not desk.settings.slack_team_is_on:
        raise DeliveryFailed("SLACK_TEAM_BOT_TOKEN or SLACK_TEAM_CHANNEL is not set any more.", permanent=True)
    try:
        Team(desk).send(message)
    except SlackApiError as error:
        raise _failure(error) from None
    except OSError as error:
        raise DeliveryFailed(f"Slack cannot be reached ({type(error).__name__}).") from None


class Team:
    """The team's channel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._client = client_of(desk.settings)
        self._channel = desk.settings.slack_team_channel or ""
        self._language = desk.settings.slack_team_language

    def send(self, message: Message) -> None:
        """Do what a message asks for."""
        payload = message.payload
        if payload["do"] == "digest":
            self._digest(message.created_at)
            return
        found = self._facts(message.ticket_id)
        if found is None:
            return
        if payload["do"] == "refresh":
            thread = self._show(found, message.ticket_id)
            for line in payload["lines"]:
                if line != "opened":
                    self._say(thread, word(f"line_{line}", self._language, **self._due(found)))
        elif found.is_open:
            thread = self._known(message.ticket_id) or self._show(found, message.ticket_id)
            self._say(thread, self._reminder(found, payload))

    def _reminder(self, found: TicketFacts, payload: dict[str, Any]) -> str:
        if payload["do"] == "nudge":
            who = {"who": str(payload["slack_user"]), "reference": found.reference}
            return word("nudge", self._language, **who, **self._due(found))
        when = reminders.when(int(payload["days"]), self._language)
        return word("reminder", self._language, when=when, **self._due(found))

    def _due(self, found: TicketFacts) -> dict[str, str]:
        return {"due": letters.long_date(found.due, self._language)}

    def _show(self, found: TicketFacts, ticket_id: int | None) -> str:
        """Edit the ticket's post, or make it; give its name."""
        post, known = ticket_post(found, self._language), self._known(ticket_id)
        if known is not None:
            try:
                self._client.chat_update(channel=self._channel, ts=known, **post)
                return known
            except SlackApiError as error:
                if error.response.get("error") not in _GONE:
                    raise
        answer = self._client.chat_postMessage(channel=self._channel, unfurl_links=False, **post)
        with self._desk.work(WORKER) as work:
            facts.remember(work, _name(ticket_id), f"{self._channel}:{answer['ts']}")
        return str(answer["ts"])

    def _say(self, thread: str, text: str) -> None:
        self._client.chat_postMessage(channel=self._channel, thread_ts=thread, text=text)

    def _digest(self, morning: datetime) -> None:
        """List what was overdue that morning and still is open."""
        with self._desk.read(morning) as work:
            overdue = queue.view(work, "overdue")
            shown = [facts_of(work, ticket) for ticket in queue.page(work, overdue).tickets]
            count = queue.count(work, overdue)
        if shown:
            self._client.chat_postMessage(channel=self._channel, **digest_post(shown, count, self._language))

    def _facts(self, ticket_id: int | None) -> TicketFacts | None:
        with self._desk.read() as work:
            ticket = work.session.get(Ticket, ticket_id) if ticket_id is not None else None
            return facts_of(work, ticket) if ticket is not None else None

    def _known(self, ticket_id: int | None) -> str | None:
        """Give the name of the ticket's post in this channel; another channel's is none."""
        with self._desk.read() as work:
            fact = work.session.get(Fact, _name(ticket_id))
        channel, _, ts = fact.value.partition(":") if fact else ("", "", "")
        return ts if channel == self._channel else None


def _name(ticket_id: int | None) -> str:
    return f"slack-post:{ticket_id}"


def _failure(error: SlackApiError) -> DeliveryFailed:
    code = str(error.response.get("error") or "unknown")
    if error.response.status_code == 429 or code == "ratelimited":
        wait = str(error.response.headers.get("Retry-After") or "")
        seconds = int(wait) if wait.isdigit() else 60
        return DeliveryFailed("Slack asks to wait.", retry_after=timedelta(seconds=seconds))
    return DeliveryFailed(f"Slack answered {code}.", permanent=code in _HOPELESS)
