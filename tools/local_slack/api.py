"""The Web API's methods: each checks what real Slack checks, changes the workspace and answers as Slack does."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from tools.local_slack.limits import RateLimits
from tools.local_slack.rules import message_problems, view_problems
from tools.local_slack.workspace import TEAM, App, Call, Channel, Workspace

Arguments = dict[str, Any]
Answer = dict[str, Any]
TRIGGER_SECONDS = 3.0
#: What is not a string in the JSON form arrives as JSON inside a string in the other one.
STRUCTURED = ("blocks", "view", "attachments", "metadata")


class Refused(Exception):
    """Slack says no: an error code, and what else goes with it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer: Answer = {"ok": False, "error": error, **more}


class WebApi:
    """Answers calls and remembers every one of them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.limits = RateLimits()
        self.triggers: dict[str, tuple[str, str, float]] = {}
        self.trigger_seconds = TRIGGER_SECONDS
        self.tickets: dict[str, str] = {}
        self.failures: list[tuple[int, dict[str, str]]] = []
        """Answers to give in place of the next ones, for tests of how apps cope."""
        self.socket_url = ""
        self._methods: Mapping[str, tuple[str | None, Callable[[App, Arguments], Answer]]] = {
            "auth.test": (None, self._auth_test),
            "chat.postMessage": ("chat:write", self._post),
            "chat.postEphemeral": ("chat:write", self._post_ephemeral),
            "chat.update": ("chat:write", self._update),
            "conversations.history": (None, self._history),
            "conversations.replies": (None, self._replies),
            "users.info": ("users:read", self._user),
            "views.open": (None, self._open_view),
            "views.update": (None, self._update_view),
            "views.publish": (None, self._publish_view),
            "apps.connections.open": ("connections:write", self._connect),
        }

    def call(self, method: str, token: str, arguments: Arguments) -> tuple[int, dict[str, str], Answer]:
        """Answer a call with status, headers and body."""
        app = self.workspace.app_by_token(token) or self.workspace.app_by_app_token(token)
        status, headers, answer = self._answered(method, token, app, arguments)
        with self.workspace.lock:
            self.workspace.calls.append(Call(app.key if app else "?", method, arguments, answer, status, time.time()))
        return status, headers, answer

    def trigger(self, app: App, person: str) -> str:
        """Make what allows an app to open a modal, once and within three seconds."""
        trigger = f"{self.workspace.number()}.{secrets.token_hex(8)}"
        self.triggers[trigger] = (app.key, person, time.monotonic() + self.trigger_seconds)
        return trigger

    def _answered(
        self, method: str, token: str, app: App | None, arguments: Arguments
    ) -> tuple[int, dict[str, str], Answer]:
        if self.failures:
            status, headers = self.failures.pop(0)
            return status, headers, {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}
        if app is None:
            return 200, {}, {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        wait = self.limits.wait_seconds(app.key, method, str(arguments.get("channel") or ""))
        if wait:
            return 429, {"Retry-After": str(max(1, round(wait + 0.5)))}, {"ok": False, "error": "ratelimited"}
        try:
            with self.workspace.lock:
                return 200, {}, {"ok": True, **self._do(app, method, token, _structured(arguments))}
        except Refused as refusal:
            return 200, {}, refusal.answer

    def _do(self, app: App, method: str, token: str, arguments: Arguments) -> Answer:
        if method not in self._methods:
            raise Refused("unknown_method", req_method=method)
        needed, function = self._methods[method]
        provided = {"connections:write"} if token == app.app_token else set(app.scopes)
        if needed is not None and needed not in provided:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(provided)))
        if needed is None and token == app.app_token:
            raise Refused("not_allowed_token_type")
        return function(app, arguments)

    def _auth_test(self, app: App, arguments: Arguments) -> Answer:
        return {"team_id": TEAM, "team": "Local", "user_id": app.bot_user, "bot_id": app.bot_id, "url": "http://local/"}

    def _post(self, app: App, arguments: Arguments) -> Answer:
        channel = self._channel(app, str(arguments.get("channel") or ""))
        _require(message_problems(arguments.get("blocks"), arguments.get("text")))
        thread = arguments.get("thread_ts")
        if thread is not None and channel.message(str(thread)) is None:
            raise Refused("thread_not_found")
        message = self._message(app, arguments, self.workspace.new_ts())
        if thread is not None:
            message["thread_ts"] = thread
        channel.messages.append(message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _post_ephemeral(self, app: App, arguments: Arguments) -> Answer:
        channel = self._channel(app, str(arguments.get("channel") or ""))
        _require(message_problems(arguments.get("blocks"), arguments.get("text")))
        if arguments.get("user") not in channel.members:
            raise Refused("user_not_in_channel")
        message = self._message(app, arguments, self.workspace.new_ts())
        message |= {"channel": channel.id, "for": arguments["user"], "is_ephemeral": True}
        if arguments.get("thread_ts"):
            message["thread_ts"] = arguments["thread_ts"]
        self.workspace.ephemeral.append(message)
        return {"message_ts": message["ts"]}

    def _update(self, app: App, arguments: Arguments) -> Answer:
        channel = self._channel(app, str(arguments.get("channel") or ""))
        message = channel.message(str(arguments.get("ts")))
        if message is None:
            raise Refused("message_not_found")
        if message.get("user") != app.bot_user:
            raise Refused("cant_update_message")
        _require(message_problems(arguments.get("blocks"), arguments.get("text")))
        message |= {"text": arguments.get("text") or "", "blocks": arguments.get("blocks") or [], "edited": True}
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    def _history(self, app: App, arguments: Arguments) -> Answer:
        channel = self._readable(app, arguments)
        return {"messages": _page([one for one in reversed(channel.messages) if _is_in_channel(one)], arguments)}

    def _replies(self, app: App, arguments: Arguments) -> Answer:
        channel, thread = self._readable(app, arguments), str(arguments.get("ts"))
        if channel.message(thread) is None:
            raise Refused("thread_not_found")
        found = [one for one in channel.messages if thread in (one["ts"], one.get("thread_ts"))]
        return {"messages": _page(found, arguments)}

    def _readable(self, app: App, arguments: Arguments) -> Channel:
        channel = self.workspace.channels.get(str(arguments.get("channel") or ""))
        if channel is None:
            raise Refused("channel_not_found")
        needed = "im:history" if channel.kind == "im" else "channels:history"
        if needed not in app.scopes:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(app.scopes)))
        return self._channel(app, channel.id)

    def _user(self, app: App, arguments: Arguments) -> Answer:
        person = self.workspace.people.get(str(arguments.get("user")))
        if person is None:
            raise Refused("user_not_found")
        user = {"id": person.id, "name": person.name, "is_bot": False}
        wants_locale = str(arguments.get("include_locale")).lower() in {"1", "true"}
        return {"user": {**user, "locale": person.locale} if wants_locale else user}

    def _open_view(self, app: App, arguments: Arguments) -> Answer:
        person = self._use_trigger(app, str(arguments.get("trigger_id") or ""))
        return {"view": self._shown(app, person, arguments.get("view"), f"V{self.workspace.number()}")}

    def _update_view(self, app: App, arguments: Arguments) -> Answer:
        old = self.workspace.modals.get(str(arguments.get("view_id")))
        if old is None or old["app"] != app.key:
            raise Refused("not_found")
        return {"view": self._shown(app, old["person"], arguments.get("view"), old["id"])}

    def _publish_view(self, app: App, arguments: Arguments) -> Answer:
        view = arguments.get("view")
        _require(view_problems(view))
        if view["type"] != "home":
            raise Refused("invalid_arguments")
        if arguments.get("user_id") not in self.workspace.people:
            raise Refused("user_not_found")
        self.workspace.homes[app.key, str(arguments["user_id"])] = view
        return {"view": {"id": f"V{self.workspace.number()}", **view}}

    def _connect(self, app: App, arguments: Arguments) -> Answer:
        ticket = secrets.token_hex(12)
        self.tickets[ticket] = app.key
        return {"url": f"{self.socket_url}?ticket={ticket}"}

    def show(self, app: App, person: str, view: Any, view_id: str) -> dict[str, Any]:
        """Put a modal on somebody's screen."""
        return self._shown(app, person, view, view_id)

    def _shown(self, app: App, person: str, view: Any, view_id: str) -> dict[str, Any]:
        _require(view_problems(view))
        shown = {**view, "id": view_id, "root_view_id": view_id, "app": app.key, "person": person, "team_id": TEAM}
        self.workspace.modals[view_id] = shown
        return shown

    def _use_trigger(self, app: App, trigger: str) -> str:
        key, person, until = self.triggers.pop(trigger, ("", "", 0.0))
        if key != app.key:
            raise Refused("invalid_trigger_id" if not key else "trigger_exchanged")
        if time.monotonic() > until:
            raise Refused("expired_trigger_id")
        return person

    def _channel(self, app: App, name: str) -> Channel:
        if name in self.workspace.people:
            return self.workspace.direct(name, app)
        channel = self.workspace.channels.get(name)
        if channel is None:
            raise Refused("channel_not_found")
        if app.bot_user not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _message(self, app: App, arguments: Arguments, ts: str) -> dict[str, Any]:
        message = {
            "type": "message",
            "user": app.bot_user,
            "bot_id": app.bot_id,
            "app": app.key,
            "ts": ts,
            "text": arguments.get("text") or "",
            "blocks": arguments.get("blocks") or [],
        }
        mark = arguments.get("metadata")
        if mark is not None and not (mark.get("event_type") and isinstance(mark.get("event_payload"), dict)):
            raise Refused("invalid_metadata_format")
        return {**message, "metadata": mark} if mark else message


def _is_in_channel(message: Mapping[str, Any]) -> bool:
    return message.get("thread_ts") in (None, message["ts"])


def _page(messages: list[dict[str, Any]], arguments: Arguments) -> list[dict[str, Any]]:
    """Give what was asked for: since a moment, so many, with what programs wrote or without."""
    since = str(arguments.get("oldest") or "0")
    found = [one for one in messages if one["ts"] > since][: int(arguments.get("limit") or 100)]
    wants_metadata = str(arguments.get("include_all_metadata")).lower() in {"1", "true"}
    return [{key: value for key, value in one.items() if key != "metadata" or wants_metadata} for one in found]


def _structured(arguments: Arguments) -> Arguments:
    parsed = dict(arguments)
    for name in STRUCTURED:
        if isinstance(parsed.get(name), str):
            try:
                parsed[name] = json.loads(parsed[name])
            except ValueError:
                raise Refused("invalid_arguments") from None
    return parsed


def _require(problems: list[str]) -> None:
    if not problems:
        return
    if problems[0] in {"msg_too_long", "no_text"}:
        raise Refused(problems[0])
    raise Refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]})
