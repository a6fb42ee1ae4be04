"""Hands the counts of topics to the desk through the action server, beside the turns: no visitor waits for it."""

from __future__ import annotations

import asyncio
import logging

from bot.action_calls import ActionUnavailable, call_action
from bot.channels.errors import ChannelError
from bot.engine import Engine

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
ACTION = "action_keep_topic_counts"
SLOT = "topic_counts"
# The call belongs to no conversation; the action looks at neither.
NOBODY = "topic-counts"


async def keep_reporting(engine: Engine) -> None:
    """Hand over once a minute, for as long as the process lives."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await report_once(engine)


async def report_once(engine: Engine, seconds: float = 20.0) -> bool:
    """Hand over what was counted; what did not arrive is sent again the next time, and counted once all the same."""
    try:
        asked = engine.words.asked
    except ChannelError:
        # No model is loaded, so nobody has been answered either.
        return True
    batch = asked.batch()
    if batch is None:
        return True
    try:
        await call_action(engine, ACTION, NOBODY, NOBODY, {SLOT: batch.as_slot()}, seconds=seconds)
    except ActionUnavailable as error:
        logger.warning("The counts of topics could not be handed over (%s); they wait.", error)
        return False
    asked.arrived(batch)
    return True
