"""Makes the messages of one conversation wait for each other: within the process, or through Redis for several."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError, LockStore
from redis.exceptions import LockError as RedisLockError
from redis.exceptions import RedisError

from bot.settings import Settings

logger = logging.getLogger(__name__)

# Rasa looks once a second whether it is a waiting message's turn; a double click should not cost its sender a second.
WAIT_SECONDS = 0.02
KEY_PREFIX = "privacy-assistant:lock:"
# A process that is killed leaves its locks behind, and whoever sends the same message again waits so long at most. A
# process that lives renews its locks meanwhile, however long its turn takes.
LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.5
ANSWER_SECONDS = 5.0


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
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=ANSWER_SECONDS)

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = WAIT_SECONDS,
    ) -> AsyncGenerator[Any, None]:
        """Hold the conversation's lock; it frees itself soon when this process dies."""
        held = self._redis.lock(
            KEY_PREFIX + conversation_id,
            timeout=LEASE_SECONDS,
            sleep=wait_time_in_seconds,
            blocking_timeout=lock_lifetime,
        )
        if not await held.acquire():
            raise LockError(f"Could not acquire lock for conversation_id '{conversation_id}'.")
        renewing = asyncio.ensure_future(_renew(held))
        try:
            yield held
        finally:
            renewing.cancel()
            await _release(held)


class ConversationLocks(LockStore):
    """Named in endpoints.yml; becomes one or the other by the settings."""

    def __new__(cls, endpoint_config: Any = None) -> LockStore:  # type: ignore[misc]
        """Return the lock store for the settings."""
        redis_url = Settings.from_environment().redis_url
        return RedisLocks(redis_url) if redis_url else ProcessLocks()


async def _renew(held: Any) -> None:
    """Prolong the lease as long as the turn lasts."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            await held.reacquire()
        except RedisLockError:
            logger.warning("A conversation's lock was lost during its turn.")
            return
        except RedisError as error:
            logger.warning("A conversation's lock could not be renewed: %s.", type(error).__name__)


async def _release(held: Any) -> None:
    # The lease has run out, or Redis has gone; either way nobody else has to wait for this one.
    with contextlib.suppress(RedisError):
        await held.release()
