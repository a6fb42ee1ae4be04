"""Single rows written fast, and INSERT with a rule for conflicts, which SQLAlchemy offers per dialect only.

Opening a ticket writes a dozen rows. The unit of work of the ORM would spend most of the time on finding out what it
is told here: so these rows go in as plain statements, which are built once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert as PlainInsert
from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

Insert = sqlite.Insert | postgresql.Insert


def insert_into(session: Session, model: type[DeclarativeBase]) -> Insert:
    """Begin an INSERT that knows ON CONFLICT in the dialect of the session's database."""
    return dialect_insert(session.get_bind().dialect.name, model)


def dialect_insert(dialect: str, model: type[DeclarativeBase]) -> Insert:
    """Begin an INSERT that knows ON CONFLICT in a dialect."""
    return sqlite.insert(table_of(model)) if dialect == "sqlite" else postgresql.insert(table_of(model))


def add_rows(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that nobody needs as objects."""
    session.connection().execute(_plain_insert(model), list(rows))


def add_row_once(session: Session, model: type[DeclarativeBase], row: Mapping[str, Any]) -> Any | None:
    """Insert a row and give its key; None when one of its unique values is taken."""
    dialect = session.get_bind().dialect.name
    return session.connection().execute(_insert_once(dialect, model), dict(row)).scalar()


def table_of(model: type[DeclarativeBase]) -> Table:
    """Give the table of a model."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


@lru_cache(maxsize=64)
def _plain_insert(model: type[DeclarativeBase]) -> PlainInsert:
    return insert(table_of(model))


@lru_cache(maxsize=64)
def _insert_once(dialect: str, model: type[DeclarativeBase]) -> Any:
    key = next(iter(table_of(model).primary_key.columns))
    return dialect_insert(dialect, model).on_conflict_do_nothing().returning(key)
