"""Puts another meaning in the place of what the classifier understood, and leaves only the language beside it."""

from __future__ import annotations

from rasa.shared.nlu.constants import ENTITIES, INTENT
from rasa.shared.nlu.training_data.message import Message


def replace_understanding(message: Message, intent: str, confidence: float) -> None:
    """Let a message mean this intent; topics and suggestions belonged to the meaning it had before."""
    message.set(INTENT, {"name": intent, "confidence": confidence}, add_to_output=True)
    kept = [entity for entity in message.get(ENTITIES, []) if entity.get("entity") == "language"]
    message.set(ENTITIES, kept, add_to_output=True)
