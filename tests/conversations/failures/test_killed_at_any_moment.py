"""Kills parts in the middle of turns, at moments nobody chose, and counts what is left: one ticket, and no untruth."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
import uuid
from dataclasses import dataclass, field

import pytest

from desk.storage.models import Ticket
from tests.conversations.conversation import Conversation, Message, all_tickets
from tests.conversations.house import House

STEPS = {
    "de": ("Beschwerde", "{told}", "direkt", "{email}", "Erika Beispiel", "Österreich", "ja"),
    "en": ("complaint", "{told}", "direct", "{email}", "Erica Example", "Austria", "yes"),
}
TOLD = {
    "de": "Trotz Abmeldung kam am Montag wieder ein Anruf Ihrer Firma, Vermerk {mark}.",
    "en": "Although I opted out your company called me again on Monday, note {mark}.",
}
YES = {"de": "ja", "en": "yes"}
FAILED = ("nicht funktioniert", "did not work", "konnte gerade nicht angenommen", "could not be accepted")
CONFIRMATION = len(STEPS["de"]) - 1
#: Longer than a turn takes, so that some strike before it, most in the middle, and some after it.
LONGEST_DELAY = 0.25
MOST_TRIES = 8


@dataclass(frozen=True)
class Strike:
    """Which part is killed, in answer to which message, and how long after it was sent (in seconds)."""

    part: str
    step: int
    delay: float


def strikes(part: str, count: int) -> list[Strike]:
    """Return half of the strikes at the confirmation, the first one among them, and the other half at any step."""
    steps = [random.randrange(CONFIRMATION) if number % 2 else CONFIRMATION for number in range(count)]
    return [Strike(part, step, random.uniform(0, LONGEST_DELAY)) for step in steps]


@dataclass
class Visitor:
    """Somebody whose client repeats a message under the same id until it is answered."""

    house: House
    language: str
    said: list[str] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open a conversation."""
        self.conversation = Conversation(self.house, self.language)
        self.told = TOLD[self.language].format(mark=uuid.uuid4().hex[:8])

    def complain(self, strike: Strike) -> None:
        """Make a complaint step by step; one of the steps is struck."""
        for place, text in enumerate(STEPS[self.language]):
            spoken = text.format(told=self.told, email=self.conversation.values["email"])
            self._say(spoken, strike if place == strike.step else None)
            while self._has_failed():
                self._say(YES[self.language])

    def tickets(self) -> list[Ticket]:
        """Return the tickets made under this visitor's address."""
        address = self.conversation.values["email"]
        return [ticket for ticket in all_tickets() if ticket.content and ticket.content.email == address]

    def _say(self, text: str, strike: Strike | None = None) -> None:
        assert len(self.said) < len(STEPS[self.language]) + MOST_TRIES, "It never worked."
        message_id = uuid.uuid4().hex
        self.said.append(text)
        if strike is None:
            self.conversation.send(text, message_id)
        else:
            self._be_struck(strike, text, message_id)
        self.heard += self.conversation.last

    def _be_struck(self, strike: Strike, text: str, message_id: str) -> None:
        """Send, have the part killed meanwhile and started again, and send the same once more."""
        killer = threading.Thread(target=self._kill, args=(strike,))
        killer.start()
        try:
            self.conversation.send(text, message_id)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            self.conversation.last = []
        killer.join()
        self.heard += self.conversation.last
        self.house.start(strike.part)
        self.conversation.send(text, message_id)

    def _kill(self, strike: Strike) -> None:
        time.sleep(strike.delay)
        self.house.kill(strike.part)

    def _has_failed(self) -> bool:
        return any(part in message["text"] for message in self.conversation.last for part in FAILED)


def check(visitor: Visitor, strike: Strike) -> None:
    """Check that there is one ticket with all that was typed, that no other was claimed, and that nothing was lost."""
    made = visitor.tickets()
    assert len(made) == 1, f"{strike}: {len(made)} tickets"
    content = made[0].content
    assert content is not None
    assert visitor.told in content.description, f"{strike}: {content.description!r}"
    assert content.country == "AT", strike
    assert content.name in {"Erika Beispiel", "Erica Example"}, strike
    claimed = {message["ticket"]["reference"] for message in visitor.heard if "ticket" in message}
    assert claimed == {made[0].reference}, f"{strike}: {claimed} was claimed"
    kept = [message["text"] for message in visitor.conversation.history() if message.get("from") == "visitor"]
    assert kept == visitor.said, f"{strike}: {kept} is left of {visitor.said}"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("part", "count"), [("actions", 9), ("assistant", 1)])
def test_killed_at_any_moment_a_request_is_sent_once(house: House, part: str, count: int, language: str) -> None:
    """Twenty kills in all; the assistant takes long to start, so that few of them are its own."""
    for strike in strikes(part, count):
        visitor = Visitor(house, language)
        visitor.complain(strike)
        check(visitor, strike)
