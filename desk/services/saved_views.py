"""Filters of the queue that a colleague keeps under a name of their own; nobody else sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from desk.application import Work
from desk.domain.errors import InvalidInput, NotFound
from desk.services.opening import clean_text
from desk.storage.models import SavedView
from desk.storage.upsert import insert_into

LONGEST_NAME = 60
# More than this nobody finds anything in again.
MOST = 20


def of_user(work: Work, user_id: int) -> Sequence[SavedView]:
    """List what a colleague keeps, in the order of the names."""
    return work.session.scalars(
        select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.name, SavedView.id)
    ).all()


def save(work: Work, user_id: int, name: str, query: Mapping[str, str]) -> None:
    """Keep a filter under a name; a name that is used already gets the new filter."""
    title = " ".join(clean_text(name).split())
    if not 1 <= len(title) <= LONGEST_NAME:
        raise InvalidInput(f"A view has a name of at most {LONGEST_NAME} characters.")
    others = select(func.count(SavedView.id)).where(SavedView.user_id == user_id, SavedView.name != title)
    if (work.session.scalar(others) or 0) >= MOST:
        raise InvalidInput(f"At most {MOST} views can be kept.")
    values = {"user_id": user_id, "name": title, "query": dict(query), "created_at": work.now}
    statement = insert_into(work.session, SavedView).values(values)
    again = {"query": statement.excluded.query}
    work.session.execute(statement.on_conflict_do_update(index_elements=["user_id", "name"], set_=again))


def remove(work: Work, user_id: int, view_id: int) -> None:
    """Forget a view of one's own."""
    row = work.session.get(SavedView, view_id)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such view.")
    work.session.delete(row)
