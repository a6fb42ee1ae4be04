"""Sends the messages of a turn as they come, as server-sent events, and keeps the line open meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sanic.request import Request

from bot.channels.errors import ChannelError, unavailable
from bot.channels.messages import Message

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 10.0

Sink = Callable[[Message], None]


async def stream_messages(request: Request, handle: Callable[[Sink], Awaitable[None]]) -> None:
    """Run a turn; an error before anything was said is answered with its status, a later one inside the stream."""
    queue: asyncio.Queue[Message | None] = asyncio.Queue()
    turn = asyncio.ensure_future(handle(queue.put_nowait))
    turn.add_done_callback(lambda _: queue.put_nowait(None))
    first = await _next(queue)
    if first is None and turn.done() and turn.exception() is not None:
        turn.result()
    response = await request.respond(content_type="text/event-stream; charset=utf-8")
    message = first
    while message is not None or not turn.done():
        await response.send(_event("message", message) if message is not None else ": keep-alive\n\n")
        message = await _next(queue)
    while not queue.empty():
        left = queue.get_nowait()
        if left is not None:
            await response.send(_event("message", left))
    error = turn.exception()
    if error is not None:
        await response.send(_event("error", _explained(error)))
    await response.send(_event("done", {}))
    await response.eof()


async def _next(queue: asyncio.Queue[Message | None]) -> Message | None:
    """Return the next message, or None when there was none for a while or there will be no more."""
    try:
        return await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
    except asyncio.TimeoutError:
        return None


def _explained(error: BaseException) -> dict[str, Any]:
    if isinstance(error, ChannelError):
        return error.body()
    logger.error("A turn failed.", exc_info=error)
    return unavailable().body()


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
