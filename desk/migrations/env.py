"""Runs migrations: Alembic loads this file; the connection comes from the desk, never from alembic.ini."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, TypeDecorator

from desk.settings import current_settings
from desk.storage.database import make_engine
from desk.storage.models import Base


def render_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write plain column types into migrations, so that they do not change when the desk's own types do."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def run(connection: Connection) -> None:
    """Apply what is missing in one transaction; both databases can take a migration back as a whole."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_type,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    context.config.attributes["timezone"] = current_settings().timezone
    engine = make_engine(current_settings())
    with engine.begin() as own:
        run(own)
    engine.dispose()
