"""Says things: every word stands in bot/domain, only the values come from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Say

NAMES = Path(__file__).resolve().parent.parent / "data" / "reading" / "names.yml"
Fields = Mapping[str, Any]


def utter(dispatcher: CollectingDispatcher, response: str, fields: Fields | None = None, **values: Any) -> None:
    """Utter a response of the domain with values for its placeholders and fields for the channel."""
    dispatcher.utter_message(response=response, json_message=dict(fields) if fields else None, **values)


def utter_all(dispatcher: CollectingDispatcher, says: list[Say]) -> None:
    """Utter everything a turn has to say."""
    for say in says:
        utter(dispatcher, say.response, say.fields, **say.values)


def flow_fields(kind: str, step: str, status: str = "open") -> dict[str, Any]:
    """Return the field that tells the channel where a flow stands."""
    return {"flow": {"kind": kind, "step": step, "status": status}}


def said_date(day: date, language: str) -> str:
    """Return a date as people say it."""
    locale = "de_DE" if language == "de" else "en_GB"
    return str(format_date(day, format="long", locale=locale))


@cache
def _names() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    loaded: Mapping[str, Mapping[str, Mapping[str, str]]] = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    return loaded


def called(group: str, name: str, language: str) -> str:
    """Return what a kind, a state or a relationship is called in a language."""
    return _names()[group][name][language]
