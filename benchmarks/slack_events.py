"""Measures how soon Slack's events are acknowledged: `.venv/assistant/bin/python -m benchmarks.slack_events`.

Slack waits three seconds. Signed events come at a steady pace from many people to the real model, while the assistant
answers the earlier ones; questions only, because what they cost is what the acknowledgement competes with.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.channels.slack_inbox import Inbox
from bot.tracker_store import ConversationStore
from tests.bot.assistant import PROJECT, free_port, settings_for
from tests.bot.slack.conftest import slack_settings
from tests.bot.slack.processes import Event, Processes, direct_messages
from tools.local_slack.deliveries import ACKNOWLEDGE_SECONDS, JSON
from tools.local_slack.server import running

PEOPLE = 50
QUESTIONS = (
    "Welche Daten erheben Sie?",
    "Do you use cookies?",
    "Wie lange speichern Sie Daten?",
    "Do you sell my data?",
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-minute", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    count = options.per_minute * options.seconds // 60
    models = sorted((PROJECT / "models").glob("assistant-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        parser.error("There is no model; `make train` makes one.")
    print(
        f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}; {options.per_minute} events a minute",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder, running() as slack:
        url = f"sqlite:///{folder}/tracker.sqlite3"
        settings = settings_for(Path(folder), models[-1], 0, TRACKER_DATABASE_URL=url, **slack_settings(slack))
        processes = Processes(slack, url, settings, [free_port()])
        processes.start(processes.ports[0])
        try:
            texts = [QUESTIONS[number % len(QUESTIONS)] for number in range(count)]
            return _measure(processes, direct_messages(slack, texts, PEOPLE), options.per_minute / 60)
        finally:
            processes.kill(processes.ports[0])


def _measure(processes: Processes, events: list[Event], per_second: float) -> int:
    began = time.monotonic()

    def deliver(place: int) -> float:
        time.sleep(max(0.0, began + place / per_second - time.monotonic()))
        return processes.deliver(processes.slack.workspace.apps["visitors"], events[place], JSON)

    with ThreadPoolExecutor(64) as pool:
        seconds = sorted(pool.map(deliver, range(len(events))))
    inbox = Inbox(ConversationStore(host=processes.url).engine)
    left = inbox.waiting()
    while inbox.waiting():
        time.sleep(0.2)
    answered = Counter(call.arguments["channel"] for call in processes.slack.calls("visitors", "chat.postMessage"))
    asked = Counter(event["channel"] for event in events)
    print(f"acknowledged: median {_at(seconds, 0.5)}, p99 {_at(seconds, 0.99)}, longest {_at(seconds, 1)}")
    print(
        f"later than {ACKNOWLEDGE_SECONDS:.0f} s: {sum(one > ACKNOWLEDGE_SECONDS for one in seconds)} of {len(seconds)}"
    )
    print(f"not answered: {(asked - answered).total()}, answered twice: {(answered - asked).total()}")
    print(f"still in work when the last one came: {left}")
    return 0 if answered == asked and seconds[int(0.99 * (len(seconds) - 1))] <= ACKNOWLEDGE_SECONDS else 1


def _at(seconds: list[float], share: float) -> str:
    return f"{1000 * seconds[int(share * (len(seconds) - 1))]:.0f} ms"


if __name__ == "__main__":
    raise SystemExit(main())
