"""Starts what is measured as it is started in earnest, waits for its first answer, weighs it and stops it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.performance.processes import family
from benchmarks.performance.stock import ASSISTANT_PYTHON
from benchmarks.performance.visitors import RestVisitor, Side, WebchatVisitor
from tools.training import ROOT, quiet_rasa

PATIENCE = 600.0
#: What a visitor asks first, to see that somebody is there.
FIRST_QUESTION = "Welche Cookies verwenden Sie?"


@dataclass
class Ports:
    """Gives free ports from a block, each once."""

    next: int

    def free(self) -> int:
        """Give the next port that nobody listens on."""
        while True:
            self.next += 1
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.next)) != 0:
                    return self.next


@dataclass(frozen=True)
class Running:
    """Something that was started: where it answers, and how long it took until it did."""

    side: Side
    actions: int
    """The port of the action server it uses."""
    seconds: float


@contextmanager
def product(folder: Path, ports: Ports) -> Iterator[Running]:
    """Start the whole product with `make run`, everything set up before."""
    number, actions = ports.free(), ports.free()
    settings = {"ASSISTANT_PORT": number, "ACTIONS_PORT": actions, "DESK_PORT": ports.free(), "VAR_DIR": folder}
    environment = _clean_environment({**{name: str(value) for name, value in settings.items()}, **_UNLIMITED})
    side = Side("ours", lambda: WebchatVisitor(number))
    with _started(["make", "run"], ROOT, environment, folder / "run.log", side, actions) as running:
        yield running


@contextmanager
def assistant(model: Path, folder: Path, ports: Ports, actions: int, name: str) -> Iterator[Running]:
    """Start one assistant process by itself, with a model and a folder of its own."""
    number = ports.free()
    settings = {
        "ASSISTANT_PORT": str(number),
        "ACTIONS_URL": f"http://127.0.0.1:{actions}/webhook",
        "VAR_DIR": str(folder),
        "MODELS_DIR": str(model),
        "WEBCHAT_SECRET": "only for measuring, on this machine and for a while",
    }
    environment = _clean_environment({**settings, **_UNLIMITED})
    side = Side(name, lambda: WebchatVisitor(number))
    command = [str(ASSISTANT_PYTHON), "-m", "bot.serve"]
    with _started(command, ROOT, environment, folder / "assistant.log", side, actions) as running:
        yield running


@contextmanager
def stock_rasa(project: Path, model: Path, ports: Ports) -> Iterator[Running]:
    """Start stock Rasa and its own action server, as its documentation says."""
    number, actions = ports.free(), ports.free()
    (project / "endpoints.yml").write_text(f'action_endpoint:\n  url: "http://127.0.0.1:{actions}/webhook"\n')
    python, environment = str(ASSISTANT_PYTHON), _clean_environment({})
    with (project / "actions.log").open("w") as log:
        server = subprocess.Popen(
            [python, "-m", "rasa_sdk", "--actions", "actions", "--port", str(actions)],
            cwd=project,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    command = [*(python, "-m", "rasa", "run", "--model", str(model), "--port", str(number)), "--interface", "127.0.0.1"]
    side = Side("stock", lambda: RestVisitor(number))
    try:
        with _started(command, project, environment, project / "run.log", side, actions) as running:
            yield running
    finally:
        _stop(server)


_UNLIMITED = {"WEBCHAT_RATE_LIMIT": "off", "LOG_LEVEL": "WARNING"}
_SETTINGS = ("DATABASE_URL", "DESK_", "SMTP_", "MAIL_", "OIDC_", "SLACK", "WEBCHAT_", "TRACKER_", "REDIS_", "ACTIONS_")


def _clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Leave out what somebody has set for a product of their own."""
    return {name: value for name, value in quiet_rasa().items() if not name.startswith(_SETTINGS)} | dict(settings)


@contextmanager
def _started(
    command: list[str], folder: Path, environment: Mapping[str, str], log: Path, side: Side, actions: int
) -> Iterator[Running]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait(lambda: _answers(side), process, log)
        yield Running(replace(side, process=process.pid), actions, time.monotonic() - began)
    finally:
        _stop(process)


def _answers(side: Side) -> bool:
    try:
        return bool(side.visitor().say(FIRST_QUESTION)[1])
    except (OSError, RuntimeError, ValueError, http.client.HTTPException):
        return False


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    latest = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > latest:
            raise SystemExit(f"It does not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it has started; nothing else is in its session."""
    members = family(process.pid)
    process.terminate()
    for number in members[1:]:
        _signal(number, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        for number in members:
            _signal(number, signal.SIGKILL)
        process.wait()


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
