"""Small things the desk remembers about itself, such as when its worker last gave a sign of life."""

from __future__ import annotations

from datetime import datetime

from desk.application import Work
from desk.storage.models import Fact
from desk.storage.upsert import insert_into

WORKER_SEEN = "worker-seen"
RETENTION_RAN = "retention-ran"
REMINDERS_RAN = "reminders-ran"
MAIL_FETCHED = "mail-fetched"


def remember(work: Work, name: str, value: str = "") -> None:
    """Remember something, with the present moment."""
    statement = insert_into(work.session, Fact).values(name=name, value=value, at=work.now)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": work.now})
    )


def get(work: Work, name: str) -> Fact | None:
    """Give something that was remembered: its value and its moment."""
    return work.session.get(Fact, name, populate_existing=True)


def when(work: Work, name: str) -> datetime | None:
    """Give the moment of something that was remembered."""
    fact = get(work, name)
    return fact.at if fact else None
