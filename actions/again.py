"""Says again what was said, and tries again what failed, when no form is there to do it."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import message_id, missed_message, wanted_flow
from actions.forms import STARTING_ACTIONS
from actions.speaking import utter


class TryAgain(Action):
    """Takes "yes" outside every flow: the only thing it can mean there is to try again what just failed."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_try_again"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Go on where the failure was."""
        slots = tracker.slots
        if slots.get("confirmed") and slots.get("request_id"):
            return [SlotSet("last_read", message_id(tracker)), FollowupAction("action_submit_ticket")]
        missed = missed_message(tracker)
        flow = wanted_flow(missed) if missed else None
        if flow:
            return [FollowupAction(STARTING_ACTIONS[flow])]
        utter(dispatcher, "utter_nothing_to_confirm")
        return [SlotSet("last_read", message_id(tracker))]


class Repeat(Action):
    """Says the assistant's last words again."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Repeat everything said in answer to the message before, buttons included."""
        if missed_message(tracker):
            return [FollowupAction("action_try_again")]
        said = last_words(tracker)
        for event in said:
            data = event.get("data") or {}
            dispatcher.utter_message(
                text=event.get("text"), buttons=data.get("buttons") or None, json_message=data.get("custom") or None
            )
        if not said:
            utter(dispatcher, "utter_nothing_to_repeat")
        return [SlotSet("last_read", message_id(tracker))]


def last_words(tracker: Tracker) -> list[dict[str, Any]]:
    """Return what the assistant said between the visitor's last two messages."""
    said: list[dict[str, Any]] = []
    users = 0
    for event in reversed(tracker.events):
        users += event.get("event") == "user"
        if users == 2:
            break
        if users == 1 and event.get("event") == "bot" and event.get("text"):
            said.insert(0, event)
    return said
