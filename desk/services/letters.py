"""Turns the letters' data file into text; filled in one pass, so that what people wrote is never a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date

_FOLDER = Path(__file__).resolve().parents[1] / "letters"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Letter:
    """A letter that is ready to be read."""

    subject: str
    text: str


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Any]:
    """Read the letters and words once."""
    merged: dict[str, Any] = {}
    for name in ("words.yml", "letters.yml", "checklists.yml", "person.yml"):
        merged.update(yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8")))
    return merged


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace each {name} once; a value that itself looks like a placeholder stays as it is."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def render(template: str, language: str, values: Mapping[str, str]) -> Letter:
    """Write a letter to a person, with greeting and closing."""
    parts, frame = catalogue()["letters"][template][language], catalogue()["frame"][language]
    greeting = frame["greeting"] if values.get("name") else frame["greeting_without_name"]
    body = fill("\n\n".join((greeting, parts["text"], frame["closing"])), values)
    return Letter(_one_line(fill(parts["subject"], values)), re.sub(r"\n{3,}", "\n\n", body) + "\n")


def render_for_staff(template: str, language: str, values: Mapping[str, str]) -> Letter:
    """Write a mail to a colleague."""
    parts = catalogue()["staff"][template][language]
    return Letter(_one_line(fill(parts["subject"], values)), fill(parts["text"], values) + "\n")


def word(group: str, name: str, language: str) -> str:
    """Give a word of the catalogue in a language."""
    return str(catalogue()[group][name][language])


@lru_cache(maxsize=1024)
def long_date(day: date, language: str) -> str:
    """Write a date as people read it."""
    return str(format_date(day, format="long", locale="de_DE" if language == "de" else "en_GB"))


def template_names() -> tuple[str, ...]:
    """Name the letters that can be written to a person."""
    return tuple(catalogue()["letters"])


def _one_line(text: str) -> str:
    # A subject with a line break would be a way to smuggle in headers.
    return " ".join(text.split())
