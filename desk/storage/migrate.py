"""Brings the database to the tables that this version of the desk knows: `python -m desk.storage.migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from desk.application import COMMAND_LINE, Desk
from desk.domain.errors import DeskUnavailable
from desk.services import facts
from desk.settings import SettingsError, current_settings
from desk.storage.crypto import Unreadable, Vault
from desk.storage.database import database_trouble
from desk.storage.models import Fact

_FOLDER = Path(__file__).resolve().parents[1] / "migrations"
_INDEX_KEY = "index-key"
_SAMPLE = "sealed-sample"
# Any number that all processes of the desk agree on: who holds it is the one that migrates.
_ADVISORY_LOCK = 7_237_710_129


def migrate(desk: Desk) -> None:
    """Apply all migrations that are missing; several processes may call it at once."""
    with database_trouble():
        _apply(desk)
        _check_keys(desk)


def is_current(engine: Engine) -> bool:
    """Tell whether the database has the tables that this version needs."""
    with engine.execution_options(writes=False).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest_revision()


def newest_revision() -> str | None:
    """Name the newest migration."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _apply(desk: Desk) -> None:
    engine, config = desk.engine, _config()
    # Some tables count by days, which begin and end where the desk is.
    config.attributes["timezone"] = desk.settings.timezone
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")


def key_problem(desk: Desk) -> str | None:
    """Say in which way the keys of the settings do not fit this database; None when they do."""
    with database_trouble(), Session(desk.engine.execution_options(writes=False)) as session:
        index_key, sample = session.get(Fact, _INDEX_KEY), session.get(Fact, _SAMPLE)
    if index_key is not None and index_key.value != desk.hashes.fingerprint:
        return "DESK_INDEX_KEY is not the one that this database was made with; put the old one back."
    try:
        if sample is not None:
            Vault(desk.settings.keys).open(bytes.fromhex(sample.value), _SAMPLE)
    except Unreadable:
        return "DESK_KEYS does not hold the key that this database was last sealed with; put it back."
    return None


def remember_keys(desk: Desk) -> None:
    """Remember the index key's fingerprint and a sealed sample, so that wrong keys are noticed at the start.

    With another index key every search by e-mail address would find nothing, and nobody would know why.
    """
    sample = Vault(desk.settings.keys).seal(b"sample", _SAMPLE).hex()
    with desk.work(COMMAND_LINE) as work:
        facts.remember(work, _INDEX_KEY, desk.hashes.fingerprint)
        facts.remember(work, _SAMPLE, sample)


def _check_keys(desk: Desk) -> None:
    problem = key_problem(desk)
    if problem is not None:
        raise SettingsError(problem)
    remember_keys(desk)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def main() -> int:
    """Migrate the database of the settings."""
    try:
        migrate(Desk(current_settings()))
    except (SettingsError, DeskUnavailable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
