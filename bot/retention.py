"""Forgets conversations that nobody has used for as long as the settings say."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.channels.errors import ChannelError
from bot.engine import DAY, Engine
from bot.settings import Settings

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


async def keep_forgetting(engine: Engine, settings: Settings) -> None:
    """Forget at the start and then every hour, for as long as the process lives."""
    while True:
        await forget_once(engine, settings)
        await asyncio.sleep(EVERY_SECONDS)


async def forget_once(engine: Engine, settings: Settings) -> int:
    """Delete what is too old; a failure is logged and tried again the next time."""
    moment = time.time() - settings.tracker_retention_days * DAY
    try:
        forgotten = await asyncio.to_thread(engine.store.forget_unused_since, moment)
    except ChannelError:
        # No model is loaded, so there is no store yet; it will be there the next time.
        return 0
    except Exception:
        logger.exception("Old conversations could not be forgotten.")
        return 0
    if forgotten:
        logger.info(
            "Forgot %d conversations that had not been used for %d days.", forgotten, settings.tracker_retention_days
        )
    return forgotten
