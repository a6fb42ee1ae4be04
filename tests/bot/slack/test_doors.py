"""Slack's door: signatures, challenge, bad requests, and no door at all where nothing is set."""

from __future__ import annotations

import json
import time
import urllib.parse
from pathlib import Path

import pytest
import requests

from tests.bot.assistant import running_assistant
from tests.bot.slack.conftest import Workspace
from tools.local_slack.deliveries import signature_headers

JSON = {"Content-Type": "application/json; charset=utf-8"}


def post(workspace: Workspace, body: bytes, headers: dict[str, str]) -> requests.Response:
    return requests.post(str(workspace.app.request_url), data=body, headers=headers, timeout=10)


def test_slacks_challenge_is_answered(workspace: Workspace) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    answer = post(workspace, body, {**JSON, **signature_headers(workspace.app, body)})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc"})


@pytest.mark.parametrize("at", [-600.0, 600.0])
def test_an_old_or_future_signature_is_refused(workspace: Workspace, at: float) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    headers = signature_headers(workspace.app, body, time.time() + at)
    assert post(workspace, body, {**JSON, **headers}).status_code == 401


def test_a_changed_body_and_a_missing_signature_are_refused(workspace: Workspace) -> None:
    event = workspace.direct_message("U0ERIKA", "cookies forged", "1690000000.000001")
    body = json.dumps(workspace.slack.play.envelope(workspace.app, event)).encode()
    headers = signature_headers(workspace.app, body)
    assert post(workspace, body.replace(b"forged", b"Forged"), {**JSON, **headers}).status_code == 401
    assert post(workspace, body, JSON).status_code == 401
    workspace.settle()
    assert all("orged" not in text for text in workspace.turns("T0LOCAL:U0ERIKA"))


def test_the_other_apps_secret_opens_nothing_here(workspace: Workspace) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    headers = signature_headers(workspace.slack.workspace.apps["team"], body)
    assert post(workspace, body, {**JSON, **headers}).status_code == 401


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b"payload=%7B", b""])
def test_a_signed_body_that_makes_no_sense_is_no_failure_of_ours(workspace: Workspace, body: bytes) -> None:
    answer = post(workspace, body, {**JSON, **signature_headers(workspace.app, body)})
    assert answer.status_code < 500, answer.text


def test_bytes_that_are_no_text_are_refused(workspace: Workspace) -> None:
    assert post(workspace, b"\xff\xfe{", {**JSON, **signature_headers(workspace.app, b"")}).status_code == 400


def test_an_unknown_event_is_acknowledged_so_that_slack_does_not_repeat_it(workspace: Workspace) -> None:
    assert workspace.deliver({"type": "team_join", "user": {"id": "U1"}}).status == 200
    assert workspace.deliver({"type": "message", "channel": "D1"}).status == 200


def test_without_settings_there_is_no_door(tiny_model: Path, tmp_path: Path) -> None:
    # The assistant of the other tests of this file has its settings in the environment.
    with running_assistant(tmp_path, tiny_model, SLACK_VISITOR_BOT_TOKEN="") as assistant:
        answer = requests.post(f"http://127.0.0.1:{assistant.port}/webhooks/slack/events", data=b"{}", timeout=10)
        assert answer.status_code == 404
        assert assistant.visitor("en").say("cookies"), "everything else works without Slack"


def test_an_unknown_click_is_acknowledged(workspace: Workspace) -> None:
    payload = {
        "type": "block_actions",
        "team": {"id": "T0LOCAL"},
        "user": {"id": "U0ERIKA"},
        "container": {"type": "view"},
        "actions": [{"type": "button", "action_id": "nothing", "block_id": "b", "value": "x"}],
    }
    body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    assert workspace.slack.deliveries.send(workspace.app, "click", body, kind).status == 200
