"""Reads references, addresses and added texts in the flows about existing tickets; pure, like a ticket's own turns."""

from __future__ import annotations

import re
from collections.abc import Callable

from actions.reading.controls import read_control
from actions.reading.emails import find_email
from actions.reading.matter import changes_mind, is_digression
from actions.reading.message import LOOKUPS, QUESTIONS, TICKET_KINDS, Message
from actions.reading.people import is_in_danger
from actions.reading.words import pattern
from actions.steering import steered_everywhere
from actions.turn import SKIPPED, State, Turn

LAST_ATTEMPT = 3
LEAST_CONFIDENCE = 0.5
_LOOKS_LIKE_REFERENCE = re.compile(r"\b(?:pr\b|[a-z]{2}-?[0-9a-z]{4}|[0-9a-z]{4}-[0-9a-z]{4}|\d{4,})", re.IGNORECASE)

Normalise = Callable[[str], str | None]


def take_turn(state: State, message: Message, steps: tuple[str, ...], normalise: Normalise) -> Turn:
    """Return what a message means in one of these flows."""
    for read in (_pending, _elsewhere):
        turn = read(state, message)
        if turn is not None:
            return _settled(turn)
    turn = _steering(state, message, steps)
    if turn is not None:
        return _settled(turn)
    turn = Turn()
    take_reference_and_email(state, message, turn, steps, normalise)
    _take_step(state, message, turn)
    if turn.slots or turn.waits:
        turn.slots.setdefault("attempts", 0)
        return _settled(turn)
    return _settled(_question(state, message) or _not_understood(state, message))


def _settled(turn: Turn) -> Turn:
    turn.slots.setdefault("pending", None)
    return turn


def take_reference_and_email(
    state: State, message: Message, turn: Turn, steps: tuple[str, ...], normalise: Normalise
) -> None:
    """Keep a reference and an address wherever they stand in the message."""
    if message.is_button:
        return
    without_address = re.sub(r"\S+@\S+", " ", message.text)
    reference = normalise(without_address)
    if reference and "reference" in steps and (not state.has("reference") or state.step == "reference"):
        turn.slots["reference"] = reference
    email = find_email(message.text)
    if "email" not in steps or not email.attempted or (state.has("email") and state.step != "email"):
        return
    if email.suggestion:
        turn.slots["pending"] = {"asks": "email", "address": email.address, "suggestion": email.suggestion}
        turn.waits = True
        turn.say("utter_email_suggestion", email=email.address or email.suggestion, suggestion=email.suggestion)
    elif email.address:
        turn.slots["email"] = email.address


def _take_step(state: State, message: Message, turn: Turn) -> None:
    if state.step != "addition" or turn.slots or turn.waits or message.is_button:
        return
    if not is_digression(message) and len(message.text.strip()) >= 2:
        turn.slots["addition"] = message.text.strip()


def _pending(state: State, message: Message) -> Turn | None:
    if state.pending.get("asks") != "email":
        return None
    control = read_control(message)
    if control == "affirm":
        return Turn(slots={"email": state.pending["suggestion"]})
    if control == "deny" and state.pending.get("address"):
        return Turn(slots={"email": state.pending["address"]})
    return Turn(asks="email") if control == "deny" else None


def _elsewhere(state: State, message: Message) -> Turn | None:
    """Go over to another flow at once: nothing typed here would be missed."""
    free_text = state.step == "addition"
    if message.intent == state.kind or message.intent not in (*TICKET_KINDS, *LOOKUPS):
        return None
    if message.intent == "authority":
        return Turn(digresses=True) if changes_mind(message, free_text) else None
    if find_email(message.text).attempted or not changes_mind(message, free_text):
        return None
    return Turn(ends=message.intent)


def _steering(state: State, message: Message, steps: tuple[str, ...]) -> Turn | None:
    control = read_control(message, free_text=state.step == "addition")
    if control in {"cancel", "start-over"}:
        return Turn(ends="cancelled")
    everywhere = steered_everywhere(control)
    if everywhere is not None:
        return everywhere
    if state.step == "confirmed":
        return _decided(control)
    if control == "back":
        place = steps.index(state.step) if state.step in steps else 0
        return (
            Turn(slots={steps[place - 1]: None}, asks=steps[place - 1]) if place else Turn().say("utter_nothing_before")
        )
    if control == "correct":
        return Turn(slots={"reference": None, "email": None}, asks="reference")
    if control in {"skip", "deny"} or (state.step == "reference" and _says_none(message)):
        return _has_none(state)
    return None


def _decided(control: str | None) -> Turn | None:
    if control == "affirm":
        return Turn(slots={"confirmed": True})
    return Turn(ends="cancelled") if control in {"deny", "back"} else None


def _says_none(message: Message) -> bool:
    return len(message.words) <= 12 and not message.is_question and bool(pattern("has-none").search(message.text))


def _has_none(state: State) -> Turn:
    if state.kind == "dispute":
        return Turn(slots={"reference": SKIPPED, "email": SKIPPED})
    if state.step == "reference":
        return Turn(ends="no-reference")
    return Turn().say(f"utter_cannot_skip_{state.step}")


def _question(state: State, message: Message) -> Turn | None:
    sure = message.is_button or message.confidence >= LEAST_CONFIDENCE
    is_talk = message.intent == "press-or-police" or message.is_small_talk
    is_question = message.intent in {"faq", "not-covered"} or (message.intent in QUESTIONS and message.is_question)
    if (sure and message.intent == "distress") or is_in_danger(message.text):
        return Turn().say("utter_distress")
    return Turn(digresses=True) if sure and (is_talk or is_question) else None


def _not_understood(state: State, message: Message) -> Turn:
    attempts = state.attempts + 1
    turn = Turn(slots={"attempts": attempts})
    if state.step == "reference" and _LOOKS_LIKE_REFERENCE.search(message.text) and attempts == 1:
        return turn.say("utter_reference_mistyped")
    return turn.say(f"utter_invalid_{state.step}_{min(attempts, LAST_ATTEMPT)}")
