"""Figures for monitoring: turns, understanding and actions, and never a word of what anybody said.

Prometheus reads them from `/metrics`, from this machine or with the token of the settings. They are this process's own;
where several run, Prometheus reads each and adds them up.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sanic import Sanic
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse, raw

REGISTRY = CollectorRegistry()
PATH = "/metrics"

# In seconds: from half a millisecond, which understanding takes, to what a visitor no longer waits for.
_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_WAITING = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SHARES = tuple(tenth / 10 for tenth in range(1, 11))

_TURNS = Histogram(
    "assistant_turn_seconds",
    "How long turns took, by channel and by kind: answer, action, repeat or failure.",
    ["channel", "kind"],
    buckets=_WAITING,
    registry=REGISTRY,
)
_UNDERSTANDING = Histogram(
    "assistant_understanding_seconds", "How long understanding a message took.", buckets=_FAST, registry=REGISTRY
)
_CONFIDENCE = Histogram(
    "assistant_understanding_confidence", "How sure it was.", ["language"], buckets=_SHARES, registry=REGISTRY
)
_UNPLACED = Counter(
    "assistant_unplaced", "Messages that could not be placed, by language.", ["language"], registry=REGISTRY
)
_TOPICS = Counter("assistant_topics", "Topics asked about, by language.", ["topic", "language"], registry=REGISTRY)
_ACTIONS = Histogram(
    "assistant_action_seconds", "How long custom actions took.", ["action"], buckets=_WAITING, registry=REGISTRY
)
_ACTION_FAILURES = Counter(
    "assistant_action_failures", "Calls of custom actions that failed.", ["action"], registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)

UNCLEAR = "unclear"
NO_LANGUAGE = "none"


@dataclass
class Turn:
    """What a turn turned out to be."""

    kind: str = "answer"


_turn: ContextVar[Turn | None] = ContextVar("turn_that_is_measured", default=None)


@contextmanager
def measured_turn(channel: str) -> Iterator[Turn]:
    """Measure a turn; whoever takes part may say what kind it turned out to be."""
    turn, began = Turn(), time.perf_counter()
    token = _turn.set(turn)
    try:
        yield turn
    except BaseException:
        turn.kind = "failure"
        raise
    finally:
        _turn.reset(token)
        _TURNS.labels(channel, turn.kind).observe(time.perf_counter() - began)


@contextmanager
def measured_action(name: str) -> Iterator[None]:
    """Measure a call of a custom action, whatever comes of it."""
    turn, began = _turn.get(), time.perf_counter()
    if turn is not None and turn.kind == "answer":
        turn.kind = "action"
    try:
        yield
    finally:
        _ACTIONS.labels(name).observe(time.perf_counter() - began)


def note_action_failure(name: str) -> None:
    """Count a call that failed; a form that does not take an answer has not."""
    _ACTION_FAILURES.labels(name).inc()


def note_understanding(
    seconds: float, intent: str, confidence: float, topics: tuple[str, ...], language: str | None
) -> None:
    """Note how a visitor's message was understood; outside of a turn, as in a health check, nothing is noted."""
    if _turn.get() is None:
        return
    spoken = language or NO_LANGUAGE
    _UNDERSTANDING.observe(seconds)
    _CONFIDENCE.labels(spoken).observe(confidence)
    if intent == UNCLEAR:
        _UNPLACED.labels(spoken).inc()
    for topic in topics:
        _TOPICS.labels(topic, spoken).inc()


def add_metrics(app: Sanic, token: str | None) -> None:
    """Let the app give the figures at /metrics to who may see them."""

    async def metrics(request: Request) -> HTTPResponse:
        if not may_measure(request, token):
            # Who may not see it need not know that it is here.
            raise NotFound("There is nothing here.")
        return raw(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

    app.add_route(metrics, PATH, methods=["GET"])


def may_measure(request: Request, token: str | None) -> bool:
    """Tell whether the request holds the token, or, when there is none, comes from this machine itself."""
    if token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy on the same machine everybody seems to be local; a forwarded request is therefore never local.
    if "x-forwarded-for" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.ip).is_loopback
    except ValueError:
        return False
