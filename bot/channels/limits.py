"""Counts requests by token and by address, in the process or in Redis, and says when somebody has to wait."""

from __future__ import annotations

import math
import time
from typing import Protocol

import redis.asyncio

from bot.channels.errors import ChannelError

WINDOW_SECONDS = 60
ADDRESS_FACTOR = 10
MAXIMUM_KEYS = 50_000


class Counter(Protocol):
    """Counts hits under a key within the running window."""

    async def hit(self, key: str) -> tuple[int, float]:
        """Count one and return how many there were and the seconds until the window ends."""


class ProcessCounter:
    """Counts in memory, for one process."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._windows: dict[str, tuple[float, int]] = {}

    async def hit(self, key: str) -> tuple[int, float]:
        """Count one; expired keys are dropped when there are many, so memory stays bounded."""
        now = time.monotonic()
        began, count = self._windows.get(key, (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, count = now, 0
        if len(self._windows) >= MAXIMUM_KEYS:
            self._forget(now)
        self._windows[key] = (began, count + 1)
        return count + 1, began + WINDOW_SECONDS - now

    def _forget(self, now: float) -> None:
        self._windows = {
            key: (began, count) for key, (began, count) in self._windows.items() if now - began < WINDOW_SECONDS
        }
        if len(self._windows) >= MAXIMUM_KEYS:
            self._windows.clear()


class RedisCounter:
    """Counts in Redis, for several processes."""

    PREFIX = "privacy-assistant:rate:"

    def __init__(self, url: str) -> None:
        """Connect lazily; a Redis that is away is noticed at the first message."""
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=2)

    async def hit(self, key: str) -> tuple[int, float]:
        """Count one in a window that Redis itself forgets."""
        name = self.PREFIX + key
        async with self._redis.pipeline(transaction=True) as commands:
            commands.set(name, 0, ex=WINDOW_SECONDS, nx=True)
            commands.incr(name)
            commands.pttl(name)
            _, count, left = await commands.execute()
        return int(count), max(left, 0) / 1000


class Limits:
    """The rate limit of the settings for one token, and ten times that for one address."""

    def __init__(self, per_minute: int | None, redis_url: str | None) -> None:
        """Choose where to count; None switches limits off, for measurements."""
        self._per_minute = per_minute
        self._counter: Counter = RedisCounter(redis_url) if redis_url else ProcessCounter()

    async def check_address(self, address: str) -> None:
        """Count a request of this address."""
        await self._check(f"address:{address}", ADDRESS_FACTOR)

    async def check_conversation(self, conversation: str) -> None:
        """Count a message in this conversation."""
        await self._check(f"conversation:{conversation}", 1)

    async def _check(self, key: str, factor: int) -> None:
        if self._per_minute is None:
            return
        count, left = await self._counter.hit(key)
        if count > self._per_minute * factor:
            wait = str(max(1, math.ceil(left)))
            raise ChannelError(
                429, "too_many_requests", "Too many messages. Please wait a little.", {"Retry-After": wait}
            )
