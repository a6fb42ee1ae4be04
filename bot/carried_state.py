"""Carries a conversation's state over the turns that are no longer replayed: slots, the form in progress, a pause.

Rasa rebuilds a tracker by applying every event of the conversation, so a turn costs more the longer people talk. The
state before the latest turns is written down here, and given back as the few events that lead to the same state.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

# Marks the events that stand for older ones, so that readers of a conversation can leave them out.
CARRIED = "carried"


def of(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Return what must be known of a tracker that waits for the next message."""
    return {
        "at": tracker.events[-1].timestamp if tracker.events else 0.0,
        "slots": {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value},
        "loop": asdict(tracker.active_loop) if tracker.active_loop_name else None,
        "paused": tracker.is_paused(),
    }


def events_for(state: dict[str, Any]) -> list[Event]:
    """Return events after which a new tracker is in the written state, waiting for a message."""
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    events += [SlotSet(name, value) for name, value in state["slots"].items()]
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    if state["loop"]:
        events += _loop_events(state["loop"])
    if state["paused"]:
        events.append(ConversationPaused())
    for event in events:
        event.timestamp = state["at"]
        event.metadata = {**(event.metadata or {}), CARRIED: True}
    return events


def _loop_events(loop: dict[str, Any]) -> list[Event]:
    """Return a form's activation as Rasa logs it: the message, the form, that it is active, waiting."""
    trigger = loop["trigger_message"] or {}
    name = loop["name"]
    events: list[Event] = [
        UserUttered(trigger.get("text"), trigger.get("intent"), trigger.get("entities"), trigger),
        ActionExecuted(name),
        ActiveLoop(name),
    ]
    if loop["rejected"]:
        events.append(ActionExecutionRejected(name))
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    return events
