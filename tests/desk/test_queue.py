"""The queue: each view shows the right tickets, page by page, and reads them from its own index."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from desk.application import Desk, staff
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, Outcome, State
from desk.services import queue, tickets
from desk.services.queue import QueueFilter
from desk.storage.models import Ticket, User
from tests.desk.conftest import MONDAY, is_sqlite

NOW = MONDAY + timedelta(days=20)


@pytest.fixture
def some(desk: Desk, opened: Callable[..., Ticket], officer: User) -> dict[str, Ticket]:
    """Give tickets of which each is of interest to another view."""
    made = {
        "fresh": opened(MONDAY + timedelta(days=19), language="en"),
        "mine": opened(MONDAY + timedelta(days=5), kind=Kind.ERASURE),
        "overdue": opened(MONDAY - timedelta(days=60)),
        "closed": opened(MONDAY),
        "escalated": opened(MONDAY + timedelta(days=1)),
        "due": opened(NOW - timedelta(days=29), email="Other@example.org"),
        "stopped": opened(MONDAY - timedelta(days=70)),
    }
    with desk.work(staff(officer.id), NOW) as work:
        mine = {name: tickets.find(work, ticket.id) for name, ticket in made.items()}
        tickets.assign(work, mine["mine"], officer.id)
        tickets.close(work, mine["closed"], Outcome.ANSWERED)
        tickets.escalate(work, mine["escalated"], "truste")
        tickets.verify_by_hand(work, mine["due"], "am Telefon")
        tickets.suspend_clock(work, mine["stopped"], "Zweifel")
    return made


def names_in(desk: Desk, some: dict[str, Ticket], wanted: QueueFilter | str, user: User | None = None) -> list[str]:
    by_id = {ticket.id: name for name, ticket in some.items()}
    with desk.read(NOW) as work:
        work.actor = staff(user.id) if user else "reader"
        found = queue.view(work, wanted) if isinstance(wanted, str) else wanted
        page = queue.page(work, found)
        assert queue.count(work, found) == len(page.tickets)
        return [by_id[ticket.id] for ticket in page.tickets]


def test_each_view_shows_its_tickets_in_its_order(desk: Desk, some: dict[str, Ticket], officer: User) -> None:
    seen = {name: names_in(desk, some, name, officer) for name in queue.VIEWS}
    assert seen == {
        "open": ["overdue", "due", "escalated", "mine", "fresh", "stopped"],
        "mine": ["mine"],
        "unassigned": ["overdue", "due", "escalated", "fresh", "stopped"],
        "due-this-week": [],
        "overdue": ["overdue"],
        "escalated": ["escalated"],
        "unverified": ["overdue", "escalated", "mine", "fresh", "stopped"],
        "closed": ["closed"],
        "all": ["fresh", "mine", "escalated", "closed", "due", "overdue", "stopped"],
    }
    assert names_in(desk, some, "mine") == [], "who is not signed in has nothing"


def test_filters_narrow_a_view(desk: Desk, some: dict[str, Ticket], officer: User) -> None:
    assert names_in(desk, some, QueueFilter(kind=Kind.ERASURE)) == ["mine"]
    assert names_in(desk, some, QueueFilter(language="en")) == ["fresh"]
    assert names_in(desk, some, QueueFilter(state=State.IN_PROGRESS)) == ["mine"]
    assert names_in(desk, some, QueueFilter(email="other@EXAMPLE.org")) == ["due"]
    assert names_in(desk, some, QueueFilter(verified=True)) == ["due"]
    assert names_in(desk, some, QueueFilter(assignee=officer.id, language="de")) == ["mine"]
    due = some["due"].due_on
    assert names_in(desk, some, QueueFilter(due_from=due, due_until=due)) == ["due"]


def test_search_finds_by_reference_and_address(desk: Desk, some: dict[str, Ticket]) -> None:
    with desk.read(NOW) as work:
        closed = some["closed"]
        assert [one.id for one in queue.search(work, f" {closed.reference.lower()} ").tickets] == [closed.id]
        assert [one.id for one in queue.search(work, "other@example.org").tickets] == [some["due"].id]
        for nothing in ("", "Erika", "%", "unknown@example.org", "PR-0000-0001"):
            assert queue.search(work, nothing).tickets == []


@pytest.mark.parametrize("order", ["due", "received"])
def test_pages_follow_each_other_without_gap_or_repetition(
    desk: Desk, opened: Callable[..., Ticket], order: str
) -> None:
    chance = random.Random(3)
    # Many share a due date, so that the order within a date matters.
    for _ in range(37):
        opened(MONDAY + timedelta(days=chance.randrange(4)))
    wanted = QueueFilter(order="due" if order == "due" else "received")
    seen: list[int] = []
    cursor = None
    with desk.read(NOW) as work:
        whole = [one.id for one in queue.page(work, wanted, limit=100).tickets]
        while True:
            page = queue.page(work, wanted, cursor, limit=5)
            seen += [one.id for one in page.tickets]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == whole
    assert len(seen) == 37


@pytest.mark.parametrize("cursor", ["x", "e30", "AAAA", "WyJkdWUiLCAiMjAyNi0wMS0wMSIsICJ4Il0", "é", "=" * 50])
def test_foreign_cursors_are_refused(desk: Desk, cursor: str) -> None:
    with desk.read() as work, pytest.raises(InvalidInput):
        queue.page(work, QueueFilter(), cursor)


def test_counting_stops_where_nobody_needs_to_know_more(desk: Desk, opened: Callable[..., Ticket]) -> None:
    for _ in range(5):
        opened()
    with desk.read() as work:
        assert queue.count(work, QueueFilter(), at_most=3) == 3


def plan_of(desk: Desk, wanted: QueueFilter, cursor: str | None = None) -> str:
    """Ask the database how it would read a page."""
    from sqlalchemy import select

    with desk.read(NOW) as work:
        statement = queue._ordered(select(Ticket).where(*queue._conditions(work, wanted)), wanted, cursor).limit(51)
        compiled = statement.compile(work.session.get_bind(), compile_kwargs={"literal_binds": True})
        connection = work.session.connection()
        if not is_sqlite(desk):
            # With so few rows reading all of them is fastest; whether an index could be used is what matters here.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
        prefix = "EXPLAIN QUERY PLAN " if is_sqlite(desk) else "EXPLAIN "
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(prefix + str(compiled).replace("%", "%%")))


VIEW_INDEXES = [
    (QueueFilter(), "ix_tickets_open"),
    (QueueFilter(assignee=7), "ix_tickets_open_assignee"),
    (QueueFilter(assignee=queue.UNASSIGNED), "ix_tickets_open_assignee"),
    (QueueFilter(overdue=True), "ix_tickets_open"),
    (QueueFilter(open=None, escalated=True), "ix_tickets_escalated"),
    (QueueFilter(verified=False), "ix_tickets_open_unverified"),
    (QueueFilter(open=False, order="received"), "ix_tickets_closed_received"),
    (QueueFilter(open=None, order="received"), "ix_tickets_received"),
    (QueueFilter(open=None), "ix_tickets_all"),
    (QueueFilter(kind=Kind.ERASURE), "ix_tickets_open_kind"),
    (QueueFilter(language="de"), "ix_tickets_open_language"),
    (QueueFilter(open=None, state=State.WAITING), "ix_tickets_state"),
]


@pytest.mark.parametrize(
    ("wanted", "index"), VIEW_INDEXES, ids=[f"{index}-{n}" for n, (_, index) in enumerate(VIEW_INDEXES)]
)
def test_each_view_reads_its_own_index_and_sorts_nothing(
    desk: Desk, some: dict[str, Ticket], wanted: QueueFilter, index: str
) -> None:
    if is_sqlite(desk):
        with desk.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    with desk.read(NOW) as work:
        first = tickets.find(work, some["due"].id)
        cursor = queue._cursor_after(first, wanted)
    for place in (None, cursor):
        plan = plan_of(desk, wanted, place)
        assert "TEMP B-TREE" not in plan, plan
        assert "Seq Scan" not in plan, plan
        if is_sqlite(desk):
            assert f"INDEX {index} " in plan or f"INDEX {index}\n" in plan + "\n", plan
        else:
            assert "Index" in plan, plan


def test_unknown_view_is_refused(desk: Desk) -> None:
    with desk.read() as work, pytest.raises(InvalidInput):
        queue.view(work, "everything")


def test_due_this_week_ends_on_sunday(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()  # due on Wednesday 14 October 2026
    for day, shown in ((11, False), (12, True), (14, True), (15, False)):
        with desk.read(datetime(2026, 10, day, 10, tzinfo=MONDAY.tzinfo)) as work:
            found = queue.page(work, replace(queue.view(work, "due-this-week")))
            assert [one.id for one in found.tickets] == ([ticket.id] if shown else [])
