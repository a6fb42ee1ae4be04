"""The Slack channel's own words, read once from data/slack; the conversation's words come from the engine."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml
from babel.dates import format_date

from bot.answers import LANGUAGES
from bot.nlg import DEFAULT_LANGUAGE, fill

FILE = Path(__file__).resolve().parents[2] / "data" / "slack" / "words.yml"
LOCALES = {"de": "de_DE", "en": "en_GB"}


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, str]]:
    """Return every text in both languages."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def word(key: str, language: str | None, **values: str) -> str:
    """Return a text in a language, with its placeholders filled once."""
    return fill(catalogue()[key][_ours(language)], values)


def language_of_locale(locale: str | None) -> str | None:
    """Return the language that a Slack locale such as `de-DE` stands for, if it is one of ours."""
    language = (locale or "").split("-")[0].lower()
    return language if language in LANGUAGES else None


def said_date(day: str, language: str | None) -> str:
    """Return a date, given as in ISO 8601, as people say it."""
    return str(format_date(date.fromisoformat(day), format="long", locale=LOCALES[_ours(language)]))


def _ours(language: str | None) -> str:
    return language if language in LANGUAGES else DEFAULT_LANGUAGE
