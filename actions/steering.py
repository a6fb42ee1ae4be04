"""Answers the controls that mean the same in every flow, whatever is being asked."""

from __future__ import annotations

from actions.turn import Turn


def steered_everywhere(control: str | None) -> Turn | None:
    """Return what "why", another language and "say again" amount to, or nothing for every other control."""
    if control == "why":
        return Turn().say("utter_why")
    if control == "switch-language":
        return Turn(digresses=True)
    return Turn() if control == "repeat" else None
