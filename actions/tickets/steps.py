"""Reads the answer to each step of a ticket, and whatever else the message answers on the way."""

from __future__ import annotations

import re
from typing import Any

from actions.places import country_code, find_place
from actions.reading.emails import EmailReading, find_email
from actions.reading.message import Message
from actions.reading.people import (
    is_in_danger,
    mentions_special_category,
    plain_name,
    read_relationship,
    stated_name,
    stated_relationship,
    writes_for_another,
)
from actions.reading.words import pattern
from actions.turn import Say, State, Turn

STEPS = ("description", "relationship", "email", "name", "country", "confirmed")
KINDS_THAT_NEED_A_DESCRIPTION = frozenset({"complaint", "inquiry", "rectification"})
SHORTEST_DESCRIPTION = 4
LONGEST_DESCRIPTION = 8000


def may_skip(kind: str, step: str) -> bool:
    """Tell whether a step may be left out in this kind of request."""
    if step == "description":
        return kind not in KINDS_THAT_NEED_A_DESCRIPTION
    return step in {"name", "country"}


def steps_not_asked(kind: str) -> tuple[str, ...]:
    """Return the steps that this kind of request does without."""
    country = () if kind == "complaint" else ("country",)
    return ("description", *country) if kind == "marketing-opt-out" else country


def stated_country(text: str) -> str | None:
    """Return the country somebody says they live in, in passing."""
    found = pattern("lives-in", after=r"\s+([^.,;!?\n(]{2,40})").search(text)
    return country_code(found.group(1)) if found else None


def take_along(state: State, message: Message, turn: Turn) -> None:
    """Keep what a message says besides what was asked: address, name, country, for whom and how urgent."""
    if message.is_button:
        return
    email = find_email(message.text)
    if email.attempted and not state.is_answered("email"):
        take_email(email, turn)
    told = {
        "name": stated_name(message.text),
        "country": stated_country(message.text),
        "relationship": stated_relationship(message.text),
    }
    for slot, value in told.items():
        if value and not state.has(slot) and slot not in steps_not_asked(state.kind):
            turn.slots[slot] = value
    if turn.slots.get("relationship") == "customer-user" and state.step != "relationship":
        turn.say("utter_customer_user")
    take_marks(state, message, turn)


def take_marks(state: State, message: Message, turn: Turn) -> None:
    """Note what the team has to know about who writes."""
    found = []
    if writes_for_another(message.text):
        found.append("on-behalf")
    if is_in_danger(message.text) or message.intent == "distress":
        found.append("urgent")
    new = [mark for mark in found if mark not in state.marks]
    if not new:
        return
    turn.slots["marks"] = [*state.marks, *new]
    if "urgent" in new:
        # A person comes before every question: who is in danger is told at once whom to call.
        turn.says.insert(0, Say("utter_distress"))
    if "on-behalf" in new:
        turn.say("utter_on_behalf")


def take_email(email: EmailReading, turn: Turn) -> bool:
    """Take a good address, and question one that looks mistyped."""
    if email.suggestion:
        turn.slots["pending"] = {"asks": "email", "address": email.address, "suggestion": email.suggestion}
        turn.waits = True
        turn.say("utter_email_suggestion", email=email.address or email.suggestion, suggestion=email.suggestion)
        return True
    if email.address:
        turn.slots["email"] = email.address
    return bool(email.address)


def read_step(state: State, message: Message, turn: Turn) -> bool:
    """Read the answer to the present step into the turn; return whether there was one."""
    reader = _READERS.get(state.step)
    return reader(state, message, turn) if reader else False


def _description(state: State, message: Message, turn: Turn) -> bool:
    if message.is_button:
        return False
    text = message.text.strip()
    only_contact = not re.sub(r"\S+@\S+", "", text).strip(" .,;")
    if only_contact or (len(text) < SHORTEST_DESCRIPTION and not may_skip(state.kind, "description")):
        return False
    turn.slots["description"] = text[:LONGEST_DESCRIPTION]
    if mentions_special_category(text):
        turn.say("utter_special_category")
    return True


def _relationship(state: State, message: Message, turn: Turn) -> bool:
    relationship = read_relationship(message)
    if relationship is None:
        return False
    turn.slots["relationship"] = relationship
    if relationship == "customer-user":
        turn.say("utter_customer_user")
    return True


def _email(state: State, message: Message, turn: Turn) -> bool:
    # Already taken along with everything else that the message says.
    return "email" in turn.slots or turn.waits


def _name(state: State, message: Message, turn: Turn) -> bool:
    name = plain_name(message.text)
    if name:
        turn.slots["name"] = name
    return bool(name)


def _country(state: State, message: Message, turn: Turn) -> bool:
    code = turn.slots.get("country") or country_code(message.text)
    if code is None and len(message.words) <= 3 and find_place(message.text, asked=True).is_ambiguous:
        turn.say("utter_country_ambiguous")
        return True
    if code:
        turn.slots["country"] = code
    return bool(code)


_READERS: dict[str, Any] = {
    "description": _description,
    "relationship": _relationship,
    "email": _email,
    "name": _name,
    "country": _country,
}
