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
LONGEST_LOOSE_CORRECTION_IN_WORDS = 7


def field_to_change(message: Message) -> str | None:
    """Return the earlier answer that a message wants changed, from a button or in words."""
    chosen = message.choice.get("field")
    if chosen in FIELDS:
        return chosen
    if message.is_button or len(message.words) > LONGEST_CORRECTION_IN_WORDS:
        return None
    return named_field(message.text) if asks_for_change(message) else None


def asks_for_change(message: Message) -> bool:
    """Tell whether a message says that something is otherwise."""
    plain = folded(message.text)
    in_few_words = len(message.words) <= LONGEST_LOOSE_CORRECTION_IN_WORDS
    return (
        bool(pattern("change").search(plain))
        or refuses(message.text)
        or message.intent == "correct"
        or (in_few_words and bool(pattern("change-in-few-words").search(plain)))
    )


def named_field(text: str) -> str | None:
    """Return which answer a text names, as in "the e-mail"."""
    plain = folded(text)
    return next((name for name, words in _FIELD.items() if words.search(plain)), None)


def without_refusal(text: str) -> str:
    """Return what follows a "no" at the beginning."""
    return _REFUSAL.sub("", text).strip(" ,.!")


def refuses(text: str) -> bool:
    """Tell whether a message begins by saying that something is wrong."""
    return bool(_REFUSAL.match(text))
