"""An assistant that is killed while events arrive loses none and runs none twice, alone or beside another one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.channels.slack_inbox import Inbox
from bot.tracker_store import ConversationStore
from tests.bot.assistant import free_port, settings_for
from tests.bot.slack.conftest import slack_settings
from tests.bot.slack.processes import PATIENCE_SECONDS, Processes, direct_messages
from tools.local_slack.deliveries import JSON
from tools.local_slack.server import running
from tools.local_slack.workspace import TEAM

PEOPLE, MESSAGES, TIMES = 6, 6, 6
KINDS = (JSON, "application/json; charset=utf-8")


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


def test_each_event_runs_once_whoever_is_killed(processes: Processes) -> None:
    slack, app = processes.slack, processes.slack.workspace.apps["visitors"]
    events = direct_messages(slack, ["cookies {number}"] * PEOPLE * MESSAGES, PEOPLE)
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
    posts = [call for call in slack.calls("visitors", "chat.postMessage") if call.answer["ok"]]
    answered = Counter(call.arguments["channel"] for call in posts)
    assert answered == Counter(event["channel"] for event in events), "one answer to each"
    store.engine.dispose()
