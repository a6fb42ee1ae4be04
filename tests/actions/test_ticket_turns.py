"""Every turn people take inside a request, one line each, without Rasa and without the desk."""

from __future__ import annotations

from typing import Any

import pytest

from actions.reading.message import Message
from actions.tickets.start import opening_turn
from actions.tickets.steps import STEPS, may_skip, stated_country, steps_not_asked
from actions.tickets.turns import reset, take_turn
from actions.turn import SKIPPED, State, Turn

KNOWN = {"description": "spam", "relationship": "direct", "email": "a@example.org"}


def turn(step: str, text: str, intent: str = "unclear", confidence: float = 0.9, **more: Any) -> Turn:
    """Take one turn of a complaint at a step."""
    kind = more.pop("kind", "complaint")
    known = more.pop("known", KNOWN)
    pending = more.pop("pending", {})
    attempts = more.pop("attempts", 0)
    return take_turn(State(kind, step, known, pending, attempts), Message(text, intent, confidence, **more))


def said(outcome: Turn) -> list[str]:
    """Return the names of what is said."""
    return [say.response for say in outcome.says]


@pytest.mark.parametrize(
    ("step", "text", "slot", "value"),
    [
        ("description", "Sie rufen mich ständig an", "description", "Sie rufen mich ständig an"),
        ("relationship", "direkt", "relationship", "direct"),
        ("relationship", "überspringen", "relationship", "unsure"),
        ("email", "meine Mail ist b@example.org", "email", "b@example.org"),
        ("name", "Anna Muster", "name", "Anna Muster"),
        ("name", "lieber nicht", "name", SKIPPED),
        ("name", "nein", "name", SKIPPED),
        ("country", "Wien", "country", "AT"),
        ("country", "ich lebe in Japan", "country", "JP"),
        ("confirmed", "ja", "confirmed", True),
    ],
)
def test_an_answer_fills_its_step(step: str, text: str, slot: str, value: object) -> None:
    assert turn(step, text, known={}).slots[slot] == value


def test_one_message_may_answer_several_questions() -> None:
    text = "Ich heiße Lena Vogt, ich wohne in Graz, l@example.org, und Sie rufen mich dauernd an"
    outcome = turn("description", text, known={})
    assert outcome.slots["description"] == text
    assert outcome.slots["name"] == "Lena Vogt"
    assert outcome.slots["email"] == "l@example.org"
    assert outcome.slots["country"] == "AT"


def test_only_an_address_is_no_description() -> None:
    outcome = turn("description", "l@example.org", known={})
    assert outcome.slots["email"] == "l@example.org"
    assert "description" not in outcome.slots


def test_a_mistyped_address_is_questioned_and_either_answer_is_taken() -> None:
    questioned = turn("email", "a@gmial.com", known={})
    assert questioned.waits
    assert said(questioned) == ["utter_email_suggestion"]
    pending = questioned.slots["pending"]
    assert turn("email", "ja", pending=pending, known={}).slots["email"] == "a@gmail.com"
    assert turn("email", "nein", pending=pending, known={}).slots["email"] == "a@gmial.com"
    assert turn("email", "neu@example.org", pending=pending, known={}).slots["email"] == "neu@example.org"


def test_an_incomplete_address_refused_is_asked_again() -> None:
    pending = {"asks": "email", "address": None, "suggestion": "a@gmail.com"}
    assert turn("email", "nein", pending=pending).asks == "email"


@pytest.mark.parametrize("step", [step for step in STEPS if step != "description"])
def test_a_question_at_any_step_is_left_to_the_rules(step: str) -> None:
    assert turn(step, "Verkaufen Sie meine Daten?", "faq", topics=("sale-of-data",)).digresses


def test_a_question_beside_an_answer_is_both() -> None:
    outcome = turn("email", "a@example.org. Verkaufen Sie Daten?", "faq", topics=("sale-of-data",), known={})
    assert outcome.slots["email"] == "a@example.org"
    assert outcome.digresses


def test_a_question_for_the_officer_is_the_matter_and_is_answered_too() -> None:
    outcome = turn("description", "Verkaufen Sie meine Daten?", "faq", topics=("x",), kind="inquiry", known={})
    assert outcome.slots["description"] == "Verkaufen Sie meine Daten?"
    assert outcome.digresses


def test_a_narrative_with_a_topic_is_a_description() -> None:
    text = "Ich habe mich dreimal abgemeldet und bekomme trotzdem Newsletter?"
    assert turn("description", text, "faq", topics=("marketing-messages",), known={}).slots["description"] == text


@pytest.mark.parametrize(
    ("text", "asked", "response"),
    [("abbrechen", "cancel", "utter_confirm_cancel"), ("von vorne", "start-over", "utter_confirm_start_over")],
)
def test_leaving_is_confirmed_when_something_was_typed(text: str, asked: str, response: str) -> None:
    outcome = turn("email", text)
    assert outcome.waits
    assert outcome.slots["pending"]["asks"] == asked
    assert said(outcome) == [response]


def test_leaving_is_not_confirmed_when_nothing_was_typed() -> None:
    assert turn("description", "abbrechen", known={}).ends == "cancelled"
    assert said(turn("description", "von vorne", known={})) == ["utter_started_over"]


def test_the_answer_to_leaving_decides() -> None:
    for asked, ends in (("cancel", "cancelled"), ("start-over", None)):
        assert turn("email", "ja", pending={"asks": asked}).ends == ends
        assert said(turn("email", "nein", pending={"asks": asked})) == ["utter_going_on"]
    assert turn("email", "abbrechen", pending={"asks": "cancel"}).ends == "cancelled"
    assert turn("email", "ja", pending={"asks": "leave", "to": "ticket-status"}).ends == "ticket-status"


def test_anything_else_than_an_answer_takes_back_the_question() -> None:
    outcome = turn("email", "b@example.org", pending={"asks": "cancel"}, known={})
    assert outcome.slots["email"] == "b@example.org"
    assert outcome.slots["pending"] is None


def test_starting_over_forgets_everything() -> None:
    outcome = turn("email", "ja", pending={"asks": "start-over"})
    assert outcome.slots["description"] is None
    assert outcome.slots["request_id"] is None


def test_going_back_asks_the_step_before() -> None:
    assert turn("email", "zurück").asks == "relationship"
    assert turn("confirmed", "back", kind="access").asks == "name"
    assert said(turn("description", "zurück", known={})) == ["utter_nothing_before"]


@pytest.mark.parametrize("step", ["email", "description"])
def test_what_is_needed_cannot_be_skipped(step: str) -> None:
    assert said(turn(step, "skip", known={})) == [f"utter_cannot_skip_{step}"]


def test_a_right_may_do_without_a_description() -> None:
    assert turn("description", "/skip", "skip", kind="access", known={}).slots["description"] == SKIPPED
    assert turn("description", "alle Daten", kind="access", known={}).slots["description"] == "alle Daten"
    assert may_skip("access", "description")
    assert not may_skip("complaint", "description")


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("nein, die Mail ist neu@example.org", "email", "neu@example.org"),
        ("no, the e-mail is new@example.org", "email", "new@example.org"),
        ("neu@example.org", "email", "neu@example.org"),
        ("der richtige Name ist Anna Berger", "name", "Anna Berger"),
        ("das Land ist falsch, ich wohne in Belgien", "country", "BE"),
    ],
)
def test_a_correction_with_the_new_value_needs_no_asking(text: str, slot: str, value: str) -> None:
    outcome = turn("confirmed", text, known={**KNOWN, "name": "X", "country": "AT"})
    assert outcome.slots[slot] == value
    assert outcome.asks is None


@pytest.mark.parametrize(
    ("text", "field"),
    [("change the name", "name"), ("die Schilderung ändern", "description"), ("my e-mail is wrong", "email")],
)
def test_a_correction_without_it_asks(text: str, field: str) -> None:
    outcome = turn("confirmed", text, "correct", known={**KNOWN, "name": "X", "country": "AT"})
    assert outcome.asks == field
    assert outcome.slots[field] is None


def test_no_at_the_summary_asks_what_to_change() -> None:
    outcome = turn("confirmed", "nein")
    assert said(outcome) == ["utter_which_field_of_complaint"]
    pending = outcome.slots["pending"]
    assert turn("confirmed", "den Namen", pending=pending).asks == "name"
    assert said(turn("confirmed", "nein", pending=pending)) == ["utter_going_on"]


def test_a_button_names_what_to_change() -> None:
    outcome = turn("confirmed", "/correct", "correct", choice={"field": "email"}, pending={"asks": "field"})
    assert outcome.asks == "email"


def test_a_mistyped_correction_is_questioned() -> None:
    outcome = turn("confirmed", "nein, die Mail ist a@gmial.com")
    assert outcome.waits
    assert outcome.slots["pending"]["suggestion"] == "a@gmail.com"


def test_an_address_that_is_wrong_may_be_the_matter_itself() -> None:
    outcome = turn("description", "Meine Adresse ist falsch gespeichert", kind="rectification", known={})
    assert outcome.slots["description"] == "Meine Adresse ist falsch gespeichert"


def test_changing_the_mind_keeps_the_person_and_asks_the_matter_anew() -> None:
    outcome = turn("name", "doch lieber Auskunft", "access", kind="erasure")
    assert outcome.slots["ticket_kind"] == "access"
    assert outcome.slots["email"] == "a@example.org"
    assert outcome.slots["description"] is None
    assert outcome.slots["request_id"] is None
    assert said(outcome) == ["utter_start_access"]


def test_changing_the_mind_to_a_complaint_asks_the_country() -> None:
    outcome = turn("name", "doch lieber Beschwerde", "complaint", kind="erasure", known={**KNOWN, "country": SKIPPED})
    assert outcome.slots["country"] is None


def test_going_elsewhere_asks_before_losing_something() -> None:
    assert turn("email", "Wie ist der Stand?", "ticket-status", known={}).ends == "ticket-status"
    assert said(turn("email", "Wie ist der Stand?", "ticket-status")) == ["utter_confirm_leave"]


def test_wanting_to_add_something_adds_to_the_description() -> None:
    outcome = turn("name", "Ich will noch etwas ergänzen", "ticket-add")
    assert said(outcome) == ["utter_ask_addition_to_description"]
    added = turn("name", "Es war im Mai.", pending=outcome.slots["pending"])
    assert added.slots["description"] == "spam\n\nEs war im Mai."


def test_taking_the_request_back_before_sending_is_cancelling() -> None:
    assert said(turn("email", "Ich ziehe das zurück", "ticket-withdraw")) == ["utter_confirm_cancel"]


def test_a_long_text_at_another_step_is_not_lost() -> None:
    text = "Übrigens kam gestern schon wieder so eine Nachricht mit meinem alten Nachnamen darin"
    outcome = turn("email", text, "complaint", 0.4)
    assert text in outcome.slots["description"]


@pytest.mark.parametrize("step", ["relationship", "email", "name", "country", "confirmed"])
def test_every_failure_is_explained_differently(step: str) -> None:
    for attempts in range(4):
        outcome = turn(step, "12 34 %%", "unclear", 0.2, attempts=attempts)
        assert said(outcome) == [f"utter_invalid_{step}_{min(attempts + 1, 3)}"]
        assert outcome.slots["attempts"] == attempts + 1


def test_an_ambiguous_country_is_asked_back() -> None:
    assert said(turn("country", "Georgia")) == ["utter_country_ambiguous"]


def test_somebody_under_18_ends_the_flow() -> None:
    assert turn("email", "ich bin 15").ends == "under-age"
    assert turn("description", "Ich schreibe für meine Tochter, sie ist 12", known={}).ends is None


def test_who_writes_for_another_or_is_in_danger_is_marked() -> None:
    outcome = turn("description", "Ich schreibe für meine Mutter, ein Mann lauert mir auf", known={})
    assert outcome.slots["marks"] == ["on-behalf", "urgent"]
    assert said(outcome)[0] == "utter_distress"
    assert "utter_on_behalf" in said(outcome)
    again = turn("name", "Es geht um die Daten meiner Mutter, wie gesagt", known={**KNOWN, "marks": ["on-behalf"]})
    assert "marks" not in again.slots


def test_danger_is_met_first_and_kept() -> None:
    outcome = turn("description", "Mein Ex bedroht mich und hat die Adresse von Ihnen", "distress", known={})
    assert said(outcome) == ["utter_distress"]
    assert outcome.slots["marks"] == ["urgent"]
    assert outcome.slots["description"].startswith("Mein Ex")
    assert said(turn("email", "Ich habe Angst", "distress")) == ["utter_distress"]
    assert said(turn("email", "Angst", "distress", known={**KNOWN, "marks": ["urgent"]})) == ["utter_distress"]


def test_a_yes_with_a_reservation_sends_nothing() -> None:
    assert "confirmed" not in turn("confirmed", "ja, aber der Name ist falsch", "affirm").slots
    assert "confirmed" not in turn("confirmed", "ja noch nicht", "affirm").slots
    assert turn("confirmed", "ja, bitte so losschicken", "affirm").slots["confirmed"] is True


def test_questions_about_authority_and_status_are_no_description() -> None:
    assert turn("description", "Welche Behörde ist in Bayern zuständig?", "authority", known={}).digresses
    assert turn("description", "Wie ist der Stand meiner Anfrage?", "ticket-status", known={}).ends == "ticket-status"


def test_why_is_said_at_once() -> None:
    assert said(turn("email", "warum?")) == ["utter_why"]
    assert turn("email", "switch to English", "switch-language").digresses
    assert turn("email", "wie bitte?").slots == {"pending": None}


def test_yes_where_there_is_nothing_to_confirm_is_no_answer() -> None:
    assert said(turn("email", "ja", known={})) == ["utter_affirm_in_flow"]


def test_no_to_a_question_is_leaving_it_out_where_that_is_possible() -> None:
    assert said(turn("email", "nein", known={})) == ["utter_cannot_skip_email"]
    assert said(turn("relationship", "nein")) == ["utter_invalid_relationship_1"]


def test_small_talk_and_the_authority_are_left_to_the_rules() -> None:
    assert turn("email", "Bist du ein Bot?", "chitchat").digresses
    assert turn("email", "Behörde in Bayern", "authority").digresses


def test_what_is_said_in_another_language_may_be_the_matter_itself() -> None:
    assert turn("description", "je veux effacer mes données", "chitchat", chitchat="insult").digresses
    told = turn("description", "je veux effacer mes données", "chitchat", chitchat="other-language")
    assert told.slots["description"] == "je veux effacer mes données"


def test_a_name_that_looks_like_a_topic_is_a_name() -> None:
    assert turn("name", "Anna", "faq", 0.5).slots["name"] == "Anna"


def test_health_in_the_description_gets_a_kind_word() -> None:
    assert "utter_special_category" in said(turn("description", "Sie haben meine Diagnose verraten", known={}))


def test_the_opening_keeps_what_it_tells() -> None:
    text = "Ich möchte mich beschweren, weil Sie mir trotz Abmeldung Newsletter schicken, max@example.org"
    opening = opening_turn("complaint", Message(text, "complaint", 0.9))
    assert opening.slots["description"] == text
    assert opening.slots["email"] == "max@example.org"
    assert opening_turn("erasure", Message("Löscht alles!", "erasure", 0.9)).slots["description"] == "Löscht alles!"
    assert opening_turn("erasure", Message("Löscht meine Daten", "erasure", 0.9)).slots["description"] is None
    assert opening_turn("complaint", Message("/complaint", "complaint", 1.0)).slots["description"] is None


def test_a_new_request_begins_empty() -> None:
    assert reset("complaint")["country"] is None
    assert reset("access")["country"] == SKIPPED
    assert steps_not_asked("marketing-opt-out") == ("description", "country")


def test_a_country_is_taken_in_passing_only_when_it_is_said() -> None:
    assert stated_country("ich lebe in Spanien") == "ES"
    assert stated_country("Ich war in Spanien im Urlaub") is None


@pytest.mark.parametrize(
    ("step", "text", "slot", "value"),
    [
        ("email", "nein, über meine Firma", "relationship", "customer-user"),
        ("confirmed", "nee, Deutschland", "country", "DE"),
        ("country", "nein, ich heiße Max Munster", "name", "Max Munster"),
    ],
)
def test_a_value_alone_corrects_an_earlier_answer(step: str, text: str, slot: str, value: str) -> None:
    known = {**KNOWN, "name": "Max Muster", **({"country": "CH"} if step == "confirmed" else {})}
    outcome = turn(step, text, "correct", known=known)
    assert outcome.slots[slot] == value
    assert not outcome.waits


@pytest.mark.parametrize(
    ("text", "ends", "goes_on"),
    [("ja, abbrechen", "cancelled", False), ("nein doch weiter", None, True), ("nein, abbrechen", "cancelled", False)],
)
def test_the_first_word_decides_whether_to_cancel(text: str, ends: str | None, goes_on: bool) -> None:
    outcome = turn("name", text, "skip", pending={"asks": "cancel", "step": "name"})
    assert outcome.ends == ends
    assert ("utter_going_on" in said(outcome)) is goes_on


def test_a_lone_word_is_no_control_by_the_classifiers_guess() -> None:
    assert said(turn("email", "gmail", "correct", 0.98)) == ["utter_invalid_email_1"]
    assert said(turn("relationship", "Müller", "chitchat", 0.72, chitchat="insult")) == ["utter_invalid_relationship_1"]
    assert turn("name", "abbrechn", "unclear").waits, "a typing error in a control is forgiven"


def test_a_picture_says_yes_or_no() -> None:
    assert turn("confirmed", "👍🏽").slots["confirmed"] is True
    assert "confirmed" not in turn("confirmed", "👎").slots


def test_an_answer_before_a_question_is_kept() -> None:
    outcome = turn("relationship", "direkt, aber verkaufen Sie meine Daten?", "faq", topics=("sale-of-data",))
    assert outcome.slots["relationship"] == "direct"
    assert outcome.digresses
