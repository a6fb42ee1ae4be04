"""Makes the messages of one conversation wait for each other: within the process, or through Redis for several."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError, LockStore
from redis.exceptions import LockError as RedisLockError
from redis.exceptions import LockNotOwnedError

from bot.settings import Settings

# Rasa looks once a second whether it is a waiting message's turn; a double click should not cost its sender a second.
WAIT_SECONDS = 0.02
KEY_PREFIX = "privacy-assistant:lock:"


class ProcessLocks(InMemoryLockStore):
    """For one assistant process: Rasa's tickets, looked at more often."""

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = WAIT_SECONDS,
    ) -> AsyncGenerator[Any, None]:
        """Hold the conversation's lock."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as held:
            yield held


class RedisLocks(LockStore):
    """For several assistant processes.

    Rasa's own Redis store reads the queue of tickets, changes it and writes it back, so two processes can hand out
    the same ticket. Redis' lock is one atomic command.
    """

    def __init__(self, url: str) -> None:
        """Connect by address, as every other part that uses Redis does."""
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=LOCK_LIFETIME + 5)

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = WAIT_SECONDS,
    ) -> AsyncGenerator[Any, None]:
        """Hold the conversation's lock; it frees itself when this process dies."""
        held = self._redis.lock(
            KEY_PREFIX + conversation_id,
            timeout=lock_lifetime,
            sleep=wait_time_in_seconds,
            blocking_timeout=lock_lifetime,
        )
        if not await held.acquire():
            raise LockError(f"Could not acquire lock for conversation_id '{conversation_id}'.")
        try:
            yield held
        finally:
            await _release(held)


class ConversationLocks(LockStore):
    """Named in endpoints.yml; becomes one or the other by the settings."""

    def __new__(cls, endpoint_config: Any = None) -> LockStore:  # type: ignore[misc]
        """Return the lock store for the settings."""
        redis_url = Settings.from_environment().redis_url
        return RedisLocks(redis_url) if redis_url else ProcessLocks()


async def _release(held: Any) -> None:
    try:
        await held.release()
    except (LockNotOwnedError, RedisLockError):
        # The turn took longer than the lock lives; whoever waited has it by now.
        return
