"""Sends a request to the desk; that it was received is said only with the desk's own proof in hand."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import language_of, transcript_of
from actions.desk import DeskDidNotAnswer, ask
from actions.forms import forget, set_all
from actions.speaking import called, flow_fields, said_date, utter
from actions.tickets.form import FORGOTTEN_AFTERWARDS
from desk import intake


class SubmitTicket(Action):
    """Opens the ticket that was confirmed."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_submit_ticket"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Open the ticket, or say truthfully that it is not certain and keep everything for another try."""
        if not tracker.slots.get("confirmed") or not tracker.slots.get("request_id"):
            return [SlotSet("confirmed", None)]
        try:
            told = await self._tell_similar(tracker)
            if told:
                return _asked_again("similar", told)
            opened = await ask(intake.open_ticket, request_from(tracker))
        except DeskDidNotAnswer:
            return _asked_again("failed")
        except intake.InvalidInput:
            # The desk's rules for addresses are the last word; everything else was checked before.
            utter(dispatcher, "utter_invalid_email_2")
            return [*set_all({"confirmed": None, "email": None}), FollowupAction("ticket_form")]
        _tell_opened(dispatcher, opened, language_of(tracker), str(tracker.slots["email"]))
        latest = {"reference": opened.reference, "email": tracker.slots["email"], "kind": str(opened.kind)}
        return [*forget(FORGOTTEN_AFTERWARDS), SlotSet("latest_ticket", latest)]

    async def _tell_similar(self, tracker: Tracker) -> dict[str, Any] | None:
        """Find the same request made before, unless the visitor was told and wants to send it all the same."""
        slots = tracker.slots
        if slots.get("similar_told"):
            return None
        kind, description = intake.Kind(slots["ticket_kind"]), str(slots.get("description") or "")
        # A request whose answer never arrived is sent again, and must not be told of its own ticket as of another.
        same = (kind, str(slots["email"]), description, str(slots["request_id"]))
        similar = await ask(intake.similar_open_ticket, *same)
        if similar is None:
            return None
        language = language_of(tracker)
        return {
            "earlier": said_date(similar.received.date(), language),
            "earlier_due": said_date(similar.due, language),
        }


def _asked_again(why: str, told: dict[str, Any] | None = None) -> list[EventType]:
    """Go back to the confirmation; the request keeps its identity, so trying again makes one ticket."""
    slots: dict[str, Any] = {"confirmed": None, "asking": why}
    if told:
        slots["similar_told"] = told
    return [*set_all(slots), FollowupAction("ticket_form")]


def _tell_opened(dispatcher: CollectingDispatcher, opened: intake.OpenedTicket, language: str, email: str) -> None:
    kind = str(opened.kind)
    fields = {
        **flow_fields(kind, "confirmed", "done"),
        "ticket": {"reference": opened.reference, "kind": kind, "due": opened.due.isoformat()},
    }
    due = said_date(opened.due, language)
    kind_name = called("kinds", kind, language)
    utter(
        dispatcher, "utter_ticket_opened", fields, reference=opened.reference, due=due, kind_name=kind_name, email=email
    )


def request_from(tracker: Tracker) -> intake.TicketRequest:
    """Return the request as the desk takes it."""
    slots = tracker.slots
    lines = tuple(intake.TranscriptLine(author, text, at) for author, text, at in transcript_of(tracker))
    return intake.TicketRequest(
        request_id=str(slots["request_id"]),
        kind=intake.Kind(slots["ticket_kind"]),
        language=language_of(tracker),
        description=str(slots.get("description") or ""),
        relationship=intake.Relationship(slots.get("relationship") or "unsure"),
        email=str(slots["email"]),
        name=slots.get("name") or None,
        country=slots.get("country") or None,
        channel=str(tracker.get_latest_input_channel() or "webchat"),
        marks=tuple(slots.get("marks") or ()),
        transcript=lines,
    )
