"""Works through the inbox beside Slack's requests, a few conversations at once, so that nobody waits for an answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.slack_inbox import LEASE_SECONDS, Inbox, Job

logger = logging.getLogger(__name__)

# Turns compute in this process; a few at once keep it busy while others wait for actions, more would only make
# Slack's requests wait for their acknowledgement.
WORKERS = 4
LOOK_EVERY_SECONDS = 1.0
FORGET_EVERY_SECONDS = 3600.0
LONGEST_PAUSE_SECONDS = 60.0

Work = Callable[[Job], Awaitable[None]]


class Runner:
    """The workers and what wakes them."""

    def __init__(self, inbox: Inbox, work: Work, request_days: int) -> None:
        """Take what there is to do and who does it."""
        self._inbox = inbox
        self._work = work
        self._request_days = request_days
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; what a process before this one left undone is taken over once its lease has run out."""
        loop = asyncio.get_event_loop()
        self._tasks = [loop.create_task(self._serve()) for _ in range(WORKERS)]
        self._tasks.append(loop.create_task(self._keep_forgetting()))

    async def stop(self) -> None:
        """End, and leave what is not finished to the next process at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """Say that something arrived."""
        self._arrived.set()

    async def _serve(self) -> None:
        while True:
            try:
                job = await asyncio.to_thread(self._inbox.claim)
            except SQLAlchemyError:
                logger.exception("What arrived from Slack could not be read.")
                job = None
            if job is None:
                await self._wait()
                continue
            # Whoever finishes may have been in the way of another message of the same conversation.
            try:
                await self._do(job)
            except SQLAlchemyError:
                # Once its lease has run out it is taken again, and what was done is found to be done.
                logger.exception("What was done for Slack could not be noted.")
            self._arrived.set()

    async def _wait(self) -> None:
        self._arrived.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), LOOK_EVERY_SECONDS)

    async def _do(self, job: Job) -> None:
        keeping = asyncio.ensure_future(self._keep(job))
        try:
            await self._work(job)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.to_thread(self._inbox.again, job, 0.0))
            raise
        except Exception:
            logger.exception("A message from Slack was not answered, attempt %d.", job.attempts)
            await self._put_back(job)
        else:
            await asyncio.to_thread(self._inbox.done, job)
        finally:
            keeping.cancel()

    async def _put_back(self, job: Job) -> None:
        if job.is_last_attempt:
            logger.error("A message from Slack was given up after %d attempts.", job.attempts)
            await asyncio.to_thread(self._inbox.done, job)
            return
        await asyncio.to_thread(self._inbox.again, job, min(2.0 ** (job.attempts - 1), LONGEST_PAUSE_SECONDS))

    async def _keep(self, job: Job) -> None:
        """Prolong the lease while the work lasts."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._inbox.prolong, job)

    async def _keep_forgetting(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._inbox.forget, self._request_days)
            except SQLAlchemyError:
                logger.exception("Old entries could not be forgotten.")
            await asyncio.sleep(FORGET_EVERY_SECONDS)
