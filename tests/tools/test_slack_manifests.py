"""The manifests of the two apps ask for what docs/slack.md explains, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = re.compile(r"^\| (visitors|team) \| `([a-z_:]+)` \|", re.MULTILINE)
#: What lets an app see which event or do what; Slack's documentation of each event names its scope.
NEEDED = {"message.im": "im:history", "message.channels": "channels:history", "app_mention": "app_mentions:read"}


def manifest(app: str) -> dict:
    return yaml.safe_load((ROOT / "deploy" / "slack" / f"{app}-manifest.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("app", ["visitors", "team"])
def test_every_scope_is_explained_and_every_explained_one_is_asked_for(app):
    documented = {scope for name, scope in DOCUMENTED.findall((ROOT / "docs" / "slack.md").read_text()) if name == app}
    assert set(manifest(app)["oauth_config"]["scopes"]["bot"]) == documented


@pytest.mark.parametrize("app", ["visitors", "team"])
def test_every_event_has_its_scope(app):
    found = manifest(app)
    events = (found["settings"].get("event_subscriptions") or {}).get("bot_events") or []
    assert {NEEDED[event] for event in events if event in NEEDED} <= set(found["oauth_config"]["scopes"]["bot"])


def test_the_teams_app_is_told_of_nothing_that_is_written():
    assert "event_subscriptions" not in manifest("team")["settings"]
    assert manifest("team")["oauth_config"]["scopes"]["bot"] == ["chat:write"]
