"""Daily counts, added up in the transaction that they count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from desk.storage.models import DailyCount
from desk.storage.upsert import insert_into


class Key(NamedTuple):
    """What is counted."""

    day: date
    event: str
    subject: str
    language: str


def add(session: Session, added: Mapping[Key, int], seconds: Mapping[Key, int]) -> None:
    """Add to the counts, in one fixed order so that two transactions never wait for each other."""
    rows = [{**key._asdict(), "count": added[key], "seconds": seconds.get(key, 0)} for key in sorted(added)]
    statement = insert_into(session, DailyCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "event", "subject", "language"],
            set_={
                "count": DailyCount.count + statement.excluded.count,
                "seconds": DailyCount.seconds + statement.excluded.seconds,
            },
        ),
        rows,
    )
