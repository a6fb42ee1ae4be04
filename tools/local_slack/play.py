"""What people do in the workspace: write, click, use commands and shortcuts, fill in forms, open an app's home."""

from __future__ import annotations

import time
from typing import Any

from tools.local_slack.api import WebApi
from tools.local_slack.deliveries import Acknowledgement, Deliveries
from tools.local_slack.workspace import TEAM, App, Channel, Workspace

State = dict[str, dict[str, Any]]


class Play:
    """Hands act on the workspace as Slack's client would, and tell the apps as Slack's servers would."""

    def __init__(self, workspace: Workspace, api: WebApi, deliveries: Deliveries, address: str) -> None:
        self.workspace, self.api, self.deliveries = workspace, api, deliveries
        self.address = address
        self.errors: dict[str, dict[str, str]] = {}

    def say(self, person: str, channel_id: str, typed: str, thread_ts: str | None = None, **more: Any) -> str:
        """Write something in a channel and give the message's time stamp."""
        with self.workspace.lock:
            channel = self.workspace.channels[channel_id]
            ts = self.workspace.new_ts()
            message = {"type": "message", "user": person, "ts": ts, "text": self.workspace.as_slack_writes(typed)}
            message |= {**more, **({"thread_ts": thread_ts} if thread_ts else {})}
            channel.messages.append(message)
        for app in self.workspace.apps_in(channel):
            for event in self.events_for(app, channel, message):
                self.deliveries.event(app, self.envelope(app, event))
        return ts

    def events_for(self, app: App, channel: Channel, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the events that an app is told of a message, as far as it asked for them and may know."""
        common = {**message, "channel": channel.id, "event_ts": message["ts"], "team": TEAM}
        kind = "message.im" if channel.kind == "im" else "message.channels"
        needed = {"message.im": "im:history", "message.channels": "channels:history"}[kind]
        events = []
        if kind in app.events and needed in app.scopes:
            events.append({**common, "channel_type": channel.kind})
        mentioned = f"<@{app.bot_user}>" in message["text"] and channel.kind != "im"
        if mentioned and "app_mention" in app.events and "app_mentions:read" in app.scopes:
            events.append({**common, "type": "app_mention"})
        return events

    def envelope(self, app: App, event: dict[str, Any]) -> dict[str, Any]:
        """Wrap an event as the Events API does."""
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": app.id,
            "event": event,
            "event_id": f"Ev{self.workspace.number():08d}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": app.bot_user, "is_bot": True}],
        }

    def open_home(self, person: str, key: str) -> None:
        """Look at an app's home tab."""
        app = self.workspace.apps[key]
        if "app_home_opened" not in app.events:
            return
        channel = self.workspace.direct(person, app)
        event = {"type": "app_home_opened", "user": person, "channel": channel.id, "tab": "home", "event_ts": "1.0"}
        self.deliveries.event(app, self.envelope(app, event))

    def command(self, person: str, channel_id: str, command: str, text: str = "") -> Acknowledgement | None:
        """Type a slash command."""
        app = next((app for app in self.workspace.apps.values() if command in app.commands), None)
        if app is None or "commands" not in app.scopes:
            return None
        fields = {
            "command": command,
            "text": text,
            "user_id": person,
            "channel_id": channel_id,
            "team_id": TEAM,
            "api_app_id": app.id,
            "trigger_id": self.api.trigger(app, person),
            "response_url": self._response_url(app, person, channel_id, None),
        }
        return self.deliveries.command(app, fields)

    def message_shortcut(self, person: str, key: str, callback_id: str, channel_id: str, ts: str) -> Acknowledgement:
        """Choose an app's shortcut in a message's menu."""
        app, channel = self.workspace.apps[key], self.workspace.channels[channel_id]
        payload = {
            "type": "message_action",
            "callback_id": callback_id,
            **self._from(app, person),
            "channel": {"id": channel_id, "name": channel.name},
            "message": channel.message(ts),
            "message_ts": ts,
            "response_url": self._response_url(app, person, channel_id, ts),
        }
        return self.deliveries.interaction(app, payload)

    def click(self, person: str, message: dict[str, Any], action_id: str, chosen: str | None = None) -> Acknowledgement:
        """Press a button of a message, or choose from its menu."""
        app = self.workspace.apps[message["app"]]
        block, element = find_element(message["blocks"], action_id)
        channel_id = message.get("channel") or self._channel_of(message)
        payload = {
            "type": "block_actions",
            **self._from(app, person),
            "channel": {"id": channel_id, "name": self.workspace.channels[channel_id].name},
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel_id,
                "is_ephemeral": bool(message.get("is_ephemeral")),
            },
            "actions": [_action(block, element, chosen)],
            "response_url": self._response_url(app, person, channel_id, message["ts"]),
        }
        if not message.get("is_ephemeral"):
            payload["message"] = {key: value for key, value in message.items() if key != "app"}
        return self.deliveries.interaction(app, payload)

    def click_home(self, person: str, key: str, action_id: str) -> Acknowledgement:
        """Press a button of an app's home tab."""
        app, view = self.workspace.apps[key], self.workspace.homes[key, person]
        block, element = find_element(view["blocks"], action_id)
        payload = {
            "type": "block_actions",
            **self._from(app, person),
            "container": {"type": "view"},
            "view": {**view, "id": "VHOME", "type": "home"},
            "actions": [_action(block, element, None)],
        }
        return self.deliveries.interaction(app, payload)

    def submit(self, person: str, view_id: str, state: State) -> Acknowledgement:
        """Send a form; what the app answers closes it, changes it or marks fields."""
        view = self.workspace.modals[view_id]
        app = self.workspace.apps[view["app"]]
        payload = {"type": "view_submission", **self._from(app, person), "view": {**view, "state": {"values": state}}}
        done = self.deliveries.interaction(app, payload)
        if not done.in_time:
            self.errors[view_id] = {"": "We had some trouble connecting. Try again?"}
            return done
        self._answered(app, person, view_id, done.document())
        return done

    def respond(self, token: str, body: dict[str, Any]) -> bool:
        """Take what an app posts to the address that came with a click."""
        found = self._response_urls.get(token)
        if found is None:
            return False
        app, person, channel_id, ts = found
        with self.workspace.lock:
            if body.get("delete_original"):
                self.workspace.ephemeral = [one for one in self.workspace.ephemeral if one["ts"] != ts]
                return True
            changes = {"text": body.get("text") or "", "blocks": body.get("blocks") or []}
            original = next((one for one in self.workspace.ephemeral if one["ts"] == ts), None)
            original = original or (self.workspace.channels[channel_id].message(ts) if ts else None)
            if body.get("replace_original") and original is not None:
                original |= changes
                return True
            new = {**changes, "ts": self.workspace.new_ts(), "user": app.bot_user, "app": app.key}
            self.workspace.ephemeral.append({**new, "channel": channel_id, "for": person, "is_ephemeral": True})
        return True

    def _answered(self, app: App, person: str, view_id: str, answer: dict[str, Any]) -> None:
        action = answer.get("response_action")
        self.errors.pop(view_id, None)
        if action == "errors":
            inputs = {b.get("block_id") for b in self.workspace.modals[view_id]["blocks"] if b["type"] == "input"}
            # Slack drops an answer whose errors name no field of the form, and says that there was trouble.
            known = set(answer["errors"]) <= inputs and bool(answer["errors"])
            self.errors[view_id] = answer["errors"] if known else {"": "We had some trouble connecting. Try again?"}
        elif action in {"update", "push"}:
            self.api.show(app, person, answer["view"], view_id)
        else:
            self.workspace.modals.pop(view_id, None)

    def _from(self, app: App, person: str) -> dict[str, Any]:
        return {
            "team": {"id": TEAM, "domain": "local"},
            "user": {"id": person, "name": self.workspace.people[person].name, "team_id": TEAM},
            "api_app_id": app.id,
            "trigger_id": self.api.trigger(app, person),
        }

    def _channel_of(self, message: dict[str, Any]) -> str:
        return next(c.id for c in self.workspace.channels.values() if c.message(message["ts"]) is not None)

    @property
    def _response_urls(self) -> dict[str, tuple[App, str, str, str | None]]:
        return self.__dict__.setdefault("_known_response_urls", {})

    def _response_url(self, app: App, person: str, channel_id: str, ts: str | None) -> str:
        token = f"{self.workspace.number()}"
        self._response_urls[token] = (app, person, channel_id, ts)
        return f"{self.address}/respond/{token}"


def find_element(blocks: list[dict[str, Any]], action_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find a button or menu by its name."""
    for block in blocks:
        for element in [*(block.get("elements") or []), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                return block, element
    raise KeyError(action_id)


def _action(block: dict[str, Any], element: dict[str, Any], chosen: str | None) -> dict[str, Any]:
    action: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block.get("block_id") or "generated",
        "action_ts": f"{time.time():.6f}",
    }
    if element["type"] == "static_select":
        action["selected_option"] = next(one for one in element["options"] if one["value"] == chosen)
        return action
    return {**action, "text": element["text"], **({"value": element["value"]} if "value" in element else {})}
