"""The interface's words: German and English side by side under one key, read once, so that no page holds a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import yaml

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")
FOLDER = Path(__file__).with_name("translations")

Words = Mapping[str, str]


class UnknownText(KeyError):
    """A page asked for a key that no file has; it is a mistake in the page and must not pass silently."""


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Words]:
    """Give every text by its full key, `file.part.part`, each with its two languages."""
    texts: dict[str, Words] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        for key, words in _flatten(path.stem, _read(path)):
            texts[key] = words
    return MappingProxyType(texts)


def translate(language: Language, key: str, /, **values: object) -> str:
    """Give the text in one language with its values filled in; `count` picks between `key.one` and `key.other`."""
    words = catalogue().get(key)
    if words is None and "count" in values:
        words = catalogue().get(f"{key}.{'one' if str(values['count']) == '1' else 'other'}")
    if words is None:
        raise UnknownText(key)
    return words[language].format_map(values) if values else words[language]


def has_text(key: str) -> bool:
    """Tell whether there is a text under this key."""
    return key in catalogue()


def _flatten(prefix: str, node: object) -> Iterator[tuple[str, Words]]:
    if not isinstance(node, dict):
        raise TypeError(f"{prefix} is neither a text in two languages nor a group of such texts")
    if all(isinstance(child, str) for child in node.values()):
        yield prefix, MappingProxyType({str(name): str(text) for name, text in node.items()})
        return
    for name, child in node.items():
        yield from _flatten(f"{prefix}.{name}", child)


def _read(path: Path) -> object:
    # Everything is text here: a key called `no` or `off` must not become a truth value.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
