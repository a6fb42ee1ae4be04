"""Understands a handful of words exactly, so that tests of the channel need no trained language understanding."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

# A word found in the message, the intent it stands for and the entities it brings; the first one found decides the
# intent, every one brings its entities.
WORDS: list[tuple[str, str, dict[str, str]]] = [
    ("cookies", "faq", {"topic": "cookies"}),
    ("google", "faq", {"topic": "google-analytics"}),
    ("nonsense", "faq", {"topic": "no-such-topic"}),
    ("gebühren", "not-covered", {"topic": "not-covered/fees"}),
    ("hallo", "chitchat", {"chitchat": "greet", "language": "de"}),
    ("hello", "chitchat", {"chitchat": "greet", "language": "en"}),
    ("danke", "chitchat", {"chitchat": "thanks"}),
    ("beschwerde", "complaint", {}),
    ("complaint", "complaint", {}),
    ("wetter", "out-of-scope", {}),
    ("datenkram", "unclear", {"suggestion": "cookies"}),
    ("irgendwas", "unclear", {}),
    ("abbrechen", "cancel", {}),
    ("crash", "crash", {}),
    ("zweimal", "twice", {}),
    ("stumm", "silent", {}),
    ("ja", "affirm", {}),
]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Keywords(GraphComponent):
    """Looks words up."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Keywords:
        """Return the component; it has nothing to configure."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and entities of each message."""
        for message in messages:
            words = str(message.get(TEXT) or "").lower().split()
            hits = [entry for word in words for entry in WORDS if entry[0] == word]
            name = hits[0][1] if hits else "inform"
            message.set(INTENT, {"name": name, "confidence": 1.0}, add_to_output=True)
            entities = [
                {"entity": entity, "value": value, "extractor": "Keywords"}
                for _, _, brought in hits
                for entity, value in brought.items()
            ]
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
