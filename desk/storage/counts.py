"""Daily and weekly counts, added up in the transaction that they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from desk.storage.models import DailyCount, WeeklyCount
from desk.storage.upsert import dialect_insert, table_of


class Key(NamedTuple):
    """What is counted."""

    day: date
    event: str
    subject: str
    language: str


def add(session: Session, added: Mapping[Key, int], seconds: Mapping[Key, int]) -> None:
    """Add to the counts, in one fixed order so that two transactions never wait for each other."""
    dialect = session.get_bind().dialect.name
    days = [{**key._asdict(), "count": added[key], "seconds": seconds.get(key, 0)} for key in sorted(added)]
    session.connection().execute(_adding(dialect, DailyCount), days)
    session.connection().execute(_adding(dialect, WeeklyCount), _by_week(days))


def monday_of(day: date) -> date:
    """Give the first day of a calendar week."""
    return day - timedelta(days=day.weekday())


def _by_week(days: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    weeks: dict[tuple[str, date, str], dict[str, Any]] = {}
    for row in days:
        key = (row["event"], monday_of(row["day"]), row["subject"])
        empty = {"event": key[0], "week": key[1], "subject": key[2], "count": 0, "seconds": 0}
        week = weeks.setdefault(key, empty)
        week["count"] += row["count"]
        week["seconds"] += row["seconds"]
    return [weeks[key] for key in sorted(weeks)]


@lru_cache(maxsize=4)
def _adding(dialect: str, model: type[DailyCount] | type[WeeklyCount]) -> Any:
    statement, table = dialect_insert(dialect, model), table_of(model)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={
            "count": table.c.count + statement.excluded.count,
            "seconds": table.c.seconds + statement.excluded.seconds,
        },
    )
