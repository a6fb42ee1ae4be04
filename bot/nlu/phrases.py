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
    found = []
    for language in (*LANGUAGES, OTHER_LANGUAGES):
        spoken = language if language in LANGUAGES else None
        for path in sorted((folder / language).glob("*.yml")):
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for block in content.get("nlu") or []:
                for text in _examples(block["examples"]):
                    found.append(Phrase(text, block["intent"], spoken, f"{language}/{path.name}"))
    return found


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Read a file of labelled messages, one JSON object a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _examples(block: str) -> list[str]:
    stripped = (line.strip() for line in block.splitlines())
    return [line[1:].strip() for line in stripped if line.startswith("-") and line[1:].strip()]
