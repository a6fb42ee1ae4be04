"""The HTTP service: Web API, response addresses, sockets, and a page on which to play workspace."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tools.local_slack.api import WebApi
from tools.local_slack.deliveries import ACKNOWLEDGE_SECONDS, Deliveries
from tools.local_slack.play import Play
from tools.local_slack.sockets import serve_socket
from tools.local_slack.workspace import Workspace

PAGE = Path(__file__).resolve().parent / "page.html"
SCRIPT = Path(__file__).resolve().parent / "page.js"


class LocalSlack:
    """A running Slack."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.api_url = f"{self.url}/api/"
        self.workspace = Workspace()
        self.api = WebApi(self.workspace)
        self.api.socket_url = f"ws://127.0.0.1:{port}/socket"
        self.deliveries = Deliveries()
        self.play = Play(self.workspace, self.api, self.deliveries, self.url)

    def calls(self, app: str, *methods: str) -> list[Any]:
        """Give the recorded calls of an app."""
        return [call for call in self.workspace.calls if call.app == app and (not methods or call.method in methods)]

    def state(self, person: str) -> dict[str, Any]:
        """Give what somebody sees, for the page."""
        with self.workspace.lock:
            for app in self.workspace.apps.values():
                if app.key == "visitors":
                    self.workspace.direct(person, app)
            channels = [channel for channel in self.workspace.channels.values() if person in channel.members]
            return {
                "people": [vars(one) for one in self.workspace.people.values()],
                "apps": {
                    key: {"name": app.name, "shortcuts": app.shortcuts} for key, app in self.workspace.apps.items()
                },
                "channels": [
                    {"id": c.id, "name": c.name, "kind": c.kind, "messages": self._messages(c, person)}
                    for c in channels
                ],
                "home": self.workspace.homes.get(("visitors", person)),
                "modals": [
                    {**modal, "errors": self.play.errors.get(view_id, {})}
                    for view_id, modal in self.workspace.modals.items()
                    if modal["person"] == person
                ],
            }

    def _messages(self, channel: Any, person: str) -> list[dict[str, Any]]:
        own = [one for one in self.workspace.ephemeral if one["channel"] == channel.id and one["for"] == person]
        return sorted([*channel.messages, *own], key=lambda one: one["ts"])

    def act(self, what: str, body: dict[str, Any]) -> Any:
        """Do what somebody did on the page."""
        play, person = self.play, str(body.get("person"))
        if what == "say" and str(body["text"]).startswith("/"):
            command, _, text = str(body["text"]).partition(" ")
            return play.command(person, body["channel"], command, text) is not None
        if what == "say":
            return play.say(person, body["channel"], body["text"], body.get("thread_ts"))
        if what == "click":
            found = [one for one in self._seen(body["channel"]) if one["ts"] == body["ts"]]
            return play.click(person, found[0], body["action_id"], body.get("chosen")).in_time
        if what == "home":
            return play.open_home(person, "visitors")
        if what == "click-home":
            return play.click_home(person, "visitors", body["action_id"]).in_time
        if what == "shortcut":
            return play.message_shortcut(person, "visitors", body["callback_id"], body["channel"], body["ts"]).in_time
        if what == "submit":
            return play.submit(person, body["view"], body["state"]).in_time
        if what == "close":
            return bool(self.workspace.modals.pop(body["view"], None))
        raise KeyError(what)

    def _seen(self, channel: str) -> list[dict[str, Any]]:
        return [*self.workspace.channels[channel].messages, *self.workspace.ephemeral]


class Handler(BaseHTTPRequestHandler):
    """Takes requests apart and puts answers together."""

    protocol_version = "HTTP/1.1"
    slack: LocalSlack

    def do_GET(self) -> None:
        """Answer a request for a page, what somebody sees, a method, or a socket."""
        path, _, query = self.path.partition("?")
        if path == "/":
            self._answer(200, PAGE.read_bytes(), "text/html; charset=utf-8")
        elif path == "/page.js":
            self._answer(200, SCRIPT.read_bytes(), "text/javascript; charset=utf-8")
        elif path == "/play/state":
            person = dict(urllib.parse.parse_qsl(query)).get("person", "U0ERIKA")
            self._json(200, self.slack.state(person))
        elif path == "/socket":
            self._socket(dict(urllib.parse.parse_qsl(query)).get("ticket", ""))
        elif path.startswith("/api/"):
            self._method(path.removeprefix("/api/"), dict(urllib.parse.parse_qsl(query)))
        else:
            self._json(404, {"ok": False})

    def do_POST(self) -> None:
        """Answer a method call, a posted response, or an act on the page."""
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:
            # Whoever sent this has gone in the middle of it.
            self.close_connection = True
            return
        if self.path.startswith("/api/"):
            self._method(self.path.removeprefix("/api/"), self._arguments(body))
        elif self.path.startswith("/respond/"):
            known = self.slack.play.respond(self.path.removeprefix("/respond/"), json.loads(body))
            self._answer(200 if known else 404, b"ok" if known else b"used_url", "text/plain")
        elif self.path.startswith("/play/"):
            self._json(200, {"done": self.slack.act(self.path.removeprefix("/play/"), json.loads(body))})
        else:
            self._json(404, {"ok": False})

    def log_message(self, *_: Any) -> None:
        """Say nothing; the page shows what happens."""

    def _method(self, method: str, arguments: dict[str, Any]) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or str(arguments.pop("token", ""))
        status, headers, answer = self.slack.api.call(method, token, arguments)
        self._json(status, answer, headers)

    def _arguments(self, body: bytes) -> dict[str, Any]:
        if self.headers.get("Content-Type", "").startswith("application/json"):
            document = json.loads(body or b"{}")
            return document if isinstance(document, dict) else {}
        return dict(urllib.parse.parse_qsl(body.decode()))

    def _socket(self, ticket: str) -> None:
        key = self.slack.api.tickets.pop(ticket, None)
        if key is None:
            self._json(403, {"ok": False})
            return
        self.close_connection = True
        serve_socket(self, key, self.slack.deliveries)

    def _json(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        self._answer(status, json.dumps(document).encode(), "application/json; charset=utf-8", headers)

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Many small requests at once, and no waiting for those that hang."""

    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running(port: int = 0, patience: float = ACKNOWLEDGE_SECONDS) -> Iterator[LocalSlack]:
    """Run it until the block ends; `patience` is how many seconds an app has for an acknowledgement."""
    server = Server(("127.0.0.1", port), Handler)
    slack = LocalSlack(server.server_address[1])
    slack.deliveries.patience = slack.api.trigger_seconds = patience
    server.RequestHandlerClass = type("BoundHandler", (Handler,), {"slack": slack})
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="local-slack")
    thread.start()
    try:
        yield slack
    finally:
        slack.deliveries.close()
        server.shutdown()
        server.server_close()
