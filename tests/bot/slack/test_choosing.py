"""Buttons become the choice once pressed, and pressing them again does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.bot.slack.conftest import Workspace
from tools.local_slack.workspace import Call


def answer_with_buttons(workspace: Workspace, person: str) -> dict[str, Any]:
    """Get an answer that offers something and give it as it stands in the channel."""
    workspace.say(person, "cookies")
    workspace.settle()
    message = workspace.last_message(workspace.direct(person))
    assert message["blocks"][-1]["type"] == "actions"
    return message


def test_a_click_is_answered_and_the_post_shows_the_choice(workspace: Workspace) -> None:
    message = answer_with_buttons(workspace, "U0JOHN")
    title = message["blocks"][-1]["elements"][0]["text"]["text"]
    before = len(workspace.posts())
    assert workspace.slack.play.click("U0JOHN", message, "answer:0").in_time
    workspace.settle()
    assert len(workspace.posts()) == before + 1
    assert all(block["type"] != "actions" for block in message["blocks"]), "nothing is left to press"
    assert message["blocks"][-1]["elements"][0]["text"] == f"Chosen: {title}"


def test_three_clicks_run_once(workspace: Workspace) -> None:
    message = answer_with_buttons(workspace, "U0ERIKA")
    copy = {**message, "blocks": list(message["blocks"])}
    before, said = len(workspace.posts()), len(workspace.turns("T0LOCAL:U0ERIKA"))
    for action in ("answer:0", "answer:1", "answer:0"):
        assert workspace.slack.play.click("U0ERIKA", copy, action).status == 200
    workspace.settle()
    assert len(workspace.posts()) == before + 1
    assert len(workspace.turns("T0LOCAL:U0ERIKA")) == said + 1


def test_what_was_chosen_stands_in_the_conversation_as_people_read_it(workspace: Workspace) -> None:
    message = answer_with_buttons(workspace, "U0OLGA")
    title = message["blocks"][-1]["elements"][0]["text"]["text"]
    workspace.slack.play.click("U0OLGA", message, "answer:0")
    workspace.settle()
    turn = workspace.assistant.engine.store.turns("T0LOCAL:U0OLGA")[-1]
    assert turn.user["metadata"]["title"] == title
    assert turn.user["text"].startswith("/")


def test_a_click_in_a_thread_says_who_chose(workspace: Workspace) -> None:
    ts = workspace.slack.play.say("U0JOHN", "C0GENERAL", "@privacy-assistant cookies")
    workspace.wait_for(lambda: workspace.turns(f"T0LOCAL:C0GENERAL:{ts}"))
    workspace.settle()
    message = workspace.last_message("C0GENERAL")
    workspace.slack.play.click("U0ERIKA", message, "answer:0")
    workspace.settle()
    assert "<@U0ERIKA>" in message["blocks"][-1]["elements"][0]["text"]


def test_a_request_begun_in_a_channel_goes_on_in_private(workspace: Workspace) -> None:
    before = len(workspace.posts())
    public = len(workspace.slack.workspace.channels["C0GENERAL"].messages)
    workspace.slack.play.say("U0OLGA", "C0GENERAL", "@privacy-assistant beschwerde")
    (offer,) = workspace.wait_for(lambda: workspace.posts()[before:])
    assert offer.method == "chat.postEphemeral"
    assert offer.arguments["user"] == "U0OLGA"
    workspace.settle()
    shown = workspace.slack.workspace.ephemeral[-1]
    assert len(workspace.slack.workspace.channels["C0GENERAL"].messages) == public + 1, "only the mention itself"
    workspace.slack.play.click("U0OLGA", shown, "continue-in-private")
    workspace.settle()
    answer = workspace.last_message(workspace.direct("U0OLGA"))
    assert "Worum geht es?" in answer["text"]
    assert all(block["type"] != "actions" for block in shown["blocks"]), "the offer can be taken once"


def test_after_the_offer_the_thread_is_free_for_questions_again(
    workspace: Workspace, shows: Callable[[Call], str]
) -> None:
    before = len(workspace.posts())
    ts = workspace.slack.play.say("U0JOHN", "C0GENERAL", "@privacy-assistant complaint")
    workspace.wait_for(lambda: workspace.posts()[before:])
    workspace.settle()
    (answer,) = workspace.say("U0JOHN", "cookies", "C0GENERAL", thread_ts=ts)
    assert answer.method == "chat.postMessage"
    assert "Your e-mail address?" not in shows(answer)
    assert "What is it about?" not in shows(answer)


def test_nothing_personal_is_ever_asked_in_a_channel(workspace: Workspace) -> None:
    channels = {"C0GENERAL", "C0RANDOM", "C0PRIVACY"}
    asked = ("What is it about?", "Worum geht es?", "Your e-mail address?", "Ihre E-Mail-Adresse?")
    for call in workspace.posts("chat.postMessage", "chat.update"):
        if call.arguments["channel"] in channels:
            assert not any(words in str(call.arguments) for words in asked), call.arguments["text"]
