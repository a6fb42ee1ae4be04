"""What is asked about is counted and handed to the desk beside the turns: once, without a word of what was typed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.topic_counts import TopicCounts
from bot.topic_reports import ACTION, report_once
from tests.bot.action_server import ActionServer, action_server
from tests.bot.assistant import Assistant, running_assistant


@pytest.fixture(scope="module")
def actions() -> Iterator[ActionServer]:
    with action_server() as server:
        yield server


@pytest.fixture(scope="module")
def assistant(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, actions: ActionServer) -> Iterator[Assistant]:
    with running_assistant(tmp_path_factory.mktemp("var"), tiny_model, ACTIONS_URL=actions.url) as running:
        yield running


@pytest.fixture(autouse=True)
def _well(assistant: Assistant, actions: ActionServer) -> None:
    actions.status, actions.seconds = 200, 0.0
    _report(assistant)
    actions.calls.clear()


def _report(assistant: Assistant, seconds: float = 20.0) -> bool:
    assert assistant.app is not None
    loop = assistant.app.ctx.reporting.get_loop()
    return asyncio.run_coroutine_threadsafe(report_once(assistant.engine, seconds), loop).result(30)


def _batches(actions: ActionServer) -> list[dict[str, Any]]:
    return [call["tracker"]["slots"]["topic_counts"] for call in actions.calls if call["next_action"] == ACTION]


def test_topics_are_counted_by_language_and_handed_over_together(assistant: Assistant, actions: ActionServer) -> None:
    english, german = assistant.visitor("en"), assistant.visitor("de")
    english.say("cookies of Emily Carter")
    english.say("cookies again")
    german.say("cookies")
    assert actions.calls == [], "no turn calls the action server for this"
    assert _report(assistant)
    (batch,) = _batches(actions)
    assert batch["counts"] == [["cookies", "de", 1], ["cookies", "en", 2]]
    sent = json.dumps(actions.calls)
    assert "Emily" not in sent
    assert english.conversation not in sent
    assert _report(assistant)
    assert len(actions.calls) == 1, "nothing new is not handed over"


@pytest.mark.parametrize(("status", "slow"), [(500, 0.0), (200, 1.0)])
def test_what_did_not_arrive_is_sent_again_as_the_same_batch(
    assistant: Assistant, actions: ActionServer, status: int, slow: float
) -> None:
    visitor = assistant.visitor("en")
    visitor.say("cookies")
    actions.status, actions.seconds = status, slow
    assert not _report(assistant, seconds=0.3)
    visitor.say("cookies")
    actions.status, actions.seconds = 200, 0.0
    assert _report(assistant)
    assert _report(assistant)
    failed, repeated, newer = _batches(actions)
    assert failed == repeated
    assert newer["batch"] != repeated["batch"]
    assert newer["counts"] == [["cookies", "en", 1]]


def test_a_message_that_is_repeated_is_counted_once(assistant: Assistant, actions: ActionServer) -> None:
    visitor = assistant.visitor("en")
    visitor.say("cookies", "the-same")
    visitor.say("cookies", "the-same")
    _report(assistant)
    assert _batches(actions)[0]["counts"] == [["cookies", "en", 1]]


def test_counts_take_no_more_room_however_long_nobody_takes_them() -> None:
    counts = TopicCounts()
    for _ in range(10_000):
        counts.note(["cookies", "contact"], "de")
    batch = counts.batch()
    assert batch is not None
    assert batch.as_slot()["counts"] == [["contact", "de", 10_000], ["cookies", "de", 10_000]]
    counts.note(["cookies"], "en")
    assert counts.batch() is batch
    counts.arrived(batch)
    newer = counts.batch()
    assert newer is not None
    assert newer.as_slot()["counts"] == [["cookies", "en", 1]]
