"""Starts the action server, `python -m actions`: Rasa's SDK on the loopback interface, in one process."""

from __future__ import annotations

import asyncio
import logging
import sys
import warnings
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import HTTPResponse, json

from desk.intake import can_open_tickets
from desk.settings import SettingsError, current_settings, read_environment

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = 5055
HEALTH = "/health"


def make_app() -> Sanic[Any, Any]:
    """Build the server with every action of this package."""
    # The SDK is newer than Rasa on purpose (docs/architecture.md) and warns of it at every call. What makes the mix
    # safe is tests/conversations/test_webhook_contract.py: every event type and response field in use, over the real
    # webhook.
    warnings.filterwarnings("ignore", message=r"(?s).*not be compatible.*rasa_sdk")
    executor = ActionExecutor()
    executor.register_package("actions")
    app: Sanic[Any, Any] = create_app(executor, cors_origins=None)
    # The SDK's own answer to an error repeats the whole request, which Rasa would then write to its log: everything
    # that the visitor typed.
    app.error_handler = ErrorHandler()
    app.error_handler.add(Exception, _admit_error)
    app.register_middleware(_tell_health, "request")
    return app


async def _tell_health(request: Request) -> HTTPResponse | None:
    """Answer at the SDK's own health address, which says ok whatever happens; a ticket must be possible."""
    if request.path != HEALTH:
        return None
    if await asyncio.to_thread(can_open_tickets):
        return json({"status": "ok"})
    return json({"status": "failing"}, status=503)


def _admit_error(request: Request, error: Exception) -> HTTPResponse:
    logger.error("An action failed: %s", type(error).__name__, exc_info=error)
    return json({"error": type(error).__name__}, status=getattr(error, "status_code", 500))


def main() -> int:
    """Serve until stopped."""
    values = read_environment()
    settings = current_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    host, port = values.get("ACTIONS_HOST") or HOST, int(values.get("ACTIONS_PORT") or PORT)
    make_app().run(host=host, port=port, single_process=True, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SettingsError as error:
        sys.exit(f"The action server cannot start: {error}")
