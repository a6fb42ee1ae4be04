"""The workspace: people, channels, installed apps and everything that was said, in memory."""

from __future__ import annotations

import itertools
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TEAM = "T0LOCAL"
MANIFESTS = Path(__file__).resolve().parents[2] / "deploy" / "slack"


@dataclass(frozen=True)
class Person:
    """Somebody in the workspace."""

    id: str
    name: str
    locale: str


@dataclass
class Channel:
    """A channel, or the conversation of a person with an app."""

    id: str
    name: str
    members: set[str]
    kind: str = "channel"
    messages: list[dict[str, Any]] = field(default_factory=list)

    def message(self, ts: str) -> dict[str, Any] | None:
        """Find a message by its time stamp, which is its name."""
        return next((one for one in self.messages if one["ts"] == ts), None)


@dataclass
class App:
    """An installed app, as its manifest describes it."""

    key: str
    id: str
    bot_user: str
    bot_id: str
    name: str
    token: str
    app_token: str
    signing_secret: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: frozenset[str]
    shortcuts: dict[str, str]
    request_url: str | None = None


@dataclass(frozen=True)
class Call:
    """One call of the Web API: who called what with what, and what it was answered."""

    app: str
    method: str
    arguments: dict[str, Any]
    answer: dict[str, Any]
    status: int
    at: float


def app_from_manifest(key: str, number: int) -> App:
    """Make an app from its manifest in deploy/slack; its tokens and its secret are for this machine only."""
    manifest = yaml.safe_load((MANIFESTS / f"{key}-manifest.yml").read_text(encoding="utf-8"))
    features, oauth, settings = manifest["features"], manifest["oauth_config"], manifest["settings"]
    return App(
        key=key,
        id=f"A0LOCAL{number}",
        bot_user=f"U0BOT{number}",
        bot_id=f"B0BOT{number}",
        name=features["bot_user"]["display_name"],
        token=f"xoxb-local-{key}",
        app_token=f"xapp-local-{key}",
        signing_secret=f"local-signing-secret-of-{key}",
        scopes=frozenset(oauth["scopes"]["bot"]),
        events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or ()),
        commands=frozenset(command["command"] for command in features.get("slash_commands") or ()),
        shortcuts={one["callback_id"]: one["name"] for one in features.get("shortcuts") or ()},
    )


PEOPLE = (
    Person("U0ERIKA", "Erika", "de-DE"),
    Person("U0JOHN", "John", "en-GB"),
    Person("U0OLGA", "Olga (privacy team)", "de-DE"),
)


class Workspace:
    """Everything there is; changes are made under one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.people = {person.id: person for person in PEOPLE}
        self.apps = {key: app_from_manifest(key, number) for number, key in enumerate(("visitors", "team"), 1)}
        everybody = set(self.people)
        visitors, team = self.apps["visitors"], self.apps["team"]
        channels = (
            Channel("C0GENERAL", "general", everybody | {visitors.bot_user}),
            Channel("C0RANDOM", "random", set(everybody)),
            Channel("C0PRIVACY", "privacy-team", {"U0OLGA", team.bot_user}),
        )
        self.channels = {channel.id: channel for channel in channels}
        self.homes: dict[tuple[str, str], dict[str, Any]] = {}
        self.modals: dict[str, dict[str, Any]] = {}
        self.ephemeral: list[dict[str, Any]] = []
        self.calls: list[Call] = []
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """Give a number that was not given before."""
        return next(self._numbers)

    def new_ts(self) -> str:
        """Give a message its name: the time, and a number that makes it the only one."""
        return f"{int(time.time())}.{self.number():06d}"

    def app_by_token(self, token: str) -> App | None:
        """Find the app that a bot token belongs to."""
        return next((app for app in self.apps.values() if app.token == token), None)

    def app_by_app_token(self, token: str) -> App | None:
        """Find the app that an app-level token belongs to."""
        return next((app for app in self.apps.values() if app.app_token == token), None)

    def direct(self, person: str, app: App) -> Channel:
        """Give the conversation of a person with an app."""
        name = f"D{person[1:]}{app.key.upper()}"
        if name not in self.channels:
            self.channels[name] = Channel(name, app.name, {person, app.bot_user}, "im")
        return self.channels[name]

    def apps_in(self, channel: Channel) -> list[App]:
        """List the apps that are members of a channel."""
        return [app for app in self.apps.values() if app.bot_user in channel.members]

    def as_slack_writes(self, typed: str) -> str:
        """Give what people type the form in which apps receive it: escaped, with addresses and names marked up."""
        text = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for person in self.people.values():
            text = text.replace(f"@{person.id}", f"<@{person.id}>")
        for app in self.apps.values():
            text = re.sub(rf"@(?:{re.escape(app.name)}|{app.bot_user})\b", f"<@{app.bot_user}>", text)
        text = re.sub(r"(?<![\w|:/@])([\w.+-]+@[\w-]+\.[\w.-]*\w)", r"<mailto:\1|\1>", text)
        return re.sub(r"(?<![\w<|])(https?://[^\s<>|]+)", r"<\1>", text)
