"""Brings events, clicks, commands and forms to the apps: signed, within three seconds, again when they fail."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from slack_sdk.signature import SignatureVerifier

from tools.local_slack.workspace import App

ACKNOWLEDGE_SECONDS = 3.0
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
#: Real Slack tries again at once, after a minute and after five; nobody who tries things out wants to wait so long.
RETRY_AFTER_SECONDS = (0.2, 2.0, 5.0)


@dataclass(frozen=True)
class Acknowledgement:
    """What an app answered, and how long it took."""

    app: str
    kind: str
    status: int
    seconds: float
    body: str
    patience: float = ACKNOWLEDGE_SECONDS

    @property
    def in_time(self) -> bool:
        """Tell whether real Slack would have been content."""
        return self.status == 200 and self.seconds <= self.patience

    def document(self) -> dict[str, Any]:
        """Give the JSON of the answer, which says what to do with a form that was sent."""
        try:
            document = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class Deliveries:
    """Sends to the apps, by their request address or by the socket they keep open."""

    def __init__(self) -> None:
        self.acknowledgements: list[Acknowledgement] = []
        self.retry_after = RETRY_AFTER_SECONDS
        self.patience = ACKNOWLEDGE_SECONDS
        """Tests of what happens, and not of how soon, give a busy machine more time than real Slack does."""
        self.sockets: dict[str, Callable[[str, dict[str, Any]], dict[str, Any] | None]] = {}
        self._pool = ThreadPoolExecutor(32, thread_name_prefix="slack-delivery")
        self._lock = threading.Lock()

    def event(self, app: App, envelope: dict[str, Any]) -> None:
        """Send an event in the background, again while it is not acknowledged."""
        self._pool.submit(self._event, app, envelope)

    def interaction(self, app: App, payload: dict[str, Any]) -> Acknowledgement:
        """Send a click or a form and wait for the answer, as Slack's client does."""
        if app.key in self.sockets:
            return self._by_socket(app, "interactive", payload)
        body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        return self.send(app, str(payload["type"]), body, FORM)

    def command(self, app: App, fields: dict[str, str]) -> Acknowledgement:
        """Send a slash command and wait for the answer."""
        if app.key in self.sockets:
            return self._by_socket(app, "slash_commands", fields)
        return self.send(app, "command", urllib.parse.urlencode(fields).encode(), FORM)

    def send(
        self, app: App, kind: str, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> Acknowledgement:
        """Send a signed request once."""
        began = time.monotonic()
        status, answer = self._post(app, body, {"Content-Type": content_type, **(headers or {})})
        done = Acknowledgement(app.key, kind, status, time.monotonic() - began, answer, self.patience)
        with self._lock:
            self.acknowledgements.append(done)
        return done

    def close(self) -> None:
        """Send nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _event(self, app: App, envelope: dict[str, Any]) -> None:
        if app.key in self.sockets:
            self._by_socket(app, "events_api", envelope)
            return
        body, reason = json.dumps(envelope).encode(), ""
        for number, pause in enumerate((0.0, *self.retry_after)):
            time.sleep(pause)
            headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason} if number else {}
            done = self.send(app, str(envelope["event"]["type"]), body, JSON, headers)
            if done.in_time:
                return
            reason = "http_error" if done.status else "http_timeout"

    def _by_socket(self, app: App, kind: str, payload: dict[str, Any]) -> Acknowledgement:
        began = time.monotonic()
        answer = self.sockets[app.key](kind, payload)
        status, body = (200, json.dumps(answer) if answer else "") if answer is not None else (0, "")
        done = Acknowledgement(app.key, kind, status, time.monotonic() - began, body, self.patience)
        with self._lock:
            self.acknowledgements.append(done)
        return done

    def _post(self, app: App, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        if app.request_url is None:
            return 0, ""
        request = urllib.request.Request(app.request_url, body, {**headers, **signature_headers(app, body)})
        try:
            with urllib.request.urlopen(request, timeout=self.patience) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, ""


def signature_headers(app: App, body: bytes, at: float | None = None) -> dict[str, str]:
    """Sign a request with the app's secret, by slack_sdk's own signer."""
    timestamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(app.signing_secret).generate_signature(timestamp=timestamp, body=body)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}
