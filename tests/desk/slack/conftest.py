"""A desk, its worker's chores and its web server, in a Slack of their own."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import uvicorn

from desk.application import WORKER, Desk, use_desk
from desk.domain.kinds import Role
from desk.services import accounts, sending
from desk.settings import Settings
from desk.slack import following
from desk.storage.models import User
from desk.web.app import create_app
from tests.desk.conftest import MONDAY
from tools.local_slack.server import LocalSlack, running
from tools.local_slack.workspace import Call

CHANNEL = "C0PRIVACY"
SLACK_USER = "U0OLGA"
PATIENCE_SECONDS = 20.0


class Team:
    """The team's channel and the desk behind it."""

    def __init__(self, slack: LocalSlack, desk: Desk) -> None:
        self.slack, self.desk = slack, desk
        self.app = slack.workspace.apps["team"]

    def catch_up(self, now: datetime = MONDAY) -> None:
        """Do what the worker does until nothing is left to send; by a clock that does not bring a digest by itself."""
        with self.desk.work(WORKER, now) as work:
            following.follow(work)
            following.remind(work)
            following.digest(work)
        while sending.send_waiting(self.desk):
            pass

    def calls(self, *methods: str) -> list[Call]:
        """Give the calls that Slack took."""
        return [call for call in self.slack.calls("team", *methods) if call.answer["ok"]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Give what stands in the channel."""
        return self.slack.workspace.channels[CHANNEL].messages

    @property
    def posts(self) -> list[dict[str, Any]]:
        """Give the posts, without what stands in their threads."""
        return [message for message in self.messages if "thread_ts" not in message]

    def answers(self) -> list[str]:
        """Give what was said to those who pressed buttons, to nobody else visible."""
        return [one["text"] for one in self.slack.workspace.ephemeral]

    def press(self, person: str, message: dict[str, Any], action: str, chosen: str | None = None) -> str:
        """Press a button and give the answer."""
        before = len(self.answers())
        assert self.slack.play.click(person, message, action, chosen).in_time
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.answers()) == before:
            assert time.monotonic() < deadline, "Nobody answered."
            time.sleep(0.02)
        return self.answers()[-1]


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """Run a Slack."""
    with running(patience=PATIENCE_SECONDS) as local:
        yield local


@pytest.fixture
def settings(settings: Settings, slack: LocalSlack) -> Settings:
    """Give settings that point the team's side at that Slack."""
    app = slack.workspace.apps["team"]
    return dataclasses.replace(
        settings,
        slack_team_bot_token=app.token,
        slack_team_signing_secret=app.signing_secret,
        slack_team_channel=CHANNEL,
        slack_team_api_url=slack.api_url,
        slack_team_language="en",
    )


@pytest.fixture
def team(slack: LocalSlack, desk: Desk) -> Team:
    """Give the channel of a desk that has just begun to tell of tickets."""
    with desk.work(WORKER, MONDAY) as work:
        following.follow(work)
    return Team(slack, desk)


@pytest.fixture
def served(team: Team) -> Iterator[Team]:
    """Run the web desk, so that buttons have somewhere to go."""
    with serving(team):
        yield team


class serving:
    """Run the web desk until the block ends."""

    def __init__(self, team: Team) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        use_desk(team.desk)
        self.team = team
        config = uvicorn.Config(create_app(team.desk), port=self.port, log_level="warning")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Team:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
        self.team.app.request_url = f"http://127.0.0.1:{self.port}/slack/events"
        return self.team

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture
def colleague(desk: Desk) -> Callable[[Role], User]:
    """Give a way to map the Slack user to an account with a role."""

    def make(role: Role = Role.OFFICER, slack_id: str = SLACK_USER) -> User:
        with desk.work("test", MONDAY) as work:
            user = accounts.create_user(work, f"{slack_id.lower()}@example.org", "Olga Officer", role)
            accounts.set_slack_id(work, user, slack_id)
            return user

    return make


def said(calls: list[Call]) -> str:
    """Give everything that calls carried."""
    return json.dumps([call.arguments for call in calls], ensure_ascii=False)
