"""Check that everything the assistant says stands in German and in English, and nowhere twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("de", "en")


def main() -> int:
    problems = [*response_problems(), *answer_problems()]
    print("\n".join(problems) or "Every text stands in both languages.")
    return 1 if problems else 0


def response_problems() -> Iterator[str]:
    """Walk the domain's responses: one home each, a variation for each language, an unconditional one last."""
    homes: dict[str, str] = {}
    for file in sorted((ROOT / "bot" / "domain").glob("*.yml")):
        for name, variations in (_read(file).get("responses") or {}).items():
            if name in homes:
                yield f"{name} stands in {homes[name]} and in {file.name}; Rasa keeps only one."
            homes[name] = file.name
            yield from _variation_problems(name, variations)


def _variation_problems(name: str, variations: list[dict[str, Any]]) -> Iterator[str]:
    languages = {language for variation in variations if (language := _wanted(variation).get("language"))}
    for language in LANGUAGES:
        if language not in languages:
            yield f"{name} has no text for language {language}."
    if not variations or variations[-1].get("condition"):
        yield f"{name} has no unconditional text at the end; without a language there would be silence."
    if any(not (variation.get("text") or "").strip() for variation in variations):
        yield f"{name} has an empty text."
    for one, other in combinations(variations, 2):
        if _hold_together(one, other):
            yield f"{name} has two texts for the same case, which would take turns: {_said(one)} and {_said(other)}."


def _hold_together(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether both may be chosen in one turn: Rasa takes those for the channel, then those with conditions."""
    if one.get("channel") != other.get("channel") or bool(one.get("condition")) != bool(other.get("condition")):
        return False
    wanted, also = _wanted(one), _wanted(other)
    return all(wanted[slot] == also[slot] for slot in wanted.keys() & also.keys())


def _wanted(variation: dict[str, Any]) -> dict[str, Any]:
    return {condition["name"]: condition["value"] for condition in variation.get("condition") or []}


def _said(variation: dict[str, Any]) -> str:
    return repr(str(variation.get("text"))[:40])


def answer_problems() -> Iterator[str]:
    """Walk the answers: every leaf that is a text in one language is one in the other too."""
    for file in sorted((ROOT / "data" / "answers").glob("*.yml")):
        yield from _missing_language(_read(file), file.name)


def _missing_language(node: Any, where: str) -> Iterator[str]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _missing_language(item, f"{where}[{index}]")
    if not isinstance(node, dict):
        return
    present = [language for language in LANGUAGES if language in node]
    if present and set(node) <= set(LANGUAGES):
        for language in LANGUAGES:
            if not str(node.get(language) or "").strip():
                yield f"{where} has no text for language {language}."
        return
    for key, value in node.items():
        yield from _missing_language(value, f"{where}.{key}")


def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


if __name__ == "__main__":
    sys.exit(main())
