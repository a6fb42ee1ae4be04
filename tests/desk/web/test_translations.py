"""Both languages are complete, and every text a page asks for is there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import desk.web
from desk.domain.kinds import Kind, Relationship, Role, State
from desk.services.queue import VIEWS
from desk.web.translations import LANGUAGES, catalogue, has_text

WEB = Path(desk.web.__file__).parent
_ASKED = re.compile(r"""(?:\bt|\bsay|visit\.say|translate)\(\s*["']([a-z_]+\.[\w.-]+)["']\s*[,)]""")
_RECORDED = re.compile(r"\brecord\(([^,)]*)")
_SAID = re.compile(r"""\bgo\([^"]*"[^"]*",\s*"([a-z_]+\.[\w.-]+)\"""")


def _sources() -> list[Path]:
    return [*WEB.rglob("*.html"), *WEB.rglob("*.py")]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_stands_in_both_languages_with_the_same_values(key: str) -> None:
    words = catalogue()[key]
    assert set(words) == set(LANGUAGES)
    assert all(text.strip() for text in words.values())
    assert len({frozenset(_placeholders(text)) for text in words.values()}) == 1


def test_every_text_that_a_page_asks_for_exists() -> None:
    asked = {(key, path.name) for path in _sources() for key in _ASKED.findall(path.read_text(encoding="utf-8"))}
    asked |= {(key, path.name) for path in _sources() for key in _SAID.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 100
    missing = [(key, name) for key, name in asked if not has_text(key) and not has_text(f"{key}.other")]
    assert missing == []


def test_every_word_of_the_domain_has_a_name() -> None:
    names = [f"kinds.{kind}" for kind in Kind] + [f"kinds.article.{kind}" for kind in Kind]
    names += [f"states.{state}" for state in State] + [f"roles.{role}" for role in Role]
    names += [f"ticket.relationships.{one}" for one in Relationship] + [f"views.{view}" for view in VIEWS]
    assert [name for name in names if not has_text(name)] == []


def test_every_change_that_is_recorded_has_words() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in WEB.parent.rglob("*.py"))
    recorded = {name for first in _RECORDED.findall(sources) for name in re.findall(r'"([a-z]+\.[a-z-]+)"', first)}
    assert len(recorded) > 40
    keys = {name: f"timeline.{name.replace('.', '-')}" for name in recorded}
    assert [name for name, key in keys.items() if not has_text(key) and not _is_group(key)] == []


def _is_group(key: str) -> bool:
    return any(known.startswith(f"{key}.") for known in catalogue())


def test_texts_are_calm() -> None:
    assert [key for key, words in catalogue().items() if any("!" in text for text in words.values())] == []
