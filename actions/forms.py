"""What all forms share: a message is read once, by one pure function, and its outcome becomes Rasa's events."""

from __future__ import annotations

import abc
from typing import Any

from rasa_sdk.events import ActionExecutionRejected, ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import (
    comes_back,
    language_before,
    message_id,
    message_of,
    state_of,
    tries_again,
    was_masked,
)
from actions.reading.message import TICKET_KINDS, Message
from actions.speaking import flow_fields, utter, utter_all
from actions.turn import PENDING, State, Turn

STARTING_ACTIONS = {
    **dict.fromkeys(TICKET_KINDS, "action_start_ticket"),
    "ticket-status": "action_start_ticket_status",
    "dispute": "action_start_dispute",
    "ticket-add": "action_start_ticket_add",
    "ticket-withdraw": "action_start_ticket_withdraw",
    "authority": "action_start_authority",
}

# Whoever presses one of these has just been welcomed back, beneath the history (bot/engine.py).
OFFERED_ON_RETURN = frozenset({"repeat", "start-over", "cancel"})

ENDINGS = {
    "under-age": "utter_under_age",
    "not-again": "utter_not_sent_again",
    "no-reference": "utter_no_reference",
}


class Form(FormValidationAction, abc.ABC):
    """A form whose messages are read by `take_turn`, which is asked once per message.

    Rasa calls a form's validation also when it starts the form and when it comes back from a digression. The message
    was read by then; reading it again would answer twice.
    """

    steps: tuple[str, ...]
    forgets: tuple[str, ...]

    @abc.abstractmethod
    def take_turn(self, state: State, message: Message) -> Turn:
        """Decide what the message means here."""

    def kind(self, tracker: Tracker) -> str:
        """Return the name under which the channel knows the flow."""
        return str(tracker.slots.get("ticket_kind") or "")

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Read the message and return what follows from it."""
        state = state_of(tracker, self.steps, self.kind(tracker))
        identity = message_id(tracker)
        if tracker.slots.get("last_read") == identity:
            return [SlotSet("last_read", identity), *self._resumed(state, tracker)]
        message = message_of(tracker)
        if comes_back(tracker) and not (message.is_button and message.intent in OFFERED_ON_RETURN):
            utter(dispatcher, "utter_welcome_back")
        turn = self.take_turn(state, message)
        if was_masked(tracker) and _amounts_to_nothing(turn) and not message.is_question:
            # The channel has said already what it took out of the message; there was nothing else in it.
            turn = Turn()
        if turn.digresses and tries_again(tracker):
            # The rules would answer the "try again" itself and not the question that was missed.
            turn.digresses = False
            turn.say("utter_ask_question_again")
        utter_all(dispatcher, turn.says)
        events = await self._events(turn, state, dispatcher)
        return [SlotSet("last_read", identity), *_kept_language(turn, tracker), *events]

    def _resumed(self, state: State, tracker: Tracker) -> list[EventType]:
        """Ask again what was asked before the digression."""
        if state.pending:
            return [SlotSet("requested_slot", PENDING)]
        still_open = tracker.slots.get("requested_slot") == state.step and not state.is_answered(state.step)
        if not still_open:
            return []
        again = [SlotSet("asking", "again")] if state.step == "confirmed" else []
        return [*again, SlotSet("requested_slot", state.step)]

    async def _events(self, turn: Turn, state: State, dispatcher: CollectingDispatcher) -> list[EventType]:
        if turn.ends:
            return await self._ended(turn, state, dispatcher)
        if turn.waits and turn.slots.get("pending"):
            turn.slots["pending"] = {**turn.slots["pending"], "step": state.step}
        events = [SlotSet(name, value) for name, value in turn.slots.items()]
        if turn.digresses:
            return [*events, ActionExecutionRejected(self.form_name())]
        if turn.waits:
            return [*events, SlotSet("requested_slot", PENDING)]
        return [*events, SlotSet("requested_slot", turn.asks)] if turn.asks else events

    async def _ended(self, turn: Turn, state: State, dispatcher: CollectingDispatcher) -> list[EventType]:
        """Leave the flow and forget what was typed; nothing of it may turn up in the next one."""
        following = STARTING_ACTIONS.get(turn.ends or "")
        events = [*forget(self.forgets), ActiveLoop(None), SlotSet("requested_slot", None)]
        if following:
            return [*events, FollowupAction(following)]
        fields = flow_fields(state.kind, state.step, "cancelled")
        if turn.ends == "cancelled":
            return [*events, *await self.say_cancelled(dispatcher, state, fields)]
        utter(dispatcher, ENDINGS[turn.ends or ""], fields)
        return events

    async def say_cancelled(
        self, dispatcher: CollectingDispatcher, state: State, fields: dict[str, Any]
    ) -> list[EventType]:
        """Say that the flow was left; nothing was sent by then."""
        utter(dispatcher, "utter_cancelled", fields)
        return []


def _amounts_to_nothing(turn: Turn) -> bool:
    """Tell whether a turn neither learned anything nor goes anywhere."""
    learned = turn.slots.keys() - {"attempts", "pending", "asking"}
    return not learned and not turn.ends and not turn.waits and not turn.asks


def _kept_language(turn: Turn, tracker: Tracker) -> list[EventType]:
    """Stay with the language: a name such as "von der Weiden" says nothing about the one its bearer writes in."""
    told = {name for name, value in turn.slots.items() if value} - {"attempts"}
    if told != {"name"} or turn.digresses:
        return []
    before = language_before(tracker)
    return [SlotSet("language", before)] if before != tracker.slots.get("language") else []


def forget(slots: tuple[str, ...]) -> list[EventType]:
    """Forget named slots; the language is none of them."""
    return [SlotSet(name, None) for name in slots]


def set_all(slots: dict[str, Any]) -> list[EventType]:
    """Set several slots."""
    return [SlotSet(name, value) for name, value in slots.items()]
