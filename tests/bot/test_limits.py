"""Limits hold for a token and for an address, in the process and in Redis, and forwarded addresses are not believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from tests.bot.assistant import Assistant, free_port, running_assistant
from tests.servers import running_redis


@pytest.fixture(params=["process", "redis"])
def limited(request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path) -> Iterator[Assistant]:
    settings = {"WEBCHAT_RATE_LIMIT": "3", "TRUSTED_PROXIES": "10.1.0.0/16"}
    if request.param == "redis":
        settings["REDIS_URL"] = request.getfixturevalue("redis_url")
        redis.Redis.from_url(settings["REDIS_URL"]).flushall()
    with running_assistant(tmp_path, tiny_model, **settings) as running:
        yield running


def test_limits(limited: Assistant) -> None:
    visitor = limited.visitor("en")
    for _ in range(3):
        assert visitor.post("hello").status_code == 200
    reply = visitor.post("hello")
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "too_many_requests")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert visitor.post("hello", Accept="text/event-stream").status_code == 429
    # Seven requests of this address so far, of thirty; a forwarded address from a stranger changes nothing.
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    statuses = [requests.post(limited.url + "/sessions", headers=forwarded, timeout=30).status_code for _ in range(26)]
    assert statuses.count(201) == 24
    assert statuses[-1] == 429


@pytest.fixture
def behind_proxy(tiny_model: Path, tmp_path: Path) -> Iterator[Assistant]:
    with running_assistant(tmp_path, tiny_model, WEBCHAT_RATE_LIMIT="1", TRUSTED_PROXIES="127.0.0.1") as running:
        yield running


def test_an_address_a_proxy_of_ours_forwards_counts_as_its_own(behind_proxy: Assistant) -> None:
    def open_from(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        return requests.post(behind_proxy.url + "/sessions", headers=headers, timeout=30).status_code

    assert [open_from("203.0.113.1") for _ in range(11)] == [201] * 10 + [429]
    assert open_from("203.0.113.2") == 201
    assert open_from("198.51.100.7, 203.0.113.1") == 429, "only what our proxy saw counts, not what was sent to it"


def test_without_redis_nobody_is_answered_wrongly_and_with_it_everybody_again(tiny_model: Path, tmp_path: Path) -> None:
    port = free_port()
    with running_redis(port) as server, running_assistant(tmp_path, tiny_model, REDIS_URL=server.url) as assistant:
        visitor = assistant.visitor("en")
        first = visitor.say("cookies", "first")
        redis.Redis.from_url(server.url).shutdown(nosave=True)
        lost = visitor.post("hello", "second")
        assert (lost.status_code, lost.json()["error"]["code"]) == (503, "unavailable")
        assert "retry-after" in lost.headers
        with running_redis(port):
            assert visitor.say("hello", "second")
            assert visitor.say("cookies", "first") == first


def test_two_processes_share_a_conversation_through_redis(tiny_model: Path, tmp_path: Path, redis_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tests.bot.assistant import Visitor

    settings = {"REDIS_URL": redis_url}
    with (
        running_assistant(tmp_path, tiny_model, **settings) as first,
        running_assistant(tmp_path, tiny_model, **settings) as second,
    ):
        visitor = first.visitor("en")
        other = Visitor(second, visitor.token, [], {})
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda who: who.say("cookies google", "same"), [visitor, other] * 4))
        assert all(reply == replies[0] for reply in replies)
        assert len(visitor.history()) == 1 + 1 + 2


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ("https://shop.example", "https://shop.example", True),
        ("https://shop.example", "https://evil.example", False),
        ("https://shop.example, https://b.example", "https://b.example", True),
        ("https://shop.example", "https://shop.example.evil.example", False),
        ("", "https://shop.example", False),
        ("*", "https://anything.example", True),
    ],
)
def test_only_allowed_origins_may_read(origins: str, origin: str, allowed: bool) -> None:
    from types import SimpleNamespace

    from bot.channels.webchat import cors_headers

    headers = cors_headers(SimpleNamespace(headers={"origin": origin}), tuple(o.strip() for o in origins.split(",")))
    assert headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert headers["Vary"] == "Origin"


def test_a_browser_may_ask_first(tiny_model: Path, tmp_path: Path) -> None:
    with running_assistant(tmp_path, tiny_model, WEBCHAT_ORIGINS="https://shop.example") as assistant:
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        reply = requests.options(assistant.url + "/messages", headers=asked, timeout=30)
        assert reply.status_code == 204
        assert reply.headers["access-control-allow-origin"] == "https://shop.example"
        assert "authorization" in reply.headers["access-control-allow-headers"].lower()
        assert "DELETE" in reply.headers["access-control-allow-methods"]
        visitor = assistant.visitor("en", Origin="https://shop.example")
        for answer in (visitor.post("hello"), visitor.post(""), visitor.post("hello", Accept="text/event-stream")):
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        stranger = requests.post(assistant.url + "/sessions", headers={"Origin": "https://evil.example"}, timeout=30)
        assert "access-control-allow-origin" not in stranger.headers
