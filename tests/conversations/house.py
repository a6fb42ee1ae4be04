"""Runs the real parts a conversation needs: assistant, action server and the database of the desk."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from tools.training import ensure_model

ROOT = Path(__file__).resolve().parents[2]
ASSISTANT_PYTHON = ROOT / ".venv" / "assistant" / "bin" / "python"
SECONDS_TO_START = 240
# Settings that belong to the other side; each process gets only its own, as under the supervisor.
ASSISTANT_ONLY = ("WEBCHAT_", "TRACKER_", "REDIS_", "ACTIONS_URL")
DESK_ONLY = ("DATABASE_URL", "DESK_", "SMTP_URL", "MAIL_", "SLACK_")


FIRST_PORT = int(os.environ.get("CONVERSATIONS_TEST_PORT", "5210"))
PORTS = 80


def free_port() -> int:
    """Return a port of this suite's own block that nobody listens on, and not the same one twice."""
    global FIRST_PORT
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                FIRST_PORT = port + 1
                return port
    raise RuntimeError("No free port.")


@dataclass
class House:
    """The running parts, and what tests do to them."""

    folder: Path
    assistant_port: int = field(default_factory=free_port)
    actions_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock: sqlite3.Connection | None = None
    model: str = ""

    def __post_init__(self) -> None:
        """Write the settings down, so that this process reads the same desk."""
        self.environment = {
            **os.environ,
            "VAR_DIR": str(self.folder),
            "ASSISTANT_PORT": str(self.assistant_port),
            "ACTIONS_PORT": str(self.actions_port),
            "ACTIONS_URL": f"http://127.0.0.1:{self.actions_port}/webhook",
            "DATABASE_URL": f"sqlite:///{self.folder / 'desk.db'}",
            "TRACKER_DATABASE_URL": f"sqlite:///{self.folder / 'tracker.sqlite3'}",
            "DESK_KEYS": secrets.token_urlsafe(48),
            "DESK_INDEX_KEY": secrets.token_urlsafe(48),
            "DESK_DATABASE_TIMEOUT_SECONDS": "1",
            "ACTIONS_TIMEOUT_SECONDS": "6",
            "WEBCHAT_SECRET": secrets.token_urlsafe(48),
            "WEBCHAT_RATE_LIMIT": "off",
            "RASA_TELEMETRY_ENABLED": "false",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "LOG_LEVEL": "INFO",
        }

    @property
    def url(self) -> str:
        """Return the webchat channel's address."""
        return f"http://127.0.0.1:{self.assistant_port}/webhooks/webchat"

    def open(self) -> None:
        """Prepare the database and start everything."""
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        # Trying out a change of words needs no new model; CONVERSATIONS_MODEL names the one to use.
        self.model = os.environ.get("CONVERSATIONS_MODEL") or str(ensure_model(Console(stderr=True)))
        subprocess.run(
            [sys.executable, "-m", "desk.storage.migrate"], cwd=ROOT, env=self._without(ASSISTANT_ONLY), check=True
        )
        self.start_actions()
        self.start_assistant()

    def start_assistant(self) -> None:
        """Start the assistant and wait until it greets."""
        self._start(
            "assistant",
            [str(ASSISTANT_PYTHON), "-m", "bot.serve"],
            {**self._without(DESK_ONLY), "MODELS_DIR": self.model},
        )
        self._wait("assistant", f"{self.url}/sessions", b"{}")

    def start_actions(self) -> None:
        """Start the action server and wait until it answers."""
        self._start("actions", [sys.executable, "-m", "actions"], self._without(ASSISTANT_ONLY))
        self._wait("actions", f"http://127.0.0.1:{self.actions_port}/health")

    def kill(self, name: str) -> None:
        """Kill a part as a crash would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def start(self, name: str) -> None:
        """Start a part that was killed."""
        {"actions": self.start_actions, "assistant": self.start_assistant}[name]()

    def pause_actions(self) -> None:
        """Let the action server hang: it takes calls and answers none."""
        self.processes["actions"].send_signal(signal.SIGSTOP)

    def resume_actions(self) -> None:
        """Let the action server go on."""
        if "actions" in self.processes:
            self.processes["actions"].send_signal(signal.SIGCONT)

    def ensure_running(self) -> None:
        """Have every part run, whatever the conversation before did."""
        self.resume_actions()
        for name in ("actions", "assistant"):
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.start(name)

    def lock_desk(self) -> None:
        """Hold the desk's database so that nobody else can write."""
        self.lock = sqlite3.connect(self.folder / "desk.db", isolation_level=None, timeout=10)
        self.lock.execute("BEGIN EXCLUSIVE")

    def unlock_desk(self) -> None:
        """Let the desk's database go."""
        if self.lock is not None:
            self.lock.execute("ROLLBACK")
            self.lock.close()
            self.lock = None

    def close(self) -> None:
        """Stop everything that was started here."""
        self.unlock_desk()
        self.resume_actions()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        """Return everything the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.folder / "log").glob("*.log")))

    def _without(self, prefixes: tuple[str, ...]) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if not name.startswith(prefixes)}

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / "log" / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def _wait(self, name: str, url: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        for _ in range(SECONDS_TO_START * 5):
            if self.processes[name].poll() is not None:
                break
            try:
                with urllib.request.urlopen(request, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        log = (self.folder / "log" / f"{name}.log").read_text(errors="replace")
        raise RuntimeError(f"{name} did not start:\n{log[-3000:]}")
