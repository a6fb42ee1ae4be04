"""Starts the assistant: Rasa's agent behind our channels and nothing else, `python -m bot.serve`."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from bot.answers import AnswersError
from bot.logs import configure_logs, silence_imports
from bot.settings import Settings, SettingsError
from bot.without_tensorflow import leave_out

silence_imports()
leave_out()
# One message is too little work to be shared: numpy's threads waited for each other for a fifth of a turn.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rasa.core import channels  # noqa: E402
from rasa.core.run import close_resources, create_http_input_channels, load_agent_on_start  # noqa: E402
from rasa.core.utils import AvailableEndpoints  # noqa: E402
from sanic import Sanic  # noqa: E402

from bot import overrides  # noqa: E402
from bot.metrics import add_metrics  # noqa: E402

HERE = Path(__file__).resolve().parent


def create_app(settings: Settings) -> Sanic:
    """Build the server.

    Rasa's own `rasa run` adds a page that tells its version and answers preflight requests by itself; here there is
    only what the channels bring.
    """
    os.environ["ACTIONS_URL"] = settings.actions_url
    overrides.apply()
    app = Sanic("privacy_assistant", configure_logging=False)
    channels.channel.register(create_http_input_channels(None, str(HERE / "credentials.yml")), app, "/webhooks/")
    add_metrics(app, settings.metrics_token)
    endpoints = AvailableEndpoints.read_endpoints(str(HERE / "endpoints.yml"))
    model = str(settings.models_dir)
    app.register_listener(partial(load_agent_on_start, model, endpoints, None), "before_server_start")
    app.register_listener(close_resources, "after_server_stop")
    return app


def main() -> None:
    """Serve until stopped."""
    try:
        settings = Settings.from_environment()
        configure_logs(settings.log_level)
        app = create_app(settings)
    except (SettingsError, AnswersError) as error:
        sys.exit(str(error))
    app.run(host=settings.host, port=settings.port, access_log=False, motd=False)


if __name__ == "__main__":
    main()
