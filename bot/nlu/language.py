"""Tells German from English in short messages, dialect and missing umlauts included, or says it cannot tell."""

import functools
import re
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.text import clean

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_CLEAR = 0.85
_ENOUGH = 9_000
_FEWEST_WORDS = 3
# A reference or any other run of letters and digits; its letters are drawn by lot and speak no language.
_CODE = re.compile(r"\bpr-\S+|\S*\d\S*", re.IGNORECASE)
_ADDRESS = re.compile(r"\S*@\S*|https?://\S+|www\.\S+")
_NAMED = {
    "de": re.compile(r"\b(deutsch\w*|german)\b", re.IGNORECASE),
    "en": re.compile(r"\b(englis(?:c?h)\w*)\b", re.IGNORECASE),
}


def _features(text: str) -> list[str]:
    return [feature for word in _WORD.findall(clean(text)) for feature in _features_of(word)]


@functools.lru_cache(maxsize=32_768)
def _features_of(word: str) -> tuple[str, ...]:
    padded = f"<{word}>"
    letters = (padded[at : at + size] for size in (2, 3, 4) for at in range(len(padded) - size + 1))
    return ("=" + word, *letters)


class LanguageDetector:
    """Weighs words and letter groups; positive speaks for German."""

    def __init__(self, weights: dict[str, float], bias: float) -> None:
        """Take over what was learned."""
        self.weights = weights
        self.bias = bias

    @classmethod
    def learn(cls, texts: Sequence[str], languages: Sequence[str]) -> "LanguageDetector":
        """Learn from phrases with their language."""
        # Only learning needs it; imported above, every start of the assistant would wait a second for it.
        from sklearn.linear_model import LogisticRegression

        index: dict[str, int] = {}
        # Some thousand phrases are plenty for two languages, and take a third of the time.
        chosen = np.random.default_rng(7).permutation(len(texts))[:_ENOUGH]
        texts, languages = [texts[place] for place in chosen], [languages[place] for place in chosen]
        rows = [_unique(_features(text)) for text in texts]
        counts: dict[str, int] = {}
        for row in rows:
            for name in row:
                counts[name] = counts.get(name, 0) + 1
        for name in sorted(counts):
            if counts[name] > 1:
                index[name] = len(index)
        # A long message must not count more than a short one: what is learned has to hold for two words.
        matrix = _matrix(rows, index)
        model = LogisticRegression(C=4.0, class_weight="balanced", solver="liblinear", random_state=7)
        model.fit(matrix, [language == "de" for language in languages])
        kept = {
            name: round(float(weight), 4)
            for name, weight in zip(index, model.coef_[0], strict=True)
            if abs(weight) > 0.02
        }
        return cls(kept, float(model.intercept_[0]))

    def german(self, text: str) -> float:
        """Estimate how likely the message is German."""
        row = _unique(_features(text))
        known = [self.weights[name] for name in row if name in self.weights]
        if not known:
            return 0.5
        score = sum(known) / np.sqrt(len(row)) + self.bias * 0.0
        return float(1.0 / (1.0 + np.exp(-score)))

    def language(self, text: str, german: float | None = None) -> str | None:
        """Name the message's language when it is clear; addresses, references and single words say nothing about it.

        `german` is what is known already of how likely the whole message is German.
        """
        said = _CODE.sub(" ", _ADDRESS.sub(" ", text))
        if len(_WORD.findall(said)) < _FEWEST_WORDS:
            return None
        if german is None or said != text:
            german = self.german(said)
        if german >= _CLEAR:
            return "de"
        return "en" if german <= 1 - _CLEAR else None


def wanted_language(text: str, spoken: str | None) -> str | None:
    """Name the language somebody asks for: the one that is named, else the one they do not write in."""
    named = [language for language, name in _NAMED.items() if name.search(text)]
    if len(named) == 1:
        return named[0]
    return {"de": "en", "en": "de"}.get(spoken or "")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _matrix(rows: list[list[str]], index: dict[str, int]) -> csr_matrix:
    indices: list[int] = []
    pointers = [0]
    values: list[float] = []
    for row in rows:
        known = [index[name] for name in row if name in index]
        indices.extend(known)
        values.extend([1.0 / np.sqrt(max(len(row), 1))] * len(known))
        pointers.append(len(indices))
    return csr_matrix((values, indices, pointers), shape=(len(rows), len(index)))
