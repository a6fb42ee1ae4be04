"""A message is acted on once, however often and from wherever it arrives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bot.assistant import Assistant, Visitor, running_assistant


def visitors_messages(visitor: Visitor) -> list[str]:
    return [message["id"] for message in visitor.history() if message["from"] == "visitor"]


def test_a_repeated_id_gets_the_first_reply_and_does_nothing_twice(visitor: Visitor) -> None:
    visitor.say("hello")
    first = visitor.say("complaint", "once")
    assert visitor.say("complaint", "once") == first
    assert visitor.say("cookies", "once") == first, "the id decides, whatever the text"
    assert visitors_messages(visitor).count("once") == 1


def test_an_early_id_is_still_known_much_later(visitor: Visitor) -> None:
    first = visitor.say("cookies google", "early")
    for _ in range(40):
        visitor.say("hello")
    assert visitor.say("cookies google", "early") == first


def test_the_same_id_in_another_conversation_is_another_message(visitor: Visitor, assistant: Assistant) -> None:
    visitor.say("hello", "shared")
    assert assistant.visitor("en").say("cookies", "shared")[0]["source"]["topic"] == "cookies"


def test_messages_without_id_are_different_messages(visitor: Visitor) -> None:
    visitor.say("hello")
    visitor.say("hello")
    assert len(visitors_messages(visitor)) == 2


def test_concurrent_duplicates_all_get_the_first_reply(visitor: Visitor) -> None:
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: visitor.say("cookies google", "burst"), range(12)))
    assert all(reply == replies[0] for reply in replies)
    assert len(replies[0]) == 2
    assert visitors_messages(visitor) == ["burst"]


def test_concurrent_messages_are_answered_one_after_the_other(visitor: Visitor) -> None:
    ids = [f"c{number}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda message_id: visitor.say("cookies", message_id), ids))
    assert [reply[0]["id"] for reply in replies] == [f"{message_id}:0" for message_id in ids]
    history = visitor.history()[1:]
    assert len(history) == 20
    assert [message["from"] for message in history] == ["visitor", "assistant"] * 10


def test_a_stream_of_a_repeated_id_is_the_first_reply(visitor: Visitor) -> None:
    first = visitor.stream("cookies google", "streamed")
    assert visitor.stream("something else", "streamed") == first


@pytest.mark.parametrize("language", ["de", "en"])
def test_after_a_restart_nothing_is_forgotten(tiny_model: Path, tmp_path: Path, language: str) -> None:
    with running_assistant(tmp_path, tiny_model) as before:
        visitor = before.visitor(language)
        visitor.say("hello", "m1")
        asked = visitor.say("complaint", "m2")
        visitor.say("They keep writing", "m3")
        history = visitor.history()
    with running_assistant(tmp_path, tiny_model) as after:
        again = Visitor(after, visitor.token, visitor.greeting, {})
        assert again.history() == history
        assert again.say("complaint", "m2") == asked
        assert again.texts("a@b.example") == ["Noted: They keep writing, a@b.example."]


def test_erasing_survives_a_restart(tiny_model: Path, tmp_path: Path) -> None:
    with running_assistant(tmp_path, tiny_model) as before:
        visitor = before.visitor("en")
        visitor.say("hello")
        assert visitor.erase().status_code == 204
    with running_assistant(tmp_path, tiny_model) as after:
        again = Visitor(after, visitor.token, visitor.greeting, {})
        assert again.post("hello").json()["error"]["code"] == "session_erased"
