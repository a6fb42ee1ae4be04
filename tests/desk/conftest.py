"""Gives every test of the desk a database of its own, once on SQLite and once on a real PostgreSQL server."""

from __future__ import annotations

import dataclasses
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from desk.application import VISITOR, Desk, Work, use_desk
from desk.domain.kinds import Kind, Role
from desk.services import accounts
from desk.services.opening import NewTicket, open_ticket
from desk.settings import Settings, settings_from
from desk.storage.migrate import migrate
from desk.storage.models import Ticket, User
from tests.servers import PostgresqlServer, running_postgresql

KEY = "first-key-that-is-long-enough-for-a-test"
OTHER_KEY = "other-key-that-is-long-enough-for-a-test"
INDEX_KEY = "index-key-that-is-long-enough-for-a-test"
WITHOUT_POSTGRESQL = os.environ.get("DESK_TESTS_WITHOUT_POSTGRESQL") == "1"
DATABASES = ["sqlite"] if WITHOUT_POSTGRESQL else ["sqlite", "postgresql"]

# A Monday in the middle of a month without holidays in Bavaria, at noon in Munich.
MONDAY = datetime(2026, 9, 14, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Give a running server."""
    with running_postgresql() as server:
        yield server


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
