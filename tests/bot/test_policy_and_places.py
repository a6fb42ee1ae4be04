"""A failed action is told, `back` is the visitor's own word, and a place alone asks for its authority."""

from __future__ import annotations

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.care import CareComponent, words_of_distress
from bot.nlu.place_alone import PlaceAloneComponent, everyday_words, known_names
from bot.policy import TruthfulRulePolicy, failed_without_a_trace

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [ask, back]
slots:
  email: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  ticket_form: {required_slots: [email]}
actions: [action_submit_ticket]
responses:
  utter_failure: [{text: It did not work.}]
"""
)


def tracker(*events: object) -> DialogueStateTracker:
    """Return a conversation in which these events happened."""
    return DialogueStateTracker.from_events("visitor", [ActionExecuted("action_listen"), *events], DOMAIN.slots)


@pytest.mark.parametrize("action", ["action_submit_ticket", "ticket_form"])
def test_an_action_that_left_no_trace_has_failed(action: str) -> None:
    assert failed_without_a_trace(tracker(UserUttered("yes"), ActionExecuted(action)), DOMAIN)
    assert not failed_without_a_trace(tracker(ActionExecuted(action), SlotSet("email", "a")), DOMAIN)
    assert not failed_without_a_trace(tracker(ActionExecuted(action), ActiveLoop(None)), DOMAIN)


@pytest.mark.parametrize("action", ["utter_failure", "action_listen", "action_session_start"])
def test_words_and_waiting_leave_no_trace_and_have_not_failed(action: str) -> None:
    assert not failed_without_a_trace(tracker(ActionExecuted(action)), DOMAIN)


def test_nothing_has_failed_before_anything_happened() -> None:
    assert not failed_without_a_trace(DialogueStateTracker.from_events("visitor", []), DOMAIN)


def test_back_is_not_taken_for_the_command_that_removes_turns() -> None:
    said = tracker(UserUttered("back", {"name": "back", "confidence": 1.0}))
    assert TruthfulRulePolicy._find_action_from_default_actions(said) == (None, None)


@pytest.fixture(scope="module")
def places() -> PlaceAloneComponent:
    """Return the component with the project's places."""
    return PlaceAloneComponent(known_names(), everyday_words())


@pytest.mark.parametrize(
    "text",
    [
        "Österreich",
        "oesterreich",
        "Osterreich",
        "Austria.",
        "NRW",
        "in Bayern",
        "Ich wohne in Köln",
        "the Netherlands",
        "from the Netherlands",
        "ich wohne in Essen",
        "auf Mallorca",
        "I live in Reading",
    ],
)
def test_a_place_alone_asks_for_its_authority(places: PlaceAloneComponent, text: str) -> None:
    assert places.is_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "nice",
        "essen",
        "Essen",
        "the reading",
        "be",
        "Wo liegen die Daten in Irland?",
        "",
        "löschen",
        "Daten in den USA",
    ],
)
def test_anything_else_does_not(places: PlaceAloneComponent, text: str) -> None:
    assert not places.is_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "mir ist alles egal, am liebsten wäre ich tot",
        "Ich überlege, ob ich überhaupt noch leben will",
        "ich bring mich um",
        "i feel like ending it all",
        "what's the point of living",
        "I don't want to live anymore",
    ],
)
def test_a_cry_for_help_is_heard(text: str) -> None:
    assert CareComponent(words_of_distress()).cries_for_help(text)


@pytest.mark.parametrize(
    "text",
    ["Die Hotline ist tot.", "Is my data in danger?", "Kann ich nicht mehr ins Konto?", "Do you want to end my trial?"],
)
def test_a_cry_for_help_is_not_heard_where_there_is_none(text: str) -> None:
    assert not CareComponent(words_of_distress()).cries_for_help(text)
