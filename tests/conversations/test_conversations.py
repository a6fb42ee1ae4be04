"""Plays every conversation of the folders beside this file, each in German and in English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conversations.conversation import Conversation
from tests.conversations.house import House

HERE = Path(__file__).resolve().parent
FILES = sorted(HERE.glob("*/*.yml"))
LANGUAGES = ("de", "en")
FOLDERS = (
    "happy_path",
    "corrections",
    "cancellations",
    "digressions",
    "invalid_path",
    "repeats",
    "language",
    "abuse",
    "failures",
    "care",
    "lookups",
)


def read(file: Path) -> dict[str, Any]:
    """Read one behaviour."""
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", FILES, ids=[f"{file.parent.name}/{file.stem}" for file in FILES])
def test_conversation(house: House, file: Path, language: str) -> None:
    """Hold the conversation and check every reply."""
    Conversation(house, language).play(read(file)[language])


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_behaviour_is_told_in_both_languages(file: Path) -> None:
    """A file tells the same behaviour twice, with as many messages of the visitor in each language."""
    document = read(file)
    assert set(document) == set(LANGUAGES)
    counts = [sum("say" in step or "button" in step for step in document[language]) for language in LANGUAGES]
    assert counts[0] == counts[1]
    assert file.parent.name in FOLDERS
