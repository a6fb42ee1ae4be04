"""The queue: every view reads an index in its own order and stops after a page, whatever the number of tickets.

A view that was narrowed is a handful of groups (`QueueGroup`), each of which has its stretch of an index in that order.
Where many tickets fit, a page is found among the next few of the whole view; where few do, the groups are merged.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, not_, select, tuple_, union_all
from sqlalchemy.orm import joinedload

from desk.application import Work
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, State
from desk.domain.reference import normalise_reference
from desk.domain.states import is_closed
from desk.storage.models import GROUP, QueueGroup, Ticket

UNASSIGNED: Literal["nobody"] = "nobody"
VIEWS = ("open", "mine", "unassigned", "due-this-week", "overdue", "escalated", "unverified", "closed", "all")
LARGEST_PAGE = 200
_COUNTED_TO = 1000
_NEAR = 1000
_GROUP_NAMES = ("state", "kind", "language", "assignee", "escalated", "verified")
_GROUP_COLUMNS = tuple(QueueGroup.__table__.c[name] for name in _GROUP_NAMES)
Conditions = tuple[ColumnElement[bool], ...]


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
    limit, wanted = max(1, min(limit, LARGEST_PAGE)), _in_order(wanted)
    found = _read(work, wanted, cursor, limit + 1)
    shown = found[:limit]
    return QueuePage(shown, _cursor_after(shown[-1], wanted) if len(found) > limit else None)


def count(work: Work, wanted: QueueFilter, at_most: int = _COUNTED_TO) -> int:
    """Count a view up to a limit, so that counting a long queue costs no more than a short one."""
    wanted = _in_order(wanted)
    if not _is_narrowed(wanted):
        first = select(Ticket.id).where(*_conditions(work, wanted)).limit(at_most).subquery()
        return work.session.scalar(select(func.count()).select_from(first)) or 0
    counted = select(func.sum(_of_group(work, wanted, at_most))).where(*_group_conditions(wanted))
    return min(work.session.scalar(counted) or 0, at_most)


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


def _in_order(wanted: QueueFilter) -> QueueFilter:
    # Due dates are looked for in the order of due dates; in any other order all tickets would have to be looked at.
    due = wanted.overdue or wanted.due_from is not None or wanted.due_until is not None
    return replace(wanted, order="due") if due else wanted


def _is_narrowed(wanted: QueueFilter) -> bool:
    """Tell whether a view is more than one of those that have an index of their own."""
    if wanted.email is not None:
        return False
    if (
        wanted.state is not None
        or wanted.kind is not None
        or wanted.language is not None
        or wanted.verified is not None
    ):
        return True
    if wanted.escalated is not None:
        return not wanted.escalated or wanted.open is not None or wanted.assignee is not None
    if wanted.assignee is not None:
        return not wanted.open or wanted.order != "due"
    return wanted.open is False and wanted.order == "due"


def _read(work: Work, wanted: QueueFilter, cursor: str | None, limit: int) -> Sequence[Ticket]:
    if not _is_narrowed(wanted):
        statement = _from(_ordered(select(Ticket).where(*_conditions(work, wanted)), wanted), wanted, cursor)
        return work.session.scalars(statement.options(joinedload(Ticket.assignee)).limit(limit)).all()
    numbers = _dense(work, wanted, cursor, limit)
    if len(numbers) < limit:
        numbers = _merged(work, wanted, cursor, limit)
    statement = _ordered(select(Ticket).where(Ticket.id.in_(numbers)), wanted)
    return work.session.scalars(statement.options(joinedload(Ticket.assignee))).all()


def _dense(work: Work, wanted: QueueFilter, cursor: str | None, limit: int) -> Sequence[int]:
    """Look for a page among the next few tickets of the whole view, where one out of many is usually found."""
    whole = QueueFilter(
        open=wanted.open or None, due_from=wanted.due_from, due_until=wanted.due_until, overdue=wanted.overdue
    )
    table = Ticket.__table__
    columns = [table.c[name] for name in ("id", "open", *GROUP, "queue_on", "received_at")]
    near = _from(_ordered(select(*columns).where(*_conditions(work, whole)), wanted), wanted, cursor).limit(_NEAR)
    ticket = near.subquery().c
    return work.session.scalars(
        _ordered(select(ticket.id).where(*_conditions(work, wanted, ticket)), wanted, ticket).limit(limit)
    ).all()


def _merged(work: Work, wanted: QueueFilter, cursor: str | None, limit: int) -> Sequence[int]:
    """Merge the groups that a narrowed view is made of, each of which stands in order in an index.

    Only groups whose first ticket is among the first `limit` first ones can have a part in the page.
    """
    one = _from(_ordered(select(Ticket.id).where(*_due_conditions(work, wanted)), wanted), wanted, cursor)
    first = _by_group(lambda same: one.where(*same).limit(1).correlate(QueueGroup).scalar_subquery())
    heads = select(*_GROUP_COLUMNS, first.label("first")).where(*_group_conditions(wanted)).subquery()
    begun = _ordered(select(*(heads.c[name] for name in _GROUP_NAMES)).join(Ticket, Ticket.id == heads.c.first), wanted)
    place = _place_columns(wanted)
    parts = [
        one.add_columns(place[0]).where(*_in_group(group)).limit(limit).subquery()
        for group in work.session.execute(begun.limit(limit))
    ]
    if not parts:
        return []
    every = union_all(*(select(part) for part in parts)).subquery()
    order = [every.c[1], every.c[0]] if wanted.order == "due" else [every.c[1].desc(), every.c[0].desc()]
    return work.session.scalars(select(every.c[0]).order_by(*order).limit(limit)).all()


def _of_group(work: Work, wanted: QueueFilter, at_most: int) -> ColumnElement[int]:
    some = select(Ticket.id).where(*_due_conditions(work, wanted)).limit(at_most)

    def counted(same: Conditions) -> ColumnElement[int]:
        return select(func.count()).select_from(some.where(*same).correlate(QueueGroup).subquery()).scalar_subquery()

    return _by_group(counted)


def _by_group(made: Callable[[Conditions], ColumnElement[Any]]) -> ColumnElement[Any]:
    """Make an expression over the tickets of a group; an index finds nobody's tickets only when told so literally."""
    same = (
        Ticket.state == QueueGroup.state,
        Ticket.kind == QueueGroup.kind,
        Ticket.language == QueueGroup.language,
        Ticket.escalated == QueueGroup.escalated,
        Ticket.verified == QueueGroup.verified,
    )
    nobody = made((*same, Ticket.assignee_id.is_(None)))
    return case((QueueGroup.assignee == 0, nobody), else_=made((*same, Ticket.assignee_id == QueueGroup.assignee)))


def _in_group(group: Row[Any]) -> Conditions:
    return (
        Ticket.state == group.state,
        Ticket.kind == group.kind,
        Ticket.language == group.language,
        Ticket.assignee_id == group.assignee if group.assignee else Ticket.assignee_id.is_(None),
        Ticket.escalated == group.escalated,
        Ticket.verified == group.verified,
    )


def _group_conditions(wanted: QueueFilter) -> Conditions:
    open_states = [state for state in State if not is_closed(state)]
    states = {None: list(State), True: open_states, False: [state for state in State if is_closed(state)]}
    exact = (
        (QueueGroup.kind, wanted.kind),
        (QueueGroup.language, wanted.language),
        (QueueGroup.assignee, 0 if wanted.assignee == UNASSIGNED else wanted.assignee),
        (QueueGroup.escalated, wanted.escalated),
        (QueueGroup.verified, wanted.verified),
    )
    asked = [state for state in states[wanted.open] if wanted.state in (None, state)]
    return (QueueGroup.state.in_(asked), *(column == value for column, value in exact if value is not None))


def _conditions(work: Work, wanted: QueueFilter, ticket: Any = Ticket) -> Conditions:
    exact = (
        (ticket.state, wanted.state),
        (ticket.kind, wanted.kind),
        (ticket.language, wanted.language),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in exact if value is not None]
    flags = ((ticket.open, wanted.open), (ticket.escalated, wanted.escalated), (ticket.verified, wanted.verified))
    for column, wish in flags:
        if wish is not None:
            # Written as `column` and `NOT column`, the way the partial indexes are, or they would not be used.
            conditions.append(and_(column) if wish else not_(column))
    if wanted.assignee is not None:
        nobody = wanted.assignee == UNASSIGNED
        conditions.append(ticket.assignee_id.is_(None) if nobody else ticket.assignee_id == wanted.assignee)
    if wanted.email is not None:
        conditions.append(ticket.email_hash == work.desk.hashes.email(wanted.email))
    return (*conditions, *_due_conditions(work, wanted, ticket))


def _due_conditions(work: Work, wanted: QueueFilter, ticket: Any = Ticket) -> Conditions:
    conditions: list[ColumnElement[bool]] = []
    if wanted.overdue:
        conditions.append(ticket.queue_on < work.today)
    if wanted.due_from is not None:
        conditions.append(ticket.queue_on >= wanted.due_from)
    if wanted.due_until is not None:
        conditions.append(ticket.queue_on <= wanted.due_until)
    return tuple(conditions)


def _place_columns(wanted: QueueFilter, ticket: Any = Ticket) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    return (ticket.received_at if wanted.order == "received" else ticket.queue_on, ticket.id)


def _ordered(statement: Select[Any], wanted: QueueFilter, ticket: Any = Ticket) -> Select[Any]:
    columns = _place_columns(wanted, ticket)
    return statement.order_by(*((column.desc() for column in columns) if wanted.order == "received" else columns))


def _from(statement: Select[Any], wanted: QueueFilter, cursor: str | None) -> Select[Any]:
    if not cursor:
        return statement
    place, ticket_id = _read_cursor(cursor, wanted.order)
    columns = tuple_(*_place_columns(wanted))
    if wanted.order == "received":
        return statement.where(columns < tuple_(datetime.fromisoformat(place), ticket_id))
    return statement.where(columns > tuple_(date.fromisoformat(place), ticket_id))


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
