"""How near a due date is, as an icon, a word and a colour together, for nobody should have to tell by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

Say = Callable[..., str]


class HasClock(Protocol):
    """What a due date depends on; tickets have it, and so have rows of a list."""

    @property
    def open(self) -> bool: ...
    @property
    def due_on(self) -> date: ...
    @property
    def suspended_on(self) -> date | None: ...


@dataclass(frozen=True)
class Due:
    """The nearness of a due date, ready to be shown."""

    bucket: str
    tone: str
    icon: str
    words: str


def due_of(ticket: HasClock, today: date, soon_days: int, say: Say) -> Due:
    """Say how near the due date of a ticket is."""
    if not ticket.open:
        return Due("closed", "", "check", say("queue.due.closed"))
    if ticket.suspended_on is not None:
        return Due("suspended", "", "pause", say("queue.due.suspended"))
    days = (ticket.due_on - today).days
    if days < 0:
        return Due("overdue", "bad", "alarm", say("queue.due.overdue", count=-days))
    if days == 0:
        return Due("today", "soon", "alarm", say("queue.due.today"))
    if days <= soon_days:
        return Due("week", "soon", "clock", say("queue.due.left", count=days))
    return Due("later", "", "clock", say("queue.due.left", count=days))
