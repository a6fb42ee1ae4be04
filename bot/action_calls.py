"""Calls an action outside of a conversation's turn, for forms and pages; also leaves a form that must not go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet
from rasa.utils.endpoints import ClientResponseError

from bot.engine import Engine

LANGUAGE = "language"


class ActionUnavailable(Exception):
    """The action server did not answer, or not in time; what it did is not known."""


@dataclass(frozen=True)
class Said:
    """A response that an action uttered: its words' name, the values for them and the fields for the channel."""

    response: str
    values: Mapping[str, Any]
    fields: Mapping[str, Any]

    def text(self, engine: Engine, language: str) -> str:
        """Return the words."""
        return str(engine.words.say(self.response, language, **self.values).get("text") or "")


@dataclass(frozen=True)
class Outcome:
    """What an action did: the slots it set and what it said."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[Said, ...] = ()


async def call_action(
    engine: Engine,
    name: str,
    conversation: str,
    channel: str,
    slots: Mapping[str, Any],
    text: str = "",
    intent: str = "inform",
    seconds: float = 2.0,
) -> Outcome:
    """Run an action for somebody who said `text`, with the given slots and no history."""
    endpoint = engine.agent.processor.action_endpoint
    body = {
        "next_action": name,
        "sender_id": conversation,
        "tracker": _tracker(conversation, channel, slots, text, intent),
    }
    try:
        answer = await asyncio.wait_for(endpoint.request(json=body), seconds)
    except (aiohttp.ClientError, asyncio.TimeoutError, ClientResponseError, ValueError) as error:
        raise ActionUnavailable(type(error).__name__) from None
    return _outcome(answer or {})


async def leave_form(engine: Engine, conversation: str) -> None:
    """End a form that was begun, and forget what it noted; the language stays."""
    agent = engine.agent
    async with agent.lock_store.lock(conversation):
        tracker = await engine.store.retrieve(conversation)
        if tracker is None or not tracker.active_loop_name:
            return
        noted = [name for name, slot in tracker.slots.items() if slot.value is not None and name != LANGUAGE]
        tracker.update(ActiveLoop(None))
        for name in dict.fromkeys([*noted, REQUESTED_SLOT]):
            tracker.update(SlotSet(name, None))
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        await engine.store.save(tracker)


async def slot_of(engine: Engine, conversation: str, name: str) -> Any:
    """Return what a conversation has noted under a name."""
    tracker = await engine.store.retrieve(conversation)
    return tracker.slots[name].value if tracker is not None and name in tracker.slots else None


def _tracker(conversation: str, channel: str, slots: Mapping[str, Any], text: str, intent: str) -> dict[str, Any]:
    language = slots.get(LANGUAGE)
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [],
        "metadata": {"language": language} if language else {},
    }
    now = time.time()
    said = {
        "event": "user",
        "timestamp": now,
        "text": text,
        "parse_data": message,
        "input_channel": channel,
        "message_id": f"call:{now}",
        "metadata": message["metadata"],
    }
    return {
        "sender_id": conversation,
        "slots": dict(slots),
        "latest_message": message,
        "latest_event_time": now,
        "latest_input_channel": channel,
        "followup_action": None,
        "paused": False,
        "events": [said],
        "active_loop": {},
        "latest_action": {},
        "latest_action_name": None,
    }


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    slots = {event["name"]: event.get("value") for event in answer.get("events") or () if event.get("event") == "slot"}
    said = tuple(_said(response) for response in answer.get("responses") or () if response.get("response"))
    return Outcome(slots, said)


def _said(response: Mapping[str, Any]) -> Said:
    known = {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
    values = {name: value for name, value in response.items() if name not in known}
    return Said(str(response["response"]), values, response.get("custom") or {})
