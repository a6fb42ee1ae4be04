"""Knows the words of the training phrases: corrects typing errors towards them, takes German compounds apart."""

import collections
import functools
from collections.abc import Iterable

_SHORTEST_CORRECTED = 4
_TWO_ERRORS_FROM = 8
_SHORTEST_PART = 3
_SHORTEST_COMPOUND = 8
_LINKS = ("", "s", "es", "n", "en", "er", "e")


class Vocabulary:
    """The known words with their counts."""

    def __init__(self, counts: dict[str, int]) -> None:
        """Index the words for correction (by what is left after deleting one letter)."""
        self.counts = counts
        self._reduced: dict[str, list[str]] = collections.defaultdict(list)
        for word in counts:
            if len(word) >= _SHORTEST_CORRECTED - 1:
                for form in _reductions(word):
                    self._reduced[form].append(word)
        self.correct = functools.lru_cache(maxsize=16_384)(self._correct)
        self.parts = functools.lru_cache(maxsize=16_384)(self._parts)

    @classmethod
    def learn(cls, documents: Iterable[list[str]], at_least: int = 2, also: Iterable[str] = ()) -> "Vocabulary":
        """Count the words of tokenised phrases and keep those seen often enough, with the lexicon's own words."""
        counts = collections.Counter(token for tokens in documents for token in tokens if token.isalpha())
        kept = {word: count for word, count in counts.items() if count >= at_least and len(word) > 1}
        for word in also:
            kept.setdefault(word, at_least)
        return cls(kept)

    def __contains__(self, word: str) -> bool:
        return word in self.counts

    def _correct(self, word: str) -> str | None:
        if len(word) < _SHORTEST_CORRECTED or word in self.counts or not word.isalpha():
            return None
        allowed = 2 if len(word) >= _TWO_ERRORS_FROM else 1
        candidates = {known for form in _reductions(word) for known in self._reduced.get(form, ())}
        best: tuple[float, int, str] | None = None
        for known in candidates:
            if abs(len(known) - len(word)) > allowed:
                continue
            distance = edit_distance(word, known, allowed)
            if distance > allowed:
                continue
            penalty = distance + (0.5 if known[0] != word[0] else 0.0)
            rank = (penalty, -self.counts[known], known)
            if best is None or rank < best:
                best = rank
        return best[2] if best and best[0] <= allowed + 0.25 else None

    def _parts(self, word: str) -> tuple[str, ...]:
        if len(word) < _SHORTEST_COMPOUND or not word.isalpha():
            return ()
        best: tuple[int, tuple[str, ...]] | None = None
        for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            head, tail = word[:cut], word[cut:]
            if not self._is_part(tail):
                continue
            for link in _LINKS:
                if not head.endswith(link) or len(head) - len(link) < _SHORTEST_PART:
                    continue
                stem = head[: len(head) - len(link)] if link else head
                inner = (stem,) if self._is_part(stem) else self._parts(head) if not link else ()
                if not inner:
                    continue
                score = min(len(part) for part in (*inner, tail)) * 10 - len(inner)
                if best is None or score > best[0]:
                    best = (score, (*inner, tail))
        return best[1] if best else ()

    def _is_part(self, word: str) -> bool:
        return len(word) >= _SHORTEST_PART and self.counts.get(word, 0) >= (2 if len(word) > 4 else 6)


def _reductions(word: str) -> set[str]:
    return {word} | {word[:index] + word[index + 1 :] for index in range(len(word))}


def edit_distance(one: str, other: str, limit: int) -> int:
    """Count insertions, deletions, replacements and swapped neighbours between two words, up to just above a limit."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, against in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before_last[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before_last, last = last, current
    return last[-1]
