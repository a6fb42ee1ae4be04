"""Answers the flows about existing tickets, each with the desk's own word for what happened."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import language_of
from actions.desk import DeskDidNotAnswer, ask
from actions.forms import forget
from actions.lookups.forms import FORGOTTEN_AFTERWARDS
from actions.speaking import called, flow_fields, said_date, utter
from desk import intake

NOT_SATISFIED_MAY_ESCALATE = "truste"


class AnswerLookup(Action, abc.ABC):
    """Asks the desk once reference and address are known."""

    flow: str
    form: str

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Tell the outcome; a pair that fits nothing is asked for again, the address of a right one is not revealed."""
        slots = tracker.slots
        if slots.get("reference") is None or slots.get("email") is None:
            return forget(FORGOTTEN_AFTERWARDS)
        done = flow_fields(self.flow, "reference", "done")
        try:
            found = await self.answer(dispatcher, slots, language_of(tracker), done)
        except DeskDidNotAnswer:
            utter(dispatcher, "utter_desk_did_not_answer", flow_fields(self.flow, "reference", "cancelled"))
            return forget(FORGOTTEN_AFTERWARDS)
        if found:
            return forget(FORGOTTEN_AFTERWARDS)
        utter(dispatcher, "utter_ticket_not_found", flow_fields(self.flow, "reference"))
        again = [SlotSet("reference", None), SlotSet("email", None), SlotSet("confirmed", None)]
        return [*again, FollowupAction(self.form)]

    @abc.abstractmethod
    async def answer(
        self, dispatcher: CollectingDispatcher, slots: Mapping[str, Any], language: str, done: dict[str, Any]
    ) -> bool:
        """Say the outcome; return False when no ticket fits."""


def status_values(status: intake.TicketStatus, language: str) -> dict[str, str]:
    """Return what is said about a ticket, in words."""
    return {
        "reference": status.reference,
        "kind_name": called("kinds", str(status.kind), language),
        "state_name": called("states", str(status.state), language),
        "due": said_date(status.due, language),
        "received": said_date(status.received.date(), language),
        "updated": said_date(status.updated.date(), language),
    }


def ticket_fields(status: intake.TicketStatus) -> dict[str, Any]:
    """Return the ticket as the channel shows it."""
    return {"ticket": {"reference": status.reference, "kind": str(status.kind), "due": status.due.isoformat()}}


class TellTicketStatus(AnswerLookup):
    """Tells how a request stands."""

    flow = "ticket-status"
    form = "ticket_status_form"

    def name(self) -> str:
        """Return the action's name."""
        return "action_tell_ticket_status"

    async def answer(
        self, dispatcher: CollectingDispatcher, slots: Mapping[str, Any], language: str, done: dict[str, Any]
    ) -> bool:
        """Say state, dates and what can be done next."""
        status = await ask(intake.ticket_status, slots["reference"], slots["email"])
        if status is None:
            return False
        closed = str(status.state) in {"resolved", "refused"}
        utter(
            dispatcher,
            f"utter_ticket_status_{'closed' if closed else 'overdue' if status.overdue else 'open'}",
            {**done, **ticket_fields(status)},
            **status_values(status, language),
        )
        if status.extended and not closed:
            utter(dispatcher, "utter_ticket_extended")
        if status.escalated:
            utter(dispatcher, "utter_ticket_escalated_before")
        return True


class AddToTicket(AnswerLookup):
    """Adds to a request, or reopens one."""

    flow = "ticket-add"
    form = "ticket_add_form"

    def name(self) -> str:
        """Return the action's name."""
        return "action_add_to_ticket"

    async def answer(
        self, dispatcher: CollectingDispatcher, slots: Mapping[str, Any], language: str, done: dict[str, Any]
    ) -> bool:
        """Hand the text to the desk and say what it is part of now."""
        reopens = slots.get("task") == "reopen"
        function = intake.reopen_ticket if reopens else intake.add_to_ticket
        given = (slots["reference"], slots["email"], slots["addition"], slots["request_id"])
        status = await ask(function, *given)
        if status is None:
            return False
        words = "utter_ticket_reopened" if reopens else "utter_added_to_ticket"
        utter(dispatcher, words, {**done, **ticket_fields(status)}, **status_values(status, language))
        return True


class WithdrawTicket(AnswerLookup):
    """Takes a request back."""

    flow = "ticket-withdraw"
    form = "ticket_withdraw_form"

    def name(self) -> str:
        """Return the action's name."""
        return "action_withdraw_ticket"

    async def answer(
        self, dispatcher: CollectingDispatcher, slots: Mapping[str, Any], language: str, done: dict[str, Any]
    ) -> bool:
        """Close the ticket at the person's wish."""
        given = (slots["reference"], slots["email"], slots["request_id"])
        status = await ask(intake.withdraw_ticket, *given)
        if status is None:
            return False
        utter(dispatcher, "utter_ticket_withdrawn", done, **status_values(status, language))
        return True


class TellDispute(AnswerLookup):
    """Shows the way on to somebody who is not satisfied."""

    flow = "dispute"
    form = "dispute_form"

    def name(self) -> str:
        """Return the action's name."""
        return "action_tell_dispute"

    async def answer(
        self, dispatcher: CollectingDispatcher, slots: Mapping[str, Any], language: str, done: dict[str, Any]
    ) -> bool:
        """Mark the ticket where the ladder allows it, and give TRUSTe's address; else explain the ladder."""
        if not slots["reference"]:
            utter(dispatcher, "utter_dispute_ladder", done)
            return True
        given = (slots["reference"], slots["email"], NOT_SATISFIED_MAY_ESCALATE, slots["request_id"])
        escalation = await ask(intake.escalate_ticket, *given)
        if escalation is None:
            return False
        words = "utter_dispute_escalated" if escalation.escalated else "utter_dispute_too_early"
        fields = {**done, **ticket_fields(escalation.status)}
        utter(dispatcher, words, fields, **status_values(escalation.status, language))
        return True
