"""Controls, questions, corrections and the matter itself are told apart in one message."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as some

from actions.reading.controls import exact_control, read_control
from actions.reading.corrections import field_to_change, refuses
from actions.reading.matter import changes_mind, is_digression, tells_matter
from actions.reading.message import Message
from actions.reading.spelling import bare, distance, folded, tolerance
from actions.reading.words import pattern, word_set


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("Ja!", "affirm"),
        ("bitte abbrechen", "cancel"),
        ("That's right", "affirm"),
        ("I’d rather not say", "skip"),
        ("ZURÜCK", "back"),
        ("zuruck", None),
        ("zurueck", "back"),
        ("von vorne bitte", "start-over"),
        ("Ja, aber nicht so", None),
    ],
)
def test_a_control_is_a_whole_message(text: str, control: str | None) -> None:
    assert exact_control(text) == control


def test_the_classifier_is_believed_when_it_is_sure_and_the_message_short() -> None:
    assert read_control(Message("ach lassen wir das mal lieber", "cancel", 0.9)) == "cancel"
    assert read_control(Message("ach lassen wir das mal lieber", "cancel", 0.3)) is None
    assert read_control(Message("wort " * 20, "cancel", 0.99)) is None
    assert read_control(Message("ach lassen wir das mal lieber jetzt", "cancel", 0.9), free_text=True) is None


def test_a_button_is_what_it_says() -> None:
    assert read_control(Message("/skip", "skip", 1.0)) == "skip"
    assert read_control(Message("/complaint", "complaint", 1.0)) is None


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Ich möchte mich beschweren", False),
        ("Ich möchte mich beschweren, weil Sie mir trotz Abmeldung Newsletter schicken", True),
        ("I want to talk to a human", False),
        ("Please ask the DPO how long applicant data is kept", True),
        ("Bitte löschen Sie alle meine Daten", False),
        ("Guten Tag, ich hätte gern Auskunft über meine Daten, mein Name ist Max Huber, max@web.de", False),
    ],
)
def test_an_announcement_does_not_tell_the_matter(text: str, tells: bool) -> None:
    assert tells_matter(text) is tells


def test_a_question_is_told_from_a_narrative() -> None:
    assert is_digression(Message("Verkaufen Sie meine Daten?", "faq", 0.9))
    assert is_digression(Message("cookies", "faq", 0.9))
    assert is_digression(Message('/faq{"topic": "cookies"}', "faq", 1.0))
    assert not is_digression(Message("/skip", "skip", 1.0))
    assert not is_digression(Message("Verkaufen Sie meine Daten?", "faq", 0.2))
    assert not is_digression(Message("Warum bekomme ich seit drei Wochen jeden Tag Ihre Werbung?", "faq", 0.9))
    assert not is_digression(Message("wort " * 40 + "?", "faq", 0.9))


def test_changing_the_mind_needs_a_word_for_it_while_free_text_is_asked_for() -> None:
    assert changes_mind(Message("doch lieber Auskunft", "access", 0.5), free_text=True)
    assert not changes_mind(Message("Auskunft verlangt, nichts bekommen", "access", 0.9), free_text=True)
    assert changes_mind(Message("Auskunft bitte", "access", 0.9), free_text=False)
    assert not changes_mind(Message("Auskunft bitte", "access", 0.3), free_text=False)
    assert not changes_mind(Message("nein " + "wort " * 20, "access", 0.9), free_text=False)
    assert changes_mind(Message("/access", "access", 1.0), free_text=True)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("nein, die Mail ist a@b.de", "email"),
        ("change the name", "name"),
        ("die Adresse ist falsch", "email"),
        ("Mein Land stimmt nicht", "country"),
        ("the description is wrong", "description"),
        ("die Verbindung ist falsch", "relationship"),
        ("ändern", None),
        ("Anna Muster", None),
        ("falsch " * 20, None),
    ],
)
def test_a_correction_names_what_it_corrects(text: str, field: str | None) -> None:
    assert field_to_change(Message(text)) == field


def test_a_button_names_the_field() -> None:
    assert field_to_change(Message('/correct{"field": "name"}', choice=MappingProxyType({"field": "name"}))) == "name"
    assert field_to_change(Message("/correct")) is None
    assert refuses("Nein, falsch")
    assert not refuses("Max Muster")


def test_spelling_forgives_what_keyboards_do() -> None:
    assert folded("Größe, Übel!") == "groesse uebel"
    assert bare("Größe, Übel!") == "grosse ubel"
    assert distance("gmail", "gmial") == 1
    assert distance("", "abc") == 3
    assert [tolerance(word) for word in ("ab", "abcdef", "abcdefghij")] == [0, 1, 2]


@given(some.text(max_size=12), some.text(max_size=12))
def test_distance_is_symmetric_and_zero_only_for_the_same(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) is (one == other)


@given(some.text(max_size=300))
def test_no_text_breaks_a_reader(text: str) -> None:
    message = Message(text, "faq", 0.9)
    read_control(message)
    is_digression(message)
    tells_matter(text)
    field_to_change(message)
    changes_mind(message, free_text=False)


def test_word_lists_and_patterns_are_there() -> None:
    assert "wer" in word_set("question-words")
    assert pattern("danger").search("STALKING")


def test_a_message_knows_its_form() -> None:
    assert Message("Wer sind Sie").is_question
    assert not Message("").is_question
    assert Message("/skip").is_button
    assert not Message("/ 5").is_button
