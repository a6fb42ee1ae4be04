"""Starts what the desk's measurements need: a durable PostgreSQL, the desk as it is run, and django-helpdesk."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from desk.application import COMMAND_LINE, Desk
from desk.domain.kinds import Role
from desk.services import accounts, api_tokens
from desk.settings import settings_from
from desk.storage.crypto import new_token
from desk.storage.migrate import migrate
from tests.servers import PostgresqlServer

ROOT = Path(__file__).resolve().parents[1]
HELPDESK = "django-helpdesk==2.6.1"
_HELPDESK_ENVIRONMENT = ROOT / ".venv" / "peers" / "django-helpdesk"
_HELPDESK_SITE = ROOT / "benchmarks" / "peers"
_EMAIL, _PASSWORD = "measuring@example.org", "a-password-for-measuring"
_READY_SECONDS = 120
_ANSWER_SECONDS = 120


class Visitor:
    """A browser without a window: one connection that is kept, cookies, and the token of forms."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.port, self.headers, self.cookies = port, dict(headers or {}), dict[str, str]()
        # Where the last answer led to.
        self.location = ""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)

    def get(self, path: str) -> tuple[int, bytes]:
        """Get a page; give its status and what it says."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: str, kind: str = "application/x-www-form-urlencoded") -> tuple[int, bytes]:
        """Send a form or a document."""
        return self._ask("POST", path, body, {"Content-Type": kind})

    def send_form(self, path: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form."""
        return self.post(path, urllib.parse.urlencode(form))

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        every = {**self.headers, **headers, **(cookie if self.cookies else {})}
        try:
            self.connection.request(method, path, body, every)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A server may end a connection that was kept for a while; nothing of this request was done then.
            self.connection.close()
            self.connection.request(method, path, body, every)
            answer = self.connection.getresponse()
        said, self.location = answer.read(), answer.headers.get("Location", "")
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, said


@dataclass(frozen=True)
class Running:
    """A desk that answers: its port, a visitor who is signed in, a token, and the desk for looking behind."""

    port: int
    visitor: Visitor
    token: str
    desk: Desk


def end_cleanly() -> None:
    """Let a measurement that is told to stop end its servers and remove its databases."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder for databases that is removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="desk-measuring-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class _DurableServer(PostgresqlServer):
    options = "-c shared_buffers=512MB -c max_wal_size=4GB -c max_connections=60"


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the address of an empty database on a server that waits for the disk, as one in earnest does."""
    with folder() as place:
        # The server runs under another account, which has to get there.
        place.chmod(0o755)
        data = place / "postgresql"
        data.mkdir()
        server = _DurableServer(data)
        server.start()
        try:
            server.execute("CREATE DATABASE desk")
            yield server.url("desk")
        finally:
            server.control("stop", "-m", "immediate")


def make_desk(place: Path, database: str | None = None) -> Desk:
    """Make a desk on an empty database, SQLite unless another one is named."""
    values = {"VAR_DIR": str(place), "DESK_KEYS": new_token(), "DESK_INDEX_KEY": new_token()}
    desk = Desk(settings_from({**values, **({"DATABASE_URL": database} if database else {})}))
    migrate(desk)
    return desk


def environment_of(desk: Desk) -> dict[str, str]:
    """Give the settings by which another process is the same desk."""
    settings = desk.settings
    return {
        "VAR_DIR": str(settings.var_dir),
        "DATABASE_URL": settings.database_url,
        "DESK_KEYS": ",".join(settings.keys),
        "DESK_INDEX_KEY": settings.index_key,
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def served(desk: Desk, port: int) -> Iterator[Running]:
    """Run the desk's pages in a process of their own, as `make run` does, and sign in."""
    with desk.work(COMMAND_LINE) as work:
        if accounts.by_email(work, _EMAIL) is None:
            accounts.create_user(work, _EMAIL, "Who measures", Role.ADMIN, "en", _PASSWORD)
        _, token = api_tokens.create(work, "measuring", ["tickets:read", "tickets:write", "metrics:read"])
    environment = {**os.environ, **environment_of(desk), "DESK_PORT": str(port)}
    with _process([sys.executable, "-m", "desk.web"], environment, ROOT, desk.settings.var_dir / "desk.log", port):
        yield Running(port, _signed_in(port), token, desk)


def _signed_in(port: int) -> Visitor:
    visitor = Visitor(port)
    form = {"email": _EMAIL, "password": _PASSWORD, "csrf": hidden(visitor.get("/sign-in")[1], "csrf")}
    status, _ = visitor.send_form("/sign-in", form)
    if status != 303:
        raise SystemExit(f"Signing in to the desk was answered with {status}.")
    return visitor


@contextmanager
def helpdesk(place: Path, size: int, port: int) -> Iterator[Visitor]:
    """Run a django-helpdesk with so many tickets, and sign in."""
    _set_up_helpdesk()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "DJANGO_SETTINGS_MODULE": "helpdesk_site",
        "PYTHONPATH": str(_HELPDESK_SITE),
        "HELPDESK_DATABASE": str(place / "helpdesk.sqlite3"),
    }
    python = str(_HELPDESK_ENVIRONMENT / "bin" / "python")
    steps = (["-m", "django", "migrate", "-v0"], ["-m", "django", "loaddata", "-v0", "emailtemplate.json"])
    for step in (*steps, [str(_HELPDESK_SITE / "helpdesk_filling.py"), str(size)]):
        subprocess.run([python, *step], env=environment, check=True, cwd=place)
    server = [python, "-m", "django", "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
    with _process(server, environment, place, place / "helpdesk.log", port):
        visitor = Visitor(port)
        form = {"csrfmiddlewaretoken": hidden(visitor.get("/login/")[1], "csrfmiddlewaretoken")}
        status, _ = visitor.send_form("/login/", {**form, "username": "measuring", "password": _PASSWORD})
        if status != 302:
            raise SystemExit(f"Signing in to django-helpdesk was answered with {status}.")
        yield visitor


def _set_up_helpdesk() -> None:
    if (_HELPDESK_ENVIRONMENT / "installed").is_file():
        return
    print(f"Setting up {HELPDESK} in an environment of its own …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(_HELPDESK_ENVIRONMENT)], check=True)
    pip = [str(_HELPDESK_ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", HELPDESK]
    subprocess.run(pip, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (_HELPDESK_ENVIRONMENT / "installed").touch()


def hidden(page: bytes, name: str) -> str:
    """Read a hidden field of a form."""
    before, _, after = page.decode().partition(f'name="{name}" value="')
    if not after:
        raise SystemExit(f"A page has no field {name}; it begins with {before[:200]!r}.")
    return after.partition('"')[0]


@contextmanager
def _process(command: list[str], environment: Mapping[str, str], place: Path, log: Path, port: int) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=place, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(process, port, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=_READY_SECONDS)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            Visitor(port).get("/")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"A server did not start; its log says: {log.read_text(errors='replace')[-800:]}")
