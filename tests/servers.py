"""Runs real servers for tests and benchmarks: PostgreSQL, Redis and nginx, each for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS_TO_START = 30


class ServerMissing(Exception):
    """A program is not installed; the message says which package brings it."""


def program(name: str, package: str) -> str:
    """Find a program, or say clearly what is missing."""
    # Debian keeps what only administrators start out of other people's path.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ServerMissing(f"{name} is needed for this (Debian: apt-get install {package}).")
    return found


def find_postgresql() -> Path:
    """Find the folder of PostgreSQL's programs, the newest version first."""
    candidates = [Path(found).parent] if (found := shutil.which("initdb")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerMissing("PostgreSQL's programs are needed for this (Debian: apt-get install postgresql).")


class PostgresqlServer:
    """A server reachable through a socket in its folder and through no port."""

    # Nothing in a test has to survive a power cut, so the server need not wait for the disk.
    options = "-c fsync=off -c max_connections=100"

    def __init__(self, folder: Path) -> None:
        """Take where it keeps everything; PostgreSQL refuses to run as root, so then it runs as its own user."""
        self.folder = folder
        self.programs = find_postgresql()
        self._user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def start(self) -> None:
        """Make a cluster and start it."""
        if self._user:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.control("start")

    def control(self, verb: str, *more: str) -> None:
        """Start or stop the server."""
        options = f"-k {self.folder} -c listen_addresses='' {self.options}"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self._run("pg_ctl", verb, "-D", data, "-w", "-l", log, "-o", options, *more)

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """Give the address of a database."""
        return f"{driver}://postgres@/{database}?host={self.folder}"

    def new_database(self, driver: str = "postgresql+psycopg") -> str:
        """Make an empty database and give its address."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name, driver)

    def execute(self, statement: str) -> None:
        """Run a statement that stands for itself."""
        self.query("postgres", statement)

    def query(self, database: str, statement: str) -> list[str]:
        """Run a statement in a database and give the lines of its answer."""
        client = [program("psql", "postgresql-client"), "-h", str(self.folder), "-U", "postgres", "-d", database]
        asked = [*client, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()

    def _run(self, name: str, *arguments: str) -> None:
        # pg_ctl leaves the server running with whatever output it was given, so that must not be a pipe.
        with (self.folder.parent / f"{self.folder.name}.out").open("ab") as output:
            done = subprocess.run(
                [*self._user, str(self.programs / name), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{name} failed, see {output.name}.")


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """Run a server until the block ends."""
    # Sockets have short names only, so the folder is not below pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="test-pg-"))
    server = PostgresqlServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.out").unlink(missing_ok=True)


@dataclass(frozen=True)
class RedisServer:
    """Where a Redis is."""

    url: str
    pid: int


@contextmanager
def running_redis(port: int) -> Iterator[RedisServer]:
    """Run a Redis that keeps nothing on disk until the block ends."""
    command = [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with tempfile.TemporaryDirectory(prefix="test-redis-") as folder:
        server = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, server)
            yield RedisServer(f"redis://127.0.0.1:{port}/0", server.pid)
        finally:
            _stop(server)


@contextmanager
def running_nginx(folder: Path, port: int, site: str) -> Iterator[Path]:
    """Run nginx with one site's configuration until the block ends; gives the file with a line for each request."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(_NGINX.replace("FOLDER", str(folder)))
    command = [program("nginx", "nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "error.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, server, lambda: (folder / "error.log").read_text())
        yield folder / "requests.log"
    finally:
        _stop(server)


_NGINX = """
daemon off;
user root;
worker_processes 1;
pid FOLDER/nginx.pid;
error_log FOLDER/error.log;
events { worker_connections 1024; }
http {
    log_format served "$request_method $uri $status $upstream_addr $upstream_status";
    access_log FOLDER/requests.log served;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    include FOLDER/site.conf;
}
"""


def _wait_for(port: int, server: subprocess.Popen[bytes], said: Callable[[], str] = str) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.args!r} did not start. {said()}")
        time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
