"""Talks to an assistant as visitors do, over one kept connection each, and takes the time of every turn."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PATIENCE = 120.0
JSON = {"Content-Type": "application/json"}
Reply = list[dict[str, Any]]


class Visitor(Protocol):
    """Somebody in one conversation."""

    def say(self, text: str) -> tuple[float, Reply]:
        """Send a message; return milliseconds until the whole answer was there, and the answer."""


@dataclass
class _Line:
    """A kept HTTP connection."""

    port: int
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        self.connection.request("POST", path, json.dumps(body), self.headers)
        reply = self.connection.getresponse()
        document = json.loads(reply.read())
        if reply.status not in (200, 201):
            raise RuntimeError(f"{path} answered {reply.status}: {document}")
        return document


class WebchatVisitor:
    """A visitor of ours, through the webchat channel."""

    def __init__(self, port: int) -> None:
        """Start a session."""
        self._line = _Line(port)
        token = self._line.post("/webhooks/webchat/sessions", {"language": "de"})["token"]
        self._line.headers["Authorization"] = f"Bearer {token}"

    def say(self, text: str) -> tuple[float, Reply]:
        """Send a message."""
        began = time.perf_counter()
        reply = self._line.post("/webhooks/webchat/messages", {"text": text})["messages"]
        return (time.perf_counter() - began) * 1000, reply


class RestVisitor:
    """A visitor of stock Rasa, through its REST channel."""

    def __init__(self, port: int) -> None:
        """Choose a conversation; here the client does."""
        self._line = _Line(port)
        self._sender = uuid.uuid4().hex

    def say(self, text: str) -> tuple[float, Reply]:
        """Send a message."""
        began = time.perf_counter()
        reply = self._line.post("/webhooks/rest/webhook", {"sender": self._sender, "message": text})
        return (time.perf_counter() - began) * 1000, reply


@dataclass(frozen=True)
class Side:
    """One assistant that is measured: how to become a visitor of it, and the process above all of its own."""

    name: str
    visitor: Callable[[], Visitor]
    process: int = 0


def times(milliseconds: Sequence[float]) -> dict[str, float]:
    """Sum up how long turns took."""
    ordered = sorted(milliseconds)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[int(len(ordered) * 0.95)],
        "p99": ordered[int(len(ordered) * 0.99)],
        "worst": ordered[-1],
        "turns": len(ordered),
    }


@dataclass
class Crowd:
    """Many visitors at once, each with one conversation after the other."""

    side: Side
    texts: Sequence[str]
    turns_each: int = 5
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self, visitors: int, seconds: float | None = None, messages: int | None = None) -> dict[str, Any]:
        """Let so many visitors write without a pause, for so long or until so many messages were answered."""
        self._until = time.monotonic() + seconds if seconds is not None else float("inf")
        self._most = messages if messages is not None else float("inf")
        began = time.monotonic()
        threads = [threading.Thread(target=self._one, args=(place,), daemon=True) for place in range(visitors)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = time.monotonic() - began
        return {
            **times(self.milliseconds),
            "visitors": visitors,
            "a_second": len(self.milliseconds) / taken,
            "errors": len(self.errors),
            "first_error": self.errors[0] if self.errors else None,
        }

    def _one(self, place: int) -> None:
        turn = place
        while time.monotonic() < self._until and len(self.milliseconds) < self._most:
            try:
                visitor = self.side.visitor()
                for _ in range(self.turns_each):
                    turn += 1
                    taken, reply = visitor.say(self.texts[turn % len(self.texts)])
                    self.milliseconds.append(taken)
                    if not reply:
                        self.errors.append("An answer was empty.")
            except (RuntimeError, OSError, http.client.HTTPException) as error:
                self.errors.append(f"{type(error).__name__}: {error}"[:200])
                time.sleep(0.1)
