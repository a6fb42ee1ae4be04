"""Finds the numbers of the table in a message and puts what they were in their place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import iban

from bot.guard.checks import check_named
from bot.guard.kinds import KINDS, NEVER, RULES, SOMETHING_ELSE, Rule

# How far a word may stand from the number it announces.
BEFORE = 48
AFTER = 24
# No number of the table has fewer digits; most messages have none and are done with.
LEAST_DIGITS = 4

_IBAN_BEGINS = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?=[ \-]?[A-Z0-9])", re.IGNORECASE)
_IBAN_LENGTHS = (15, 34)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


@dataclass(frozen=True)
class Masked:
    """A message without such numbers, and which kinds there were."""

    text: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    begin: int
    end: int
    kind: str


def mask(text: str, language: str) -> Masked:
    """Return the message with every such number replaced by what it was, in the language of the conversation."""
    plain, places = _scannable(text)
    if sum(character.isdigit() for character in plain) < LEAST_DIGITS:
        return Masked(text, ())
    found = _without_overlaps([*_ibans(plain), *_by_rules(plain)])
    if not found:
        return Masked(text, ())
    masked, upto = [], 0
    for one in found:
        begin, end = places[one.begin], places[one.end - 1] + 1
        masked += [text[upto:begin], _placeholder(one.kind, language)]
        upto = end
    return Masked("".join(masked) + text[upto:], tuple(dict.fromkeys(one.kind for one in found)))


def _placeholder(kind: str, language: str) -> str:
    removed = {"de": "entfernt", "en": "removed"}[language]
    return f"[{KINDS[kind].title[language]} {removed}]"


def _scannable(text: str) -> tuple[str, list[int]]:
    """Return the text as the rules read it, digits of every script as ASCII and nothing invisible, and the places."""
    characters, places = [], []
    for place, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        digit = unicodedata.digit(character, None)
        if digit is not None:
            character = str(digit)
        elif character.isspace() and character != "\n":
            character = " "
        elif "\uff01" <= character <= "\uff5e":
            character = chr(ord(character) - 0xFEE0)
        characters.append(character.translate(_DASHES))
        places.append(place)
    return "".join(characters), places


def _ibans(text: str) -> Iterator[_Found]:
    """Find account numbers; where one ends is known only by its country and its check digits."""
    for begin in _IBAN_BEGINS.finditer(text):
        end = _end_of_iban(text, begin.start())
        if end is not None:
            yield _Found(begin.start(), end, "bank-account")


def _end_of_iban(text: str, begin: int) -> int | None:
    compact, separated = "", False
    for place in range(begin, len(text)):
        character = text[place]
        if character in " -" and not separated:
            separated = True
            continue
        if not (character.isascii() and character.isalnum()) or len(compact) == _IBAN_LENGTHS[1]:
            return None
        compact, separated = compact + character.upper(), False
        ends_here = place + 1 == len(text) or not text[place + 1].isalnum()
        if len(compact) >= _IBAN_LENGTHS[0] and ends_here and iban.is_valid(compact, check_country=False):
            return place + 1
    return None


def _by_rules(text: str) -> Iterator[_Found]:
    never = [match.span() for pattern in NEVER for match in pattern.finditer(text)]
    for rule in RULES:
        for match in rule.form.finditer(text):
            if any(begin < match.end() and match.start() < end for begin, end in never) and not rule.certain:
                continue
            if _counts(rule, text, match) and any(check_named(name)(match.group()) for name in rule.checks):
                yield _Found(match.start(), match.end(), rule.kind)


def _counts(rule: Rule, text: str, match: re.Match[str]) -> bool:
    """Tell whether the words around the number let the rule count."""
    if rule.certain:
        return True
    if rule.directly:
        return KINDS[rule.kind].directly_before.search(text[max(0, match.start() - BEFORE) : match.start()]) is not None
    around = text[max(0, match.start() - BEFORE) : match.start()] + "\n" + text[match.end() : match.end() + AFTER]
    if KINDS[rule.kind].announced_by.search(around):
        return True
    return rule.alone and not SOMETHING_ELSE.search(around)


def _without_overlaps(found: list[_Found]) -> list[_Found]:
    """Keep the longest where several claim the same characters, in order."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: (one.begin - one.end, one.begin)):
        if all(one.end <= other.begin or other.end <= one.begin for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.begin)
