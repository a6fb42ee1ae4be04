"""Measures single turns, the sides taking turns themselves, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import itertools
import statistics
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.performance.processes import busy_seconds
from benchmarks.performance.visitors import Reply, Side, Visitor, times

#: A conversation of first turns.
FIRST_TURNS = 5
#: What calls a custom action; it names the place, so that ours looks up and answers as much as stock's.
ACTION = "Welche Aufsichtsbehörde ist für Bayern zuständig?"
#: The words at every step of a complaint, up to the summary, whose button sends it.
COMPLAINT = (
    "Ich möchte mich beschweren",
    "Meine Daten wurden ohne Erlaubnis weitergegeben, Vorgang {number}.",
    "Ich bin Kunde",
    "person-{number}@example.org",
    "Erika Muster",
    "Deutschland",
)
SEND = "/affirm"
#: The median of so many turns around a place; a single turn says more about the machine than about the place.
AROUND = 9

Figures = dict[str, Any]


def warm(sides: Sequence[Side], texts: Sequence[str]) -> None:
    """Let each side answer a few times before anything counts."""
    for side in sides:
        visitor = side.visitor()
        for text in [*itertools.islice(itertools.cycle(texts), 10), ACTION]:
            visitor.say(text)


def answers(sides: Sequence[Side], texts: Sequence[str], conversations: int) -> Figures:
    """Ask about the statement in the first turns of new conversations."""
    asked = itertools.cycle(texts)
    found: dict[str, list[float]] = {side.name: [] for side in sides}
    busy = {side.name: -busy_seconds(side.process) for side in sides}
    for _ in range(conversations):
        chosen = list(itertools.islice(asked, FIRST_TURNS))
        for side in sides:
            visitor = side.visitor()
            found[side.name] += [visitor.say(text)[0] for text in chosen]
    return _with_busy(sides, busy, {name: times(milliseconds) for name, milliseconds in found.items()})


def custom_actions(sides: Sequence[Side], rounds: int) -> Figures:
    """Ask for what a custom action answers, as the second turn of new conversations, and count that it did."""
    found: dict[str, list[float]] = {side.name: [] for side in sides}
    told: dict[str, int] = {side.name: 0 for side in sides}
    busy = {side.name: -busy_seconds(side.process) for side in sides}
    for _ in range(rounds):
        for side in sides:
            visitor = side.visitor()
            visitor.say("Hallo")
            milliseconds, reply = visitor.say(ACTION)
            found[side.name].append(milliseconds)
            told[side.name] += _was_told(reply)
    figures = {name: {**times(found[name]), "by_the_action": told[name]} for name in found}
    # The greeting before it is a turn as well.
    return _with_busy(sides, busy, figures, turns_each=2)


def _with_busy(sides: Sequence[Side], before: dict[str, float], figures: Figures, turns_each: int = 1) -> Figures:
    """Add how many milliseconds of a core's work a turn took, which is the same on a busy machine as on a quiet one."""
    for side in sides:
        seconds = before[side.name] + busy_seconds(side.process)
        figures[side.name]["busy"] = seconds * 1000 / figures[side.name]["turns"] / turns_each
    return figures


def _was_told(reply: Reply) -> bool:
    return any("authority" in message or "Aufsichtsbehörde ist gefunden" in message["text"] for message in reply)


def tickets(side: Side, rounds: int) -> Figures:
    """Open tickets through the whole conversation; what counts is the last turn, and each must give a reference."""
    steps: list[float] = []
    sent = [_ticket(side.visitor(), steps) for _ in range(rounds)]
    return {"sending": times(sent), "steps": times(steps)}


def _ticket(visitor: Visitor, steps: list[float]) -> float:
    number = uuid.uuid4().hex[:12]
    for text in COMPLAINT:
        steps.append(visitor.say(text.format(number=number))[0])
    milliseconds, reply = visitor.say(SEND)
    if not any("ticket" in message for message in reply):
        raise RuntimeError(f"No ticket was opened: {reply}")
    return milliseconds


def long_conversation(side: Side, texts: Sequence[str], turns: int) -> Iterator[float]:
    """Go on in one conversation; yields each turn's milliseconds."""
    visitor = side.visitor()
    for text in itertools.islice(itertools.cycle(texts), turns):
        yield visitor.say(text)[0]


def grown(sides: Sequence[tuple[Side, int]], texts: Sequence[str]) -> Figures:
    """Measure one conversation on each side up to its own number of turns, all at once turn by turn."""
    found: dict[str, list[float]] = {side.name: [] for side, _ in sides}
    running = {side.name: long_conversation(side, texts, turns + AROUND) for side, turns in sides}
    while running:
        for name in list(running):
            milliseconds = next(running[name], None)
            if milliseconds is None:
                del running[name]
            else:
                found[name].append(milliseconds)
    return {side.name: _along(found[side.name], turns) for side, turns in sides}


def _along(milliseconds: list[float], turns: int) -> Figures:
    places = [place for place in (5, 10, 20, 50, 100, 200, 500, 1000) if place < turns] + [turns]
    medians = {str(place): median_around(milliseconds, place) for place in places}
    return {"turns": turns, "medians": medians, "ratio": medians[str(turns)] / medians["5"]}


def median_around(milliseconds: Sequence[float], place: int) -> float:
    """Return the median of the turns around a place, counted from one."""
    first = max(0, place - 1 - AROUND // 2)
    return statistics.median(milliseconds[first : first + AROUND])


def understood_alike(sides: Sequence[Side], texts: Sequence[str], right: Callable[[str, Reply], bool]) -> Figures:
    """Count which of the texts each side answered as it should, so that speed is not bought with silence."""
    return {side.name: sum(right(text, side.visitor().say(text)[1]) for text in texts) for side in sides}
