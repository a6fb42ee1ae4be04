"""Cancels a request that the desk has taken although the conversation does not know: the visitor is told the truth."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.tickets.form import CancelFailed
from desk import intake
from tests.conversations.conversation import Conversation, all_tickets
from tests.conversations.house import House

TOLD = {"de": "Auf der Messe haben Sie meine Visitenkarte eingescannt.", "en": "You scanned my card at the fair."}
STEPS = {
    "de": (("Beschwerde", "{told}", "direkt", "{email}", "überspringen", "überspringen"), ("abbrechen", "ja")),
    "en": (("complaint", "{told}", "direct", "{email}", "skip", "skip"), ("cancel", "yes")),
}
TOO_LATE = {"de": "war schon angekommen", "en": "had already arrived"}


def slot(house: House, name: str) -> str:
    """Return what a slot was set to last in the run."""
    query = "SELECT data FROM events WHERE type_name = 'slot' AND data LIKE ? ORDER BY id DESC"
    with sqlite3.connect(house.folder / "tracker.sqlite3", timeout=20) as store:
        rows = store.execute(query, (f'%"name": "{name}"%',)).fetchall()
    return next(str(value) for value in (json.loads(data)["value"] for (data,) in rows) if value)


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_has_arrived_is_not_said_to_be_cancelled(house: House, language: str) -> None:
    conversation = Conversation(house, language)
    before, cancelling = STEPS[language]
    for text in before:
        conversation.do_say(text.replace("{told}", TOLD[language]))
    # What a crash leaves behind between the desk's commit and the conversation's own record of it.
    opened = intake.open_ticket(
        intake.TicketRequest(
            request_id=slot(house, "request_id"),
            kind=intake.Kind.COMPLAINT,
            language="de" if language == "de" else "en",
            description=TOLD[language],
            relationship=intake.Relationship.DIRECT,
            email=conversation.values["email"],
        )
    )
    for text in cancelling:
        conversation.do_say(text)
    said = "\n".join(message["text"] for message in conversation.last)
    assert TOO_LATE[language] in said
    assert opened.reference in said
    assert [ticket.reference for ticket in all_tickets()[conversation.tickets_before :]] == [opened.reference]
    conversation.do_button("/ticket-withdraw")
    conversation.do_expect({"flow": "ticket-withdraw", "says_all": [opened.reference]})


@pytest.mark.parametrize(("arrives", "words"), [(True, "utter_cancelled_too_late"), (False, "utter_cancelled")])
def test_cancelling_outside_a_form_asks_the_desk(house: House, arrives: bool, words: str) -> None:
    request_id = str(uuid.uuid4())
    slots = {"request_id": request_id, "confirmed": True, "ticket_kind": "complaint", "email": "a@example.org"}
    if arrives:
        told = (request_id, intake.Kind.COMPLAINT, "de", TOLD["de"], intake.Relationship.DIRECT, "a@example.org")
        intake.open_ticket(intake.TicketRequest(*told))
    dispatcher = CollectingDispatcher()
    tracker = Tracker("somebody", slots, {}, [], False, None, {}, None)
    events = asyncio.run(CancelFailed().run(dispatcher, tracker, {}))
    assert [message["response"] for message in dispatcher.messages] == [words]
    assert {"event": "slot", "name": "confirmed", "value": None, "timestamp": None} in events
