"""Turns audit entries into sentences a colleague reads; the trail itself stays as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from desk.services import letters
from desk.storage.models import AuditEntry
from desk.web.translations import has_text
from desk.web.visit import Visit

_SIGNS = {
    "ticket.opened": ("inbox", ""),
    "ticket.assigned": ("person", ""),
    "ticket.noted": ("note", ""),
    "ticket.replied": ("mail", "good"),
    "ticket.extended": ("stretch", ""),
    "ticket.clock-suspended": ("pause", ""),
    "ticket.clock-resumed": ("clock", ""),
    "ticket.escalated": ("up", "mark"),
    "ticket.held": ("lock", ""),
    "ticket.released": ("lock", ""),
    "ticket.verified": ("id", "good"),
    "ticket.address-confirmed": ("id", "good"),
    "ticket.anonymised": ("leaf", ""),
    "ticket.file-attached": ("clip", ""),
    "ticket.linked": ("link", ""),
    "ticket.merged": ("link", ""),
    "ticket.added": ("chat", ""),
    "ticket.mail-received": ("mail", ""),
    "ticket.step-done": ("check", ""),
}
_STATE_SIGNS = {
    "resolved": ("check-circle", "good"),
    "refused": ("no", "bad"),
    "waiting": ("pause", ""),
    "reopened": ("reply", ""),
}


@dataclass(frozen=True)
class Event:
    """One thing that happened, ready to be shown."""

    icon: str
    tone: str
    words: str
    at: datetime
    actor: str


def events(visit: Visit, entries: Sequence[AuditEntry], names: Mapping[int, str]) -> list[Event]:
    """Tell the story of some entries, the latest first."""
    return [_event(visit, entry, names) for entry in reversed(entries)]


def actor_words(visit: Visit, actor: str, names: Mapping[int, str]) -> str:
    """Say who acted: a colleague by name, anything else by what it is."""
    kind, _, number = actor.partition(":")
    if kind == "user":
        return names.get(int(number)) or visit.say("timeline.actors.removed")
    key = f"timeline.actors.{kind}"
    return visit.say(key) if has_text(key) else kind


def action_words(visit: Visit, action: str, details: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """Say what happened in one line."""
    key = f"timeline.{action.replace('.', '-')}"
    if action == "ticket.assigned" and details.get("after") is None:
        return visit.say("timeline.ticket-handed-back")
    for variant in ("purpose", "template"):
        if variant in details and has_text(f"{key}.{details[variant]}"):
            return visit.say(f"{key}.{details[variant]}")
    if not has_text(key):
        return visit.say("timeline.other", action=action)
    return visit.say(key, **{name: _value(visit, action, name, value, names) for name, value in details.items()})


def escalated_to(visit: Visit, to: str | None) -> str:
    """Say where a ticket was taken to; the assistant notes the place of an authority, such as DE-BY."""
    if not to:
        return ""
    key = f"ticket.escalate.{to}"
    return visit.say(key) if has_text(key) else visit.say("ticket.escalate.authority_of", place=to)


def _event(visit: Visit, entry: AuditEntry, names: Mapping[int, str]) -> Event:
    details: dict[str, Any] = json.loads(entry.details)
    icon, tone = _SIGNS.get(entry.action, ("circle", ""))
    if entry.action == "ticket.state-changed":
        icon, tone = _STATE_SIGNS.get(str(details.get("after")), ("flag", ""))
    return Event(
        icon, tone, action_words(visit, entry.action, details, names), entry.at, actor_words(visit, entry.actor, names)
    )


def _value(visit: Visit, action: str, name: str, value: Any, names: Mapping[int, str]) -> str:
    if action in {"ticket.step-done", "ticket.step-undone"}:
        return _step_title(str(value), visit)
    if action == "ticket.escalated" and name == "to":
        return escalated_to(visit, str(value))
    if action == "ticket.assigned":
        return names.get(value) or visit.say("common.nobody")
    if action in {"ticket.extended", "ticket.clock-resumed"} and name in {"before", "after", "due"}:
        return visit.formats.day(date.fromisoformat(str(value)))
    for group in _WORDS.get((action, name), ()):
        if has_text(f"{group}.{value}"):
            return visit.say(f"{group}.{value}")
    return str(value)


_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ticket.state-changed", "before"): ("states",),
    ("ticket.state-changed", "after"): ("states",),
    ("ticket.kind-changed", "before"): ("kinds",),
    ("ticket.kind-changed", "after"): ("kinds",),
    ("user.role-changed", "before"): ("roles",),
    ("user.role-changed", "after"): ("roles",),
    ("ticket.marked", "mark"): ("marks",),
    ("ticket.unmarked", "mark"): ("marks",),
}


def _step_title(step: str, visit: Visit) -> str:
    # A step's name may stand in several lists; its title is the same wherever it does, or close enough for a line here.
    for steps in letters.catalogue()["checklists"].values():
        if step in steps:
            return str(steps[step][visit.language])
    return step
