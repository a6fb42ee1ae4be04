"""Reads which earlier answer somebody wants to change, and to what when they say so at once."""

from __future__ import annotations

import re

from actions.reading.message import Message
from actions.reading.spelling import folded
from actions.reading.words import pattern

FIELDS = ("description", "relationship", "email", "name", "country")

_FIELD = {name: pattern(f"field-{name}") for name in ("email", "name", "country", "relationship", "description")}
_REFUSAL = re.compile(
    r"^\s*(?:nein|nee|nö|no|nope|halt|stopp?|moment|sorry|entschuldigung|oh|ups|oops|wait)\b", re.IGNORECASE
)
LONGEST_CORRECTION_IN_WORDS = 16


def field_to_change(message: Message) -> str | None:
    """Return the earlier answer that a message wants changed, from a button or in words."""
    chosen = message.choice.get("field")
    if chosen in FIELDS:
        return chosen
    if message.is_button or len(message.words) > LONGEST_CORRECTION_IN_WORDS:
        return None
    plain = folded(message.text)
    asks_for_change = (
        bool(pattern("change").search(plain)) or bool(_REFUSAL.match(message.text)) or message.intent == "correct"
    )
    return named_field(plain) if asks_for_change else None


def named_field(text: str) -> str | None:
    """Return which answer a text names, as in "the e-mail"."""
    plain = folded(text)
    return next((name for name, words in _FIELD.items() if words.search(plain)), None)


def refuses(text: str) -> bool:
    """Tell whether a message begins by saying that something is wrong."""
    return bool(_REFUSAL.match(text))
