"""The one component of the pipeline: learns from the training phrases and understands a message per turn."""

import dataclasses
import hashlib
import time
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.metrics import note_understanding
from bot.nlu.labels import group
from bot.nlu.lexicon import LEXICON, PLACES, WORDS
from bot.nlu.phrases import Phrase
from bot.nlu.understanding import TEMPERATURE, Thresholds, Understanding, Understood

NAME = "Understanding"
CONFIG = Path(__file__).parents[1] / "config.yml"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the assistant's configuration says of the component: how sure is sure enough (see docs/understanding.md)."""

    temperature: float = TEMPERATURE
    answer: float = Thresholds.answer
    part: float = Thresholds.part
    suggestion: float = Thresholds.suggestion

    @classmethod
    def of(cls, config: dict[str, Any]) -> "Settings":
        """Take the settings out of the component's configuration."""
        return cls(**{field.name: config.get(field.name, field.default) for field in dataclasses.fields(cls)})

    @property
    def thresholds(self) -> Thresholds:
        """The part that decides between answer and offer."""
        return Thresholds(self.answer, self.part, self.suggestion)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class UnderstandingComponent(GraphComponent):
    """Yields intent, ranking and the entities `topic`, `chitchat`, `language` and `suggestion`."""

    def __init__(self, storage: ModelStorage, resource: Resource, understanding: Understanding | None = None) -> None:
        """Keep where to store what is learned."""
        self._storage = storage
        self._resource = resource
        self.understanding = understanding

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "UnderstandingComponent":
        """Create an untrained component (see parent class for full docstring)."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "UnderstandingComponent":
        """Load a trained component (see parent class for full docstring)."""
        with model_storage.read_from(resource) as folder:
            understanding = Understanding.load(folder)
        settings = Settings.of(config)
        understanding.temperature, understanding.thresholds = settings.temperature, settings.thresholds
        return cls(model_storage, resource, understanding)

    @classmethod
    def get_default_config(cls) -> dict[str, Any]:
        """Count lexicon, places and code as configuration, so that changing any means training again."""
        return {**dataclasses.asdict(Settings()), "made_from": _digest()}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the phrases and store what was learned."""
        phrases = [_phrase(message) for message in training_data.intent_examples]
        self.understanding = Understanding.learn(phrases)
        with self._storage.write_to(self._resource) as folder:
            self.understanding.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Understand messages as they come in."""
        if self.understanding is None:
            return messages
        for message in messages:
            began = time.perf_counter()
            understood = self.understanding.understand(message.get(TEXT) or "")
            seconds = time.perf_counter() - began
            note_understanding(
                seconds, understood.intent, understood.confidence, understood.topics, understood.language
            )
            _write(message, understood)
        return messages


def settings_of(config: Path = CONFIG) -> "Settings":
    """Read the component's settings from the assistant's configuration."""
    pipeline = yaml.safe_load(config.read_text(encoding="utf-8"))["pipeline"]
    return Settings.of(next(entry for entry in pipeline if entry["name"].endswith("UnderstandingComponent")))


def _digest() -> str:
    sources = [*sorted(Path(__file__).parent.glob("*.py")), LEXICON, PLACES, WORDS]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _phrase(message: Message) -> Phrase:
    metadata = message.get(METADATA) or {}
    return Phrase(message.get(TEXT), metadata.get("label", message.get(INTENT)), metadata.get("language"))


def _write(message: Message, understood: Understood) -> None:
    intent = {"name": group(understood.label), "confidence": understood.confidence}
    ranking = [{"name": label, "confidence": share} for label, share in understood.ranking]
    entities = [{"entity": "topic", "value": value} for value in understood.topics]
    if understood.chitchat:
        entities.append({"entity": "chitchat", "value": understood.chitchat})
    if understood.language:
        entities.append({"entity": "language", "value": understood.language})
    entities += [{"entity": "suggestion", "value": value} for value in understood.suggestions]
    for entity in entities:
        entity["extractor"] = NAME
    message.set(INTENT, intent, add_to_output=True)
    message.set("intent_ranking", ranking, add_to_output=True)
    message.set(ENTITIES, entities, add_to_output=True)
