"""A conversation's lock in Redis is kept while its holder lives, and is free soon after its holder was killed."""

from __future__ import annotations

import asyncio
import logging

import pytest
import redis

from bot import locks
from bot.locks import KEY_PREFIX, RedisLocks

LEASE_SECONDS = 0.5


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LEASE_SECONDS", LEASE_SECONDS)
    monkeypatch.setattr(locks, "RENEW_SECONDS", LEASE_SECONDS / 5)


async def test_a_turn_that_takes_longer_than_the_lease_keeps_others_out(redis_url: str) -> None:
    happened: list[str] = []
    begun = asyncio.Event()

    async def turn(name: str, seconds: float) -> None:
        async with RedisLocks(redis_url).lock("long"):
            happened.append(f"{name} begins")
            begun.set()
            await asyncio.sleep(seconds)
            happened.append(f"{name} ends")

    first = asyncio.ensure_future(turn("first", 3 * LEASE_SECONDS))
    await begun.wait()
    await asyncio.gather(first, turn("second", 0.0))
    assert happened == ["first begins", "first ends", "second begins", "second ends"]


async def test_the_lock_of_a_killed_process_is_taken_over(redis_url: str) -> None:
    # Nobody renews or releases this one, as when its holder was killed.
    assert redis.Redis.from_url(redis_url).lock(KEY_PREFIX + "killed", timeout=LEASE_SECONDS).acquire()
    async with RedisLocks(redis_url).lock("killed", lock_lifetime=20.0):
        pass


async def test_a_lock_that_was_lost_is_told_in_the_log(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "bot.locks"):
        async with RedisLocks(redis_url).lock("lost"):
            redis.Redis.from_url(redis_url).delete(KEY_PREFIX + "lost")
            await asyncio.sleep(LEASE_SECONDS)
    assert "lock was lost" in caplog.text
