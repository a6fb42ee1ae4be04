"""Runs the real assistant, Sanic server and trained model included, inside the test process, and talks to it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import requests
from sanic import Sanic
from sanic.touchup.service import TouchUp

PROJECT = Path(__file__).resolve().parents[2]
TINY = Path(__file__).resolve().parent / "tiny"
FIRST_PORT = int(os.environ.get("BOT_TEST_PORT", "5120"))
SECRET = "a secret for tests that is long enough to be taken"
STARTING_SECONDS = 60

Message = dict[str, Any]


def trained_tiny_model() -> Path:
    """Return the folder of the tiny model; it is trained again only when what it is made of has changed."""
    parts = sorted(path for path in TINY.rglob("*") if path.suffix in {".yml", ".py"})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]
    folder = PROJECT / "var" / "test-models" / digest
    if not any(folder.glob("*.tar.gz")):
        from rasa.model_training import train

        folder.mkdir(parents=True, exist_ok=True)
        result = train(
            str(TINY / "domain"), str(TINY / "config.yml"), str(TINY / "data"), str(folder), fixed_model_name="tiny"
        )
        assert result.model is not None, "The tiny model could not be trained."
    return folder


def free_port() -> int:
    """Return a port of this suite's own block that nothing listens on."""
    for port in range(FIRST_PORT, FIRST_PORT + 60):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("No free port.")


class Assistant:
    """A running assistant."""

    def __init__(self, port: int, var_dir: Path) -> None:
        """Remember where it listens and keeps its files."""
        self.url = f"http://127.0.0.1:{port}/webhooks/webchat"
        self.port = port
        self.var_dir = var_dir
        self.app: Sanic | None = None

    def visitor(self, language: str | None = None, **headers: str) -> Visitor:
        """Start a session."""
        reply = requests.post(self.url + "/sessions", json={"language": language}, headers=headers, timeout=30)
        assert reply.status_code == 201, reply.text
        return Visitor(self, reply.json()["token"], reply.json()["messages"], headers)

    @property
    def engine(self) -> Any:
        """Return the engine behind the channels."""
        from bot.engine import engine_of

        return engine_of(self.app)


class Visitor:
    """Somebody with a session's token."""

    def __init__(self, assistant: Assistant, token: str, greeting: list[Message], headers: dict[str, str]) -> None:
        """Keep the token and what was said first."""
        self.assistant = assistant
        self.token = token
        self.greeting = greeting
        self.headers = {"Authorization": f"Bearer {token}", **headers}

    @property
    def conversation(self) -> str:
        """Return the conversation's id, which only the token names."""
        import base64

        body = self.token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(body + "=="))["c"])

    def post(self, text: Any, message_id: str | None = None, **headers: str) -> requests.Response:
        """Send a message and return the raw answer."""
        body = {"text": text} if message_id is None else {"text": text, "id": message_id}
        return requests.post(
            self.assistant.url + "/messages", json=body, headers={**self.headers, **headers}, timeout=60
        )

    def say(self, text: str, message_id: str | None = None) -> list[Message]:
        """Send a message and return the replies."""
        reply = self.post(text, message_id)
        assert reply.status_code == 200, (reply.status_code, reply.text)
        return list(reply.json()["messages"])

    def texts(self, text: str) -> list[str]:
        """Send a message and return what was said."""
        return [message["text"] for message in self.say(text)]

    def stream(self, text: str, message_id: str | None = None) -> list[tuple[str, Any]]:
        """Send a message and return the events of the stream."""
        reply = self.post(text, message_id, Accept="text/event-stream")
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"].startswith("text/event-stream")
        return events_of(reply.content.decode())

    def history(self) -> list[Message]:
        """Return the conversation so far."""
        reply = requests.get(self.assistant.url + "/messages", headers=self.headers, timeout=30)
        assert reply.status_code == 200, reply.text
        return list(reply.json()["messages"])

    def erase(self) -> requests.Response:
        """Have the conversation erased."""
        return requests.delete(self.assistant.url + "/session", headers=self.headers, timeout=30)


def events_of(stream: str) -> list[tuple[str, Any]]:
    """Return the events of a text/event-stream; comments are left out."""
    events = []
    for block in stream.strip().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def settings_for(var_dir: Path, model: Path, port: int, **settings: str) -> dict[str, str]:
    """Return the environment of an assistant for tests."""
    return {
        "VAR_DIR": str(var_dir),
        "MODELS_DIR": str(model),
        "ASSISTANT_PORT": str(port),
        "WEBCHAT_SECRET": SECRET,
        "WEBCHAT_RATE_LIMIT": "off",
        "ACTIONS_URL": "http://127.0.0.1:9/webhook",
        **settings,
    }


@contextmanager
def running_assistant(var_dir: Path, model: Path, **settings: str) -> Iterator[Assistant]:
    """Run an assistant in a thread of its own until the block ends."""
    from bot.serve import create_app
    from bot.settings import Settings

    port = free_port()
    environment = settings_for(var_dir, model, port, **settings)
    with mock.patch.dict(os.environ, environment):
        Sanic._app_registry.clear()
        assistant = Assistant(port, var_dir)
        assistant.app = create_app(Settings.from_environment())
        loop = asyncio.new_event_loop()
        ready, stop = threading.Event(), asyncio.Event()
        failures: list[BaseException] = []

        async def serve() -> None:
            server = await assistant.app.create_server("127.0.0.1", port, return_asyncio_server=True)
            await server.startup()
            # Sanic rewrites its own classes at a start and cannot do so twice in one process.
            TouchUp._registry.clear()
            await server.before_start()
            await server.after_start()
            ready.set()
            await stop.wait()
            await server.before_stop()
            server.close()
            await server.wait_closed()
            await server.after_stop()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        def run() -> None:
            asyncio.set_event_loop(loop)
            try:
                loop.run_until_complete(serve())
            except BaseException as error:
                failures.append(error)
                ready.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(STARTING_SECONDS), "The assistant did not start."
        if failures:
            raise failures[0]
        try:
            yield assistant
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            deadline = time.monotonic() + 5
            while not loop.is_closed() and loop.is_running() and time.monotonic() < deadline:
                time.sleep(0.01)
