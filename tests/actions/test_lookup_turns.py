"""Every turn people take in the flows about requests that exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

from actions.authority import authority_turn, buttons_for
from actions.lookups.start import known_already
from actions.lookups.turns import take_turn
from actions.reading.message import Message
from actions.turn import SKIPPED, State, Turn

STEPS = ("reference", "email")


def normalise(text: str) -> str | None:
    """Find a reference as the desk does, without its check character."""
    found = re.search(r"PR-?([0-9A-Z]{4})-?([0-9A-Z]{4})", text.upper())
    return f"PR-{found.group(1)}-{found.group(2)}" if found else None


def turn(step: str, text: str, intent: str = "unclear", confidence: float = 0.9, **more: Any) -> Turn:
    """Take one turn at a step."""
    kind = more.pop("kind", "ticket-status")
    steps = more.pop("steps", STEPS)
    state = State(kind, step, more.pop("known", {}), more.pop("pending", {}), more.pop("attempts", 0))
    return take_turn(state, Message(text, intent, confidence, **more), steps, normalise)


def said(outcome: Turn) -> list[str]:
    """Return the names of what is said."""
    return [say.response for say in outcome.says]


def test_reference_and_address_are_taken_wherever_they_stand() -> None:
    outcome = turn("reference", "es geht um pr7k2m9qxd, a@example.org")
    assert outcome.slots["reference"] == "PR-7K2M-9QXD"
    assert outcome.slots["email"] == "a@example.org"


def test_a_mistyped_address_is_questioned() -> None:
    pending = turn("email", "a@gmial.com").slots["pending"]
    assert turn("email", "ja", pending=pending).slots["email"] == "a@gmail.com"
    assert turn("email", "nein", pending=pending).slots["email"] == "a@gmial.com"
    assert turn("email", "nein", pending={**pending, "address": None}).asks == "email"


@pytest.mark.parametrize("text", ["abbrechen", "von vorne"])
def test_leaving_is_easy(text: str) -> None:
    assert turn("reference", text).ends == "cancelled"


def test_without_a_reference_a_status_cannot_be_told_but_a_dispute_can_be_explained() -> None:
    assert turn("reference", "ich habe keins").ends == "no-reference"
    assert turn("reference", "I lost it", kind="dispute").slots["reference"] == SKIPPED
    assert said(turn("email", "skip")) == ["utter_cannot_skip_email"]


def test_going_back_and_correcting() -> None:
    assert turn("email", "zurück").asks == "reference"
    assert said(turn("reference", "zurück")) == ["utter_nothing_before"]
    assert turn("email", "ändern").asks == "reference"


def test_other_flows_begin_at_once() -> None:
    assert turn("reference", "Ich will mich beschweren", "complaint").ends == "complaint"
    assert turn("reference", "Behörde in Bayern?", "authority").digresses
    assert turn("reference", "meine Anfrage", "ticket-status").ends is None


def test_questions_and_people_in_need_are_left_to_the_rules() -> None:
    assert turn("reference", "Verkaufen Sie Daten?", "faq").digresses
    assert said(turn("reference", "er lauert mir auf", "unclear", 0.1)) == ["utter_distress"]
    assert said(turn("reference", "Ich habe Angst", "distress")) == ["utter_distress"]
    assert turn("reference", "danke dir", "chitchat").digresses
    assert turn("reference", "auf Englisch bitte jetzt", "switch-language").digresses
    assert said(turn("reference", "warum?")) == ["utter_why"]
    assert turn("reference", "wie bitte?").slots == {"pending": None}


def test_a_wrong_reference_is_explained_differently_each_time() -> None:
    assert said(turn("reference", "PR-77")) == ["utter_reference_mistyped"]
    assert said(turn("reference", "hm", attempts=1)) == ["utter_invalid_reference_2"]
    assert said(turn("reference", "hm", attempts=7)) == ["utter_invalid_reference_3"]


def test_the_addition_is_taken_as_it_is() -> None:
    steps = ("reference", "email", "addition")
    assert turn("addition", "Es war im Mai.", steps=steps, kind="ticket-add").slots["addition"] == "Es war im Mai."
    assert turn("addition", "Verkaufen Sie Daten?", "faq", steps=steps, kind="ticket-add").digresses
    assert said(turn("addition", "skip", steps=steps, kind="ticket-add")) == ["utter_cannot_skip_addition"]


def test_withdrawing_is_decided_by_yes_or_no() -> None:
    steps = ("reference", "email", "confirmed")
    assert turn("confirmed", "ja", steps=steps).slots["confirmed"] is True
    assert turn("confirmed", "nein", steps=steps).ends == "cancelled"
    assert said(turn("confirmed", "qwertz", steps=steps)) == ["utter_invalid_confirmed_1"]


def test_the_request_just_made_is_known_unless_another_is_meant() -> None:
    latest = {"reference": "PR-1", "email": "a@example.org", "kind": "access"}
    assert known_already(latest, {}) == {"reference": "PR-1", "email": "a@example.org"}
    assert known_already(latest, {"reference": "PR-2"}) == {}
    assert known_already(None, {}) == {}


def place(text: str, intent: str = "unclear", confidence: float = 0.9, **more: Any) -> Turn:
    """Take one turn while the place is asked for."""
    return authority_turn(
        State("authority", "place", attempts=more.pop("attempts", 0)), Message(text, intent, confidence, **more)
    )


def test_the_place_is_read_or_asked_back() -> None:
    assert place("Wien").slots["place"] == "AT"
    assert place("Brasilien").slots["place"] == "elsewhere:Brasilien"
    assert place("/authority", "authority", choice={"place": "DE-BY"}).slots["place"] == "DE-BY"
    assert said(place("Atlantis")) == ["utter_invalid_place_1"]
    assert said(place("Atlantis", attempts=5)) == ["utter_invalid_place_3"]
    assert place("abbrechen").ends == "cancelled"
    assert place("Ich will mich beschweren", "complaint").ends == "complaint"
    assert place("Verkaufen Sie Daten?", "faq").digresses
    assert said(place("warum?")) == ["utter_why"]
    assert place("wie bitte?").slots == {}
    assert place("switch to English please now", "switch-language").digresses


def test_a_button_stands_for_each_place() -> None:
    assert buttons_for(("DE-BY", "AT"), "de")[0] == {"title": "Bayern", "payload": '/authority{"place": "DE-BY"}'}
