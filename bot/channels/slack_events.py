"""Decides what a delivery from Slack is about, and writes it into the inbox masked; nothing here takes long."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.errors import ChannelError
from bot.channels.slack_blocks import CONTINUE
from bot.channels.slack_inbox import Inbox
from bot.channels.slack_markup import unwrapped
from bot.channels.texts import cleaned
from bot.guard import mask
from bot.nlg import DEFAULT_LANGUAGE

logger = logging.getLogger(__name__)

#: Kinds of messages that a person wrote; every other subtype is Slack's own bookkeeping.
WRITTEN_BY_PEOPLE = frozenset({None, "file_share", "thread_broadcast", "me_message"})
LONGEST_ID = 200

Body = Mapping[str, Any]
LanguageOf = Callable[[str, str], Awaitable[str | None]]


class Arrivals:
    """Takes deliveries; each method tells whether there is something to do now."""

    def __init__(self, inbox: Inbox, client: AsyncWebClient, language_of: LanguageOf) -> None:
        """Take where deliveries are written down, and whom to ask who we are and what people speak."""
        self._inbox = inbox
        self._client = client
        self._language_of = language_of
        self._own_user: str | None = None

    async def event(self, body: Body) -> bool:
        """Take an event."""
        event = body["event"]
        kind = event.get("type")
        if kind == "app_home_opened" and event.get("tab", "home") == "home":
            return await self._home(body)
        if kind not in {"message", "app_mention"} or not _is_from_a_person(event):
            return False
        return await self._message(body, event)

    async def click(self, body: Body) -> bool:
        """Take a pressed button or a choice from a menu; the second one on the same post does nothing."""
        container = body.get("container") or {}
        action = body["actions"][0]
        if container.get("type") != "message" or action.get("url"):
            return False
        channel, ts = str(container["channel_id"]), str(container["message_ts"])
        title, value = _chosen(action)
        work = self._place(str(body["team"]["id"]), str(body["user"]["id"]), channel, _thread_of(body, container))
        work |= {"text": value, "title": title, "message_id": f"slack:click:{channel}:{ts}", "since": ts}
        original = (body.get("message") or {}).get("blocks") or []
        work["chosen"] = {"title": title, "channel": channel, "ts": ts, "blocks": original}
        if container.get("is_ephemeral"):
            work["chosen"]["response_url"] = body.get("response_url")
        if action.get("action_id") == CONTINUE:
            work = self._continued(work, value)
        return await self._put([f"click:{channel}:{ts}"], ts, work)

    async def opened(self, body: Body, text: str) -> bool:
        """Repeat in the conversation what the form said, and bring the home tab up to date."""
        team, user = str(body["team"]["id"]), str(body["user"]["id"])
        view = str(body["view"].get("root_view_id") or body["view"].get("id"))
        work = {**self._place(team, user, user, None), "what": "tell", "text": text}
        return await self._put([f"form:{view}"], view, work)

    async def _home(self, body: Body) -> bool:
        team, user = str(body.get("team_id")), str(body["event"]["user"])
        work = {**self._place(team, user, user, None), "what": "home"}
        return await self._put([f"event:{body['event_id']}"], str(body["event_id"]), work)

    async def _message(self, body: Body, event: Mapping[str, Any]) -> bool:
        team = str(event.get("team") or body.get("team_id"))
        channel, ts, thread = str(event["channel"]), str(event["ts"]), event.get("thread_ts")
        own = await self._own()
        private = _is_private(channel, event)
        if not private and not await self._is_for_us(event, own, f"{team}:{channel}:{thread}"):
            return False
        work = self._place(team, str(event["user"]), channel, thread if private else thread or ts)
        conversation = _conversation(work)
        work |= {"message_id": f"slack:{channel}:{ts}"[:LONGEST_ID], "since": ts}
        work |= await self._text(str(event.get("text") or ""), own, team, work["user"])
        names = [f"event:{body['event_id']}", f"message:{team}:{channel}:{ts}"]
        if not private:
            await asyncio.to_thread(self._inbox.own_thread, conversation)
        return await self._put(names, ts, work)

    async def _is_for_us(self, event: Mapping[str, Any], own: str | None, conversation: str) -> bool:
        """Tell whether a message in a channel is meant for the assistant: it is mentioned, or the thread is its own."""
        if event.get("type") == "app_mention" or (own is not None and f"<@{own}" in str(event.get("text") or "")):
            return True
        return bool(event.get("thread_ts")) and await asyncio.to_thread(self._inbox.owns_thread, conversation)

    async def _text(self, written: str, own: str | None, team: str, user: str) -> dict[str, Any]:
        """Return the text as typed, without numbers nobody should send; they are not even kept until the turn."""
        try:
            text = cleaned(unwrapped(written, own))
        except ChannelError as error:
            return {"what": "say", "word": "too_long" if error.code == "text_too_long" else "no_text", "text": ""}
        if not mask(text, DEFAULT_LANGUAGE).kinds:
            return {"text": text}
        language = await self._language_of(team, user) or DEFAULT_LANGUAGE
        masked = mask(text, language)
        return {"text": masked.text, "masked": list(masked.kinds), "notice_language": language}

    def _place(self, team: str, user: str, channel: str, thread: str | None) -> dict[str, Any]:
        private = channel.startswith(("D", "U", "W"))
        return {"what": "turn", "team": team, "user": user, "channel": channel, "thread": thread, "private": private}

    def _continued(self, work: Mapping[str, Any], value: str) -> dict[str, Any]:
        """Return the turn that goes on in private with what was wanted in the channel."""
        try:
            wanted = json.loads(value)
        except ValueError:
            wanted = {"text": "", "title": None}
        chosen = {**work["chosen"], "continues": True}
        wanted_text = str(wanted.get("text") or "")
        moved = {**work, "channel": work["user"], "thread": None, "since": None, "private": True, "chosen": chosen}
        return {**moved, "text": wanted_text, "title": wanted.get("title")}

    async def _put(self, names: list[str], place: str, work: Mapping[str, Any]) -> bool:
        return await asyncio.to_thread(self._inbox.put, names, _conversation(work), place, work)

    async def _own(self) -> str | None:
        """Return our own user, by which mentions are known; without Slack's answer only app_mention tells."""
        if self._own_user is None:
            try:
                answer = await asyncio.wait_for(self._client.auth_test(), 1.0)
                self._own_user = str(answer["user_id"])
            except (SlackApiError, asyncio.TimeoutError, OSError) as error:
                logger.warning("Slack does not say who we are (%s).", type(error).__name__)
        return self._own_user


def _conversation(work: Mapping[str, Any]) -> str:
    if work["private"]:
        return f"{work['team']}:{work['user']}"
    return f"{work['team']}:{work['channel']}:{work['thread']}"


def _is_from_a_person(event: Mapping[str, Any]) -> bool:
    own_or_other_app = event.get("bot_id") or (event.get("app_id") and not event.get("user"))
    return bool(event.get("user")) and not own_or_other_app and event.get("subtype") in WRITTEN_BY_PEOPLE


def _is_private(channel: str, event: Mapping[str, Any]) -> bool:
    """Tell whether nobody else reads along; a group's direct message is not such a place."""
    return channel.startswith("D") and event.get("channel_type", "im") == "im"


def _thread_of(body: Body, container: Mapping[str, Any]) -> str | None:
    message = body.get("message") or {}
    thread = message.get("thread_ts") or container.get("thread_ts")
    if str(container["channel_id"]).startswith("D"):
        return str(thread) if thread else None
    return str(thread or container["message_ts"])


def _chosen(action: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the button says and what it stands for."""
    option = action.get("selected_option")
    if option is not None:
        return str(option["text"]["text"]), str(option["value"])
    return str((action.get("text") or {}).get("text") or ""), str(action.get("value") or "")
