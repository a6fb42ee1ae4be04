"""What a question can be placed as, with names to read; taken from the assistant's answers and labels, plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from desk.settings import ROOT

OUT_OF_SCOPE = "out-of-scope"
_DATA = ROOT / "data"
_NOT_COVERED = {"de": "Steht nicht in der Erklärung", "en": "Not in the statement"}

Names = Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """Labels that belong together, each with its name in both languages."""

    title: Names
    labels: Mapping[str, Names]


@lru_cache(maxsize=1)
def groups() -> Sequence[Group]:
    """List everything a question can be placed as: topics by section, what is not covered, and the rest."""
    answers = [_read(path) for path in sorted((_DATA / "answers").glob("*.yml"))]
    sections = [
        Group(file["section"]["title"], _titles("faq", file.get("topics", {}))) for file in answers if "section" in file
    ]
    details = {name: detail for file in answers for name, detail in file.get("details", {}).items()}
    others = [Group(group["title"], group["labels"]) for group in _read(_DATA / "labels.yml").values()]
    return [*sections, Group(_NOT_COVERED, _titles("not-covered", details)), *others]


def is_label(label: str) -> bool:
    """Tell whether a question can be placed as this."""
    return any(label in group.labels for group in groups())


def name_of(label: str, language: str) -> str:
    """Give a label's name, or the label itself when there is none any more."""
    return next((group.labels[label][language] for group in groups() if label in group.labels), label)


def label_of(suggestion: str) -> str:
    """Give the label of what the assistant suggested, which names a topic of the statement without its group."""
    return suggestion if is_label(suggestion) else f"faq/{suggestion}"


def _titles(group: str, entries: Mapping[str, Any]) -> dict[str, Names]:
    return {f"{group}/{name}": entry["title"] for name, entry in entries.items()}


def _read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded
