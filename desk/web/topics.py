"""The topics that a question can be assigned to, read from the assistant's answers, which are plain data."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from desk.settings import ROOT
from desk.web.translations import Language

_ANSWERS = ROOT / "data" / "answers"
OUT_OF_SCOPE = "out-of-scope"


@lru_cache(maxsize=1)
def _sections() -> tuple[dict[str, Any], ...]:
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_ANSWERS.glob("*.yml")))
    return tuple(file for file in files if isinstance(file, dict) and "topics" in file and "section" in file)


def grouped_topics(language: Language) -> list[tuple[str, list[tuple[str, str]]]]:
    """List the topics with their titles, section by section."""
    return [
        (
            section["section"]["title"][language],
            [(name, _title(topic, language)) for name, topic in section["topics"].items()],
        )
        for section in _sections()
    ]


def topic_title(topic: str, language: Language) -> str:
    """Give a topic's title, or its id when there is none."""
    return next((_title(one["topics"][topic], language) for one in _sections() if topic in one["topics"]), topic)


def is_topic(topic: str) -> bool:
    """Tell whether there is such a topic."""
    return topic == OUT_OF_SCOPE or any(topic in section["topics"] for section in _sections())


def _title(topic: dict[str, Any], language: Language) -> str:
    return str(topic["title"][language])
