"""An assistant that is killed while events arrive loses none and runs none twice, alone or beside another one."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.channels.slack_inbox import Inbox
from bot.tracker_store import ConversationStore
from tests.bot.assistant import PROJECT, free_port, settings_for
from tests.bot.slack.conftest import slack_settings
from tools.local_slack.deliveries import JSON, signature_headers
from tools.local_slack.server import LocalSlack, running
from tools.local_slack.workspace import TEAM, App, Person

PEOPLE, MESSAGES, TIMES = 6, 6, 6
KINDS = (JSON, "application/json; charset=utf-8")
PATIENCE_SECONDS = 120.0
Event = dict[str, Any]


@dataclass
class Processes:
    """Assistants that can be killed, each a process of its own, and the Slack they work for."""

    slack: LocalSlack
    url: str
    settings: dict[str, str]
    ports: list[int] = field(default_factory=list)
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, port: int) -> None:
        """Start an assistant and wait until it takes events."""
        environment = {**os.environ, **self.settings, "ASSISTANT_PORT": str(port)}
        with (Path(self.settings["VAR_DIR"]) / f"{port}.log").open("ab") as log:
            command = [sys.executable, "-m", "bot.serve"]
            self.running[port] = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers(port):
            assert self.running[port].poll() is None and time.monotonic() < deadline, Path(log.name).read_text()
            time.sleep(0.1)

    def kill(self, port: int) -> None:
        """Kill an assistant as a crash would."""
        process = self.running.pop(port)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def deliver(self, app: App, event: Event, kind: str) -> None:
        """Deliver an event, signed, wherever somebody listens, until it is acknowledged."""
        body = json.dumps({**self.slack.play.envelope(app, event), "event_id": f"Ev{event['ts']}"}).encode()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for port in itertools.cycle(random.sample(self.ports, len(self.ports))):
            headers = {"Content-Type": kind, **signature_headers(app, body)}
            try:
                address = f"http://127.0.0.1:{port}/webhooks/slack/events"
                if requests.post(address, data=body, headers=headers, timeout=10).status_code == 200:
                    return
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, "Nobody took an event."
            time.sleep(0.05)

    def _answers(self, port: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/webhooks/webchat/health", timeout=5).ok
        except requests.RequestException:
            return False


@pytest.fixture(params=["one on SQLite", "two on PostgreSQL"])
def processes(request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path) -> Iterator[Processes]:
    """Run a Slack, and one assistant or two that share their inbox."""
    url, shared, count = f"sqlite:///{tmp_path / 'tracker.sqlite3'}", {}, 1
    if request.param == "two on PostgreSQL":
        url = request.getfixturevalue("postgresql").new_database("postgresql")
        shared, count = {"REDIS_URL": request.getfixturevalue("redis_url")}, 2
    with running() as slack:
        settings = settings_for(tmp_path, tiny_model, 0, TRACKER_DATABASE_URL=url, **shared, **slack_settings(slack))
        made = Processes(slack, url, settings)
        try:
            for _ in range(count):
                made.ports.append(free_port())
                made.start(made.ports[-1])
            yield made
        finally:
            for port in list(made.running):
                made.kill(port)


def direct_messages(slack: LocalSlack) -> list[Event]:
    """Write what several people send, each several messages, in the order of their time stamps."""
    app, events = slack.workspace.apps["visitors"], []
    for number, person in itertools.product(range(MESSAGES), [f"U0PERSON{one}" for one in range(PEOPLE)]):
        slack.workspace.people.setdefault(person, Person(person, person, "en-GB"))
        ts = f"1720000000.{len(events) + 1:06d}"
        common = {"type": "message", "channel_type": "im", "team": TEAM, "event_ts": ts, "ts": ts}
        channel = slack.workspace.direct(person, app).id
        events.append({**common, "channel": channel, "user": person, "text": f"cookies {number}"})
    return events


def test_each_event_runs_once_whoever_is_killed(processes: Processes) -> None:
    slack, app = processes.slack, processes.slack.workspace.apps["visitors"]
    events = direct_messages(slack)
    deliveries = [(event, kind) for event in events for kind in KINDS * (TIMES // 2)]
    random.Random(7).shuffle(deliveries)
    with ThreadPoolExecutor(12) as pool:
        delivered = [pool.submit(processes.deliver, app, event, kind) for event, kind in deliveries]
        while sum(one.done() for one in delivered) < len(delivered) // 3:
            time.sleep(0.01)
        processes.kill(processes.ports[0])
        processes.start(processes.ports[0])
        for one in delivered:
            one.result()
    store = ConversationStore(host=processes.url)
    inbox = Inbox(store.engine)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while inbox.waiting():
        assert time.monotonic() < deadline, f"{inbox.waiting()} events were not answered."
        time.sleep(0.1)
    for person in {event["user"] for event in events}:
        said = Counter(turn.user["text"] for turn in store.turns(f"{TEAM}:{person}"))
        assert said == Counter(event["text"] for event in events if event["user"] == person)
    answered = Counter(call.arguments["channel"] for call in slack.calls("visitors", "chat.postMessage"))
    assert answered == Counter(event["channel"] for event in events), "one answer to each"
    store.engine.dispose()
