"""Daily counts, added up in the transaction that they count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from desk.storage.models import DailyCount
from desk.storage.upsert import dialect_insert, table_of


class Key(NamedTuple):
    """What is counted."""

    day: date
    event: str
    subject: str
    language: str


def add(session: Session, added: Mapping[Key, int], seconds: Mapping[Key, int]) -> None:
    """Add to the counts, in one fixed order so that two transactions never wait for each other."""
    rows = [{**key._asdict(), "count": added[key], "seconds": seconds.get(key, 0)} for key in sorted(added)]
    session.connection().execute(_adding(session.get_bind().dialect.name), rows)


@lru_cache(maxsize=2)
def _adding(dialect: str) -> Any:
    statement, table = dialect_insert(dialect, DailyCount), table_of(DailyCount)
    return statement.on_conflict_do_update(
        index_elements=["day", "event", "subject", "language"],
        set_={
            "count": table.c.count + statement.excluded.count,
            "seconds": table.c.seconds + statement.excluded.seconds,
        },
    )
