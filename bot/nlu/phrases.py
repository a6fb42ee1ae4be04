"""Reads the training phrases and labelled messages without Rasa, for checks and measurements."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import yaml

PHRASES = Path(__file__).parents[2] / "data" / "nlu"
LANGUAGES = ("de", "en")
OTHER_LANGUAGES = "other"
"""The folder of phrases in languages that the assistant does not speak."""


@dataclasses.dataclass(frozen=True)
class Phrase:
    """A training phrase with its label, the language folder and the file it stands in."""

    text: str
    label: str
    language: str | None
    file: str = ""


def read_phrases(folder: Path = PHRASES) -> list[Phrase]:
    """Read all training phrases of both languages, and those in others."""
    folders = (folder / name for name in (*LANGUAGES, OTHER_LANGUAGES))
    return [phrase for each in folders for path in sorted(each.glob("*.yml")) for phrase in read_file(path)]


def read_file(path: Path) -> list[Phrase]:
    """Read the phrases of a file; its folder tells their language."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    spoken = language_of_path(path)
    file = f"{path.parent.name}/{path.name}"
    blocks = ((block["intent"], _examples(block["examples"])) for block in content.get("nlu") or [])
    return [Phrase(text, label, spoken, file) for label, texts in blocks for text in texts]


def language_of_path(path: Path | str) -> str | None:
    """Name the language folder a file of phrases stands in."""
    return next((part for part in reversed(Path(path).parts) if part in LANGUAGES), None)


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Read a file of labelled messages, one JSON object a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _examples(block: str) -> list[str]:
    stripped = (line.strip() for line in block.splitlines())
    return [line[1:].strip() for line in stripped if line.startswith("-") and line[1:].strip()]
