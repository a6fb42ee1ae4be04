"""Runs the product as it runs under load: two assistants and two action servers behind nginx, PostgreSQL and Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console

from tests.conversations.house import ASSISTANT_ONLY, ASSISTANT_PYTHON, DESK_ONLY, ROOT, House, free_port
from tests.servers import PostgresqlServer, RedisServer, running_nginx, running_postgresql, running_redis
from tools.training import ensure_model

SITE = ROOT / "deploy" / "nginx" / "privacy-assistant.conf"
ASSISTANT_PORTS = (5005, 5006)
ACTIONS_PORTS = (5055, 5056)
ACTIONS_DOOR = 5050


@dataclass
class Cluster(House):
    """The processes, and what tests do to them; messages go through nginx."""

    databases: PostgresqlServer | None = None
    redis: RedisServer | None = None
    assistants: int = 2
    rate_limit: str = "off"
    door: int = field(default_factory=free_port)
    actions_door: int = field(default_factory=free_port)
    assistant_ports: list[int] = field(default_factory=lambda: [free_port() for _ in ASSISTANT_PORTS])
    actions_ports: list[int] = field(default_factory=lambda: [free_port() for _ in ACTIONS_PORTS])

    def __post_init__(self) -> None:
        """Write down the settings that docs/operations.md names for several processes."""
        super().__post_init__()
        assert self.databases is not None
        assert self.redis is not None
        self.environment |= {
            "ACTIONS_URL": f"http://127.0.0.1:{self.actions_door}/webhook",
            "DATABASE_URL": self.databases.new_database("postgresql"),
            "TRACKER_DATABASE_URL": self.databases.new_database("postgresql"),
            "REDIS_URL": self.redis.url,
            "TRUSTED_PROXIES": "127.0.0.1",
            "WEBCHAT_RATE_LIMIT": self.rate_limit,
        }

    @property
    def url(self) -> str:
        """Return the webchat channel's address behind nginx."""
        return f"http://127.0.0.1:{self.door}/webhooks/webchat"

    def url_of(self, number: int) -> str:
        """Return the channel's address of one assistant, past nginx."""
        return f"http://127.0.0.1:{self.assistant_ports[number]}/webhooks/webchat"

    def open(self) -> None:
        """Prepare the databases and start everything but nginx."""
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        self.model = os.environ.get("CONVERSATIONS_MODEL") or str(ensure_model(Console(stderr=True)))
        migrate = [sys.executable, "-m", "desk.storage.migrate"]
        subprocess.run(migrate, cwd=ROOT, env=self._without(ASSISTANT_ONLY), check=True)
        for number in range(len(ACTIONS_PORTS)):
            self.start_action_server(number)
        # At the same moment, on an empty database, as the supervisor does it.
        for number in range(self.assistants):
            self.start_assistant(number)
        for number in range(self.assistants):
            self.wait_for_assistant(number)

    def start_action_server(self, number: int) -> None:
        """Start one of the action servers and wait until it answers."""
        port = self.actions_ports[number]
        settings = {**self._without(ASSISTANT_ONLY), "ACTIONS_PORT": str(port)}
        self._start(f"actions-{number}", [sys.executable, "-m", "actions"], settings)
        self._wait(f"actions-{number}", f"http://127.0.0.1:{port}/health")

    def start_assistant(self, number: int) -> None:
        """Start one of the assistants."""
        settings = {
            **self._without(DESK_ONLY),
            "MODELS_DIR": self.model,
            "ASSISTANT_PORT": str(self.assistant_ports[number]),
        }
        self._start(f"assistant-{number}", [str(ASSISTANT_PYTHON), "-m", "bot.serve"], settings)

    def wait_for_assistant(self, number: int) -> None:
        """Wait until it answers."""
        self._wait(f"assistant-{number}", f"{self.url_of(number)}/sessions", b"{}")

    def kill(self, name: str) -> None:
        """Kill a process as a crash would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def query_desk(self, statement: str) -> list[str]:
        """Ask the ticket database."""
        return self._query("DATABASE_URL", statement)

    def query_tracker(self, statement: str) -> list[str]:
        """Ask the conversations' database."""
        return self._query("TRACKER_DATABASE_URL", statement)

    @contextmanager
    def tracker_locked(self) -> Iterator[None]:
        """Let nobody write into the conversations' database until the block ends."""
        with psycopg.connect(self.environment["TRACKER_DATABASE_URL"]) as connection:
            connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
            yield

    def _query(self, setting: str, statement: str) -> list[str]:
        assert self.databases is not None
        name = self.environment[setting].split("?")[0].rsplit("/", 1)[1]
        return self.databases.query(name, statement)


@contextmanager
def running_cluster(folder: Path, assistants: int = 2, rate_limit: str = "off") -> Iterator[Cluster]:
    """Run everything until the block ends."""
    with running_postgresql() as databases, running_redis(free_port()) as redis:
        cluster = Cluster(folder, databases=databases, redis=redis, assistants=assistants, rate_limit=rate_limit)
        try:
            cluster.open()
            with running_nginx(folder / "nginx", cluster.door, site_for(cluster)):
                yield cluster
        finally:
            cluster.close()


def site_for(cluster: Cluster) -> str:
    """Return the site of deploy/nginx with this cluster's ports, and without the certificate that is not there."""
    absent = [f"server 127.0.0.1:{port} " for port in ASSISTANT_PORTS[cluster.assistants :]]
    left_out = ("ssl_certificate", *absent)
    lines = [line for line in SITE.read_text(encoding="utf-8").splitlines() if not any(one in line for one in left_out)]
    site = "\n".join(lines).replace("listen 443 ssl", f"listen 127.0.0.1:{cluster.door}")
    ports = {ACTIONS_DOOR: cluster.actions_door}
    ports |= dict(zip(ASSISTANT_PORTS, cluster.assistant_ports, strict=True))
    ports |= dict(zip(ACTIONS_PORTS, cluster.actions_ports, strict=True))
    for example, port in ports.items():
        site = site.replace(f"127.0.0.1:{example}", f"127.0.0.1:{port}")
    return site
