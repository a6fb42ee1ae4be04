"""Whatever the load, each event is acknowledged and runs once; restarts and failures of Slack lose nothing."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.channels import slack_inbox, slack_runner
from bot.channels.slack_inbox import Inbox, Job
from tests.bot.assistant import running_assistant
from tests.bot.slack.conftest import PATIENCE_SECONDS, Workspace, slack_settings
from tools.local_slack.server import LocalSlack, running
from tools.local_slack.workspace import Person

EVENTS, PEOPLE = 150, 25
stamps = itertools.count(1)


def new_ts() -> str:
    return f"1710000000.{next(stamps):06d}"


def test_many_events_from_many_people_each_run_once_and_are_answered(workspace: Workspace) -> None:
    people = [f"U0PERSON{number}" for number in range(PEOPLE)]
    for person in people:
        workspace.slack.workspace.people[person] = Person(person, person, "en-GB")
    events = [
        workspace.direct_message(people[number % PEOPLE], f"cookies {number}", new_ts()) for number in range(EVENTS)
    ]
    with ThreadPoolExecutor(24) as pool:
        done = list(pool.map(lambda event: workspace.deliver(event, event_id=f"Ev{event['ts']}"), events))
    assert {one.status for one in done} == {200}
    workspace.wait_for(lambda: workspace.inbox.waiting() == 0, 120)
    answered = Counter(call.arguments["channel"] for call in workspace.posts("chat.postMessage"))
    for person in people:
        said = workspace.turns(f"T0LOCAL:{person}")
        assert sorted(said) == sorted(event["text"] for event in events if event["user"] == person)
        assert answered[workspace.direct(person)] == EVENTS // PEOPLE


def test_a_hundred_of_one_person_at_once_are_acknowledged_and_each_runs_once(workspace: Workspace) -> None:
    events = [workspace.direct_message("U0JOHN", f"google {number}", new_ts()) for number in range(100)]
    with ThreadPoolExecutor(50) as pool:
        done = list(pool.map(lambda event: workspace.deliver(event, event_id=f"Ev{event['ts']}"), events))
    assert {one.status for one in done} == {200}
    workspace.wait_for(lambda: workspace.inbox.waiting() == 0, 60)
    assert len(set(workspace.turns("T0LOCAL:U0JOHN"))) == 100


def test_what_was_acknowledged_before_a_restart_is_answered_after_it(tiny_model: Path, tmp_path: Path) -> None:
    with running(patience=PATIENCE_SECONDS) as slack:
        with running_assistant(tmp_path, tiny_model, **slack_settings(slack)) as before:
            workspace = Workspace(slack, before)
            workspace.say("U0ERIKA", "cookies first")
            # Slack's interface fails, so answers cannot leave; deliveries are still taken.
            slack.api.failures = [(500, {})] * 10_000
            texts = [f"cookies {number}" for number in range(12)]
            events = [workspace.direct_message("U0ERIKA", text, new_ts()) for text in texts]
            envelopes = [{"event_id": f"Ev{event['ts']}"} for event in events]
            for event, envelope in zip(events, envelopes, strict=True):
                assert workspace.deliver(event, **envelope).in_time
        slack.api.failures = []
        with running_assistant(tmp_path, tiny_model, **slack_settings(slack)) as after:
            workspace = Workspace(slack, after)
            for event, envelope in zip(events, envelopes, strict=True):
                for _ in range(6):
                    assert workspace.deliver(event, **envelope).in_time
            workspace.wait_for(lambda: workspace.inbox.waiting() == 0, 60)
            said = workspace.turns("T0LOCAL:U0ERIKA")
            assert [said.count(text) for text in texts] == [1] * 12
            assert len(workspace.posts("chat.postMessage")) == 13, "every question has one answer"


def test_an_answer_that_was_sent_but_could_not_be_noted_is_not_sent_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OperationalError("gone", None, Exception())] * 6
    note = Inbox.done

    def fail_at_first(inbox: Inbox, job: Job) -> None:
        if failures:
            raise failures.pop()
        note(inbox, job)

    for module in (slack_inbox, slack_runner):
        monkeypatch.setattr(module, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(Inbox, "done", fail_at_first)
    before = len(workspace.posts())
    workspace.deliver(workspace.direct_message("U0OLGA", "cookies noted late", new_ts()))
    workspace.wait_for(lambda: workspace.inbox.waiting() == 0, 120)
    assert failures == [], "more failures than there are workers, and still somebody works"
    assert len(workspace.posts()) == before + 1
    assert workspace.turns("T0LOCAL:U0OLGA").count("cookies noted late") == 1


def test_slack_saying_wait_is_obeyed_and_nothing_is_lost(workspace: Workspace) -> None:
    slack = workspace.slack
    before = len(workspace.posts("chat.postMessage"))
    slack.api.failures = [(429, {"Retry-After": "1"}), (429, {"Retry-After": "1"})]
    began = time.monotonic()
    workspace.deliver(workspace.direct_message("U0ERIKA", "cookies wait", new_ts()))
    workspace.wait_for(lambda: len(workspace.posts("chat.postMessage")) > before)
    assert time.monotonic() - began >= 1.0, "asked to wait a second"
    workspace.settle()
    assert len(workspace.posts("chat.postMessage")) == before + 1


def test_slack_failing_for_a_moment_is_tried_again(workspace: Workspace) -> None:
    before = len(workspace.posts("chat.postMessage"))
    workspace.slack.api.failures = [(503, {})] * 3
    workspace.deliver(workspace.direct_message("U0OLGA", "cookies failing", new_ts()))
    workspace.wait_for(lambda: len(workspace.posts("chat.postMessage")) > before)
    workspace.settle()
    assert len(workspace.posts("chat.postMessage")) == before + 1


def test_real_rate_limits_slow_down_and_lose_nothing(workspace: Workspace) -> None:
    before = len(workspace.posts("chat.postMessage"))
    workspace.slack.api.limits.enabled = True
    try:
        for number in range(9):
            workspace.deliver(workspace.direct_message("U0ERIKA", f"cookies limit {number}", new_ts()))
        workspace.wait_for(lambda: len(workspace.posts("chat.postMessage")) == before + 9, 60)
    finally:
        workspace.slack.api.limits.enabled = False
    assert any(call.status == 429 for call in workspace.slack.calls("visitors", "chat.postMessage"))


def test_every_call_kept_to_the_scopes_of_the_manifest(workspace: Workspace) -> None:
    refused = [
        c for c in workspace.slack.calls("visitors") if c.answer.get("error") in {"missing_scope", "invalid_auth"}
    ]
    assert refused == []
    assert json.dumps([c.method for c in workspace.slack.calls("visitors")]).count("chat.postMessage") > 100


def test_with_a_socket_no_public_address_is_needed(tiny_model: Path, tmp_path: Path) -> None:
    with running(patience=PATIENCE_SECONDS) as slack:
        settings = {
            **slack_settings(slack),
            "SLACK_VISITOR_SIGNING_SECRET": "",
            "SLACK_VISITOR_APP_TOKEN": "xapp-local-visitors",
        }
        with running_assistant(tmp_path, tiny_model, **settings) as assistant:
            workspace = Workspace(slack, assistant)
            slack.workspace.apps["visitors"].request_url = None
            workspace.wait_for(lambda: "visitors" in slack.deliveries.sockets)
            (answer,) = workspace.say("U0JOHN", "cookies")
            assert answer.arguments["channel"] == workspace.direct("U0JOHN")
            workspace.settle()
            message = workspace.last_message(workspace.direct("U0JOHN"))
            assert slack.play.click("U0JOHN", message, "answer:0").in_time
            workspace.settle()
            assert len(workspace.turns("T0LOCAL:U0JOHN")) == 2


def test_the_local_slack_tells_good_calls_from_bad(slack: LocalSlack) -> None:
    call = slack.api.call
    assert call("chat.postMessage", "xoxb-wrong", {})[2]["error"] == "invalid_auth"
    assert call("users.info", "xoxb-local-team", {"user": "U0ERIKA"})[2]["error"] == "missing_scope"
    assert (
        call("chat.postMessage", "xoxb-local-team", {"channel": "C0GENERAL", "text": "x"})[2]["error"]
        == "not_in_channel"
    )
    assert call("chat.postMessage", "xoxb-local-visitors", {"channel": "C0GENERAL"})[2]["error"] == "no_text"
    long = {"channel": "C0GENERAL", "text": "x" * 40_001}
    assert call("chat.postMessage", "xoxb-local-visitors", long)[2]["error"] == "msg_too_long"
    assert (
        call("views.open", "xoxb-local-visitors", {"trigger_id": "1", "view": {}})[2]["error"] == "invalid_trigger_id"
    )
