"""Tells the short messages that steer a flow (yes, no, back, skip, cancel …) from answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from actions.reading.message import Message
from actions.reading.spelling import distance, folded, tolerance

PHRASES = Path(__file__).resolve().parent.parent.parent / "data" / "reading" / "controls.yml"
CONTROLS = frozenset(
    {"affirm", "deny", "cancel", "back", "start-over", "skip", "correct", "repeat", "why", "switch-language"}
)
# A longer message is hardly ever only "no": it tells something, and what it tells must not be thrown away.
LONGEST_CONTROL_IN_WORDS = 9
LEAST_CONFIDENCE = 0.6
# While free text is asked for, only a short and certain message is taken for a control.
LONGEST_CONTROL_IN_FREE_TEXT = 6
LEAST_CONFIDENCE_IN_FREE_TEXT = 0.75
SHORTEST_MISTYPED = 4


# Skin tones and the mark that asks for a coloured picture, which change nothing of what is meant.
_TONES = " \ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_PICTURES = {"👍": "affirm", "✅": "affirm", "👌": "affirm", "👎": "deny", "❌": "deny"}


@cache
def _phrases() -> Mapping[str, str]:
    document = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return {folded(phrase): control for control, phrases in document.items() for phrase in phrases}


def exact_control(text: str) -> str | None:
    """Return what a whole message means when it is one of the phrases known by heart, or a picture of one."""
    if text.strip(_TONES) in _PICTURES:
        return _PICTURES[text.strip(_TONES)]
    said = folded(text.replace("'", "").replace("’", ""))
    for courtesy in ("bitte ", "please "):
        said = said.removeprefix(courtesy) if said != courtesy.strip() else said
    return _phrases().get(said) or _phrases().get(said.removesuffix(" bitte").removesuffix(" please"))


def read_control(message: Message, free_text: bool = False) -> str | None:
    """Return which control a message is, if it is one.

    Args:
        message: What the visitor wrote.
        free_text: Whether free text was asked for, where nearly everything is an answer.
    """
    if message.is_button:
        return message.intent if message.intent in CONTROLS else None
    known = exact_control(message.text)
    if known:
        return known
    if len(message.words) <= 1:
        # The classifier has nothing to go by in a lone word: "gmail" is no wish to change something.
        is_language = message.intent == "switch-language" and message.confidence >= LEAST_CONFIDENCE_IN_FREE_TEXT
        return message.intent if is_language else mistyped_control(message.text)
    # Nobody describes a matter by asking for another language.
    free_text = free_text and message.intent != "switch-language"
    longest = LONGEST_CONTROL_IN_FREE_TEXT if free_text else LONGEST_CONTROL_IN_WORDS
    least = LEAST_CONFIDENCE_IN_FREE_TEXT if free_text else LEAST_CONFIDENCE
    certain = message.intent in CONTROLS and message.confidence >= least
    return message.intent if certain and len(message.words) <= longest else None


def mistyped_control(text: str) -> str | None:
    """Return which control a lone word is but for a typing error or drawn-out letters."""
    word = re.sub(r"(.)\1{2,}", r"\1", folded(text))
    if word in _phrases():
        return _phrases()[word]
    allowed = max(tolerance(word), int(len(word) >= SHORTEST_MISTYPED))
    close = {_phrases()[known] for known in _phrases() if allowed and distance(word, known) <= allowed}
    return close.pop() if len(close) == 1 else None


def decision(message: Message) -> str | None:
    """Return whether a message that answers yes or no says yes or no, by its first word where it says more."""
    control = read_control(message)
    if message.is_button or control in {"affirm", "deny"}:
        return control
    first, _, rest = message.text.strip().partition(" ")
    begun = exact_control(first.strip(",.!;:"))
    if begun == "deny" and exact_control(rest):
        return exact_control(rest)
    return begun if begun in {"affirm", "deny"} else control
