"""Begins a flow about a ticket that exists, with what the first message and this conversation already tell."""

from __future__ import annotations

import abc
import re
import uuid
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import active_flow, message_id, message_of
from actions.forms import forget, set_all
from actions.lookups.forms import FORGOTTEN_AFTERWARDS
from actions.lookups.turns import take_reference_and_email
from actions.reading.message import Message
from actions.speaking import flow_fields, utter, utter_all
from actions.turn import PENDING, State, Turn
from desk import intake

_REOPEN = re.compile(
    r"\b(?:wieder\s*(?:auf)?machen|wieder\s*öffnen|wiederöffn\w*|wiederaufnehm\w*|noch\s*(?:ein)?mal\s+(?:prüfen|ansehen|anschauen|bearbeiten)|"
    r"re-?open\w*|look\s+(?:at\s+it\s+)?again|reconsider|review\s+(?:it\s+)?again)\b",
    re.IGNORECASE,
)


class StartLookup(Action, abc.ABC):
    """Says what the flow is for and goes on to its form."""

    flow: str
    steps: tuple[str, ...] = ("reference", "email")

    @abc.abstractmethod
    def name(self) -> str:
        """Return the action's name."""

    def _key(self) -> str:
        return self.flow.replace("-", "_")

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Take the reference and address from the message, or those of the request just made here."""
        message = message_of(tracker)
        identity = SlotSet("last_read", message_id(tracker))
        turn = Turn(slots={"ticket_kind": self.flow, "task": self.task(message), "request_id": str(uuid.uuid4())})
        take_reference_and_email(State(self.flow, "reference"), message, turn, self.steps, intake.normalise_reference)
        turn.slots |= known_already(tracker.slots.get("latest_ticket"), turn.slots)
        step = next((step for step in self.steps if not turn.slots.get(step)), self.steps[-1])
        words = f"utter_start_{self.opening(turn)}{'_known' if turn.slots.get('reference') else ''}"
        utter(dispatcher, words, flow_fields(self.flow, step), reference=turn.slots.get("reference"))
        if message.topics:
            utter(dispatcher, "utter_answer")
        utter_all(dispatcher, turn.says)
        if turn.waits:
            turn.slots["pending"] = {**turn.slots["pending"], "step": step}
        waiting = [SlotSet("requested_slot", PENDING)] if turn.waits else []
        begun = [*forget(FORGOTTEN_AFTERWARDS), *set_all(turn.slots), *waiting]
        return [identity, *begun, FollowupAction(f"{self.form(turn)}_form")]

    def task(self, message: Message) -> str | None:
        """Return what is to be done, where a flow knows more than one thing."""
        return None

    def form(self, turn: Turn) -> str:
        """Return whose form asks the questions."""
        return self._key()

    def opening(self, turn: Turn) -> str:
        """Return which words begin the flow."""
        return self._key()


def known_already(latest: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return reference and address of the request made in this conversation, unless another one is meant."""
    if not latest or given.get("reference") not in (None, latest["reference"]):
        return {}
    return {"reference": latest["reference"], "email": given.get("email") or latest["email"]}


class StartTicketStatus(StartLookup):
    """Starts telling how a request stands."""

    flow = "ticket-status"

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_ticket_status"


class StartTicketAdd(StartLookup):
    """Starts adding to a request."""

    flow = "ticket-add"
    steps = ("reference", "email", "addition")

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_ticket_add"

    def task(self, message: Message) -> str | None:
        """Tell the question for the text that this is no reopening."""
        return "add"


class StartTicketWithdraw(StartLookup):
    """Starts taking a request back."""

    flow = "ticket-withdraw"
    steps = ("reference", "email", "confirmed")

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_ticket_withdraw"


class StartDispute(StartLookup):
    """Starts the way on for people who are not satisfied."""

    flow = "dispute"

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_dispute"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Explain the ladder without more ado while a request is being made."""
        if active_flow(tracker) == "ticket_form":
            utter(dispatcher, "utter_dispute_ladder")
            return [SlotSet("last_read", message_id(tracker))]
        return await super().run(dispatcher, tracker, domain)

    def task(self, message: Message) -> str | None:
        """Tell whether the ticket is to be looked at again here rather than taken elsewhere."""
        return "reopen" if message.choice.get("task") == "reopen" or _REOPEN.search(message.text) else None

    def form(self, turn: Turn) -> str:
        """Ask for the reason too when the ticket is to be reopened."""
        return "ticket_add" if turn.slots["task"] == "reopen" else self._key()

    def opening(self, turn: Turn) -> str:
        """Say what reopening means when that is wanted."""
        return "reopen" if turn.slots["task"] == "reopen" else self._key()
