"""An assistant with a Slack of its own: signed requests in, recorded calls out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.assistant import Assistant, running_assistant
from tools.local_slack.deliveries import Acknowledgement
from tools.local_slack.server import LocalSlack, running
from tools.local_slack.workspace import App, Call

PATIENCE_SECONDS = 20.0


class Workspace:
    """A workspace with the visitors' app, and what tests ask of it."""

    def __init__(self, slack: LocalSlack, assistant: Assistant) -> None:
        self.slack, self.assistant = slack, assistant
        self.app: App = slack.workspace.apps["visitors"]
        self.app.request_url = f"http://127.0.0.1:{assistant.port}/webhooks/slack/events"

    def direct(self, person: str) -> str:
        """Give the id of somebody's conversation with the assistant."""
        return self.slack.workspace.direct(person, self.app).id

    def say(self, person: str, typed: str, channel: str | None = None, **more: Any) -> list[Call]:
        """Write and wait for the answer; gives the posts that came of it."""
        before = len(self.posts())
        self.slack.play.say(person, channel or self.direct(person), typed, **more)
        return self.wait_for(lambda: self.posts()[before:])

    def posts(self, *methods: str) -> list[Call]:
        """Give what the assistant posted."""
        return self.calls(*(methods or ("chat.postMessage", "chat.postEphemeral")))

    def calls(self, *methods: str) -> list[Call]:
        """Give the calls of methods that Slack took."""
        return [call for call in self.slack.calls("visitors", *methods) if call.answer.get("ok")]

    def last_message(self, channel: str) -> dict[str, Any]:
        """Give the last message of a channel."""
        return self.slack.workspace.channels[channel].messages[-1]

    def wait_for(self, look: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Look until there is something."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, "Nothing came."
            time.sleep(0.02)
        return found

    def settle(self) -> None:
        """Wait until nothing is left to do and the last answer has been given."""
        inbox = self.inbox
        self.wait_for(lambda: inbox.waiting() == 0)
        time.sleep(0.1)

    @property
    def inbox(self) -> Any:
        """Give the assistant's inbox."""
        from bot.channels.slack_inbox import Inbox

        return Inbox(self.assistant.engine.store.engine)

    def deliver(self, event: dict[str, Any], kind: str = "application/json", **envelope: Any) -> Acknowledgement:
        """Deliver an event once, signed, and give the acknowledgement."""
        body = json.dumps({**self.slack.play.envelope(self.app, event), **envelope}).encode()
        return self.slack.deliveries.send(self.app, "event", body, kind)

    def direct_message(self, person: str, text: str, ts: str, **more: Any) -> dict[str, Any]:
        """Give the event of a direct message, as Slack writes it."""
        common = {"type": "message", "channel_type": "im", "team": "T0LOCAL", "event_ts": ts}
        return {**common, "channel": self.direct(person), "user": person, "text": text, "ts": ts, **more}

    def turns(self, conversation: str) -> list[str]:
        """Give what the conversation's store holds of what a person said."""
        return [str(turn.user["text"]) for turn in self.assistant.engine.store.turns(conversation)]


def slack_settings(slack: LocalSlack) -> dict[str, str]:
    """Give the settings that point an assistant at a local Slack."""
    app = slack.workspace.apps["visitors"]
    return {
        "SLACK_VISITOR_BOT_TOKEN": app.token,
        "SLACK_VISITOR_SIGNING_SECRET": app.signing_secret,
        "SLACK_VISITOR_API_URL": slack.api_url,
    }


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    """Run a Slack."""
    with running(patience=PATIENCE_SECONDS) as local:
        yield local


@pytest.fixture(scope="module")
def workspace(slack: LocalSlack, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Run an assistant in that Slack, with the tiny model."""
    with running_assistant(tmp_path_factory.mktemp("var"), tiny_model, **slack_settings(slack)) as assistant:
        yield Workspace(slack, assistant)


def text_of(call: Call) -> str:
    """Give everything a post shows."""
    return str(call.arguments.get("text")) + " " + json.dumps(call.arguments.get("blocks"), ensure_ascii=False)


@pytest.fixture
def shows() -> Callable[[Call], str]:
    """Give the way to read a post."""
    return text_of
