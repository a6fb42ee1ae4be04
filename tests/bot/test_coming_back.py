"""Who comes back is told what is still there, what has ended, and what has been forgotten; nothing is passed over."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.channels.tokens import Tokens
from bot.nlg import said_period
from tests.bot.assistant import SECRET, Assistant, Message, Visitor, running_assistant

HOUR = 3600
DAY = 24 * HOUR
SESSION_HOURS = 2000


@pytest.fixture(scope="module")
def assistant(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Return an assistant whose sessions outlive what it keeps, as an operator may choose."""
    settings = {"WEBCHAT_SESSION_HOURS": str(SESSION_HOURS), "TRACKER_RETENTION_DAYS": "1"}
    with running_assistant(tmp_path_factory.mktemp("var"), tiny_model, **settings) as running:
        yield running


def let_time_pass(assistant: Assistant, visitor: Visitor, seconds: int) -> None:
    """Date back everything stored of a conversation, in the assistant's own database."""
    with sqlite3.connect(assistant.var_dir / "tracker.sqlite3", timeout=20) as store:
        mine = (visitor.conversation,)
        for number, data in store.execute("SELECT id, data FROM events WHERE sender_id = ?", mine).fetchall():
            event = json.loads(data)
            event["timestamp"] -= seconds
            store.execute("UPDATE events SET data = ? WHERE id = ?", (json.dumps(event), number))
        store.execute("UPDATE conversations SET updated = updated - ? WHERE sender_id = ?", (seconds, *mine))


def begun(assistant: Assistant, seconds_ago: int, monkeypatch: pytest.MonkeyPatch, language: str = "en") -> Visitor:
    """Return somebody whose session began so long ago."""
    then = time.time() - seconds_ago
    monkeypatch.setattr("bot.channels.tokens.time.time", lambda: then)
    token, _ = Tokens(SECRET, SESSION_HOURS).issue(language)
    monkeypatch.undo()
    return Visitor(assistant, token, [], {})


def last_of(messages: list[Message]) -> Message:
    """Return the last message without what tells where it came from."""
    return {key: value for key, value in messages[-1].items() if key not in {"from", "id"}}


def test_a_reload_within_the_hour_adds_nothing(assistant: Assistant) -> None:
    visitor = assistant.visitor("en")
    said = visitor.say("complaint")
    assert [message["text"] for message in visitor.history()][-len(said) :] == [message["text"] for message in said]


def test_an_open_request_is_offered_again_after_hours(assistant: Assistant) -> None:
    visitor = assistant.visitor("en")
    visitor.say("complaint")
    let_time_pass(assistant, visitor, 20 * HOUR)
    assert last_of(visitor.history()) == {
        "text": "Welcome back, kept for one day.",
        "buttons": [{"title": "Cancel", "payload": "/cancel"}],
        "flow": {"kind": "complaint", "step": "description", "status": "open"},
    }
    assert visitor.history() == visitor.history(), "looking at it changes nothing"
    visitor.say("/cancel")
    assert visitor.history()[-2]["text"] == "Cancel", "its button was offered, and is shown by its title"


def test_nothing_is_offered_where_nothing_is_open(assistant: Assistant) -> None:
    visitor = assistant.visitor("en")
    said = visitor.say("cookies")
    let_time_pass(assistant, visitor, 20 * HOUR)
    assert visitor.history()[-1]["text"] == said[-1]["text"]


def test_what_retention_deleted_is_said_to_be_gone(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = begun(assistant, 3 * DAY, monkeypatch)
    visitor.say("complaint", "before")
    let_time_pass(assistant, visitor, 2 * DAY)
    assistant.engine.store.forget_unused_since(time.time() - DAY)
    assert [message["text"] for message in visitor.history()][1:] == ["Forgotten after one day."]
    said = visitor.say("cookies", "after")
    assert said[0]["text"] == "Forgotten after one day."
    assert len(said) == 2
    assert visitor.say("cookies", "after") == said, "a repeat is told the same"
    assert [message["id"] for message in visitor.history()][-2:] == [message["id"] for message in said]
    assert [message["text"] for message in visitor.say("hello")] == ["Hello."], "it is said once"


def test_a_new_visitor_is_told_of_no_loss(assistant: Assistant) -> None:
    visitor = assistant.visitor("en")
    assert len(visitor.history()) == 1
    assert [message["text"] for message in visitor.say("hello")] == ["Hello."]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", f"Ended after {SESSION_HOURS} hours, kept for one day."),
        ("de", f"Beendet nach {SESSION_HOURS} Stunden, aufgehoben einem Tag."),
    ],
)
def test_an_ended_session_says_what_becomes_of_it(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    visitor = begun(assistant, (SESSION_HOURS + 1) * HOUR, monkeypatch, language)
    for reply in (
        visitor.post("cookies"),
        requests.get(assistant.url + "/messages", headers=visitor.headers, timeout=30),
    ):
        assert reply.status_code == 401
        assert reply.json() == {"error": {"code": "session_expired", "message": words}}


def test_periods_are_said_as_people_say_them() -> None:
    assert said_period(1, "hour", "de") == "einer Stunde"
    assert said_period(24, "hour", "en") == "24 hours"
    assert said_period(30, "day", "de") == "30 Tagen"
