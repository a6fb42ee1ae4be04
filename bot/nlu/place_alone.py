"""Takes a message that is only a place for the question which authority is responsible there.

The answer about supervisory authorities invites people to name their country or state; a name alone has nothing in it
that phrases could teach.
"""

from __future__ import annotations

import re
import unicodedata
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

DATA = Path(__file__).resolve().parents[2] / "data"
AUTHORITY = "authority"
CONFIDENCE = 0.9
SHORTEST_NAME = 3
_HOME = re.compile(
    r"^(?:ich (?:wohne|lebe) in|(?:ich )?(?:bin|komme) aus|i live in|i am from|im from|in|auf|aus|from) (?:the )?"
)
_ARTICLE = re.compile(r"^the ")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class PlaceAloneComponent(GraphComponent):
    """Changes what was understood when the whole message is the name of a place."""

    def __init__(self, names: frozenset[str], everyday: frozenset[str]) -> None:
        """Keep the names in their plain spelling, apart from those that are everyday words besides."""
        self._names = names - everyday
        self._everyday = names & everyday

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PlaceAloneComponent:
        """Read the names (see parent class for full docstring)."""
        return cls(known_names(), everyday_words())

    def process(self, messages: list[Message]) -> list[Message]:
        """Understand places (see parent class for full docstring)."""
        for message in messages:
            if self.is_place(message.get(TEXT) or ""):
                replace_understanding(message, AUTHORITY, CONFIDENCE)
        return messages

    def is_place(self, text: str) -> bool:
        """Tell whether the text names a place and says nothing else; "Essen" is food, "in Essen" is a place."""
        said = plain(text)
        at_home = _HOME.sub("", said)
        if at_home != said and at_home in self._everyday:
            return True
        return any(name in self._names for name in (said, at_home, _ARTICLE.sub("", said)))


def known_names() -> frozenset[str]:
    """Return countries, states, regions and cities."""
    document = YAML(typ="safe").load(DATA / "authorities" / "places.yml")
    named = [*document["elsewhere"], *document["ambiguous"]]
    for names in document["places"].values():
        named += [name for kind in ("country", "regions", "cities") for name in names.get(kind, ())]
    spelled = {spelling for name in named for spelling in (plain(str(name)), _without_umlauts(str(name)))}
    return frozenset(name for name in spelled if len(name) >= SHORTEST_NAME)


def everyday_words() -> frozenset[str]:
    """Return the names that are also everyday words."""
    return frozenset(YAML(typ="safe").load(DATA / "reading" / "words.yml")["everyday-words-among-places"])


def plain(text: str) -> str:
    """Return lower case without punctuation, umlauts written as two letters."""
    long = text.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    return _folded(long)


def _without_umlauts(text: str) -> str:
    return _folded(text.lower().replace("ß", "ss"))


def _folded(text: str) -> str:
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", "".join(letters)).strip()
