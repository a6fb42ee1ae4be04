"""What several assistant processes need of one database: tables made by one of them, rows replaced in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

# Any number does, as long as all processes use the same one and nobody else does.
_MAKING_TABLES = 7_730_001
_INSERTS = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@contextmanager
def making_tables(database: Engine) -> Iterator[None]:
    """Let one process at a time look for tables and make them; PostgreSQL refuses the second of two at once."""
    if database.dialect.name != "postgresql":
        yield
        return
    with database.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING_TABLES)))
        yield


def replace_row(connection: Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write a row, whether or not it is there; another process may do the same at this moment."""
    insert = _INSERTS[connection.dialect.name](table).values(**key, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
