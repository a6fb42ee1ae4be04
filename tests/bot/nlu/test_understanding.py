"""What is understood of whole messages: two questions, a question inside a request, greetings, languages, nonsense."""

import time
from pathlib import Path

import pytest

from bot.nlu.labels import catalogue
from bot.nlu.understanding import Understanding


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Hallo, was sind Cookies und verkauft ihr meine Daten?", ("cookies", "sale-of-data")),
        ("who gets my data and how long do you keep it?", ("recipients", "not-covered/retention-period")),
        ("Do you sell my data? And is it encrypted?", ("sale-of-data", "not-covered/encryption")),
    ],
)
def test_two_questions_give_two_topics_in_order(
    understanding: Understanding, text: str, topics: tuple[str, ...]
) -> None:
    assert understanding.understand(text).topics == topics


def test_a_question_inside_a_complaint_is_kept_beside_it(understanding: Understanding) -> None:
    found = understanding.understand(
        "Sie haben meine Adresse ohne zu fragen weitergegeben, ich beschwere mich. Wie heißt Ihr Datenschützer?"
    )
    assert found.label == "complaint"
    assert found.topics == ("not-covered/officer-name",)


@pytest.mark.parametrize(
    "text", ["Wird das verschlüsselt? AES, TLS 1.3?", "Wer ist für Beschwerden da und wie geht das?"]
)
def test_a_single_question_is_not_torn_apart(understanding: Understanding, text: str) -> None:
    assert len(understanding.understand(text).topics) <= 1


@pytest.mark.parametrize(
    ("text", "label"),
    [("hallo", "chitchat/greet"), ("thanks a lot", "chitchat/thanks"), ("ja", "affirm"), ("abbrechen", "cancel")],
)
def test_small_talk_and_control_are_recognised(understanding: Understanding, text: str, label: str) -> None:
    assert understanding.understand(text).label == label


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("verkauft ihr daten", "de"),
        ("do you sell data", "en"),
        ("gibts eich a in minga", "de"),
        ("koennen sie meine daten loeschen", "de"),
        ("who gets it", "en"),
        ("ok", None),
        ("dpo", None),
        ("12345", None),
    ],
)
def test_the_language_is_named_only_when_it_is_clear(
    understanding: Understanding, text: str, language: str | None
) -> None:
    assert understanding.understand(text).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [("can we speak german please", "de"), ("auf englisch bitte", "en"), ("in English please", "en")],
)
def test_who_asks_for_another_language_gets_that_one_named(
    understanding: Understanding, text: str, language: str
) -> None:
    found = understanding.understand(text)
    assert found.label == "switch-language"
    assert found.language == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "\u0000\u0007",
        "😀😀😀",
        "ض" * 50,
        "<script>alert(1)</script>",
        "'; DROP TABLE tickets; --",
        "a" * 2000,
        "und " * 500,
        "\ud83d",
    ],
)
def test_anything_typed_is_understood_as_something(understanding: Understanding, text: str) -> None:
    found = understanding.understand(text)
    assert found.label in catalogue()
    assert 0.0 <= found.confidence <= 1.0


def test_a_message_that_is_unclear_comes_with_up_to_three_topics(understanding: Understanding) -> None:
    found = understanding.understand("irgendwas mit meinen daten halt")
    assert found.label == "unclear"
    assert 1 <= len(found.suggestions) <= 3


def test_every_label_of_the_catalogue_is_learned(understanding: Understanding) -> None:
    assert sorted(understanding.labels) == sorted(catalogue())


def test_what_was_learned_survives_saving(understanding: Understanding, tmp_path: Path) -> None:
    understanding.save(tmp_path)
    again = Understanding.load(tmp_path)
    again.temperature, again.thresholds = understanding.temperature, understanding.thresholds
    text = "wie lange speichert ihr meine adresse"
    assert again.understand(text).label == understanding.understand(text).label
    assert again.understand(text).confidence == pytest.approx(understanding.understand(text).confidence, abs=0.01)


def test_understanding_stays_quick_for_the_longest_message(understanding: Understanding) -> None:
    began = time.process_time()
    understanding.understand("Warum speichert ihr meine Daten, und wer bekommt sie? " * 37)
    assert time.process_time() - began < 0.5
