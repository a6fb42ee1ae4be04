"""People talk to the assistant in direct messages, channels and threads; each line of Rasa's own faults is a case."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bot.slack.conftest import Workspace
from tools.local_slack.workspace import Call

Shows = Callable[[Call], str]
JSON = "application/json"
WITH_CHARSET = "application/json; charset=utf-8"
stamps = itertools.count(1)


def new_ts() -> str:
    return f"1700000000.{next(stamps):06d}"


def test_a_question_is_answered_in_the_language_of_the_persons_slack(workspace: Workspace, shows: Shows) -> None:
    (german,) = workspace.say("U0ERIKA", "cookies")
    (english,) = workspace.say("U0JOHN", "cookies")
    assert "Quelle: Datenschutzerklärung" in shows(german)
    assert "Source: privacy statement" in shows(english)


def test_an_answer_is_one_post_with_its_source_and_its_buttons(workspace: Workspace) -> None:
    (post,) = workspace.say("U0JOHN", "cookies google")
    kinds = [block["type"] for block in _blocks(post)]
    assert kinds.count("context") == 2, "two answers, each with its source, in one post"
    assert kinds[-1] == "actions"


@pytest.mark.parametrize("content_type", [JSON, WITH_CHARSET])
def test_an_event_that_comes_six_times_runs_once(workspace: Workspace, content_type: str) -> None:
    event = workspace.direct_message("U0JOHN", f"cookies {content_type[-5:]}", new_ts())
    before = len(workspace.posts())
    acknowledged = [workspace.deliver(event, content_type, event_id=f"Ev{event['ts']}") for _ in range(6)]
    assert {one.status for one in acknowledged} == {200}
    workspace.settle()
    assert len(workspace.posts()) == before + 1
    assert workspace.turns("T0LOCAL:U0JOHN").count(event["text"]) == 1


@pytest.mark.parametrize("content_type", [JSON, WITH_CHARSET])
def test_six_deliveries_at_the_same_moment_run_once(workspace: Workspace, content_type: str) -> None:
    event = workspace.direct_message("U0JOHN", f"google {content_type[-5:]}", new_ts())
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: workspace.deliver(event, content_type, event_id=f"Ev{event['ts']}"), range(6)))
    assert all(one.status == 200 for one in done)
    workspace.settle()
    assert workspace.turns("T0LOCAL:U0JOHN").count(event["text"]) == 1


def test_messages_out_of_order_each_run_once(workspace: Workspace) -> None:
    events = [workspace.direct_message("U0ERIKA", f"cookies nummer {number}", new_ts()) for number in range(6)]
    deliveries = [event for event in reversed(events) for _ in range(6)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda event: workspace.deliver(event, event_id=f"Ev{event['ts']}"), deliveries))
    workspace.settle()
    said = workspace.turns("T0LOCAL:U0ERIKA")
    assert [said.count(event["text"]) for event in events] == [1] * 6


def test_the_retry_header_changes_nothing_for_what_was_not_taken_yet(workspace: Workspace) -> None:
    ts = new_ts()
    event = workspace.direct_message("U0JOHN", "cookies retried", ts)
    import json

    body = json.dumps({**workspace.slack.play.envelope(workspace.app, event), "event_id": f"Ev{ts}"}).encode()
    for reason in ("http_error", "http_timeout"):
        headers = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": reason}
        assert workspace.slack.deliveries.send(workspace.app, "event", body, JSON, headers).status == 200
    workspace.settle()
    assert workspace.turns("T0LOCAL:U0JOHN").count("cookies retried") == 1


def test_a_mention_in_a_channel_runs_once_though_slack_tells_of_it_twice(workspace: Workspace) -> None:
    before = len(workspace.posts())
    ts = workspace.slack.play.say("U0JOHN", "C0GENERAL", "@privacy-assistant cookies")
    workspace.wait_for(lambda: len(workspace.posts()) > before)
    workspace.settle()
    (post,) = workspace.posts()[before:]
    assert post.arguments["thread_ts"] == ts, "the answer stands in the thread of the question"
    assert workspace.turns(f"T0LOCAL:C0GENERAL:{ts}") == ["cookies"], "the mention itself is no part of the question"


def test_a_reply_in_the_assistants_own_thread_needs_no_mention(workspace: Workspace) -> None:
    ts = workspace.slack.play.say("U0ERIKA", "C0GENERAL", "@privacy-assistant cookies")
    workspace.wait_for(lambda: workspace.turns(f"T0LOCAL:C0GENERAL:{ts}"))
    workspace.settle()
    (answer,) = workspace.say("U0JOHN", "google", "C0GENERAL", thread_ts=ts)
    assert answer.arguments["thread_ts"] == ts
    assert workspace.turns(f"T0LOCAL:C0GENERAL:{ts}") == ["cookies", "google"]


def test_talk_in_a_channel_that_is_not_for_the_assistant_is_left_alone(workspace: Workspace) -> None:
    before = len(workspace.posts())
    first = workspace.slack.play.say("U0JOHN", "C0GENERAL", "cookies for everybody")
    workspace.slack.play.say("U0ERIKA", "C0GENERAL", "google too", thread_ts=first)
    workspace.say("U0JOHN", "hello")
    assert len(workspace.posts()) == before + 1
    assert workspace.turns(f"T0LOCAL:C0GENERAL:{first}") == []


def test_every_line_of_a_direct_message_continues_one_conversation(workspace: Workspace, shows: Shows) -> None:
    workspace.say("U0OLGA", "beschwerde")
    (asked,) = workspace.say("U0OLGA", "Sie schreiben mir dauernd")
    assert "E-Mail-Adresse" in shows(asked)
    (noted,) = workspace.say("U0OLGA", "olga.example@example.org")
    assert "Notiert: Sie schreiben mir dauernd, olga.example@example.org." in noted.arguments["text"]


def test_slacks_markup_is_taken_off_before_anything_reads_it(workspace: Workspace) -> None:
    event = workspace.direct_message(
        "U0ERIKA", "cookies &amp; <https://a.example|a.example> &lt;b&gt; <mailto:a@b.c|a@b.c>", new_ts()
    )
    workspace.deliver(event)
    workspace.settle()
    assert workspace.turns("T0LOCAL:U0ERIKA")[-1] == "cookies & a.example <b> a@b.c"


@pytest.mark.parametrize(
    "changes",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"bot_id": "B0BOT1"},
        {"bot_id": "B0OTHER"},
    ],
    ids=str,
)
def test_what_no_person_wrote_is_acknowledged_and_left_alone(workspace: Workspace, changes: dict[str, str]) -> None:
    said = len(workspace.turns("T0LOCAL:U0ERIKA"))
    done = workspace.deliver(workspace.direct_message("U0ERIKA", "cookies", new_ts(), **changes))
    assert done.status == 200
    workspace.settle()
    assert len(workspace.turns("T0LOCAL:U0ERIKA")) == said


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_a_person_wrote_in_another_way_is_answered(workspace: Workspace, subtype: str) -> None:
    text = f"cookies {subtype.replace('_', ' ')}"
    workspace.deliver(workspace.direct_message("U0ERIKA", text, new_ts(), subtype=subtype))
    workspace.settle()
    assert text in workspace.turns("T0LOCAL:U0ERIKA")


@pytest.mark.parametrize(("text", "words"), [("", "keinen Text"), (" \u200b ", "keinen Text"), ("x" * 2001, "zu lang")])
def test_what_cannot_be_read_gets_an_answer_too(workspace: Workspace, text: str, words: str) -> None:
    before = len(workspace.posts())
    workspace.deliver(workspace.direct_message("U0ERIKA", text, new_ts()))
    workspace.settle()
    assert words in workspace.posts()[before].arguments["text"]


def test_a_typed_payload_is_text_and_nothing_else(workspace: Workspace) -> None:
    workspace.say("U0JOHN", '/inform{"relationship": "direct"}')
    assert workspace.turns("T0LOCAL:U0JOHN")[-1].startswith("\u2215inform")


def test_a_number_nobody_should_send_is_nowhere_afterwards(workspace: Workspace, shows: Shows) -> None:
    (post,) = workspace.say("U0JOHN", "cookies my iban is DE89 3704 0044 0532 0130 00")
    assert "not needed here" in shows(post) or "I do not need" in shows(post)
    for file in workspace.assistant.var_dir.glob("tracker.sqlite3*"):
        assert b"0532 0130" not in file.read_bytes(), "neither the inbox nor the conversation may hold it"


def _blocks(call: Call) -> list[dict[str, object]]:
    blocks = call.arguments["blocks"]
    if isinstance(blocks, str):
        import json

        return list(json.loads(blocks))
    return list(blocks)
