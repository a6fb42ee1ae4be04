"""What is checked of texts and phrases before they are committed is really found."""

from __future__ import annotations

from typing import Any

import pytest

from bot.nlu.check_data import find_double_variants, find_doubles
from bot.nlu.phrases import Phrase
from tools.checks.responses import _variation_problems


def text(words: str, **wanted: Any) -> dict[str, Any]:
    """Return a variation for conversations in which slots have these values."""
    conditions = [{"type": "slot", "name": name, "value": value} for name, value in wanted.items()]
    return {"text": words, **({"condition": conditions} if conditions else {})}


BOTH = [text("Ja.", language="de"), text("Yes.", language="en"), text("Ja.")]
BY_KIND = [
    text("Ja, gelöscht.", language="de", kind="erasure"),
    text("Ja, da.", language="de", kind="access"),
    *BOTH[1:],
]


@pytest.mark.parametrize("variations", [BOTH, BY_KIND])
def test_texts_of_different_cases_are_fine(variations: list[dict[str, Any]]) -> None:
    assert list(_variation_problems("utter_yes", variations)) == []


@pytest.mark.parametrize(
    ("variations", "problem"),
    [
        (BOTH[1:], "no text for language de"),
        (BOTH[:2], "no unconditional text"),
        ([text(" ", language="de"), *BOTH[1:]], "empty"),
        ([text("Sicher.", language="de"), *BOTH], "take turns: 'Sicher.' and 'Ja.'"),
        ([text("Ja, gelöscht.", language="de", kind="erasure"), *BOTH], "take turns"),
        ([*BOTH, text("Jawohl.")], "take turns"),
    ],
)
def test_what_would_be_silence_or_chance_is_found(variations: list[dict[str, Any]], problem: str) -> None:
    assert any(problem in found for found in _variation_problems("utter_yes", variations))


def test_a_text_for_one_channel_may_stand_beside_that_for_all() -> None:
    assert list(_variation_problems("utter_yes", [{**BOTH[0], "channel": "slack"}, *BOTH])) == []


def test_a_way_of_writing_stands_for_one_word() -> None:
    content = {"variants": {"de": {"ich": "i ick", "ist": "is isch", "nicht": "ned isch"}, "en": {"is": "isch"}}}
    assert list(find_double_variants(content)) == ["lexicon: 'isch' stands for ist and nicht in de"]


def test_phrases_that_say_the_same_under_two_labels_are_found() -> None:
    phrases = [Phrase("Cookies?", "faq/cookies", "de"), Phrase("cookies", "unclear", "en")]
    assert len(list(find_doubles(phrases))) == 1
