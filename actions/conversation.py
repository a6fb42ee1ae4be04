"""Reads what the flows need from Rasa's tracker: the message, the language, what was missed, what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from rasa_sdk.interfaces import Tracker

from actions.reading.message import LOOKUPS, TICKET_KINDS, Message
from actions.turn import PENDING, State

LANGUAGES = ("de", "en")
FAILURE = "utter_failure"
LONGEST_TRANSCRIPT = 80
SECONDS_AFTER_WHICH_SOMEBODY_COMES_BACK = 60 * 60

Language = Literal["de", "en"]
Event = Mapping[str, Any]


def language_of(tracker: Tracker) -> Language:
    """Return the language of the turn: the conversation's, else the browser's, else German."""
    spoken = tracker.slots.get("language")
    browser = (tracker.latest_message.get("metadata") or {}).get("language")
    return cast(Language, next((value for value in (spoken, browser) if value in LANGUAGES), "de"))


def message_id(tracker: Tracker) -> str:
    """Return what tells the latest message from every other one."""
    latest = next(_user_events(reversed(tracker.events)), {})
    return str(latest.get("message_id") or latest.get("timestamp") or "")


def message_of(tracker: Tracker) -> Message:
    """Return the message to read: the latest, or the one a failure left unread when somebody tries again."""
    latest = next(_user_events(reversed(tracker.events)), None)
    if latest is None:
        return Message(str(tracker.latest_message.get("text") or ""))
    missed = missed_message(tracker)
    return _read(missed) if missed is not None and tries_again(tracker) else _read(latest)


def tries_again(tracker: Tracker) -> bool:
    """Tell whether somebody wants the message before to be read once more, because answering it failed."""
    latest = next(_user_events(reversed(tracker.events)), {})
    return missed_message(tracker) is not None and _intent(latest) in {"affirm", "repeat"}


def missed_message(tracker: Tracker) -> Event | None:
    """Return the message before the latest when answering it failed."""
    failed, users = False, 0
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            users += 1
            if users == 2:
                return event if failed else None
        elif users == 1 and event.get("event") == "action" and event.get("name") == FAILURE:
            failed = True
    return None


def _user_events(events: Iterable[Event]) -> Iterator[Event]:
    return (event for event in events if event.get("event") == "user")


def _intent(event: Event) -> str:
    return str(((event.get("parse_data") or {}).get("intent") or {}).get("name") or "")


def _read(event: Event) -> Message:
    parse = event.get("parse_data") or {}
    found: dict[str, list[str]] = {}
    for entity in parse.get("entities") or ():
        found.setdefault(str(entity.get("entity")), []).append(str(entity.get("value")))
    text = str(event.get("text") or "")
    is_button = text.startswith("/")
    return Message(
        text=text,
        intent=_intent(event),
        confidence=float((parse.get("intent") or {}).get("confidence") or 0.0),
        topics=tuple(found.get("topic", ())),
        chitchat=next(iter(found.get("chitchat", ())), ""),
        choice={name: values[0] for name, values in found.items()} if is_button else {},
    )


def state_of(tracker: Tracker, steps: tuple[str, ...], kind: str | None = None) -> State:
    """Return where the flow stands."""
    slots = tracker.slots
    pending = slots.get("pending") or {}
    requested = slots.get("requested_slot")
    step = pending.get("step") if requested == PENDING else requested
    if step not in steps:
        step = next((step for step in steps if slots.get(step) is None), steps[-1])
    return State(
        kind=kind or str(slots.get("ticket_kind") or ""),
        step=str(step),
        known={name: value for name, value in slots.items() if value is not None},
        pending=pending,
        attempts=int(slots.get("attempts") or 0),
    )


def comes_back(tracker: Tracker) -> bool:
    """Tell whether somebody writes again after a longer time."""
    times = [float(event.get("timestamp") or 0) for event in _user_events(reversed(tracker.events[-400:]))][:2]
    return len(times) == 2 and times[0] - times[1] > SECONDS_AFTER_WHICH_SOMEBODY_COMES_BACK


def said_by_visitor(tracker: Tracker) -> list[str]:
    """Return what the visitor typed lately, the latest first."""
    return [str(event.get("text") or "") for event in _user_events(reversed(tracker.events))]


def was_masked(tracker: Tracker) -> bool:
    """Tell whether the channel took a number out of the latest message."""
    latest = next(_user_events(reversed(tracker.events)), {})
    return bool((latest.get("metadata") or {}).get("masked"))


def language_before(tracker: Tracker) -> str | None:
    """Return the conversation's language before the latest message."""
    users = 0
    for event in reversed(tracker.events):
        users += event.get("event") == "user"
        if users and event.get("event") == "slot" and event.get("name") == "language":
            return cast(str | None, event.get("value"))
    return None


def active_flow(tracker: Tracker) -> str | None:
    """Return the form that is open, if any."""
    name = (tracker.active_loop or {}).get("name")
    return str(name) if name else None


def wanted_flow(event: Event) -> str | None:
    """Return the flow that a message asked for."""
    intent = _intent(event)
    return intent if intent in (*TICKET_KINDS, *LOOKUPS) else None


def transcript_of(tracker: Tracker) -> list[tuple[str, str, datetime]]:
    """Return who said what and when, as the visitor saw it."""
    lines: list[tuple[str, str, datetime]] = []
    for event in tracker.events:
        text = _shown(event)
        if text:
            author = "visitor" if event["event"] == "user" else "assistant"
            lines.append((author, text, datetime.fromtimestamp(float(event.get("timestamp") or 0), UTC)))
    return lines[-LONGEST_TRANSCRIPT:]


def _shown(event: Event) -> str:
    if event.get("event") == "bot":
        return str(event.get("text") or "")
    if event.get("event") != "user":
        return ""
    return str((event.get("metadata") or {}).get("title") or event.get("text") or "")


def without_links(text: str) -> str:
    """Return text that the widget shows as it was typed: what looks like one of our links is taken apart."""
    return re.sub(r"\]\(", "] (", text)
