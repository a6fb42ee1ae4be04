"""Engines and sessions: SQLite for one machine, PostgreSQL for more, the same behaviour on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from desk.domain.errors import DeskUnavailable
from desk.settings import Settings
from desk.storage.crypto import Vault
from desk.storage.types import use_vault

_SQLITE = "sqlite"
# A database that was not migrated yet; SQLite calls this an operational error anyway.
_UNDEFINED_TABLE = "42P01"


def make_engine(settings: Settings) -> Engine:
    """Build the engine for a desk; it connects only when it is first used."""
    engine = _sqlite_engine(settings) if is_sqlite(settings.database_url) else _postgresql_engine(settings)
    use_vault(engine.dialect, Vault(settings.keys))
    return engine


def is_sqlite(url: str) -> bool:
    """Tell whether an address means a SQLite file."""
    return make_url(url).get_backend_name() == _SQLITE


def _sqlite_engine(settings: Settings) -> Engine:
    path = make_url(settings.database_url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        settings.database_url,
        # Errors end up in logs, and the parameters of a statement may be what a person wrote.
        hide_parameters=True,
        pool_size=settings.database_pool_size,
        pool_timeout=settings.database_timeout_seconds,
        connect_args={"timeout": settings.database_timeout_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself, for `begin` below has to choose their kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {settings.sqlite_synchronous}")
        # Moving the log into the file costs as much as a dozen commits, so it happens every few hundred of them.
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -65536")
        # What is deleted is overwritten, so that an anonymised person is not still readable in free pages.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that will write takes the write lock at once: upgrading a read lock later cannot wait its
        # turn in SQLite, it fails, and that under load only.
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(settings: Settings) -> Engine:
    timeout = settings.database_timeout_seconds
    locks, statements = int(timeout * 1000), int(timeout * 6000)
    return create_engine(
        settings.database_url,
        # Errors end up in logs, and the parameters of a statement may be what a person wrote.
        hide_parameters=True,
        pool_size=settings.database_pool_size,
        pool_timeout=timeout,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": max(1, int(timeout)),
            "options": f"-c lock_timeout={locks} -c statement_timeout={statements} -c timezone=UTC",
        },
    )


@contextmanager
def database_trouble() -> Iterator[None]:
    """Turn what drivers say when the database is away, locked or full into the one error that callers know."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        raise DeskUnavailable(_first_line(error)) from error
    except DBAPIError as error:
        if not error.connection_invalidated and getattr(error.orig, "sqlstate", None) != _UNDEFINED_TABLE:
            raise
        raise DeskUnavailable(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    # The driver's own words, without the statement and its parameters, which SQLAlchemy would add.
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [type(cause).__name__])[0][:300]
