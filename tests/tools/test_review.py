"""Questions placed in the desk become training phrases; doubles and contradictions do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.nlu.phrases import read_phrases
from tools import review
from tools.review import Assignment, append, sort_out

LABELS = ("faq/cookies", "faq/recipients", "unclear")
TAUGHT = """\
version: "3.1"
nlu:
- intent: faq/cookies
  examples: |
    - Setzt ihr Kekse?
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "cookies.yml").write_text(TAUGHT, encoding="utf-8")
    return tmp_path


def assign(number: int, text: str, label: str = "faq/cookies", language: str = "de") -> Assignment:
    return Assignment(number, language, label, text)


def test_new_phrases_are_appended_under_their_labels(folder: Path) -> None:
    path = folder / "de" / review.FILE
    for number, label in enumerate(LABELS):
        found = sort_out([assign(number, f"Frage {label}", label)], read_phrases(folder), LABELS)
        assert found.learned == [number]
        append(path, found.new)
    found = sort_out([assign(9, "Noch eine: Kekse - ja?")], read_phrases(folder), LABELS)
    append(path, found.new)
    written = [(phrase.label, phrase.text) for phrase in read_phrases(folder) if phrase.file == f"de/{review.FILE}"]
    assert written == [
        ("faq/cookies", "Frage faq/cookies"),
        ("faq/cookies", "Noch eine: Kekse - ja?"),
        ("faq/recipients", "Frage faq/recipients"),
        ("unclear", "Frage unclear"),
    ]


def test_a_double_is_learned_and_not_written_again(folder: Path) -> None:
    twice = [assign(1, "setzt ihr KEKSE??"), assign(2, "wieso Krümel"), assign(3, "Wieso Kruemel?")]
    found = sort_out(twice, read_phrases(folder), LABELS)
    assert [phrase.text for phrase in found.new] == ["wieso Krümel"]
    assert found.learned == [1, 2, 3]


def test_contradictions_are_left_out_and_stay_in_the_desk(folder: Path) -> None:
    contradicting = [
        assign(1, "setzt ihr kekse", "faq/recipients"),
        assign(2, "so ein Ding", "faq/recipients"),
        assign(3, "So ein Ding.", "unclear"),
    ]
    found = sort_out(contradicting, read_phrases(folder), LABELS)
    assert (found.new, found.learned) == ([], [])
    assert [left.number for left, _ in found.left_out] == [1, 2, 3]
    assert "faq/cookies" in found.left_out[0][1]


def test_what_is_no_phrase_is_left_out(folder: Path) -> None:
    strange = [assign(1, "???"), assign(2, "ein Wort", "faq/nothing"), assign(3, "ein Wort", language="fr")]
    found = sort_out(strange, read_phrases(folder), LABELS)
    assert found.learned == []
    assert len(found.left_out) == 3


def test_a_message_kept_apart_for_measuring_stays_a_measure(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "eins zwei drei vier fünf sechs sieben acht neun zehn"
    kept_apart = tmp_path_factory.mktemp("kept-apart")
    case = {"id": "x1", "text": text, "lang": "de", "accept": ["topic:cookies"]}
    (kept_apart / "messages.jsonl").write_text(json.dumps(case), encoding="utf-8")
    monkeypatch.setattr(review, "DEVELOPMENT", kept_apart)
    found = sort_out([assign(1, text)], read_phrases(folder), LABELS)
    assert found.learned == []
    assert "kept apart for measuring" in found.left_out[0][1]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("- was ist\n\tmit […] hier", "was ist mit hier"),
        ("meine [Steuernummer entfernt] gehört mir", "meine gehört mir"),
        ("my [tax number removed] is mine", "my is mine"),
        ("[Kekse](topic) und {mehr}", "(Kekse)(topic) und (mehr)"),
    ],
)
def test_a_phrase_stands_on_one_line_without_masks_and_marks(text: str, phrase: str) -> None:
    assert assign(1, text).phrase.text == phrase
