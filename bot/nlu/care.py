"""Hears a cry for help in any message; no share of errors would be small enough to leave that to a classifier."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML

from bot.nlu.replaced import replace_understanding

PATTERNS = Path(__file__).resolve().parents[2] / "data" / "reading" / "patterns.yml"
DISTRESS = "distress"
CERTAIN = 1.0


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class CareComponent(GraphComponent):
    """Changes what was understood when somebody says that they do not want to live."""

    def __init__(self, words: re.Pattern[str]) -> None:
        """Keep the words to listen for."""
        self._words = words

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CareComponent:
        """Read the words (see parent class for full docstring)."""
        return cls(words_of_distress())

    def process(self, messages: list[Message]) -> list[Message]:
        """Listen to each message (see parent class for full docstring)."""
        for message in messages:
            if self.cries_for_help(message.get(TEXT) or ""):
                replace_understanding(message, DISTRESS, CERTAIN)
        return messages

    def cries_for_help(self, text: str) -> bool:
        """Tell whether the text says that somebody does not want to live."""
        return self._words.search(text) is not None


def words_of_distress() -> re.Pattern[str]:
    """Return the patterns that the action server reads too, as one expression over whole words."""
    alternatives = "|".join(YAML(typ="safe").load(PATTERNS)["weary-of-life"])
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE | re.DOTALL)
