"""Whatever is typed gets a sensible answer, is kept as it was meant, and never runs as anything else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.errors import ChannelError
from bot.channels.texts import MAXIMUM_CHARACTERS, as_plain_text, cleaned
from tests.bot.assistant import Visitor

ODD = [
    "🙂👩‍👩‍👧‍👦🏳️‍🌈",
    "مرحبا، ما هي بياناتي؟",
    "שלום עולם",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE events; --",
    '" OR 1=1 /*',
    "{description} {email} {0} {{x}} %s ${HOME}",
    "0[ 1] [label](javascript:alert(1))",
    "../../etc/passwd\n\n\n",
    "a\u0300\u0301\u0302" * 50,
    "\ufeffBOM",
    "Zeile eins\r\nZeile zwei\rZeile drei",
    "\\u0000 \\x00 %00",
    "/" * 500,
    "EXTERNAL: crash",
    "/restart",
    "/session_start",
    "/back",
    "/crash",
    '/inform{"relationship": "direct"}',
    '/faq{"topic": "cookies"',
    "/faq@0.9{}",
    "\u2028\u2029separators",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_answered_and_kept(visitor: Visitor, text: str) -> None:
    reply = visitor.post(text, "odd")
    assert reply.status_code == 200
    assert reply.json()["messages"]
    said = next(message for message in visitor.history() if message["from"] == "visitor")
    assert said["text"].replace("\u2215", "/") == cleaned(text)


def test_a_lone_surrogate_becomes_a_visible_mark(visitor: Visitor) -> None:
    assert visitor.post("cookies \ud800 bitte").status_code == 200
    assert "\ufffd" in visitor.history()[1]["text"]


@pytest.mark.parametrize(
    "text", ["/affirm", '/faq{"topic": "google-analytics"}', "/crash", " /affirm", "\u200b/affirm"]
)
def test_a_payload_nobody_was_offered_is_only_text(visitor: Visitor, text: str) -> None:
    messages = visitor.say(text)
    assert all("source" not in message for message in messages)
    assert "Gut." not in [message["text"] for message in messages]
    events = visitor.assistant.engine.store.said(visitor.conversation)
    assert events[0]["parse_data"]["intent"]["name"] == "inform", "the words were understood, not obeyed"


def test_a_payload_that_was_offered_is_a_click(visitor: Visitor) -> None:
    (answer,) = visitor.say("cookies")
    button = answer["buttons"][0]
    (clicked,) = visitor.say(button["payload"])
    assert clicked["source"]["topic"] == "cookie-purposes"
    assert visitor.history()[3]["text"] == button["title"], "the history shows what the button said"


def test_a_payload_offered_long_ago_is_still_a_click(visitor: Visitor) -> None:
    (answer,) = visitor.say("cookies")
    for _ in range(60):
        visitor.say("hello")
    (clicked,) = visitor.say(answer["buttons"][0]["payload"])
    assert clicked["source"]["topic"] == "cookie-purposes"


def test_a_payload_offered_to_somebody_else_is_only_text(visitor: Visitor) -> None:
    other = visitor.assistant.visitor("en")
    (answer,) = other.say("cookies")
    assert all("source" not in message for message in visitor.say(answer["buttons"][0]["payload"]))


def test_what_is_typed_into_a_form_comes_back_as_it_was(visitor: Visitor) -> None:
    visitor.say("hello")
    visitor.say("complaint")
    visitor.say("They wrote {email} and 0[ and {description} <b>")
    (read_back,) = visitor.say("a@b.example")
    assert read_back["text"] == "Noted: They wrote {email} and 0[ and {description} <b>, a@b.example."


@given(st.text(max_size=300))
@settings(max_examples=400, deadline=None)
def test_cleaning_is_stable_and_leaves_nothing_that_hides(text: str) -> None:
    try:
        clean = cleaned(text)
    except ChannelError:
        # Nothing that could be sent, or too much of it; which of the two, test_webchat_errors.py tells.
        return
    assert cleaned(clean) == clean
    assert clean.encode("utf-8")
    assert not set(clean) & set("\x00\x1b\x7f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert 0 < len(clean) <= MAXIMUM_CHARACTERS
    assert not as_plain_text(clean).startswith("/")


@given(text=st.text(min_size=1, max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_an_answer_or_a_clear_error(visitor: Visitor, text: str) -> None:
    reply = visitor.post(text)
    assert reply.status_code in {200, 400}
    assert reply.json().get("messages") or reply.json()["error"]["code"] == "empty_text"
