"""Runs a Slack on this machine for two apps that are told to use it: `python -m tools.local_slack`."""

from __future__ import annotations

import argparse
import signal
import threading

from tools.local_slack.server import running
from tools.local_slack.workspace import MANIFESTS, app_from_manifest

PORT = 5099
CHANNEL = "C0PRIVACY"


def settings_for(port: int = PORT) -> dict[str, str]:
    """Give the settings with which assistant and desk talk to it."""
    assert MANIFESTS.is_dir(), "The apps' manifests are missing."
    visitors, team = app_from_manifest("visitors", 1), app_from_manifest("team", 2)
    address = f"http://127.0.0.1:{port}/api/"
    return {
        "SLACK_VISITOR_BOT_TOKEN": visitors.token,
        "SLACK_VISITOR_SIGNING_SECRET": visitors.signing_secret,
        "SLACK_VISITOR_API_URL": address,
        "SLACK_TEAM_BOT_TOKEN": team.token,
        "SLACK_TEAM_SIGNING_SECRET": team.signing_secret,
        "SLACK_TEAM_API_URL": address,
        "SLACK_TEAM_CHANNEL": CHANNEL,
    }


def main() -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument(
        "--assistant", default="http://127.0.0.1:5005/webhooks/slack/events", help="where visitors' events go"
    )
    parser.add_argument("--desk", default="http://127.0.0.1:8000/slack/events", help="where the team's clicks go")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(options.port) as slack:
        slack.api.limits.enabled = True
        slack.workspace.apps["visitors"].request_url = options.assistant
        slack.workspace.apps["team"].request_url = options.desk
        print(f"A workspace to try things in: {slack.url}/", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
