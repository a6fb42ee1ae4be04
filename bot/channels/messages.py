"""Shapes what Rasa says into the Message objects of the contract, the same live as in the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.nlg import FIELDS

Message = dict[str, Any]

# Everything a message may carry beside its text, in the order of the contract.
OPTIONAL = ("buttons", "source", "suggestions", "flow", "ticket", "authority", "expects")


def rendered(response: Mapping[str, Any]) -> list[Message]:
    """Return the messages, still without ids, that a response of Rasa stands for."""
    custom = response.get("custom") or {}
    several = custom.get("messages")
    if several:
        return [_message(part) for part in several]
    parts: Message = {"text": response.get("text") or "", "buttons": response.get("buttons") or []}
    return [_message({**parts, **(response.get(FIELDS) or {}), **custom})]


def identified(messages: list[Message], turn: str, first: int) -> list[Message]:
    """Give each message an id that a repeated request and the history show again."""
    return [{"id": f"{turn}:{number}", **message} for number, message in enumerate(messages, first)]


def of_stored_reply(event: Mapping[str, Any]) -> list[Message]:
    """Return the messages of a stored response."""
    data, metadata = event.get("data") or {}, event.get("metadata") or {}
    return rendered({**data, **metadata, "text": event.get("text")})


def _message(parts: Mapping[str, Any]) -> Message:
    message: Message = {"text": str(parts.get("text") or "")}
    for name in OPTIONAL:
        value = parts.get(name)
        if value:
            message[name] = _buttons(value) if name == "buttons" else value
    if "flow" in message:
        message["flow"] = {"status": "open", **message["flow"]}
    return message


def _buttons(buttons: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"title": str(button.get("title", "")), "payload": str(button.get("payload", ""))} for button in buttons]
