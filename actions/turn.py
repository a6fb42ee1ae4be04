"""What one turn of a flow amounts to: what is remembered, what is said and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SKIPPED = ""
"""The answer of somebody who left a question out: it is answered, so it is not asked again, and nothing is known."""

PENDING = "pending"
"""The name under which a form waits for the answer to a question of the turn's own, such as "really cancel?"."""


@dataclass(frozen=True)
class Say:
    """One response to utter, with the values for its placeholders and what the channel shows besides."""

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Turn:
    """The outcome of reading one message inside a flow."""

    slots: dict[str, Any] = field(default_factory=dict)
    says: list[Say] = field(default_factory=list)
    digresses: bool = False
    """Whether a rule answers the message and the flow asks again afterwards."""
    asks: str | None = None
    """Which step to go to, when it is not simply the first one that is still open."""
    waits: bool = False
    """Whether the turn asks something itself, so that the form must not ask its step besides."""
    ends: str | None = None
    """How the flow ends: "cancelled" or another of the endings of forms, or the name of the flow to go to instead."""

    def say(self, response: str, fields: Mapping[str, Any] | None = None, **values: Any) -> Turn:
        """Add something to say and return the turn."""
        self.says.append(Say(response, values, fields or {}))
        return self


@dataclass(frozen=True)
class State:
    """Where a flow stands when a message arrives."""

    kind: str
    step: str
    known: Mapping[str, Any] = field(default_factory=dict)
    pending: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0

    def has(self, slot: str) -> bool:
        """Tell whether a question has been answered with something."""
        return self.known.get(slot) not in (None, SKIPPED)

    def is_answered(self, slot: str) -> bool:
        """Tell whether a question needs no asking, because it was answered or left out."""
        return self.known.get(slot) is not None

    @property
    def marks(self) -> tuple[str, ...]:
        """Return what the ticket is marked with so far."""
        return tuple(self.known.get("marks") or ())
