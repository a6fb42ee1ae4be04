"""INSERT with a rule for conflicts, which both databases have but SQLAlchemy offers per dialect only."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

Insert = sqlite.Insert | postgresql.Insert


def insert_into(session: Session, model: type[DeclarativeBase]) -> Insert:
    """Begin an INSERT that knows ON CONFLICT in the dialect of the session's database."""
    table = model.__table__
    assert isinstance(table, Table)
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
