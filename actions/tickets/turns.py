"""Decides what a message means inside a ticket's flow; pure, so that every turn people take can be tested in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.places import country_code
from actions.reading.controls import exact_control, read_control
from actions.reading.corrections import FIELDS, field_to_change, named_field
from actions.reading.emails import find_email
from actions.reading.matter import changes_mind, is_digression, tells_matter
from actions.reading.message import QUESTIONS, TICKET_KINDS, Message
from actions.reading.people import is_under_age, plain_name, read_relationship, stated_name, writes_for_another
from actions.reading.words import word_set
from actions.tickets.steps import STEPS, may_skip, read_step, steps_not_asked, take_along, take_email, take_marks
from actions.turn import SKIPPED, State, Turn

WAYS_ELSEWHERE = frozenset({"ticket-status", "dispute"})
SHORTEST_ADDITION_IN_WORDS = 8
LONGEST_CONSENT_IN_WORDS = 5
LEAST_CONFIDENCE = 0.5
# At the name every answer looks strange to the classifier; only a certain one is taken for a question.
LEAST_CONFIDENCE_AT_NAME = 0.8
SURE = 0.7
LAST_ATTEMPT = 3
EVERYTHING = frozenset({"alles", "alle daten", "everything", "all data"})


def take_turn(state: State, message: Message) -> Turn:
    """Return what a message amounts to at this point of the flow."""
    if is_under_age(message.text) and not writes_for_another(message.text):
        return Turn(ends="under-age")
    if state.pending:
        turn = _answer_to_pending(state, message)
        if turn is not None:
            turn.slots.setdefault("pending", None)
            return turn
    for read in (_steering, _correction, _change_of_mind, _answer, _question, _addition):
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
    control = read_control(message)
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
    control = read_control(message, free_text=state.step == "description")
    if (
        control is None
        and message.intent == "ticket-withdraw"
        and len(message.words) <= 8
        and message.confidence >= 0.6
    ):
        control = "cancel"
    if control == "why":
        return Turn().say("utter_why")
    if control == "switch-language":
        return Turn(digresses=True)
    if control == "repeat":
        return Turn()
    steer = _STEERING.get(control or "")
    return steer(state, message) if steer else None


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
    if state.step == "description" and " ".join(message.words) in EVERYTHING:
        return Turn(slots={"description": message.text.strip()})
    if state.step == "relationship":
        return Turn(slots={"relationship": "unsure"})
    if not may_skip(state.kind, state.step):
        return Turn().say(f"utter_cannot_skip_{state.step}")
    return Turn(slots={state.step: SKIPPED})


def _affirm(state: State, message: Message) -> Turn | None:
    if state.step == "confirmed":
        return Turn(slots={"confirmed": True}) if _is_plain_consent(message) else None
    return Turn().say("utter_affirm_in_flow") if state.step != "relationship" else None


def _is_plain_consent(message: Message) -> bool:
    """Tell a yes from a yes with a reservation: what follows a "but" must be heard before anything is sent."""
    if message.is_button or exact_control(message.text) == "affirm":
        return True
    words = set(message.words)
    return len(message.words) <= LONGEST_CONSENT_IN_WORDS and not words & word_set("reservations")


def _deny(state: State, message: Message) -> Turn | None:
    if message.text.strip() and find_email(message.text).address:
        return None
    if state.step == "confirmed":
        return _which_field()
    if state.step == "relationship":
        return None
    return _skip(state, message)


def _correct(state: State, message: Message) -> Turn | None:
    if field_to_change(message):
        return None
    return _which_field()


def _which_field() -> Turn:
    return Turn(slots={"pending": {"asks": "field"}}, waits=True).say("utter_which_field")


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
    if field is None and state.step != "name" and state.has("name") and stated_name(message.text):
        field = "name"
    if field is None or field == state.step or field in steps_not_asked(state.kind):
        return None
    value = _new_value(field, message)
    if state.step == "description" and not message.is_button and not (value and state.is_answered(field)):
        # "My address is wrong" is what a request for correction is about, not a correction of an answer given here.
        return None
    return _change(state, message, field)


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
    return turn.say("utter_answer") if message.topics else turn


# Answers, questions and the rest


def _answer(state: State, message: Message) -> Turn | None:
    if _is_question_here(state, message):
        return None
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


def _asks_besides(state: State, message: Message) -> bool:
    """Tell whether an answer comes with a question, which is answered too."""
    if message.intent == "press-or-police":
        return message.confidence >= LEAST_CONFIDENCE
    if message.is_button or not message.topics:
        return False
    if state.step == "description":
        return state.kind == "inquiry" and message.intent in {"faq", "not-covered"} and message.is_question
    return "?" in message.text and message.intent in QUESTIONS


def _is_question_here(state: State, message: Message) -> bool:
    """Tell whether a message asks something instead of answering."""
    if message.intent == "chitchat" and not message.is_narrative:
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
    is_talk = message.intent in {"press-or-police", "chitchat", "authority"}
    # A lone word is more likely a mistyped country than a question about the statement.
    is_keyword = state.step != "country" or len(message.words) > 2 or message.is_button
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
