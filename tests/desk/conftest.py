"""Gives every test of the desk a database of its own, once on SQLite and once on a real PostgreSQL server."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from desk.application import VISITOR, Desk, Work, use_desk
from desk.domain.kinds import Kind, Role
from desk.services import accounts
from desk.services.opening import NewTicket, open_ticket
from desk.settings import Settings, settings_from
from desk.storage.migrate import migrate
from desk.storage.models import Ticket, User

KEY = "first-key-that-is-long-enough-for-a-test"
OTHER_KEY = "other-key-that-is-long-enough-for-a-test"
INDEX_KEY = "index-key-that-is-long-enough-for-a-test"
WITHOUT_POSTGRESQL = os.environ.get("DESK_TESTS_WITHOUT_POSTGRESQL") == "1"
DATABASES = ["sqlite"] if WITHOUT_POSTGRESQL else ["sqlite", "postgresql"]

# A Monday in the middle of a month without holidays in Bavaria, at noon in Munich.
MONDAY = datetime(2026, 9, 14, 10, 0, tzinfo=UTC)


def find_postgresql() -> Path:
    """Find the server's programs, or say clearly what is missing."""
    candidates = [Path(found).parent] if (found := shutil.which("initdb")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.fail(
        "The desk's tests need PostgreSQL's programs (Debian: apt-get install postgresql); "
        "set DESK_TESTS_WITHOUT_POSTGRESQL=1 to run them on SQLite only.",
        pytrace=False,
    )


class PostgresqlServer:
    """A server of the tests' own, reachable through a socket in its folder and through no port."""

    def __init__(self, folder: Path) -> None:
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
        # Nothing here has to survive a power cut, so the server need not wait for the disk.
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self._run("pg_ctl", verb, "-D", data, "-w", "-l", log, "-o", options, *more)

    def url(self, database: str) -> str:
        """Give the address of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement that stands for itself."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        # pg_ctl leaves the server running with whatever output it was given, so that must not be a pipe.
        with (self.folder.parent / f"{self.folder.name}.out").open("ab") as output:
            done = subprocess.run(
                [*self._user, str(self.programs / program), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
        if done.returncode:
            pytest.fail(f"{program} failed, see {output.name}.", pytrace=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Give a running server."""
    # Sockets have short names only, so the folder is not below pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="desk-pg-"))
    server = PostgresqlServer(folder)
    server.start()
    yield server
    server.control("stop", "-m", "immediate")
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(f"{folder.name}.out").unlink(missing_ok=True)


def make_settings(folder: Path, database_url: str, **changes: object) -> Settings:
    """Make settings as a process would from its environment."""
    values = {
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "DESK_KEYS": KEY,
        "DESK_INDEX_KEY": INDEX_KEY,
        "DESK_URL": "https://desk.example.org",
        "MAIL_FROM": "Datenschutz <privacy@example.org>",
    }
    return dataclasses.replace(settings_from(values), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file with all tables, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    desk = Desk(make_settings(folder, f"sqlite:///{folder / 'desk.db'}"))
    migrate(desk)
    with desk.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    desk.close()
    return folder / "desk.db"


@pytest.fixture(scope="session")
def migrated_postgresql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the name of a database with all tables, to be copied."""
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    server.execute("CREATE DATABASE template_desk")
    desk = Desk(make_settings(tmp_path_factory.mktemp("template"), server.url("template_desk")))
    migrate(desk)
    desk.close()
    return "template_desk"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a fresh database with all tables."""
    if request.param == "sqlite":
        path = tmp_path / "desk.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("migrated_postgresql")
    name = f"desk_{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Give settings for the fresh database."""
    return make_settings(tmp_path, database_url)


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """Give a desk on a fresh database, which is also the one of this process."""
    made = Desk(settings)
    use_desk(made)
    yield made
    use_desk(None)
    made.close()


@pytest.fixture
def new_ticket() -> Callable[..., NewTicket]:
    """Give a way to write requests that say only what matters."""

    def make(**changes: object) -> NewTicket:
        values: dict[str, object] = {
            "request_id": uuid.uuid4().hex,
            "kind": Kind.ACCESS,
            "language": "de",
            "description": "Welche Daten haben Sie über mich?",
            "email": "erika@example.org",
            "name": "Erika Mustermann",
            **changes,
        }
        return NewTicket(**values)  # type: ignore[arg-type]

    return make


@pytest.fixture
def opened(desk: Desk, new_ticket: Callable[..., NewTicket]) -> Callable[..., Ticket]:
    """Give a way to open tickets at a moment."""

    def make(now: datetime = MONDAY, **changes: object) -> Ticket:
        with desk.work(VISITOR, now) as work:
            return open_ticket(work, new_ticket(**changes)).ticket

    return make


@pytest.fixture
def officer(desk: Desk) -> User:
    """Give a colleague who works on tickets."""
    with desk.work("test", MONDAY) as work:
        return accounts.create_user(work, "olga@example.org", "Olga Officer", Role.OFFICER)


def actions_of(work: Work, ticket: Ticket) -> list[str]:
    """Name what the audit trail says of a ticket, in order."""
    from desk.services import tickets

    return [entry.action for entry in tickets.history_of(work, ticket)]


def is_sqlite(desk: Desk) -> bool:
    """Tell on which database a test runs."""
    return make_url(desk.settings.database_url).get_backend_name() == "sqlite"
