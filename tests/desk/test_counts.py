"""Counts that are kept up as things happen say what counting everything anew would."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

from alembic import command
from sqlalchemy import inspect, select

from desk.application import Desk, Work, staff
from desk.domain.kinds import Kind, Outcome, State
from desk.services import links, reports, retention, tickets
from desk.services.opening import NewTicket, open_ticket
from desk.storage import counts, standing
from desk.storage.counts import Key, monday_of
from desk.storage.migrate import _config, is_current, migrate
from desk.storage.models import DailyCount, QueueGroup, StandingCount, Ticket, User, WeeklyCount
from desk.storage.standing import Place
from tests.desk.conftest import MONDAY

LATER = MONDAY + timedelta(days=9)


def kept(work: Work) -> Counter[Place]:
    """Give the standing counts as they are kept."""
    rows = work.session.execute(
        select(StandingCount.standing, StandingCount.day, StandingCount.kind, StandingCount.count)
    )
    return +Counter({Place(row.standing, row.day, row.kind): row.count for row in rows})


def counted(work: Work) -> Counter[Place]:
    """Count the tickets anew."""
    places = (
        standing.place_of(work.desk.calendar, {name: getattr(one, name) for name in standing._DECIDES})
        for one in work.session.scalars(select(Ticket))
    )
    return Counter(place for place in places if place is not None)


def test_standing_counts_follow_the_tickets(desk: Desk, new_ticket: Callable[..., NewTicket], officer: User) -> None:
    def change(name: str, do: Callable[[Work, Ticket], object]) -> None:
        with desk.work(staff(officer.id), LATER) as work:
            do(work, tickets.find(work, number))
        with desk.read() as work:
            assert kept(work) == counted(work), name

    with desk.work("test", MONDAY) as work:
        number = open_ticket(work, new_ticket()).ticket.id
        open_ticket(work, new_ticket(kind=Kind.COMPLAINT))
    change("opened", lambda work, ticket: None)
    with desk.read() as work:
        assert kept(work).total() == 2
    change("kind", lambda work, ticket: tickets.change_kind(work, ticket, Kind.ERASURE))
    change("split", lambda work, ticket: links.split(work, ticket, Kind.ACCESS, "Und Auskunft."))
    change("closed", lambda work, ticket: tickets.close(work, ticket, Outcome.ANSWERED))
    change("reopened", lambda work, ticket: tickets.change_state(work, ticket, State.REOPENED))
    change("closed again", lambda work, ticket: tickets.close(work, ticket, Outcome.WITHDRAWN))
    change("held", lambda work, ticket: tickets.hold(work, ticket, on=True, reason="Verfahren"))
    change("released", lambda work, ticket: tickets.hold(work, ticket, on=False, reason="beendet"))
    with desk.read(LATER + timedelta(days=365 * 4)) as work:
        assert retention.count_expiring(work) == len(retention.preview(work)) == 1
    change("anonymised", retention.anonymise)
    with desk.read(LATER + timedelta(days=365 * 4)) as work:
        assert retention.count_expiring(work) == len(retention.preview(work)) == 0
        assert reports.open_now(work) == 2


def test_ages_of_the_backlog_meet_without_gap(desk: Desk, opened: Callable[..., Ticket]) -> None:
    for days in (0, 6, 7, 13, 14, 89, 90, 400):
        opened(MONDAY - timedelta(days=days))
    with desk.read(MONDAY) as work:
        ages = [("0-7", 2), ("7-14", 2), ("14-30", 1), ("30-60", 0), ("60-90", 1), ("90+", 2)]
        assert reports.backlog_by_age(work) == ages


def test_figures_of_any_period_are_the_sum_of_its_days(desk: Desk) -> None:
    chance, first = random.Random(5), date(2026, 9, 1)
    days = [first + timedelta(days=number) for number in range(40)]
    added = Counter(
        {Key(day, "received", kind, "de"): chance.randrange(1, 9) for day in days for kind in ("access", "erasure")}
    )
    with desk.work("test", MONDAY) as work:
        counts.add(work.session, added, Counter(dict.fromkeys(added, 60)))
    with desk.read(MONDAY) as work:
        for _ in range(60):
            since, until = sorted(chance.choices(days, k=2))
            within = {key: count for key, count in added.items() if since <= key.day <= until}
            figures = reports.figures_by_kind(work, since, until)
            assert figures[None].received == sum(within.values()), (since, until)
            assert figures[Kind.ACCESS].received == sum(n for key, n in within.items() if key.subject == "access")
            points = reports.by_week(work, "received", since, until)
            assert sum(point.count for point in points) == sum(within.values()), (since, until)
            assert {point.week for point in points} == {monday_of(key.day) for key in within}
            assert sum(n for _, n in reports.by_subject(work, "received", since, until)) == sum(within.values())


def test_migration_counts_what_is_there(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    made = [
        opened(MONDAY - timedelta(days=day), kind=kind) for day in (0, 3, 8) for kind in (Kind.ACCESS, Kind.ERASURE)
    ]
    with desk.work(staff(officer.id), LATER) as work:
        tickets.assign(work, tickets.find(work, made[0].id), officer.id)
        tickets.close(work, tickets.find(work, made[1].id), Outcome.ANSWERED)
        tickets.close(work, tickets.find(work, made[2].id), Outcome.REFUSED)
        tickets.hold(work, tickets.find(work, made[2].id), on=True, reason="Verfahren")
    before = {model: rows_of(desk, model) for model in (WeeklyCount, StandingCount, DailyCount)}
    config = _config()
    config.attributes["timezone"] = desk.settings.timezone
    with desk.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert "queue_groups" not in inspect(connection).get_table_names()
    migrate(desk)
    assert is_current(desk.engine)
    # Places that were left again have no row when everything is counted anew.
    before[StandingCount] = {row for row in before[StandingCount] if row[-1]}
    assert {model: rows_of(desk, model) for model in before} == before
    with desk.read() as work:
        present = {(one.state, one.kind, one.assignee_id or 0) for one in work.session.scalars(select(Ticket))}
        groups = {(one.state, one.kind, one.assignee) for one in work.session.scalars(select(QueueGroup))}
    assert groups == present


def rows_of(desk: Desk, model: type[WeeklyCount | StandingCount | DailyCount]) -> set[tuple[object, ...]]:
    with desk.read() as work:
        return {tuple(row) for row in work.session.execute(select(*model.__table__.columns))}
