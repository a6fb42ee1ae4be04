"""Every error of the channel has the shape of the contract and the right status, and none is a server error."""

from __future__ import annotations

import json
import time

import pytest
import requests

from bot.channels.tokens import Tokens
from tests.bot.assistant import SECRET, Assistant, Visitor


def failed(reply: requests.Response, status: int, code: str) -> None:
    """Check an error's status, code and shape."""
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code), reply.text
    assert set(reply.json()) == {"error"}
    assert set(reply.json()["error"]) == {"code", "message"}
    assert reply.json()["error"]["message"]


def send(assistant: Assistant, body: bytes, token: str | None = None, **headers: str) -> requests.Response:
    """Send bytes as a message."""
    sent = {"Content-Type": "application/json", **headers}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    return requests.post(assistant.url + "/messages", data=body, headers=sent, timeout=30)


def test_an_unknown_address_is_not_found(assistant: Assistant) -> None:
    failed(requests.get(assistant.url + "/nothing", timeout=30), 404, "not_found")
    failed(requests.get(f"http://127.0.0.1:{assistant.port}/conversations/x/tracker", timeout=30), 404, "not_found")
    failed(requests.post(f"http://127.0.0.1:{assistant.port}/webhooks/rest/webhook", timeout=30), 404, "not_found")


def test_a_wrong_method_is_not_allowed(assistant: Assistant) -> None:
    failed(requests.put(assistant.url + "/messages", timeout=30), 405, "method_not_allowed")
    failed(requests.get(assistant.url + "/sessions", timeout=30), 405, "method_not_allowed")


def test_no_token(assistant: Assistant) -> None:
    for path, method in (("/messages", "POST"), ("/messages", "GET"), ("/session", "DELETE")):
        failed(requests.request(method, assistant.url + path, timeout=30), 401, "missing_token")
    reply = requests.get(assistant.url + "/messages", headers={"Authorization": "Basic eDp5"}, timeout=30)
    failed(reply, 401, "missing_token")


@pytest.mark.parametrize("token", ["x", "v1.e30.e30", "v1..", "v2.a.b", "v1." + "A" * 5000 + ".b", "v1.%00.b", "....."])
def test_a_token_that_was_never_issued(assistant: Assistant, token: str) -> None:
    failed(send(assistant, b'{"text": "cookies"}', token), 401, "invalid_token")


def test_a_token_of_another_secret(assistant: Assistant) -> None:
    token, _ = Tokens("another secret that is also long enough", 1).issue("en")
    failed(send(assistant, b'{"text": "cookies"}', token), 401, "invalid_token")


def test_a_token_with_another_conversation_in_it(assistant: Assistant, visitor: Visitor) -> None:
    version, _, signature = visitor.token.split(".")
    other = assistant.visitor("en").token.split(".")[1]
    failed(send(assistant, b'{"text": "cookies"}', f"{version}.{other}.{signature}"), 401, "invalid_token")


def test_every_changed_character_of_a_token_is_noticed(assistant: Assistant) -> None:
    tokens = Tokens(SECRET, 1)
    token, _ = tokens.issue("en")
    for place in range(0, len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(Exception, match="not valid"):
            tokens.check(changed)


def test_an_expired_token(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("bot.channels.tokens.time.time", lambda: now - 25 * 3600)
    token, _ = Tokens(SECRET, 24).issue("en")
    monkeypatch.undo()
    failed(send(assistant, b'{"text": "cookies"}', token), 401, "session_expired")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "missing_text"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b"null", "invalid_json"),
        (b"[" * 30000, "invalid_json"),
        (b'{"text": "\xff\xfe"}', "invalid_utf8"),
        (b'{"text": "caf\xe9"}', "invalid_utf8"),
        (b"{}", "missing_text"),
        (b'{"text": null}', "missing_text"),
        (b'{"text": 5}', "missing_text"),
        (b'{"text": ["cookies"]}', "missing_text"),
        (b'{"text": {"text": "cookies"}}', "missing_text"),
        (b'{"text": ""}', "empty_text"),
        (b'{"text": "   \\n\\t "}', "empty_text"),
        (b'{"text": "\\u0000\\u0001\\u001b\\u007f"}', "empty_text"),
        (b'{"text": "\\u200b\\u202e\\u2066"}', "empty_text"),
        (b'{"text": "cookies", "id": 7}', "invalid_id"),
        (b'{"text": "cookies", "id": ""}', "invalid_id"),
        (b'{"text": "cookies", "id": "a\\nb"}', "invalid_id"),
        (b'{"text": "cookies", "id": "\\ud800"}', "invalid_id"),
        (json.dumps({"text": "cookies", "id": "x" * 129}).encode(), "invalid_id"),
    ],
)
def test_a_bad_message(assistant: Assistant, visitor: Visitor, body: bytes, code: str) -> None:
    failed(send(assistant, body, visitor.token), 400, code)
    assert len(visitor.history()) == 1, "nothing of a refused message is kept"


def test_too_long_a_text(assistant: Assistant, visitor: Visitor) -> None:
    assert visitor.post("x" * 2000).status_code == 200
    failed(visitor.post("x" * 2001), 413, "text_too_long")
    failed(visitor.post("🙂" * 2001), 413, "text_too_long")


def test_too_large_a_body(assistant: Assistant, visitor: Visitor) -> None:
    failed(visitor.post("x" * 100_000), 413, "body_too_large")
    failed(send(assistant, b'{"text": "' + b"x" * 3_000_000 + b'"}', visitor.token), 413, "body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_said_to_be_json(assistant: Assistant, visitor: Visitor, kind: str) -> None:
    failed(send(assistant, b'{"text": "cookies"}', visitor.token, **{"Content-Type": kind}), 415, "not_json")


def test_json_with_a_charset_is_json(assistant: Assistant, visitor: Visitor) -> None:
    reply = send(
        assistant, b'{"text": "cookies"}', visitor.token, **{"Content-Type": "application/json; charset=utf-8"}
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("language", ["fr", "DE", 5, {}, ["de"], ""])
def test_a_language_nobody_speaks(assistant: Assistant, language: object) -> None:
    failed(requests.post(assistant.url + "/sessions", json={"language": language}, timeout=30), 400, "invalid_language")


def test_an_error_before_a_stream_begins_has_its_status(assistant: Assistant, visitor: Visitor) -> None:
    failed(visitor.post("", Accept="text/event-stream"), 400, "empty_text")
    visitor.erase()
    failed(visitor.post("cookies", Accept="text/event-stream"), 401, "session_erased")


def test_no_answer_is_cached_or_guessed_at(assistant: Assistant, visitor: Visitor) -> None:
    for reply in (visitor.post("cookies"), visitor.post(""), visitor.post("hello", Accept="text/event-stream")):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"
