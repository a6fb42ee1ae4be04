"""Measures the desk's work at growing numbers of tickets: every view, search, a ticket, figures, opening.

    python benchmarks/desk_tickets.py --sizes 1000,100000,1000000 [--database postgresql://…]

The tables are filled directly, for a million tickets opened one by one would take an hour; opening is measured by
itself, through the function that the assistant calls.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text

from desk.application import Desk, staff, use_desk, utc_now
from desk.domain.kinds import Kind, Outcome, Relationship, Role, State
from desk.domain.reference import new_reference
from desk.intake import TicketRequest, open_ticket
from desk.services import accounts, links, queue, reports, tickets
from desk.settings import settings_from
from desk.storage.crypto import new_token
from desk.storage.migrate import migrate
from desk.storage.models import Ticket, TicketContent

_ROWS_AT_ONCE = 5000
_ROUNDS = 15
_TEAM = 5
_DRAWN: set[str] = set()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--database", help="an empty PostgreSQL database; default: SQLite in a temporary folder")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--json", help="where to write the figures")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        desk = make_desk(Path(folder), chosen.database)
        figures = [measure(desk, int(size)) for size in chosen.sizes.split(",")]
        desk.close()
    show(figures)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def make_desk(folder: Path, database: str | None) -> Desk:
    """Make a desk on an empty database."""
    values = {"VAR_DIR": str(folder), "DESK_KEYS": new_token(), "DESK_INDEX_KEY": new_token()}
    desk = Desk(settings_from({**values, **({"DATABASE_URL": database} if database else {})}))
    migrate(desk)
    with desk.work("benchmark") as work:
        for number in range(_TEAM):
            accounts.create_user(work, f"officer{number}@example.org", f"Officer {number}", Role.OFFICER)
    use_desk(desk)
    return desk


def measure(desk: Desk, size: int) -> dict[str, float]:
    """Fill up to a size and measure everything at it."""
    fill(desk, size)
    found: dict[str, float] = {"tickets": size}
    for name, job in jobs(desk):
        found[name] = milliseconds(job)
    found["opened a second"] = opened_a_second(300)
    return found


def fill(desk: Desk, size: int) -> None:
    """Add tickets until there are so many."""
    with desk.read() as work:
        there = work.session.scalar(select(func.count(Ticket.id))) or 0
        last = work.session.scalar(select(func.max(Ticket.id))) or 0
    chance, now = random.Random(size), utc_now()
    for start in range(there, size, _ROWS_AT_ONCE):
        rows = [row(desk, chance, now, last + 1 + start - there + n) for n in range(min(_ROWS_AT_ONCE, size - start))]
        contents = [content(one) for one in rows]
        with desk.engine.begin() as connection:
            connection.execute(insert(Ticket.__table__), rows)
            connection.execute(insert(TicketContent.__table__), contents)
    with desk.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('tickets', 'id'), (SELECT max(id) FROM tickets))")
            )
        connection.execute(text("ANALYZE"))


def row(desk: Desk, chance: random.Random, now: Any, number: int) -> dict[str, Any]:
    """Make a ticket as the queue knows it: a year's worth, most of them closed."""
    received = now - timedelta(seconds=chance.randrange(365 * 86400))
    due = desk.calendar.day_of(received) + timedelta(days=31)
    is_open = chance.random() < 0.15
    state = chance.choice([State.NEW, State.IN_PROGRESS, State.WAITING]) if is_open else State.RESOLVED
    return {
        "id": number,
        "reference": reference_not_drawn_before(),
        "request_id": f"benchmark:{number}",
        "kind": chance.choice(list(Kind)),
        "state": state,
        "outcome": None if is_open else Outcome.ANSWERED,
        "open": is_open,
        "language": chance.choice(["de", "en"]),
        "relationship": Relationship.DIRECT,
        "channel": "webchat",
        "marks": [],
        "email_hash": desk.hashes.email(f"person{number // 2}@example.org"),
        "verified": chance.random() < 0.6,
        "received_at": received,
        "clock_from": received.date(),
        "due_on": due,
        "queue_on": due,
        "assignee_id": chance.choice([None, *range(1, _TEAM + 1)]),
        "escalated": chance.random() < 0.01,
        "closed_at": None if is_open else received + timedelta(days=chance.randrange(1, 30)),
        "updated_at": received,
        "version": 1,
    }


def reference_not_drawn_before() -> str:
    """Draw a reference; among a million, a few come up twice, and opening draws anew then."""
    reference = new_reference()
    while reference in _DRAWN:
        reference = new_reference()
    _DRAWN.add(reference)
    return reference


def content(ticket: dict[str, Any]) -> dict[str, Any]:
    """Make what the person wrote."""
    number = ticket["id"]
    return {
        "ticket_id": number,
        "email": f"person{number // 2}@example.org",
        "name": f"Person {number // 2}",
        "description": "Please send me everything that you hold about me.",
        "transcript": [],
    }


def jobs(desk: Desk) -> Iterator[tuple[str, Callable[[], object]]]:
    """Name everything that is measured."""
    for name in queue.VIEWS:
        yield f"view {name}", lambda name=name: page(desk, name)
        yield f"count {name}", lambda name=name: count(desk, name)
    yield "page in the middle", deep_page(desk)
    with desk.read() as work:
        some = work.session.scalars(select(Ticket).limit(1)).one()
    yield "search reference", lambda: find(desk, some.reference)
    yield "search address", lambda: find(desk, f"person{some.id // 2}@example.org")
    yield "ticket", lambda: one(desk, some.reference)
    yield "figures of a year", lambda: figures_of_year(desk)
    yield "backlog by age", lambda: backlog(desk)


def page(desk: Desk, name: str) -> object:
    """Read the first page of a view."""
    with desk.read() as work:
        work.actor = staff(1)
        return queue.page(work, queue.view(work, name)).tickets


def count(desk: Desk, name: str) -> int:
    """Count a view."""
    with desk.read() as work:
        work.actor = staff(1)
        return queue.count(work, queue.view(work, name))


def deep_page(desk: Desk) -> Callable[[], object]:
    """Read a page in the middle of all tickets."""
    with desk.read() as work:
        ids = work.session.scalar(select(func.max(Ticket.id))) or 1
        wanted = queue.QueueFilter(open=None, order="received")
        cursor = queue._cursor_after(work.session.get_one(Ticket, max(1, ids // 2)), wanted)

    def read() -> object:
        with desk.read() as work:
            return queue.page(work, wanted, cursor).tickets

    return read


def find(desk: Desk, words: str) -> object:
    """Search."""
    with desk.read() as work:
        return queue.search(work, words).tickets


def one(desk: Desk, reference: str) -> object:
    """Read everything that a ticket's page shows."""
    with desk.read() as work:
        ticket = tickets.get(work, reference)
        parts = (tickets.correspondence_of, tickets.notes_of, tickets.history_of, links.same_person)
        return ticket.content, [part(work, ticket) for part in parts]


def figures_of_year(desk: Desk) -> object:
    """Add up a year."""
    with desk.read() as work:
        return reports.figures(work, date.today() - timedelta(days=365), date.today())


def backlog(desk: Desk) -> object:
    """Count the backlog by age."""
    with desk.read() as work:
        return reports.backlog_by_age(work)


def milliseconds(job: Callable[[], object]) -> float:
    """Give the median of some rounds after a first one."""
    job()
    taken = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        job()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(taken), 2)


def opened_a_second(number: int) -> float:
    """Open tickets one after the other, each committed, and give how many a second."""
    begun = time.perf_counter()
    for _ in range(number):
        open_ticket(
            TicketRequest(new_token(), Kind.ACCESS, "de", "Auskunft bitte", Relationship.DIRECT, "erika@example.org")
        )
    return round(number / (time.perf_counter() - begun), 1)


def show(figures: list[dict[str, float]]) -> None:
    """Print a table: one line for each job, one column for each size."""
    print("| median, ms | " + " | ".join(f"{int(found['tickets']):,}" for found in figures) + " |")
    print("|---" * (len(figures) + 1) + "|")
    for name in figures[0]:
        if name != "tickets":
            print(f"| {name} | " + " | ".join(str(found[name]) for found in figures) + " |")


if __name__ == "__main__":
    main()
