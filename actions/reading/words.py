"""Gives the lists of words and patterns that decide how a message is read; they stand in data/reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent.parent.parent / "data" / "reading"


@cache
def _lists(file: str) -> Mapping[str, list[str]]:
    loaded: Mapping[str, list[str]] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
    return loaded


@cache
def word_set(name: str) -> frozenset[str]:
    """Return one of the lists as a set."""
    return frozenset(_lists("words.yml")[name])


@cache
def pattern(name: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """Return the alternatives of one kind as a single expression over whole words."""
    alternatives = "|".join(_lists("patterns.yml")[name])
    return re.compile(rf"{before}\b(?:{alternatives})\b{after}", re.IGNORECASE | re.DOTALL)
