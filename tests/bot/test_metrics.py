"""What monitoring is told: counts and times of turns and actions, to who may see them, and nothing anybody typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from tests.bot.action_server import ActionServer, action_server
from tests.bot.assistant import Assistant, Visitor, running_assistant


@pytest.fixture(scope="module")
def actions() -> Iterator[ActionServer]:
    with action_server() as server:
        yield server


@pytest.fixture(scope="module")
def assistant(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, actions: ActionServer) -> Iterator[Assistant]:
    with running_assistant(tmp_path_factory.mktemp("var"), tiny_model, ACTIONS_URL=actions.url) as running:
        yield running


@pytest.fixture(autouse=True)
def _well(actions: ActionServer) -> None:
    actions.status, actions.body = 200, {"events": [], "responses": [{"text": "Done."}]}


def read(assistant: Assistant, **headers: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{assistant.port}/metrics", headers=headers, timeout=10)


def value(text: str, name: str, **labels: str) -> float:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items())


def turns(assistant: Assistant, kind: str) -> float:
    return value(read(assistant).text, "assistant_turn_seconds_count", channel="webchat", kind=kind)


def test_turns_are_counted_by_their_kind(assistant: Assistant, visitor: Visitor, actions: ActionServer) -> None:
    before = {kind: turns(assistant, kind) for kind in ("answer", "action", "repeat", "failure")}
    said = visitor.say("cookies", "one")
    assert visitor.say("cookies", "one") == said, said
    assert said[0]["source"]["topic"] == "cookies"
    visitor.say("crash")
    actions.status = 500
    visitor.say("crash")
    gained = {kind: turns(assistant, kind) - count for kind, count in before.items()}
    assert gained == {"answer": 1, "action": 1, "repeat": 1, "failure": 1}


def test_an_action_that_fails_is_counted_by_its_name(
    assistant: Assistant, visitor: Visitor, actions: ActionServer
) -> None:
    before = value(read(assistant).text, "assistant_action_failures_total")
    actions.status = 500
    visitor.say("crash")
    text = read(assistant).text
    assert value(text, "assistant_action_failures_total") == before + 1
    assert value(text, "assistant_action_seconds_count") > 0


def test_nothing_anybody_typed_is_among_the_figures(assistant: Assistant, visitor: Visitor) -> None:
    visitor.say("Irgendwas mit Geheimwort Zwiebelkuchen")
    assert "Zwiebelkuchen" not in read(assistant).text
    assert visitor.conversation not in read(assistant).text


def test_without_a_token_only_this_machine_may_see_them(assistant: Assistant) -> None:
    assert read(assistant).status_code == 200
    assert read(assistant, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 404


def test_with_a_token_only_who_holds_it_may_see_them(tiny_model: Path, tmp_path: Path) -> None:
    with running_assistant(tmp_path, tiny_model, ASSISTANT_METRICS_TOKEN="a-long-token") as running:
        assert read(running).status_code == 404
        assert read(running, Authorization="Bearer another").status_code == 404
        reply = read(running, Authorization="Bearer a-long-token", **{"X-Forwarded-For": "203.0.113.9"})
        assert "assistant_turn_seconds" in reply.text


def test_understanding_is_noted_in_a_turn_and_not_in_a_health_check() -> None:
    def noted() -> dict[str, float]:
        text = metrics.generate_latest(metrics.REGISTRY).decode()
        names = ("assistant_understanding_seconds_count", "assistant_unplaced_total", "assistant_topics_total")
        return {name: value(text, name) for name in names}

    before = noted()
    metrics.note_understanding(0.001, "faq", 0.9, ("cookies",), "de")
    assert noted() == before
    with metrics.measured_turn("webchat"):
        metrics.note_understanding(0.001, "faq", 0.9, ("cookies",), "de")
        metrics.note_understanding(0.001, "unclear", 0.7, (), None)
    assert [after - before[name] for name, after in noted().items()] == [2, 1, 1]
