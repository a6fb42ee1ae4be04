"""Print everything the assistant says, German and English side by side, so that all of it can be read as one text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
Text = tuple[str, str, str]


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else 160)
    for title, texts in [*answer_texts(), *response_texts()]:
        table = Table(title=title, title_justify="left", show_lines=True, expand=True)
        table.add_column("name", ratio=1, overflow="fold")
        table.add_column("Deutsch", ratio=3, overflow="fold")
        table.add_column("English", ratio=3, overflow="fold")
        for row in texts:
            table.add_row(*row)
        console.print(table, markup=False)
    return 0


def answer_texts() -> Iterator[tuple[str, list[Text]]]:
    """Give the answers, file by file."""
    for file in sorted((ROOT / "data" / "answers").glob("*.yml")):
        yield f"data/answers/{file.name}", list(_pairs(_read(file), ""))


def _pairs(node: Any, name: str) -> Iterator[Text]:
    if not isinstance(node, dict):
        return
    if set(node) == {"de", "en"}:
        yield name, str(node["de"]).strip(), str(node["en"]).strip()
        return
    for key, value in node.items():
        yield from _pairs(value, f"{name}.{key}".lstrip("."))


def response_texts() -> Iterator[tuple[str, list[Text]]]:
    """Give the responses of the domain, file by file."""
    for file in sorted((ROOT / "bot" / "domain").glob("*.yml")):
        responses = _read(file).get("responses") or {}
        texts = [(name, _said(variations, "de"), _said(variations, "en")) for name, variations in responses.items()]
        if texts:
            yield f"bot/domain/{file.name}", texts


def _said(variations: list[dict[str, Any]], language: str) -> str:
    texts = []
    for variation in variations:
        if {"type": "slot", "name": "language", "value": language} in (variation.get("condition") or []):
            buttons = "".join(f"\n[{button['title']}]" for button in variation.get("buttons") or [])
            texts.append(str(variation.get("text", "")).strip() + buttons)
    return "\n— or —\n".join(texts)


def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


if __name__ == "__main__":
    sys.exit(main())
