"""Sets up logging so that nothing people type is ever written to it."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from types import TracebackType

# These print messages, slots and entities at DEBUG; they stay at INFO whatever LOG_LEVEL says.
TALKATIVE = ("rasa", "sanic.root", "sanic.error", "asyncio", "aiohttp")
# These write every statement or step at INFO.
VERBOSE = ("sqlalchemy", "apscheduler", "matplotlib")
# What these say is about files and connections; what others say may hold what somebody typed.
HARMLESS = (OSError, ImportError)

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logs(level: str) -> None:
    """Write one line per event to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    quiet = max(logging.INFO, logging.getLevelName(level))
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(quiet)
    for name in VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Imported late, so that the settings above hold while Rasa and TensorFlow are imported.
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(quiet)


def silence_imports() -> None:
    """Keep TensorFlow and outdated parts of Rasa's dependencies from filling the log; call it before importing Rasa."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
        warnings.simplefilter("ignore", category)


class QuietFormatter(logging.Formatter):
    """Shows where an error happened and of what type it was, but not its words: a database repeats the row in them."""

    def formatException(self, ei: _ExceptionInfo) -> str:
        """Return the traceback without the words of errors that may hold what somebody typed."""
        error = ei[1]
        return "\n".join(_told(error)) if error is not None else ""


def _told(error: BaseException) -> list[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = _told(earlier) if earlier is not None else []
    lines += [line.rstrip("\n") for line in traceback.format_tb(error.__traceback__)]
    words = f": {error}" if isinstance(error, HARMLESS) else ""
    return [*lines, f"{type(error).__module__}.{type(error).__qualname__}{words}"]
