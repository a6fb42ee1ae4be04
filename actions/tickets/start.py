"""Begins a request: notes which kind it is and what the first message already tells, so that it is not asked again."""

from __future__ import annotations

import uuid

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import message_id, message_of, said_by_visitor
from actions.forms import set_all
from actions.reading.matter import tells_matter, wants_all_data
from actions.reading.message import TICKET_KINDS, Message
from actions.reading.people import is_under_age, mentions_special_category, writes_for_another
from actions.speaking import flow_fields, utter, utter_all
from actions.tickets.steps import LONGEST_DESCRIPTION, STEPS, may_skip, take_along
from actions.tickets.turns import reset
from actions.turn import PENDING, State, Turn


def opening_turn(kind: str, message: Message) -> Turn:
    """Return everything the first message tells."""
    turn = Turn(slots=reset(kind))
    if message.is_button:
        return turn
    take_along(State(kind, STEPS[0]), message, turn)
    says_which = tells_matter(message.text) or (may_skip(kind, "description") and wants_all_data(message.text))
    if turn.slots["description"] is None and says_which:
        turn.slots["description"] = message.text.strip()[:LONGEST_DESCRIPTION]
        if mentions_special_category(message.text):
            turn.say("utter_special_category")
    return turn


def said_to_be_under_age(tracker: Tracker) -> bool:
    """Tell whether somebody said, now or just before, that they are under 18, and nobody else writes for them now."""
    for text in said_by_visitor(tracker):
        if writes_for_another(text):
            return False
        if is_under_age(text):
            return True
    return False


class StartTicket(Action):
    """Starts the flow that opens a ticket."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_ticket"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Say that the request is taken up, answer a question asked besides, and go on to the form."""
        message = message_of(tracker)
        kind = message.intent if message.intent in TICKET_KINDS else "inquiry"
        read = SlotSet("last_read", message_id(tracker))
        if said_to_be_under_age(tracker):
            utter(dispatcher, "utter_under_age", flow_fields(kind, STEPS[0], "cancelled"))
            return [read]
        turn = opening_turn(kind, message)
        step = next(step for step in STEPS if turn.slots.get(step) is None)
        care = [say for say in turn.says if say.response == "utter_distress"]
        utter_all(dispatcher, care)
        utter(dispatcher, f"utter_start_{kind}", flow_fields(kind, step))
        if message.topics:
            utter(dispatcher, "utter_answer")
        # The answer about users of a customer says already whom they turn to.
        answered = ["utter_customer_user"] if "customers-of-customers" in message.topics else []
        utter_all(dispatcher, [say for say in turn.says if say not in care and say.response not in answered])
        if turn.waits:
            turn.slots["pending"] = {**turn.slots["pending"], "step": step}
        begun = {"ticket_kind": kind, "request_id": str(uuid.uuid4()), **turn.slots}
        waiting = [SlotSet("requested_slot", PENDING)] if turn.waits else []
        return [read, *set_all(begun), *waiting, FollowupAction("ticket_form")]
