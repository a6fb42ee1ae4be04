"""Sets up logging so that nothing people type is ever written to it."""

from __future__ import annotations

import logging
import warnings

from rasa.utils.log_utils import configure_structlog

# These print messages, slots and entities at DEBUG; they stay at INFO whatever LOG_LEVEL says.
TALKATIVE = ("rasa", "rasa.core", "rasa.shared", "rasa.nlu", "sanic.root", "asyncio", "aiohttp")


def configure_logs(level: str) -> None:
    """Write one line per event to standard output."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S", force=True
    )
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    configure_structlog(max(logging.INFO, logging.getLevelName(level)))
    # Rasa warns about deprecated parts of its own dependencies at every start; nobody here can act on that.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
