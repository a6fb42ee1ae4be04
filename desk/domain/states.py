"""Which change of state is allowed from where; the only place that knows."""

from __future__ import annotations

from collections.abc import Mapping

from desk.domain.errors import TransitionNotAllowed
from desk.domain.kinds import State

_UNFINISHED = frozenset({State.IN_PROGRESS, State.WAITING, State.RESOLVED, State.REFUSED})

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.NEW: _UNFINISHED,
    State.IN_PROGRESS: _UNFINISHED - {State.IN_PROGRESS},
    State.WAITING: _UNFINISHED - {State.WAITING},
    State.REOPENED: _UNFINISHED,
    State.RESOLVED: frozenset({State.REOPENED}),
    State.REFUSED: frozenset({State.REOPENED}),
}

CLOSED = frozenset({State.RESOLVED, State.REFUSED})


def is_closed(state: State) -> bool:
    """Tell whether the work on a ticket in this state is finished."""
    return state in CLOSED


def require_transition(current: State, wanted: State) -> None:
    """Raise unless a ticket may go from one state to the other."""
    if wanted not in TRANSITIONS[current]:
        raise TransitionNotAllowed(current, wanted)
