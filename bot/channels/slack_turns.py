"""Does what was written into the inbox: runs turns, shows what was chosen, keeps personal matters out of channels."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.action_calls import leave_form, slot_of
from bot.channels.messages import Message
from bot.channels.slack_blocks import after_choice, offer_private, post
from bot.channels.slack_form import CHANNEL
from bot.channels.slack_home import home_view
from bot.channels.slack_inbox import Inbox, Job, KnownRequest
from bot.channels.slack_words import language_of_locale, word
from bot.engine import FAILURE, Engine, Incoming
from bot.nlg import DEFAULT_LANGUAGE

logger = logging.getLogger(__name__)

LOCALE_SECONDS = 3600.0
RESPOND_SECONDS = 10.0
#: What an input field would be for that must not stand in a channel that others read.
PERSONAL = frozenset({"email", "name", "country", "reference", "confirm"})
#: Marks an answer with what it answers, for programs only.
ANSWER = "privacy_assistant_answer"
LOOKED_AT = 50
#: Where nobody may look, an answer is rather sent again than not at all.
UNREADABLE = frozenset({"missing_scope", "channel_not_found", "not_in_channel", "thread_not_found"})
#: Slack says no and would say no again: the person or the place is gone.
FINAL = frozenset(
    {
        "channel_not_found",
        "user_not_found",
        "not_in_channel",
        "is_archived",
        "message_not_found",
        "cant_update_message",
        "thread_not_found",
        "user_not_in_channel",
        "account_inactive",
        "cannot_reply_to_message",
        "edit_window_closed",
    }
)


class Turns:
    """What can be in the inbox, each by its name."""

    def __init__(self, engine: Engine, inbox: Inbox, client: AsyncWebClient) -> None:
        """Take the conversation engine, the inbox and the way to Slack."""
        self._engine = engine
        self._inbox = inbox
        self._client = client
        self._languages: dict[str, tuple[str | None, float]] = {}

    async def work(self, job: Job) -> None:
        """Do a job."""
        work = job.work
        try:
            if work["what"] == "home":
                await self.publish_home(str(work["team"]), str(work["user"]))
            elif work["what"] == "tell":
                await self._send(job, post([{"text": work["text"]}], None))
                await self.publish_home(str(work["team"]), str(work["user"]))
            elif work["what"] == "say":
                await self._say(job)
            else:
                await self._turn(job)
        except SlackApiError as error:
            if error.response.get("error") not in FINAL:
                raise
            logger.warning("Slack does not take an answer: %s.", error.response.get("error"))

    async def language_of(self, team: str, user: str) -> str | None:
        """Return the language of a person's Slack, asked once an hour."""
        known, until = self._languages.get(f"{team}:{user}", (None, 0.0))
        if until > time.monotonic():
            return known
        try:
            answer = await asyncio.wait_for(self._client.users_info(user=user, include_locale=True), 2.0)
        except (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError):
            return known
        language = language_of_locale((answer.get("user") or {}).get("locale"))
        self._languages[f"{team}:{user}"] = (language, time.monotonic() + LOCALE_SECONDS)
        return language

    async def publish_home(self, team: str, user: str) -> None:
        """Show a person the home tab as it is now."""
        language = await self.language_of(team, user) or DEFAULT_LANGUAGE
        view = await home_view(self._engine, self._inbox, f"{team}:{user}", language)
        await self._client.views_publish(user_id=user, view=view)

    async def _say(self, job: Job) -> None:
        language = await self.language_of(job.work["team"], job.work["user"])
        await self._send(job, {"text": word(str(job.work["word"]), language)})

    async def _turn(self, job: Job) -> None:
        work = job.work
        language = await self.language_of(work["team"], work["user"])
        if work.get("chosen"):
            await self._show_choice(work, language)
        if not work["text"]:
            return
        messages = await self._answered(job, language)
        if work["private"]:
            await self._note_requests(job, messages)
        elif _is_personal(messages):
            await leave_form(self._engine, job.conversation)
            await self._offer(work, language)
            return
        if messages:
            await self._send(job, post(messages, language))

    async def _answered(self, job: Job, language: str | None) -> list[Message]:
        work, messages = job.work, []
        incoming = Incoming(
            job.conversation,
            str(work["text"]),
            str(work["message_id"]),
            CHANNEL,
            language,
            work.get("title"),
            tuple(work.get("masked") or ()),
            work.get("notice_language"),
        )
        try:
            await self._engine.handle(incoming, messages.append)
        except Exception:
            if not job.is_last_attempt:
                raise
            logger.exception("A message from Slack cannot be answered.")
            return [{"text": self._engine.words.say(FAILURE, language or DEFAULT_LANGUAGE)["text"]}]
        return messages

    async def _show_choice(self, work: Mapping[str, Any], language: str | None) -> None:
        """Put what was chosen in the place of the buttons."""
        chosen = work["chosen"]
        if chosen.get("continues"):
            said = word("private_going_on", language)
        elif work["private"]:
            said = word("chosen", language, choice=chosen["title"])
        else:
            said = word("chosen_by", language, person=work["user"], choice=chosen["title"])
        changed = after_choice(chosen["blocks"], said)
        if chosen.get("response_url"):
            await self._respond(chosen["response_url"], {**changed, "replace_original": True})
            return
        try:
            await self._client.chat_update(channel=chosen["channel"], ts=chosen["ts"], **changed)
        except SlackApiError as error:
            # The answer matters more than the looks of the question.
            if error.response.get("error") not in FINAL:
                raise

    async def _respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Change a post that only one person sees; Slack's address for it is good for half an hour."""
        timeout = aiohttp.ClientTimeout(total=RESPOND_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, json=dict(body)) as answer:
            if answer.status >= 500:
                raise aiohttp.ClientResponseError(answer.request_info, (), status=answer.status)

    async def _note_requests(self, job: Job, messages: list[Message]) -> None:
        """Remember a request that was just opened, for the home tab."""
        done = [one["ticket"] for one in messages if one.get("ticket") and _is_opening(one)]
        if not done:
            return
        latest = await slot_of(self._engine, job.conversation, "latest_ticket") or {}
        for ticket in done:
            if latest.get("reference") == ticket["reference"]:
                known = KnownRequest(ticket["reference"], ticket["kind"], ticket["due"], str(latest["email"]))
                await asyncio.to_thread(self._inbox.remember_request, job.conversation, known)
        await self.publish_home(job.work["team"], job.work["user"])

    async def _offer(self, work: Mapping[str, Any], language: str | None) -> None:
        """Offer to go on in private, visible to nobody but who wrote."""
        offer = offer_private(str(work["text"]), language, work.get("title"))
        place = {"thread_ts": work["thread"]} if work.get("thread") else {}
        await self._client.chat_postEphemeral(channel=work["channel"], user=work["user"], **place, **offer)

    async def _send(self, job: Job, said: Mapping[str, Any]) -> None:
        work = job.work
        if job.attempts > 1 and await self._was_sent(job):
            return
        place = {"thread_ts": work["thread"]} if work.get("thread") else {}
        mark = {"event_type": ANSWER, "event_payload": {"job": job.id}}
        await self._client.chat_postMessage(
            channel=work["channel"], **place, **said, metadata=mark, unfurl_links=False, unfurl_media=False
        )

    async def _was_sent(self, job: Job) -> bool:
        """Tell whether the attempt before this one sent the answer and ended before it could be noted."""
        channel, since, thread = job.work["channel"], job.work.get("since"), job.work.get("thread")
        if since is None:
            return False
        where = {"channel": channel, "oldest": since, "limit": LOOKED_AT, "include_all_metadata": True}
        try:
            if thread:
                said = await self._client.conversations_replies(ts=thread, **where)
            else:
                said = await self._client.conversations_history(**where)
        except SlackApiError as error:
            if error.response.get("error") not in UNREADABLE:
                raise
            return False
        payloads = [(one.get("metadata") or {}).get("event_payload") or {} for one in said["messages"]]
        return any(payload.get("job") == job.id for payload in payloads)


def _is_personal(messages: list[Message]) -> bool:
    """Tell whether a turn asks for something that others should not read."""
    for message in messages:
        if (message.get("flow") or {}).get("status") == "open" or message.get("expects") in PERSONAL:
            return True
        if message.get("ticket"):
            return True
    return False


def _is_opening(message: Message) -> bool:
    flow = message.get("flow") or {}
    return flow.get("status") == "done" and flow.get("step") == "confirmed"
