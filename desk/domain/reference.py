"""Ticket references: random, easy to read out on the phone, and wrong ones are noticed at once.

A reference is `PR-XXXX-XXXC`: seven random characters of Crockford's base32 alphabet and a check character from
the same alphabet. Crockford's own check works modulo 37 and needs the signs `*~$=U`, which people mistype and which
break in web addresses. So the check is a weighted sum over the field with 32 elements: every character has another
non-zero weight, hence one wrong character and any two swapped ones are always found.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 7
PREFIX = "PR"

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1"})
# x^5 + x^2 + 1 is primitive, so the powers of x give every non-zero element of the field once.
_POLYNOMIAL = 0b100101

# People type spaces, dashes of all kinds or nothing between the parts.
_GAP = r"[\s\-‐‑‒–—−_./:#]*"
_WITH_PREFIX = re.compile(
    rf"(?<![0-9A-Za-z])PR({_GAP})([0-9A-Za-z]{{4}})({_GAP})([0-9A-Za-z]{{4}})(?![0-9A-Za-z])", re.I
)
_WITHOUT_PREFIX = re.compile(rf"(?<![0-9A-Za-z])(?:)([0-9A-Za-z]{{4}})({_GAP})([0-9A-Za-z]{{4}})(?![0-9A-Za-z])")


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _POLYNOMIAL if doubled & 0b100000 else doubled


def check_character(body: str) -> str:
    """Compute the check character for the seven random ones."""
    total = 0
    # Horner's scheme: the last character gets weight x, the one before x², and so on; the check itself has weight 1.
    for character in body:
        total = _times_x(total ^ _VALUES[character])
    return ALPHABET[total]


def new_reference() -> str:
    """Draw a reference that says nothing about how many there are."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return _format(body + check_character(body))


def normalise_reference(text: str) -> str | None:
    """Find a reference in what somebody typed, forgiving O for 0, lower case and missing hyphens.

    Returns None when there is none or its check character is wrong. Without any hyphen an ordinary word could look
    like a reference, so such a match counts only when it holds a digit.
    """
    return _first_valid(_WITH_PREFIX, text, groups=(1, 2, 4)) or _first_valid(_WITHOUT_PREFIX, text, groups=(2, 1, 3))


def _first_valid(pattern: re.Pattern[str], text: str, groups: tuple[int, int, int]) -> str | None:
    gap, first, second = groups
    for match in pattern.finditer(text):
        typed = match[first] + match[second]
        characters = typed.upper().translate(_FORGIVEN)
        if not match[gap] and not any(character.isdigit() for character in typed):
            continue
        if _is_valid(characters):
            return _format(characters)
    return None


def _is_valid(characters: str) -> bool:
    if any(character not in _VALUES for character in characters):
        return False
    return check_character(characters[:-1]) == characters[-1]


def _format(characters: str) -> str:
    return f"{PREFIX}-{characters[:4]}-{characters[4:]}"
