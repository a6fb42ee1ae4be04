"""The webchat channel keeps the contract that the widget, the tests and the scoring tool rely on."""

from __future__ import annotations

import datetime

import requests

from tests.bot.assistant import Assistant, Visitor


def test_a_session_has_a_token_an_end_and_a_greeting(assistant: Assistant) -> None:
    reply = requests.post(assistant.url + "/sessions", json={"language": "de"}, timeout=30)
    assert reply.status_code == 201
    session = reply.json()
    assert set(session) == {"token", "expires_at", "messages"}
    assert datetime.datetime.fromisoformat(session["expires_at"].replace("Z", "+00:00")) > datetime.datetime.now(
        datetime.timezone.utc
    )
    assert session["messages"][0]["text"].startswith("Guten Tag")


def test_a_session_needs_no_body(assistant: Assistant) -> None:
    assert requests.post(assistant.url + "/sessions", timeout=30).status_code == 201


def test_every_session_is_a_conversation_of_its_own(assistant: Assistant) -> None:
    first, second = assistant.visitor("en"), assistant.visitor("en")
    assert first.conversation != second.conversation
    first.say("cookies")
    assert [message["from"] for message in second.history()] == ["assistant"]


def test_an_answer_carries_text_buttons_and_its_source(visitor: Visitor) -> None:
    (answer,) = visitor.say("cookies", "m-1")
    assert answer["id"] == "m-1:0"
    assert answer["text"].startswith("The website uses cookies")
    assert answer["source"] == {
        "topic": "cookies",
        "section": "cookies",
        "section_title": "Cookies",
        "statement_date": "2018-05-25",
    }
    assert answer["buttons"][0] == {"title": "What cookies are for", "payload": '/faq{"topic": "cookie-purposes"}'}
    assert set(answer) == {"id", "text", "buttons", "source"}, "what is absent is left out, never null"


def test_two_questions_get_two_messages(visitor: Visitor) -> None:
    messages = visitor.say("cookies google", "m-2")
    assert [message["source"]["topic"] for message in messages] == ["cookies", "google-analytics"]
    assert [message["id"] for message in messages] == ["m-2:0", "m-2:1"]


def test_what_the_statement_does_not_say_names_the_detail(visitor: Visitor) -> None:
    (answer,) = visitor.say("gebühren")
    assert answer["source"]["topic"] == "not-covered"
    assert answer["source"]["detail"] == "fees"
    assert answer["source"]["section"]


def test_out_of_scope_and_unclear_say_so_in_their_topic(visitor: Visitor) -> None:
    (elsewhere,) = visitor.say("wetter")
    assert elsewhere["source"] == {"topic": "out-of-scope"}
    (unclear,) = visitor.say("datenkram")
    assert unclear["source"] == {"topic": "unclear"}
    assert unclear["suggestions"] == ["cookies"]
    assert [button["payload"] for button in unclear["buttons"]] == ['/faq{"topic": "cookies"}', "/inquiry"]


def test_small_talk_has_no_source(visitor: Visitor) -> None:
    (hello,) = visitor.say("hello")
    assert hello["text"] == "Hello."
    assert set(hello) == {"id", "text"}


def test_a_step_of_a_flow_says_where_it_stands_and_what_it_expects(visitor: Visitor) -> None:
    (first,) = visitor.say("complaint")
    assert first["flow"] == {"kind": "complaint", "step": "description", "status": "open"}
    assert first["expects"] == "text"
    (second,) = visitor.say("They keep writing to me")
    assert second["flow"]["step"] == "email"
    assert second["expects"] == "email"


def test_a_question_inside_a_flow_is_answered_and_the_step_asked_again_in_short(visitor: Visitor) -> None:
    visitor.say("hello")
    assert visitor.texts("complaint") == ["What is it about?"]
    answer, again = visitor.say("cookies")
    assert answer["source"]["topic"] == "cookies"
    assert again["text"] == "So, what is it about?"
    assert again["flow"]["step"] == "description"


def test_a_stream_sends_the_same_messages_as_they_come_and_ends_with_done(visitor: Visitor) -> None:
    events = visitor.stream("cookies google", "m-3")
    assert [name for name, _ in events] == ["message", "message", "done"]
    assert [data for name, data in events if name == "message"] == visitor.say("cookies google", "m-3")


def test_the_history_tells_everything_in_order_with_who_said_it(visitor: Visitor) -> None:
    replies = visitor.say("cookies", "m-4")
    visitor.say("hello", "m-5")
    history = visitor.history()
    assert [(message["from"], message["id"]) for message in history] == [
        ("assistant", "greeting:0"),
        ("visitor", "m-4"),
        ("assistant", "m-4:0"),
        ("visitor", "m-5"),
        ("assistant", "m-5:0"),
    ]
    shown = dict(history[2])
    assert shown.pop("from") == "assistant"
    assert shown == replies[0], "the history shows a message as it was sent"


def test_the_language_of_the_session_is_that_of_the_first_answer(assistant: Assistant) -> None:
    assert assistant.visitor("de").texts("cookies")[0].startswith("Die Website")
    assert assistant.visitor("en").texts("cookies")[0].startswith("The website")
    assert assistant.visitor(None).texts("cookies")[0].startswith("Die Website")


def test_the_language_of_the_messages_wins_over_the_sessions(assistant: Assistant) -> None:
    visitor = assistant.visitor("de")
    visitor.say("hello")
    assert visitor.texts("cookies")[0].startswith("The website")


def test_erasing_leaves_nothing_and_voids_the_token(assistant: Assistant, visitor: Visitor) -> None:
    visitor.say("complaint")
    visitor.say("A very particular sentence about marmalade")
    assert visitor.erase().status_code == 204
    for reply in (visitor.post("cookies"), visitor.erase()):
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "session_erased")
    files = list(assistant.var_dir.glob("tracker.sqlite3*"))
    assert files
    assistant.engine.store.engine.dispose()
    assert not any(b"marmalade" in path.read_bytes() for path in assistant.var_dir.glob("tracker.sqlite3*"))


def test_the_health_check_names_its_parts(assistant: Assistant) -> None:
    reply = requests.get(assistant.url + "/health", timeout=30)
    assert reply.status_code == 200
    assert reply.json() == {"status": "ok", "parts": {"model": "ok", "store": "ok", "words": "ok"}}
