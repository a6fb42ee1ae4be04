"""Assistants as processes of their own in a local Slack, which can be killed, and what many people send them."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.bot.assistant import PROJECT
from tools.local_slack.deliveries import signature_headers
from tools.local_slack.server import LocalSlack
from tools.local_slack.workspace import TEAM, App, Person

PATIENCE_SECONDS = 300.0
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
            has_time = self.running[port].poll() is None and time.monotonic() < deadline
            assert has_time, Path(log.name).read_text()
            time.sleep(0.1)

    def kill(self, port: int) -> None:
        """Kill an assistant as a crash would."""
        process = self.running.pop(port)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def deliver(self, app: App, event: Event, kind: str) -> float:
        """Deliver an event, signed, wherever somebody listens, until it is acknowledged; gives the seconds it took."""
        body = json.dumps({**self.slack.play.envelope(app, event), "event_id": f"Ev{event['ts']}"}).encode()
        began = time.monotonic()
        for port in itertools.cycle(random.sample(self.ports, len(self.ports))):
            headers = {"Content-Type": kind, **signature_headers(app, body)}
            try:
                address = f"http://127.0.0.1:{port}/webhooks/slack/events"
                if requests.post(address, data=body, headers=headers, timeout=10).status_code == 200:
                    return time.monotonic() - began
            except requests.RequestException:
                pass
            if time.monotonic() > began + PATIENCE_SECONDS:
                break
            time.sleep(0.3)
        raise AssertionError("Nobody took an event.")

    def _answers(self, port: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/webhooks/webchat/health", timeout=5).ok
        except requests.RequestException:
            return False


def direct_messages(slack: LocalSlack, texts: list[str], people: int) -> list[Event]:
    """Write what several people send in turn, in the order of their time stamps; a text may say its number."""
    app, events = slack.workspace.apps["visitors"], []
    for number, text in enumerate(texts):
        person = f"U0PERSON{number % people}"
        slack.workspace.people.setdefault(person, Person(person, person, "en-GB"))
        ts = f"1720000000.{number + 1:06d}"
        common = {"type": "message", "channel_type": "im", "team": TEAM, "event_ts": ts, "ts": ts}
        channel = slack.workspace.direct(person, app).id
        events.append({**common, "channel": channel, "user": person, "text": text.format(number=number)})
    return events
