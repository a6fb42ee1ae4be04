"""Tells whether the assistant really works: it writes to its database, reads back, and understands a sentence."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from bot.engine import Engine

logger = logging.getLogger(__name__)

SAMPLE = "Cookies?"
# Anybody may ask; the work is done at most this often.
FRESH_SECONDS = 2.0

Check = Callable[[], Awaitable[None]]


class Health:
    """Runs the checks and remembers their outcome for a moment."""

    def __init__(self, engine: Engine) -> None:
        """Name the parts in the order they are reported."""
        self._checks: dict[str, Check] = {
            "model": lambda: _understands(engine),
            "store": lambda: _stores(engine),
            "words": lambda: _speaks(engine),
        }
        self._parts: dict[str, str] = {}
        self._checked = float("-inf")

    async def parts(self) -> dict[str, str]:
        """Return `ok` or `failing` for each part."""
        if time.monotonic() - self._checked > FRESH_SECONDS:
            self._parts = {name: await _outcome(name, check) for name, check in self._checks.items()}
            self._checked = time.monotonic()
        return self._parts


async def _outcome(name: str, check: Check) -> str:
    try:
        await check()
    except Exception as error:
        logger.error("The health check of %s failed: %s", name, type(error).__name__)
        return "failing"
    return "ok"


async def _understands(engine: Engine) -> None:
    parsed = await engine.agent.parse_message(SAMPLE)
    if "intent" not in parsed:
        raise RuntimeError("The model returned no intent.")


async def _stores(engine: Engine) -> None:
    engine.store.check_health()


async def _speaks(engine: Engine) -> None:
    if not engine.greeting(None):
        raise RuntimeError("There is no greeting.")
