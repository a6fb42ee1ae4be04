"""Compares words as people type them, so that a typing error or a missing umlaut is not a wrong answer."""

from __future__ import annotations

import re
import unicodedata

_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "å": "aa"})
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def folded(text: str) -> str:
    """Return the text in lower case without accents and punctuation, umlauts written as two letters."""
    plain = text.lower().translate(_TRANSCRIBED)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return _NOT_A_WORD.sub(" ", plain).strip()


def bare(text: str) -> str:
    """Return folded text with umlauts as one letter, as on a keyboard that has none."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ø", "o"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_A_WORD.sub(" ", plain).strip()


def distance(one: str, other: str) -> int:
    """Count the letters to insert, leave out, replace or swap with their neighbour to turn one word into the other."""
    before: list[int] = []
    previous = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, candidate in enumerate(other, 1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (letter != candidate),
            )
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == candidate:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]


def tolerance(word: str) -> int:
    """Return how many typing errors a word of this length may hold and still be recognised."""
    if len(word) < 5:
        return 0
    return 1 if len(word) < 9 else 2
