"""When something behind the assistant fails, people are told the truth, and nothing they typed is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.bot.action_server import ActionServer, action_server
from tests.bot.assistant import Assistant, Visitor, running_assistant

FAILED = "That did not work just now."
DPO = "dpo@mimecast.com"


@pytest.fixture(scope="module")
def actions() -> Iterator[ActionServer]:
    with action_server() as server:
        yield server


@pytest.fixture(scope="module")
def assistant(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, actions: ActionServer) -> Iterator[Assistant]:
    var_dir = tmp_path_factory.mktemp("var")
    settings = {"ACTIONS_URL": actions.url, "ACTIONS_TIMEOUT_SECONDS": "1"}
    with running_assistant(var_dir, tiny_model, **settings) as running:
        yield running


@pytest.fixture(autouse=True)
def _well(actions: ActionServer) -> None:
    actions.status, actions.seconds, actions.calls = 200, 0.0, []
    actions.body = {"events": [], "responses": [{"text": "Done."}]}


def test_an_action_that_works_speaks(visitor: Visitor) -> None:
    assert visitor.texts("crash") == ["Done."]


def test_several_calls_share_one_connection(visitor: Visitor, actions: ActionServer) -> None:
    actions.connections.clear()
    for _ in range(5):
        visitor.say("crash")
    assert len(actions.connections) == 1


def test_an_action_gets_slots_and_forms_but_not_every_response(visitor: Visitor, actions: ActionServer) -> None:
    visitor.say("crash")
    (call,) = actions.calls
    assert "ticket_form" in call["domain"]["forms"]
    assert "description" in call["domain"]["slots"]
    assert "responses" not in call["domain"]


def users_of(call: dict[str, object]) -> list[str]:
    return [event["text"] for event in call["tracker"]["events"] if event["event"] == "user"]


def test_an_action_gets_the_latest_messages_and_none_twice(visitor: Visitor, actions: ActionServer) -> None:
    visitor.say("hello")
    visitor.say("complaint")
    for number in range(20):
        visitor.say(f"cookies {number}")
    visitor.say("crash")
    sent = users_of(actions.calls[-1])
    assert sent[-3:] == ["cookies 18", "cookies 19", "crash"]
    assert len(sent) == len(set(sent)) < 10
    assert actions.calls[-1]["tracker"]["active_loop"]["name"] == "ticket_form"


def test_the_action_that_opens_a_ticket_gets_the_whole_conversation(
    visitor: Visitor, actions: ActionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.actions_endpoint.WANTS_WHOLE_CONVERSATION", {"action_crash"})
    said = ["hello", *(f"cookies {number}" for number in range(20)), "crash"]
    for text in said:
        visitor.say(text)
    assert users_of(actions.calls[-1]) == said
    bots = [event["text"] for event in actions.calls[-1]["tracker"]["events"] if event["event"] == "bot"]
    assert len(bots) == 21


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_action_server_that_answers_with_an_error(visitor: Visitor, actions: ActionServer, status: int) -> None:
    actions.status = status
    (admitted,) = visitor.texts("crash")
    assert admitted.startswith(FAILED)
    assert DPO in admitted


def test_an_action_server_that_is_too_slow(visitor: Visitor, actions: ActionServer) -> None:
    actions.seconds = 2
    assert visitor.texts("crash")[0].startswith(FAILED)


@pytest.mark.parametrize("body", [b"not json", b"[]", {"events": [{"event": "unheard of"}]}, {"events": "x"}])
def test_an_action_server_that_answers_nonsense(visitor: Visitor, actions: ActionServer, body: object) -> None:
    actions.body = body
    assert visitor.texts("crash")[0].startswith(FAILED)


def test_an_action_server_that_is_gone(tiny_model: Path, tmp_path: Path) -> None:
    with action_server() as gone:
        url = gone.url
    with running_assistant(tmp_path, tiny_model, ACTIONS_URL=url) as assistant:
        visitor = assistant.visitor("en")
        assert visitor.texts("crash")[0].startswith(FAILED)
        assert visitor.texts("cookies")[0].startswith("The website"), "answers need no action server"


def test_a_failure_after_something_was_said_is_admitted_as_well(visitor: Visitor, actions: ActionServer) -> None:
    actions.status = 500
    first, second = visitor.texts("zweimal")
    assert first == "Gut."
    assert second.startswith(FAILED)


def test_a_turn_that_says_nothing_is_never_silence(visitor: Visitor) -> None:
    (said,) = visitor.texts("stumm")
    assert said.startswith(FAILED)


def test_a_failure_is_part_of_the_history_and_of_the_repeated_reply(visitor: Visitor, actions: ActionServer) -> None:
    actions.status = 500
    first = visitor.say("crash", "f1")
    actions.status = 200
    assert visitor.say("crash", "f1") == first
    assert [message["id"] for message in visitor.history()] == ["greeting:0", "f1", "f1:0"]
    assert visitor.texts("crash") == ["Done."], "trying again works"


def test_a_failure_inside_a_form_leaves_the_form_open(visitor: Visitor, actions: ActionServer) -> None:
    visitor.say("hello")
    visitor.say("complaint")
    actions.status = 500
    assert FAILED in " ".join(visitor.texts("crash"))
    actions.status = 200
    assert visitor.texts("My reason") == ["Your e-mail address?"]


def test_an_error_inside_rasa_is_admitted_and_what_was_typed_is_kept(
    assistant: Assistant, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.say("hello")

    async def broken(*_: object, **__: object) -> None:
        raise KeyError("broken on purpose")

    monkeypatch.setattr(assistant.engine.agent.processor, "run_action_extract_slots", broken)
    (admitted,) = visitor.texts("a sentence worth keeping")
    assert admitted.startswith(FAILED)
    monkeypatch.undo()
    assert "a sentence worth keeping" in [message["text"] for message in visitor.history()]
    assert visitor.texts("cookies")[0].startswith("The website")


def test_a_database_that_is_locked_is_said_and_nothing_is_half_done(tiny_model: Path, tmp_path: Path) -> None:
    with running_assistant(tmp_path, tiny_model) as assistant:
        visitor = assistant.visitor("en")
        visitor.say("hello")
        store = assistant.engine.store
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=100")
        blocker = sqlite3.connect(tmp_path / "tracker.sqlite3", isolation_level=None)
        blocker.execute("BEGIN EXCLUSIVE")
        try:
            reply = visitor.post("cookies", "locked")
            assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
            assert reply.headers["retry-after"]
            health = requests.get(assistant.url + "/health", timeout=30)
            assert health.status_code == 503
            assert health.json()["parts"]["store"] == "failing"
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()
        assert visitor.say("cookies", "locked")[0]["source"]["topic"] == "cookies"
        assert len(visitor.history()) == 5


def test_no_model_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "models"
    empty.mkdir()
    with running_assistant(tmp_path, empty) as assistant:
        reply = requests.post(assistant.url + "/sessions", json={}, timeout=30)
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
        assert requests.get(assistant.url + "/health", timeout=30).status_code == 503
