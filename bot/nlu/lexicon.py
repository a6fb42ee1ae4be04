"""Looks up the concepts behind words, so that `vertickt`, `verkauft` and `sells` mean the same to the classifier.

The lexicon is data (`data/nlu/lexicon.yml`), shared by both languages: what is learned from German phrases about a
concept holds for English ones. A term may end or begin with `*` (the beginning or the end of a word), and words joined
by `_` are a phrase.
"""

import collections
import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.text import fold, tokens

LEXICON = Path(__file__).parents[2] / "data" / "nlu" / "lexicon.yml"
PLACES = Path(__file__).parents[2] / "data" / "authorities" / "places.yml"
WORDS = Path(__file__).parents[2] / "data" / "reading" / "words.yml"
_SHORTEST_PLACE = 3
_SHORTEST_PREFIX = 2


@dataclasses.dataclass(frozen=True)
class Match:
    """A concept found in a message, from which token on and over how many."""

    start: int
    length: int
    concept: str


class Lexicon:
    """Finds concepts in tokens, and replaces ways of writing that only vary a common word."""

    def __init__(self, content: dict[str, Any]) -> None:
        """Index the lexicon's content for look-up by whole word, by beginning, by end and by phrase."""
        self.content = content
        self._exact: dict[str, set[str]] = collections.defaultdict(set)
        self._beginnings: dict[str, set[str]] = collections.defaultdict(set)
        self._ends: dict[str, set[str]] = collections.defaultdict(set)
        self._inside: dict[str, set[str]] = collections.defaultdict(set)
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = collections.defaultdict(list)
        self.variants = {
            language: {fold(variant): fold(word) for word, many in entries.items() for variant in str(many).split()}
            for language, entries in content.get("variants", {}).items()
        }
        for concept, terms in content.get("concepts", {}).items():
            for term in _terms(terms):
                self._add(concept, term)
        self.concepts_of = functools.lru_cache(maxsize=32_768)(self._concepts_of)

    @classmethod
    def read(cls, path: Path = LEXICON, places: Path = PLACES) -> "Lexicon":
        """Read a lexicon file, and the names of places as one more concept."""
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if places.exists():
            content["concepts"]["PLACE"] = " ".join(
                _place_names(places, set(content.pop("not_places", "").split()) | _everyday())
            )
        return cls(content)

    def _add(self, concept: str, term: str) -> None:
        parts = [fold(part) for part in term.lower().split("_")]
        if len(parts) > 1:
            self._phrases[parts[0]].append((tuple(parts), concept))
            return
        word = parts[0]
        if word.startswith("*") and word.endswith("*"):
            self._inside[word.strip("*")].add(concept)
        elif word.startswith("*"):
            self._ends[word[1:]].add(concept)
        elif word.endswith("*"):
            self._beginnings[word[:-1]].add(concept)
        else:
            self._exact[word].add(concept)

    def _concepts_of(self, token: str) -> tuple[str, ...]:
        found = set(self._exact.get(token, ()))
        for length in range(_SHORTEST_PREFIX, len(token) + 1):
            found |= self._beginnings.get(token[:length], set())
            found |= self._ends.get(token[-length:], set())
        if len(token) > 3:
            for part, concepts in self._inside.items():
                if part in token:
                    found |= concepts
        return tuple(sorted(found))

    def knows(self, token: str) -> bool:
        """Tell whether the token stands for any concept by itself or begins a phrase."""
        return bool(self.concepts_of(token)) or token in self._phrases

    def vocabulary(self) -> Iterable[str]:
        """List the whole words the lexicon knows, which typing errors can be corrected to."""
        yield from self._exact
        for phrases in self._phrases.values():
            for parts, _ in phrases:
                yield from (part for part in parts if "*" not in part)

    def find(self, tokens: list[str]) -> list[Match]:
        """Find the concepts in a message's tokens, in order."""
        found = []
        for start, token in enumerate(tokens):
            for parts, concept in self._phrases.get(token, ()):
                if _begins(tokens, start, parts):
                    found.append(Match(start, len(parts), concept))
            found.extend(Match(start, 1, concept) for concept in self.concepts_of(token))
        return found


def _place_names(path: Path, not_places: set[str]) -> list[str]:
    """List the names of places that are not common words besides, phrases joined by `_`."""
    places = yaml.safe_load(path.read_text(encoding="utf-8"))["places"]
    names = {str(name) for kinds in places.values() for many in kinds.values() for name in many}
    tokenised = {"_".join(tokens(name)) for name in names}
    return sorted(name for name in tokenised if len(name) >= _SHORTEST_PLACE and name not in not_places)


def _everyday() -> set[str]:
    """List the names of places that are everyday words besides ("Essen")."""
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))["everyday-words-among-places"]
    return {fold(str(word)) for word in words}


def _terms(terms: dict[str, str] | str) -> Iterable[str]:
    for language in terms.values() if isinstance(terms, dict) else (terms,):
        yield from str(language).split()


def _begins(tokens: list[str], start: int, parts: tuple[str, ...]) -> bool:
    if start + len(parts) > len(tokens):
        return False
    for token, part in zip(tokens[start:], parts, strict=False):
        if part.endswith("*"):
            if not token.startswith(part[:-1]):
                return False
        elif token != part:
            return False
    return True
