"""Turns a message into the features that the classifier weighs: words, pairs, letters, concepts and cues."""

import collections
import functools
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import snowballstemmer
from scipy.sparse import csr_matrix

from bot.nlu.lexicon import Lexicon
from bot.nlu.text import core, tokens
from bot.nlu.vocabulary import Vocabulary

# How much each block of features weighs beside the others (each block is brought to length one first), and how often
# a feature must have been seen to be kept.
BLOCKS = {
    "word": (1.0, 1),
    "pair": (0.6, 4),
    "letters": (0.8, 5),
    "sound": (0.5, 2),
    "concept": (0.9, 1),
    "concepts": (0.8, 2),
    "cue": (0.3, 2),
}
_STEMMERS = {language: snowballstemmer.stemmer(name) for language, name in (("de", "german"), ("en", "english"))}


@functools.lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """Reduce a folded word to its stem."""
    return str(_STEMMERS[language].stemWord(word))


class Featuriser:
    """Learns which features exist and what they weigh, then turns messages into rows of numbers."""

    def __init__(
        self, lexicon: Lexicon, vocabulary: Vocabulary, weights: Mapping[str, Mapping[str, float]] | None = None
    ) -> None:
        """Start from a lexicon and a vocabulary; `weights` holds each feature's weight by block once learned."""
        self.lexicon = lexicon
        self.vocabulary = vocabulary
        self._known: dict[str, dict[str, tuple[int, float]]] = {}
        self._know(weights or {})

    @property
    def weights(self) -> dict[str, dict[str, float]]:
        """Each feature's weight by block, in the order of the columns."""
        return {block: {name: weight for name, (_, weight) in known.items()} for block, known in self._known.items()}

    def _know(self, weights: Mapping[str, Mapping[str, float]]) -> None:
        columns = itertools.count()
        self._known = {
            block: {name: (next(columns), weight) for name, weight in named.items()} for block, named in weights.items()
        }

    def normal_tokens(self, text: str, german: float) -> list[str]:
        """Split a message into folded words, with slang and dialect replaced by the common word."""
        language = "de" if german >= 0.5 else "en"
        variants = self.lexicon.variants.get(language, {})
        return [part for token in tokens(core(text)) for part in variants.get(token, token).split("+")]

    def names(self, text: str, german: float) -> dict[str, list[str]]:
        """List a message's features by block."""
        language = "de" if german >= 0.5 else "en"
        read = self.normal_tokens(text, german)
        found: dict[str, list[str]] = {block: [] for block in BLOCKS}
        mended = [self._mend(token) for token in read]
        stems = [stem(token, language) for token in mended]
        found["word"].extend(stems)
        for token, original in zip(mended, read, strict=True):
            for part in self.vocabulary.parts(token):
                found["word"].append(stem(part, language))
            if token != original:
                found["word"].append(stem(original, language))
        found["pair"] = [f"{one} {two}" for one, two in zip(["^", *stems], [*stems, "$"], strict=True)]
        found["pair"] += [f"{one} . {two}" for one, two in zip(stems, stems[2:], strict=False)]
        for token in read:
            found["letters"].extend(_letters(token))
        found["sound"] = [heard for token in read if (heard := sound(token))]
        sequence = self._concepts(mended)
        found["concept"] = [concept for group in sequence for concept in group]
        found["concepts"] = list(_concept_pairs(sequence))
        found["cue"] = list(_cues(read, mended, self.vocabulary))
        return found

    def _mend(self, token: str) -> str:
        if token in self.vocabulary or self.lexicon.knows(token) or self.vocabulary.parts(token):
            return token
        return self.vocabulary.correct(token) or token

    def _concepts(self, mended: list[str]) -> list[tuple[str, ...]]:
        """Group the concepts found by where they begin."""
        groups: dict[int, list[str]] = collections.defaultdict(list)
        for match in self.lexicon.find(mended):
            groups[match.start].append(match.concept)
        for index, token in enumerate(mended):
            if index in groups:
                continue
            for part in self.vocabulary.parts(token):
                groups[index].extend(self.lexicon.concepts_of(part))
            if index in groups and not groups[index]:
                del groups[index]
        return [tuple(dict.fromkeys(groups[index])) for index in sorted(groups)]

    def learn(self, rows: Iterable[dict[str, list[str]]], count: int) -> None:
        """Decide which features are kept and weigh them by how rare they are."""
        seen: dict[str, collections.Counter[str]] = {block: collections.Counter() for block in BLOCKS}
        for row in rows:
            for block, names in row.items():
                seen[block].update(set(names))
        weights: dict[str, dict[str, float]] = {}
        for block, (_, at_least) in BLOCKS.items():
            kept = sorted((name, times) for name, times in seen[block].items() if times >= at_least)
            weights[block] = {name: 1.0 + math.log((count + 1) / (times + 1)) for name, times in kept}
        self._know(weights)

    def entries(self, row: Mapping[str, Sequence[str]]) -> tuple[list[int], list[float]]:
        """List the columns of the features that a message has, and their values there."""
        columns: list[int] = []
        values: list[float] = []
        for block, (importance, _) in BLOCKS.items():
            known = self._known[block]
            found = dict(known[name] for name in row[block] if name in known)
            if not found:
                continue
            scale = importance / math.sqrt(sum(value * value for value in found.values()))
            columns.extend(found)
            values.extend(value * scale for value in found.values())
        return columns, values

    def matrix(self, rows: Iterable[Mapping[str, Sequence[str]]]) -> csr_matrix:
        """Turn rows of named features into a matrix."""
        indices: list[int] = []
        data: list[float] = []
        pointers = [0]
        for row in rows:
            columns, values = self.entries(row)
            indices.extend(columns)
            data.extend(values)
            pointers.append(len(indices))
        shape = (len(pointers) - 1, sum(map(len, self._known.values())))
        return csr_matrix((np.asarray(data, dtype=np.float32), indices, pointers), shape=shape, dtype=np.float32)


_SOUNDS = str.maketrans({"p": "b", "t": "d", "k": "g", "c": "g", "q": "g", "v": "f", "w": "f", "z": "s", "x": "g"})
_LAST_LATIN = "\u024f"
_SILENT = frozenset("aeiouyhj")
_SHORTEST_SOUND = 3


@functools.lru_cache(maxsize=32_768)
def sound(token: str) -> str:
    """Reduce a word to the consonants one hears, which dialect and typing errors mostly leave as they are."""
    heard = ""
    for letter in token.translate(_SOUNDS):
        if letter not in _SILENT and not heard.endswith(letter):
            heard += letter
    if len(heard) < _SHORTEST_SOUND:
        return ""
    return ("a" if token[0] in _SILENT else "") + heard


@functools.lru_cache(maxsize=32_768)
def _letters(token: str) -> tuple[str, ...]:
    padded = f"<{token}>"
    return tuple(padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1))


def _concept_pairs(sequence: list[tuple[str, ...]]) -> Iterable[str]:
    flat = [(index, concept) for index, group in enumerate(sequence) for concept in group]
    for index, one in flat:
        for other_index, other in flat:
            if index < other_index <= index + 1:
                yield f"{one}>{other}"
            if index < other_index <= index + 6 and one != other:
                yield "+".join(sorted((one, other)))


def _cues(read: list[str], mended: list[str], vocabulary: Vocabulary) -> Iterable[str]:
    """Name what a message looks like as a whole."""
    length = len(read)
    yield f"length {min(length, 4) if length < 5 else 5 if length < 9 else 6 if length < 16 else 7}"
    if "?" in read:
        yield "question mark"
    if read:
        yield "begins " + read[0]
    if 2 * sum(token[0] > _LAST_LATIN for token in read) > length:
        yield "not latin"
    unknown = sum(token not in vocabulary and not vocabulary.parts(token) for token in mended)
    yield f"unknown {math.ceil(4 * unknown / max(length, 1))}"
