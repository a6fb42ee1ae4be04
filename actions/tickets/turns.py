"""Decides what a message means inside a ticket's flow; pure, so that every turn people take can be tested in a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from actions.places import country_code
from actions.reading.controls import decision, exact_control, read_control
from actions.reading.corrections import FIELDS, asks_for_change, field_to_change, named_field, without_refusal
from actions.reading.emails import find_email
from actions.reading.matter import answer_before_question, changes_mind, is_digression, tells_matter
from actions.reading.message import QUESTIONS, TICKET_KINDS, Message
from actions.reading.people import (
    is_under_age,
    is_written_as_name,
    plain_name,
    read_relationship,
    stated_name,
    writes_for_another,
)
from actions.reading.words import pattern, word_set
from actions.steering import steered_everywhere
from actions.tickets.steps import STEPS, may_skip, read_step, steps_not_asked, take_along, take_email, take_marks
from actions.turn import SKIPPED, State, Turn

WAYS_ELSEWHERE = frozenset({"ticket-status", "dispute"})
SHORTEST_ADDITION_IN_WORDS = 8
LONGEST_CONSENT_IN_WORDS = 5
LEAST_CONFIDENCE = 0.5
# At the name every answer looks strange to the classifier; only a certain one is taken for a question.
LEAST_CONFIDENCE_AT_NAME = 0.8
SURE = 0.7
SURE_OF_A_LONE_WORD = 0.85
LONGEST_CORRECTION_IN_PASSING = 8
LONGEST_QUESTION_ABOUT_REQUEST = 12
LAST_ATTEMPT = 3
EVERYTHING = frozenset({"alles", "alle", "einfach alles", "alle daten", "everything", "all", "all of it", "all data"})


def take_turn(state: State, message: Message) -> Turn:
    """Return what a message amounts to at this point of the flow."""
    if is_under_age(message.text) and not writes_for_another(message.text):
        return Turn(ends="under-age")
    if state.pending:
        turn = _answer_to_pending(state, message)
        if turn is not None:
            turn.slots.setdefault("pending", None)
            return turn
    for read in (_answer_and_question, _about_the_request, _steering, _correction, _change_of_mind, *_READING):
        turn = read(state, message)
        if turn is not None:
            turn.slots.setdefault("pending", None)
            return turn
    return _not_understood(state)


def reset(kind: str) -> dict[str, Any]:
    """Return a ticket's answers before anything is known."""
    empty: dict[str, Any] = dict.fromkeys((*STEPS, "pending", "marks", "asking"))
    return {**empty, "attempts": 0, **dict.fromkeys(steps_not_asked(kind), SKIPPED)}


def has_typed(state: State) -> bool:
    """Tell whether leaving now would lose something that was typed."""
    return any(state.has(slot) for slot in ("description", "email", "name"))


# Answers to a question that the flow itself put in between


def _answer_to_pending(state: State, message: Message) -> Turn | None:
    control = decision(message)
    question = state.pending["asks"]
    if question == "field":
        return _field_chosen(state, message, control)
    if question == "addition":
        return _added(state, message) if control is None else None
    if question == "email":
        return _email_decided(state.pending, control)
    if control == "deny":
        return Turn().say("utter_going_on")
    if control != "affirm" and control != question:
        return None
    if question == "cancel":
        return Turn(ends="cancelled")
    if question == "start-over":
        return _started_over(state)
    return Turn(ends=str(state.pending["to"]))


def _field_chosen(state: State, message: Message, control: str | None) -> Turn | None:
    if control in {"deny", "affirm", "back"} and not message.choice.get("field"):
        return Turn().say("utter_going_on")
    chosen = message.choice.get("field") or (named_field(message.text) if len(message.words) <= 12 else None)
    return _change(state, message, chosen) if chosen else None


def _email_decided(pending: Mapping[str, Any], control: str | None) -> Turn | None:
    if control == "affirm":
        return Turn(slots={"email": pending["suggestion"]})
    if control != "deny":
        return None
    if pending.get("address"):
        return Turn(slots={"email": pending["address"]})
    return Turn(asks="email").say("utter_invalid_email_1")


def _added(state: State, message: Message) -> Turn | None:
    if message.is_button or is_digression(message):
        return None
    return _with_addition(state, message)


def _with_addition(state: State, message: Message) -> Turn:
    before = state.known.get("description") or ""
    return Turn(slots={"description": f"{before}\n\n{message.text.strip()}".strip()}).say("utter_added_to_description")


# Steering: cancel, back, skip and the like


def _steering(state: State, message: Message) -> Turn | None:
    control = _control(state, message)
    everywhere = steered_everywhere(control)
    if everywhere is not None:
        return everywhere
    steer = _STEERING.get(control or "")
    return steer(state, message) if steer else None


def _control(state: State, message: Message) -> str | None:
    if _answers_beyond_doubt(state, message):
        return None
    control = read_control(message, free_text=state.step == "description")
    withdraws = message.intent == "ticket-withdraw" and len(message.words) <= 8 and message.confidence >= 0.6
    return "cancel" if control is None and withdraws else control


def _answers_beyond_doubt(state: State, message: Message) -> bool:
    """Tell whether a message gives what a classifier might take for a control, such as a name like "Will Stop"."""
    if message.is_button or exact_control(message.text):
        return False
    if find_email(message.text).address or stated_name(message.text):
        return True
    if state.step == "name":
        return is_written_as_name(message.text) and not pattern("plainly-instead").search(message.text)
    return state.step == "country" and len(message.words) <= 3 and country_code(message.text) is not None


def _cancel(state: State, message: Message) -> Turn:
    if not has_typed(state):
        return Turn(ends="cancelled")
    return Turn(slots={"pending": {"asks": "cancel"}}, waits=True).say("utter_confirm_cancel")


def _start_over(state: State, message: Message) -> Turn:
    if not has_typed(state):
        return _started_over(state)
    return Turn(slots={"pending": {"asks": "start-over"}}, waits=True).say("utter_confirm_start_over")


def _started_over(state: State) -> Turn:
    return Turn(slots={**reset(state.kind), "request_id": None}).say("utter_started_over")


def _back(state: State, message: Message) -> Turn:
    asked = [step for step in STEPS if step not in steps_not_asked(state.kind)]
    place = asked.index(state.step) if state.step in asked else 0
    if place == 0:
        return Turn().say("utter_nothing_before")
    previous = asked[place - 1]
    return Turn(slots={previous: None, state.step: None, "attempts": 0}, asks=previous)


def _skip(state: State, message: Message) -> Turn | None:
    if " ".join(message.words) in EVERYTHING:
        return Turn(slots={"description": message.text.strip()}) if state.step == "description" else None
    if state.step == "relationship":
        return Turn(slots={"relationship": "unsure"})
    if may_skip(state.kind, state.step):
        return Turn(slots={state.step: SKIPPED})
    return _cannot_skip(state)


def _cannot_skip(state: State) -> Turn:
    """Say why a question cannot be left out; who insists hears it differently the second time, and then a way out."""
    if state.step == "confirmed" or not state.attempts:
        return Turn(slots={"attempts": state.attempts + 1}).say(f"utter_cannot_skip_{state.step}")
    # Explaining what an address looks like does not help somebody who has none.
    return _not_understood(replace(state, attempts=LAST_ATTEMPT) if state.step == "email" else state)


def _affirm(state: State, message: Message) -> Turn | None:
    if state.step == "confirmed":
        return Turn(slots={"confirmed": True}) if _is_plain_consent(message) else None
    if state.step == "relationship":
        return None if read_relationship(message) else _not_understood(state)
    return Turn().say("utter_affirm_in_flow")


def _is_plain_consent(message: Message) -> bool:
    """Tell a yes from a yes with a reservation: what follows a "but" must be heard before anything is sent."""
    if message.is_button or exact_control(message.text) == "affirm":
        return True
    words = set(message.words)
    return len(message.words) <= LONGEST_CONSENT_IN_WORDS and not words & word_set("reservations")


def _deny(state: State, message: Message) -> Turn | None:
    if message.text.strip() and find_email(message.text).address:
        return None
    if state.step == "relationship" or _corrected_in_passing(state, message):
        return None
    if state.step == "confirmed":
        # Who is told that the same request exists, and says no, does not want it a second time.
        return Turn(ends="not-again") if state.known.get("asking") == "similar" else _which_field(state)
    return _skip(state, message)


def _correct(state: State, message: Message) -> Turn | None:
    gives_value = find_email(message.text).address or stated_name(message.text)
    if field_to_change(message) or gives_value or _corrected_in_passing(state, message):
        return None
    return _which_field(state)


def _which_field(state: State) -> Turn:
    words = "utter_which_field_of_complaint" if state.kind == "complaint" else "utter_which_field"
    return Turn(slots={"pending": {"asks": "field"}}, waits=True).say(words)


_STEERING = {
    "cancel": _cancel,
    "start-over": _start_over,
    "back": _back,
    "skip": _skip,
    "affirm": _affirm,
    "deny": _deny,
    "correct": _correct,
}


# Corrections of earlier answers


def _correction(state: State, message: Message) -> Turn | None:
    field = field_to_change(message)
    if field is None and state.step != "email" and state.has("email") and _is_only_an_email(message):
        field = "email"
    if field is None and state.step != "name" and state.has("name") and _is_another_name(state, message):
        return Turn(slots={"name": plain_name(message.text), "attempts": 0}).say("utter_changed")
    if field is None:
        return _corrected_in_passing(state, message)
    value = _new_value(field, message)
    nothing_to_correct = not state.is_answered(field) and value is None and not message.is_button
    if field == state.step or field in steps_not_asked(state.kind) or nothing_to_correct:
        return None
    if state.step == "description" and not message.is_button and not (value and state.is_answered(field)):
        # "My address is wrong" is what a request for correction is about, not a correction of an answer given here.
        return None
    return _change(state, message, field)


def _corrected_in_passing(state: State, message: Message) -> Turn | None:
    """Take "no, through my company" or "no, Germany" for what it corrects, which is told by the value alone."""
    short = len(message.words) <= LONGEST_CORRECTION_IN_PASSING
    if message.is_button or not short or state.step == "description" or not asks_for_change(message):
        return None
    relationship = read_relationship(message) if state.step != "relationship" else None
    if relationship and relationship != "unsure" and state.is_answered("relationship"):
        turn = Turn(slots={"relationship": relationship, "attempts": 0}).say("utter_changed")
        return turn.say("utter_customer_user") if relationship == "customer-user" else turn
    country = country_code(without_refusal(message.text)) if state.step != "country" else None
    if country and state.is_answered("country") and "country" not in steps_not_asked(state.kind):
        return Turn(slots={"country": country, "attempts": 0}).say("utter_changed")
    return None


def _is_another_name(state: State, message: Message) -> bool:
    if message.is_button or state.step == "description":
        return False
    only_a_name = state.step == "confirmed" and len(message.words) > 1 and is_written_as_name(message.text)
    return only_a_name or stated_name(message.text) is not None


def _is_only_an_email(message: Message) -> bool:
    return len(message.text.split()) <= 6 and find_email(message.text).address is not None


def _change(state: State, message: Message, field: str) -> Turn:
    """Put in the new value when the message gives it, else ask for it."""
    if field not in FIELDS or field in steps_not_asked(state.kind):
        return Turn().say("utter_going_on")
    turn = Turn(slots={"attempts": 0})
    if field == "email" and not message.is_button and find_email(message.text).attempted:
        if not take_email(find_email(message.text), turn):
            turn.slots["email"], turn.asks = None, "email"
        elif not turn.waits:
            turn.say("utter_changed_email", email=turn.slots["email"])
        return turn
    value = _new_value(field, message)
    if value is None:
        turn.slots[field], turn.asks = None, field
        return turn
    turn.slots[field] = value
    return turn.say("utter_changed")


def _new_value(field: str, message: Message) -> str | None:
    if message.is_button:
        return None
    if field == "email":
        return find_email(message.text).address
    if field == "name":
        return stated_name(message.text)
    if field == "country":
        return country_code(message.text)
    return read_relationship(message) if field == "relationship" and len(message.words) > 4 else None


# Another request than the one begun


def _change_of_mind(state: State, message: Message) -> Turn | None:
    free_text = state.step == "description"
    if _answers_beyond_doubt(state, message):
        return None
    if message.intent == "ticket-add" and not free_text and changes_mind(message, free_text):
        return Turn(slots={"pending": {"asks": "addition"}}, waits=True).say("utter_ask_addition_to_description")
    if message.intent in TICKET_KINDS and message.intent != state.kind and changes_mind(message, free_text):
        return _other_kind(state, message)
    if message.intent in WAYS_ELSEWHERE and (changes_mind(message, free_text) or _plainly_asks(message)):
        if not has_typed(state):
            return Turn(ends=message.intent)
        pending = {"asks": "leave", "to": message.intent}
        return Turn(slots={"pending": pending}, waits=True).say("utter_confirm_leave")
    return None


def _plainly_asks(message: Message) -> bool:
    return message.is_question and not message.is_narrative and message.confidence >= SURE


def _other_kind(state: State, message: Message) -> Turn:
    """Go on with another kind of request; who is writing stays known, what it is about is asked anew."""
    kept = {slot: state.known.get(slot) for slot in ("relationship", "email", "name", "marks")}
    turn = Turn(slots={**reset(kind := message.intent), **kept, "ticket_kind": kind, "request_id": None})
    if state.has("country") and kind == "complaint":
        turn.slots["country"] = state.known["country"]
    if not message.is_button and tells_matter(message.text):
        turn.slots["description"] = message.text.strip()
    step = next(step for step in STEPS if turn.slots.get(step) is None)
    turn.say(f"utter_start_{kind}", fields={"flow": {"kind": kind, "step": step, "status": "open"}})
    if not message.is_button:
        take_marks(state, message, turn)
    return turn.say("utter_answer") if message.topics else turn


# Answers, questions and the rest


def _answer_and_question(state: State, message: Message) -> Turn | None:
    """Take an answer that is followed by a question, and have the question answered too."""
    parts = None if message.is_button or state.step in {"description", "confirmed"} else answer_before_question(message)
    if parts is None:
        return None
    answer, question = (replace(message, text=text) for text in parts)
    turn = Turn()
    take_along(state, answer, turn)
    if exact_control(answer.text) or not read_step(state, replace(answer, intent="", topics=()), turn):
        return None
    turn.slots.setdefault("attempts", 0)
    about = _about_the_request(state, question)
    turn.says += about.says if about else []
    turn.digresses = about is None and not turn.waits and message.intent in QUESTIONS
    return turn


def _about_the_request(state: State, message: Message) -> Turn | None:
    """Answer what people ask about the request itself; the statement says nothing of it."""
    unsuited = message.is_button or len(message.words) > LONGEST_QUESTION_ABOUT_REQUEST
    if unsuited or not message.is_question or (state.step == "description" and state.kind == "inquiry"):
        return None
    if state.step == "email" and pattern("other-way-to-answer").search(message.text):
        return _cannot_skip(replace(state, attempts=0))
    # The summary stands above already; it is not read out a second time.
    turn = Turn(slots={"asking": "again"}) if state.step == "confirmed" else Turn()
    if pattern("about-need").search(message.text):
        return turn.say("utter_why")
    if pattern("about-cost").search(message.text):
        return turn.say("utter_about_cost")
    return turn.say("utter_about_sending") if pattern("about-sending").search(message.text) else None


def _answer(state: State, message: Message) -> Turn | None:
    if _is_question_here(state, message):
        return None
    if state.step == "email" and _has_no_email(message):
        return _cannot_skip(state)
    turn = Turn()
    if state.step == "description":
        # Everything else that free text says is kept too, but the text as a whole is the answer.
        answered = read_step(state, message, turn)
        take_along(state, message, turn)
    else:
        take_along(state, message, turn)
        answered = read_step(state, message, turn)
    if not answered and not turn.slots and not turn.says:
        return None
    turn.slots.setdefault("attempts", 0)
    turn.digresses = _asks_besides(state, message) and not turn.waits
    return turn


def _has_no_email(message: Message) -> bool:
    if message.is_button or len(message.words) > LONGEST_CORRECTION_IN_PASSING or find_email(message.text).attempted:
        return False
    return bool(pattern("has-no-email").search(message.text) or pattern("other-way-to-answer").search(message.text))


def _asks_besides(state: State, message: Message) -> bool:
    """Tell whether an answer comes with a question, which is answered too."""
    if message.intent == "press-or-police":
        return message.confidence >= LEAST_CONFIDENCE
    if message.is_button or not message.topics:
        return False
    if state.step == "description":
        return state.kind == "inquiry" and message.intent in {"faq", "not-covered"} and message.is_question
    if state.step == "name" and not message.text.rstrip().endswith("?"):
        # "My name? It's Bob" asks nothing.
        return False
    return "?" in message.text and message.intent in QUESTIONS


def _is_question_here(state: State, message: Message) -> bool:
    """Tell whether a message asks something instead of answering."""
    if message.is_small_talk and not message.is_narrative:
        return message.confidence >= 0.7 and len(message.words) <= 6 and state.step not in {"name", "relationship"}
    if state.step == "description":
        if state.kind == "inquiry" and not message.is_button:
            return False
        return is_digression(message) or _asks_for_authority(message)
    has_answer = find_email(message.text).attempted or stated_name(message.text) is not None
    if has_answer:
        return False
    if message.is_button:
        return message.intent in QUESTIONS
    least = LEAST_CONFIDENCE_AT_NAME if state.step == "name" else LEAST_CONFIDENCE
    return message.is_question and len(message.words) >= 2 and message.asks(least)


def _asks_for_authority(message: Message) -> bool:
    return message.intent == "authority" and message.is_question and not message.is_narrative


def _question(state: State, message: Message) -> Turn | None:
    """Leave to the rules what is no answer: questions, small talk, somebody in need."""
    sure = message.is_button or message.confidence >= LEAST_CONFIDENCE
    if message.intent == "distress" and sure:
        turn = Turn()
        take_marks(state, message, turn)
        return turn if turn.says else turn.say("utter_distress")
    if message.intent == "chitchat" and message.chitchat == "acknowledge":
        return Turn()
    # The classifier has little to go by in a lone word: "Müller" is no insult.
    is_talk = (message.intent in {"press-or-police", "authority"} or message.is_small_talk) and (
        len(message.words) > 1 or message.confidence >= SURE_OF_A_LONE_WORD
    )
    # A lone word is more likely a mistyped answer than a question about the statement.
    is_keyword = state.step not in {"email", "name", "country"} or len(message.words) > 2 or message.is_button
    is_question = (message.intent in {"faq", "not-covered"} and is_keyword) or (
        message.intent in QUESTIONS and message.is_question and len(message.words) >= 3
    )
    if not sure or not (is_talk or is_question):
        return None
    turn = Turn(digresses=True)
    if not message.is_button:
        take_marks(state, message, turn)
    return turn


def _addition(state: State, message: Message) -> Turn | None:
    """Keep a longer text that answers nothing: it belongs to what the request is about."""
    if message.is_button or state.step == "description" or len(message.words) < SHORTEST_ADDITION_IN_WORDS:
        return None
    return _with_addition(state, message) if state.step != "name" or plain_name(message.text) is None else None


def _not_understood(state: State) -> Turn:
    attempts = state.attempts + 1
    turn = Turn(slots={"attempts": attempts, "pending": None})
    if state.step == "confirmed":
        turn.slots["asking"] = "again"
    return turn.say(f"utter_invalid_{state.step}_{min(attempts, LAST_ATTEMPT)}")


# Questions are looked for after answers, and what is neither belongs to the description.
_READING = (_answer, _question, _addition)
