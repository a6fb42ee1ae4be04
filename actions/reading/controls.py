"""Tells the short messages that steer a flow (yes, no, back, skip, cancel …) from answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from actions.reading.message import Message
from actions.reading.spelling import folded

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


@cache
def _phrases() -> Mapping[str, str]:
    document = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return {folded(phrase): control for control, phrases in document.items() for phrase in phrases}


def exact_control(text: str) -> str | None:
    """Return what a whole message means when it is one of the phrases known by heart."""
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
    longest = LONGEST_CONTROL_IN_FREE_TEXT if free_text else LONGEST_CONTROL_IN_WORDS
    least = LEAST_CONFIDENCE_IN_FREE_TEXT if free_text else LEAST_CONFIDENCE
    certain = message.intent in CONTROLS and message.confidence >= least
    return message.intent if certain and len(message.words) <= longest else None
