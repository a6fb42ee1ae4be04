"""Calls the desk without blocking the action server, and gives up in time to tell the visitor the truth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from desk import intake

logger = logging.getLogger(__name__)

SECONDS_TO_WAIT = 8.0
Result = TypeVar("Result")


class DeskDidNotAnswer(Exception):
    """The desk could not be asked, or did not answer in time; whether something happened there is not known."""


async def ask(function: Callable[..., Result], *arguments: object) -> Result:
    """Call one of the desk's functions in a thread of its own.

    A call that takes too long goes on in its thread; because every call carries the conversation's request id,
    repeating it afterwards finds what the first one did.
    """
    try:
        return await asyncio.wait_for(asyncio.to_thread(function, *arguments), SECONDS_TO_WAIT)
    except (intake.DeskUnavailable, TimeoutError) as error:
        logger.warning("The desk did not answer %s: %s", getattr(function, "__name__", function), type(error).__name__)
        raise DeskDidNotAnswer from error
