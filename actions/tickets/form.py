"""The form that all requests share, and the summary it reads back before anything is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import language_of, message_id, without_links
from actions.desk import DeskDidNotAnswer, ask
from actions.forms import Form, forget
from actions.places import place_name
from actions.reading.message import Message
from actions.speaking import called, flow_fields, utter
from actions.tickets.steps import STEPS
from actions.tickets.turns import take_turn
from actions.turn import State, Turn
from desk import intake

FORGOTTEN_AFTERWARDS = (*STEPS, "ticket_kind", "request_id", "marks", "pending", "attempts", "asking", "similar_told")


class ValidateTicketForm(Form):
    """Reads the messages of the ticket form."""

    steps = STEPS
    forgets = FORGOTTEN_AFTERWARDS

    def name(self) -> str:
        """Return the action's name."""
        return "validate_ticket_form"

    def take_turn(self, state: State, message: Message) -> Turn:
        """Decide what the message means; a request that begins anew gets an identity of its own."""
        turn = take_turn(state, message)
        if turn.slots.get("request_id", "kept") is None:
            turn.slots["request_id"] = str(uuid.uuid4())
            turn.slots["similar_told"] = None
        turn.slots.setdefault("asking", None)
        return turn

    async def say_cancelled(
        self, dispatcher: CollectingDispatcher, state: State, fields: dict[str, Any]
    ) -> list[EventType]:
        """Say that nothing was sent only where that is so: an attempt that seemed to fail may have arrived."""
        return await say_cancelled(dispatcher, state.known, fields)


async def say_cancelled(
    dispatcher: CollectingDispatcher, slots: Mapping[str, Any], fields: dict[str, Any]
) -> list[EventType]:
    """Tell somebody who cancels a request what became of it, by the desk's word."""
    request_id = slots.get("request_id")
    try:
        arrived = await ask(intake.ticket_of_request, str(request_id)) if request_id else None
    except DeskDidNotAnswer:
        utter(dispatcher, "utter_cancelled_uncertain", fields)
        return []
    if arrived is None:
        utter(dispatcher, "utter_cancelled", fields)
        return []
    utter(dispatcher, "utter_cancelled_too_late", fields, reference=arrived.reference)
    latest = {"reference": arrived.reference, "email": slots.get("email"), "kind": str(arrived.kind)}
    return [SlotSet("latest_ticket", latest)]


class CancelFailed(Action):
    """Takes "cancel" after sending seemed to fail, when no form is there any more to take it."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_cancel_failed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Say what became of the request and forget it."""
        slots = tracker.slots
        fields = flow_fields(str(slots.get("ticket_kind") or ""), "confirmed", "cancelled")
        told = await say_cancelled(dispatcher, slots, fields)
        return [SlotSet("last_read", message_id(tracker)), *forget(FORGOTTEN_AFTERWARDS), *told]


class AskToConfirm(Action):
    """Reads the request back and asks whether to send it."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_ask_ticket_form_confirmed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Say what was understood, what it is used for and for how long, or why it has to be asked once more."""
        kind = str(tracker.slots["ticket_kind"])
        fields = {**flow_fields(kind, "confirmed"), "expects": "confirm"}
        asking = tracker.slots.get("asking")
        if asking in {"failed", "similar", "again"}:
            utter(dispatcher, f"utter_ask_confirmed_{asking}", fields, **(tracker.slots.get("similar_told") or {}))
            return [SlotSet("asking", asking)]
        values = summary_values(tracker.slots, language_of(tracker))
        response = "utter_summary_complaint" if kind == "complaint" else "utter_summary"
        months = await ask(intake.retention_months, intake.Kind(kind))
        utter(dispatcher, response, fields, **values, months=months)
        return [SlotSet("asking", None)]


def summary_values(slots: dict[str, Any], language: str) -> dict[str, str]:
    """Return what the summary says, in words."""
    nothing = called("summary", "nothing", language)
    country = slots.get("country")
    return {
        "kind_name": called("kinds", str(slots["ticket_kind"]), language),
        "description_said": without_links(str(slots.get("description") or nothing)),
        "relationship_said": called("relationships", str(slots.get("relationship") or "unsure"), language),
        "email_said": str(slots.get("email")),
        "name_said": str(slots.get("name") or nothing),
        "country_said": place_name(country, language) if country else nothing,
        "marks_said": "\n" + called("marks", "on-behalf", language)
        if "on-behalf" in (slots.get("marks") or ())
        else "",
    }
