"""The queue: every view reads one index in its own order and stops after a page, whatever the number of tickets."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, not_, select, tuple_
from sqlalchemy.orm import joinedload

from desk.application import Work
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, State
from desk.domain.reference import normalise_reference
from desk.storage.models import Ticket

UNASSIGNED: Literal["nobody"] = "nobody"
VIEWS = ("open", "mine", "unassigned", "due-this-week", "overdue", "escalated", "unverified", "closed", "all")
LARGEST_PAGE = 200
_COUNTED_TO = 1000


@dataclass(frozen=True)
class QueueFilter:
    """Which tickets a view shows; all conditions hold together."""

    open: bool | None = True
    state: State | None = None
    kind: Kind | None = None
    language: str | None = None
    assignee: int | Literal["nobody"] | None = None
    due_from: date | None = None
    due_until: date | None = None
    overdue: bool = False
    escalated: bool | None = None
    verified: bool | None = None
    email: str | None = None
    order: Literal["due", "received"] = "due"


class QueuePage(NamedTuple):
    """A page of the queue and where the next one begins."""

    tickets: Sequence[Ticket]
    next_cursor: str | None


def view(work: Work, name: str) -> QueueFilter:
    """Give the filter of a saved view for the colleague who looks."""
    today, own = work.today, work.user_id
    sunday = today + timedelta(days=6 - today.weekday())
    views = {
        "open": QueueFilter(),
        "mine": QueueFilter(assignee=own if own is not None else -1),
        "unassigned": QueueFilter(assignee=UNASSIGNED),
        "due-this-week": QueueFilter(due_from=today, due_until=sunday),
        "overdue": QueueFilter(overdue=True),
        "escalated": QueueFilter(open=None, escalated=True),
        "unverified": QueueFilter(verified=False),
        "closed": QueueFilter(open=False, order="received"),
        "all": QueueFilter(open=None, order="received"),
    }
    if name not in views:
        raise InvalidInput(f"There is no view {name!r}; there are {', '.join(VIEWS)}.")
    return views[name]


def page(work: Work, wanted: QueueFilter, cursor: str | None = None, limit: int = 50) -> QueuePage:
    """Read one page; the cursor is the last ticket's place, so that new tickets do not shift the pages."""
    limit = max(1, min(limit, LARGEST_PAGE))
    statement = _ordered(select(Ticket).where(*_conditions(work, wanted)), wanted, cursor)
    found = work.session.scalars(statement.options(joinedload(Ticket.assignee)).limit(limit + 1)).all()
    shown = found[:limit]
    return QueuePage(shown, _cursor_after(shown[-1], wanted) if len(found) > limit else None)


def count(work: Work, wanted: QueueFilter, at_most: int = _COUNTED_TO) -> int:
    """Count a view up to a limit, so that counting a long queue costs no more than a short one."""
    first = select(Ticket.id).where(*_conditions(work, wanted)).limit(at_most).subquery()
    return work.session.scalar(select(func.count()).select_from(first)) or 0


def search(work: Work, text: str, cursor: str | None = None, limit: int = 50) -> QueuePage:
    """Find tickets by reference or by e-mail address, open and closed; what people wrote is encrypted."""
    reference = normalise_reference(text)
    if reference is not None:
        found = work.session.scalars(
            select(Ticket).where(Ticket.reference == reference).options(joinedload(Ticket.assignee))
        ).all()
        return QueuePage(found, None)
    if "@" not in text:
        return QueuePage([], None)
    return page(work, QueueFilter(open=None, email=text, order="received"), cursor, limit)


def only(wanted: QueueFilter, **changes: Any) -> QueueFilter:
    """Narrow a view down further."""
    return replace(wanted, **changes)


def _conditions(work: Work, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    exact = (
        (Ticket.state, wanted.state),
        (Ticket.kind, wanted.kind),
        (Ticket.language, wanted.language),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in exact if value is not None]
    flags = ((Ticket.open, wanted.open), (Ticket.escalated, wanted.escalated), (Ticket.verified, wanted.verified))
    for column, wish in flags:
        if wish is not None:
            # Written as `column` and `NOT column`, the way the partial indexes are, or they would not be used.
            conditions.append(and_(column) if wish else not_(column))
    if wanted.assignee is not None:
        nobody = wanted.assignee == UNASSIGNED
        conditions.append(Ticket.assignee_id.is_(None) if nobody else Ticket.assignee_id == wanted.assignee)
    if wanted.email is not None:
        conditions.append(Ticket.email_hash == work.desk.hashes.email(wanted.email))
    return [*conditions, *_due_conditions(work, wanted)]


def _due_conditions(work: Work, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.overdue:
        conditions.append(Ticket.queue_on < work.today)
    if wanted.due_from is not None:
        conditions.append(Ticket.queue_on >= wanted.due_from)
    if wanted.due_until is not None:
        conditions.append(Ticket.queue_on <= wanted.due_until)
    return conditions


def _ordered(statement: Select[Ticket], wanted: QueueFilter, cursor: str | None) -> Select[Ticket]:
    if wanted.order == "received":
        if cursor:
            received, ticket_id = _read_cursor(cursor, "received")
            place = tuple_(datetime.fromisoformat(received), ticket_id)
            statement = statement.where(tuple_(Ticket.received_at, Ticket.id) < place)
        return statement.order_by(Ticket.received_at.desc(), Ticket.id.desc())
    if cursor:
        due, ticket_id = _read_cursor(cursor, "due")
        statement = statement.where(tuple_(Ticket.queue_on, Ticket.id) > tuple_(date.fromisoformat(due), ticket_id))
    return statement.order_by(Ticket.queue_on, Ticket.id)


def _cursor_after(ticket: Ticket, wanted: QueueFilter) -> str:
    place = ticket.received_at.isoformat() if wanted.order == "received" else ticket.queue_on.isoformat()
    return base64.urlsafe_b64encode(json.dumps([wanted.order, place, ticket.id]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, order: str) -> tuple[str, int]:
    try:
        read_order, place, ticket_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        datetime.fromisoformat(place)
        if read_order != order or not isinstance(ticket_id, int) or abs(ticket_id) >= 2**63:
            raise ValueError("another order")
        return place, ticket_id
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInput("This cursor belongs to no page.") from error
