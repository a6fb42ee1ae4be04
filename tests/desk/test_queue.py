"""The queue: each view shows the right tickets, page by page, and reads them from its own index."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, text

from desk.application import Desk, staff
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, Outcome, State
from desk.services import queue, tickets
from desk.services.queue import QueueFilter
from desk.storage.models import QueueGroup, Ticket, User
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
    with desk.read(NOW) as work:
        whole = queue._ordered(select(Ticket).where(*queue._conditions(work, wanted)), wanted)
        statement = queue._from(whole, wanted, cursor).limit(51)
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
    (QueueFilter(open=False, order="received"), "ix_tickets_closed_received"),
    (QueueFilter(open=None, order="received"), "ix_tickets_received"),
    (QueueFilter(open=None), "ix_tickets_all"),
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


NARROWED = [
    QueueFilter(open=open_, state=state, kind=kind, language=language, assignee=assignee, order=order, **more)
    for open_, order in ((True, "due"), (None, "due"), (None, "received"), (False, "received"))
    for state in (None, State.WAITING, State.REFUSED)
    for kind, language in ((None, None), (Kind.ERASURE, None), (Kind.ACCESS, "en"))
    for assignee in (None, queue.UNASSIGNED, 1)
    for more in ({}, {"verified": False}, {"escalated": True}, {"escalated": True, "verified": True}, {"overdue": True})
]


@pytest.fixture
def many(desk: Desk, opened: Callable[..., Ticket], officer: User) -> Sequence[Ticket]:
    """Give tickets of nearly every sort, of which several share a due date."""
    chance = random.Random(7)
    made = [
        opened(
            MONDAY - timedelta(days=chance.randrange(60)),
            kind=chance.choice([Kind.ERASURE, Kind.ACCESS]),
            language=chance.choice(["de", "en"]),
        )
        for _ in range(90)
    ]
    with desk.work(staff(officer.id), MONDAY) as work:
        for ticket in (tickets.find(work, one.id) for one in made):
            tickets.assign(work, ticket, chance.choice([None, officer.id]))
            ticket.verified, ticket.escalated = chance.random() < 0.5, chance.random() < 0.2
            state = chance.choice([ticket.state, State.WAITING, State.RESOLVED, State.REFUSED])
            if state is not ticket.state:
                tickets.change_state(work, ticket, state, "Grund" if state is State.REFUSED else "")
    with desk.read() as work:
        return work.session.scalars(select(Ticket)).all()


def expected(many: Sequence[Ticket], wanted: QueueFilter) -> list[int]:
    """Find what a view shows by looking at every ticket."""
    exact = {name: getattr(wanted, name) for name in ("open", "state", "kind", "language", "verified", "escalated")}
    found = [one for one in many if all(value in (None, getattr(one, name)) for name, value in exact.items())]
    if wanted.assignee is not None:
        holder = None if wanted.assignee == queue.UNASSIGNED else wanted.assignee
        found = [one for one in found if one.assignee_id == holder]
    if wanted.overdue:
        return [one.id for one in sorted(found, key=lambda one: (one.queue_on, one.id)) if one.queue_on < NOW.date()]
    if wanted.order == "due":
        return [one.id for one in sorted(found, key=lambda one: (one.queue_on, one.id))]
    return [one.id for one in sorted(found, key=lambda one: (one.received_at, one.id), reverse=True)]


@pytest.mark.parametrize("near", [0, 12, 1000], ids=["merged", "mixed", "near"])
def test_view_narrowed_in_any_way_shows_what_looking_at_every_ticket_would(
    desk: Desk, many: Sequence[Ticket], near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_NEAR", near)
    shown = 0
    with desk.read(NOW) as work:
        for wanted in NARROWED:
            right, seen, cursor = expected(many, wanted), list[int](), None
            while True:
                page = queue.page(work, wanted, cursor, limit=9)
                seen += [one.id for one in page.tickets]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert seen == right, wanted
            assert queue.count(work, wanted) == len(right), wanted
            assert queue.count(work, wanted, at_most=2) == min(2, len(right)), wanted
            shown += len(right)
    assert shown > len(NARROWED), "the filters find something"


def test_every_combination_of_a_ticket_is_a_group_of_the_queue(desk: Desk, many: Sequence[Ticket]) -> None:
    with desk.read() as work:
        known = {
            (group.state, group.kind, group.language, group.assignee, group.escalated, group.verified)
            for group in work.session.scalars(select(QueueGroup))
        }
    for one in many:
        assert (one.state, one.kind, one.language, one.assignee_id or 0, one.escalated, one.verified) in known


def test_narrowed_view_reads_its_groups_from_their_index(desk: Desk, many: Sequence[Ticket]) -> None:
    asked: list[tuple[str, object]] = []

    @event.listens_for(desk.engine, "before_cursor_execute")
    def remember(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        asked.append((statement, parameters))

    for order, index in (("due", "ix_tickets_group_due"), ("received", "ix_tickets_group_received")):
        with desk.read(NOW) as work:
            if not is_sqlite(desk):
                work.session.execute(text("SET LOCAL enable_seqscan = off"))
                work.session.execute(text("SET LOCAL enable_bitmapscan = off"))
            asked.clear()
            wanted = QueueFilter(open=None, kind=Kind.ERASURE, language="en", order=order)  # type: ignore[arg-type]
            queue._merged(work, wanted, None, 5)
            queries = [one for one in asked if one[0].startswith("SELECT")]
            assert len(queries) == 2, "where each group begins, then those that have a part in the page"
            for statement, parameters in queries:
                prefix = "EXPLAIN QUERY PLAN " if is_sqlite(desk) else "EXPLAIN "
                found = work.session.connection().exec_driver_sql(prefix + statement, parameters)  # type: ignore[arg-type]
                plan = "\n".join(str(row[-1]) for row in found)
                assert index in plan, plan


def test_unknown_view_is_refused(desk: Desk) -> None:
    with desk.read() as work, pytest.raises(InvalidInput):
        queue.view(work, "everything")


def test_due_this_week_ends_on_sunday(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()  # due on Wednesday 14 October 2026
    for day, shown in ((11, False), (12, True), (14, True), (15, False)):
        with desk.read(datetime(2026, 10, day, 10, tzinfo=MONDAY.tzinfo)) as work:
            found = queue.page(work, replace(queue.view(work, "due-this-week")))
            assert [one.id for one in found.tickets] == ([ticket.id] if shown else [])
