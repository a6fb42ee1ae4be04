"""Measures the desk's own functions at growing numbers of tickets: every view, narrowed in every way, figures, opening.

    python -m benchmarks.desk_tickets --sizes 1000 100000 1000000              SQLite
    python -m benchmarks.desk_tickets --sizes 1000 100000 1000000 --postgresql
    python -m benchmarks.desk_tickets --quick                                  within three minutes

Tickets are opened by several processes at once through the function that the assistant calls, each transaction written
to the disk; a tenth of the requests is sent twice. Afterwards every request has exactly one ticket, none is lost and
none doubled, or the measurement stops.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.desk_filling import fill, person
from benchmarks.desk_servers import end_cleanly, environment_of, folder, make_desk, postgresql
from desk.application import Desk, staff
from desk.domain.kinds import Kind, Relationship, State
from desk.intake import TicketRequest, open_ticket
from desk.services import links, queue, reports, retention, tickets
from desk.services.queue import QueueFilter
from desk.storage.models import Ticket

Job = Callable[[], object]
_ROUNDS = 9
_PROCESSES = 4
_TWICE_EVERY = 10
_ROWS = 25
_SEED = 11


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", help="default: 1000 100000, or 1000 10000 if it is to be quick")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own instead of SQLite")
    parser.add_argument("--combinations", type=int, default=400, help="how many of the narrowed views are read")
    parser.add_argument("--opening", type=int, default=2000, help="how many tickets are opened")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.combinations, chosen.opening = 60, 400
    end_cleanly()
    sizes = chosen.sizes or ([1_000, 10_000] if chosen.quick else [1_000, 100_000])
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start", flush=True)
    with folder() as place, ExitStack() as stack:
        desk = make_desk(place, stack.enter_context(postgresql()) if chosen.postgresql else None)
        figures = {size: measure(desk, size, chosen) for size in sorted(sizes)}
        desk.close()
    show(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(desk: Desk, size: int, chosen: argparse.Namespace) -> dict[str, float]:
    """Fill up to a size and measure everything at it."""
    print(f"{datetime.now():%H:%M:%S} {size:,} tickets: filling", flush=True)
    fill(desk, size)
    print(f"{datetime.now():%H:%M:%S} {size:,} tickets: measuring", flush=True)
    found = {name: milliseconds(job) for name, job in jobs(desk)}
    found.update(narrowed(desk, chosen.combinations))
    found["opened a second"] = opened_a_second(desk, chosen.opening)
    return found


def jobs(desk: Desk) -> Iterator[tuple[str, Job]]:
    """Name everything that is measured by itself."""
    for name in queue.VIEWS:
        yield f"view {name}", partial(page, desk, name)
        yield f"count {name}", partial(count, desk, name)
    with desk.read() as work:
        some = work.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    yield "page in the middle", deep_page(desk)
    yield "search reference", partial(find, desk, some.reference)
    yield "search address", partial(find, desk, person(some.id))
    yield "ticket", partial(one, desk, some.reference)
    yield "figures of twelve weeks", partial(figures_of, desk, 84)
    yield "figures of ten years", partial(figures_of, desk, 3650)
    yield "backlog by age", partial(backlog, desk)
    yield "what retention ends next", partial(expiring, desk)


def narrowed(desk: Desk, number: int) -> dict[str, float]:
    """Read views that were narrowed in every way; give the middle and the slowest one."""
    every = list(combinations())
    taken = [
        milliseconds(partial(narrowed_page, desk, name, changes))
        for name, changes in random.Random(_SEED).sample(every, min(number, len(every)))
    ]
    middle = round(statistics.median(taken), 2)
    return {f"{len(taken)} narrowed views, middle": middle, f"{len(taken)} narrowed views, slowest": max(taken)}


def combinations() -> Iterator[tuple[str, dict[str, object]]]:
    """Combine every view with everything that it can be narrowed by."""
    marks: list[dict[str, object]] = [{}, {"verified": False}, {"escalated": True}, {"overdue": True}, {"due": "week"}]
    for name, state, kind, language, assignee, mark in itertools.product(
        queue.VIEWS, (None, *State), (None, *Kind), (None, "de", "en"), (None, 2, queue.UNASSIGNED), marks
    ):
        chosen = {"state": state, "kind": kind, "language": language, "assignee": assignee, **mark}
        changes = {key: value for key, value in chosen.items() if value is not None}
        if changes:
            yield name, changes


def narrowed_page(desk: Desk, name: str, changes: dict[str, object]) -> object:
    """Read the first page of a narrowed view."""
    with desk.read() as work:
        work.actor = staff(1)
        week = {"due_from": work.today, "due_until": work.today + timedelta(days=7)} if "due" in changes else {}
        others = {key: value for key, value in changes.items() if key != "due"}
        return queue.page(work, queue.only(queue.view(work, name), **others, **week), limit=_ROWS)


def page(desk: Desk, name: str) -> object:
    """Read the first page of a view."""
    return narrowed_page(desk, name, {})


def count(desk: Desk, name: str) -> int:
    """Count a view."""
    with desk.read() as work:
        work.actor = staff(1)
        return queue.count(work, queue.view(work, name), 100)


def deep_page(desk: Desk) -> Job:
    """Read a page in the middle of all tickets."""
    wanted = QueueFilter(open=None, order="received")
    with desk.read() as work:
        ids = work.session.scalar(select(func.max(Ticket.id))) or 1
        cursor = queue._cursor_after(work.session.get_one(Ticket, max(1, ids // 2)), wanted)

    def read() -> object:
        with desk.read() as work:
            return queue.page(work, wanted, cursor, _ROWS)

    return read


def find(desk: Desk, words: str) -> object:
    """Search."""
    with desk.read() as work:
        return queue.search(work, words)


def one(desk: Desk, reference: str) -> object:
    """Read everything that a ticket's page shows."""
    with desk.read() as work:
        ticket = tickets.get(work, reference)
        parts = (tickets.correspondence_of, tickets.notes_of, tickets.history_of, links.same_person)
        return ticket.content, [part(work, ticket) for part in parts]


def figures_of(desk: Desk, days: int) -> object:
    """Add up a period for each kind."""
    with desk.read() as work:
        return reports.figures_by_kind(work, date.today() - timedelta(days=days), date.today())


def backlog(desk: Desk) -> object:
    """Count the backlog by age."""
    with desk.read() as work:
        return reports.backlog_by_age(work)


def expiring(desk: Desk) -> object:
    """List what retention ends within a year, and count it."""
    with desk.read() as work:
        until = work.today + timedelta(days=365)
        return retention.preview(work, until, _ROWS), retention.count_expiring(work, until)


def milliseconds(job: Job) -> float:
    """Give the median of some rounds after a first one."""
    job()
    taken = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        job()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(taken), 2)


def opened_a_second(desk: Desk, number: int) -> float:
    """Open tickets from several processes at once; stop when one was lost or doubled."""
    run = f"opening-{time.time_ns()}"
    before = number_of(desk)
    environment, start = environment_of(desk), multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, start, join, (environment,)) as pool:
        # Starting a process and its first connection is not opening a ticket.
        list(pool.map(open_some, [[f"{run}-first-{process}"] for process in range(_PROCESSES)]))
        requests = [f"{run}-{one}" for one in range(number)]
        twice = [*requests, *requests[::_TWICE_EVERY]]
        begun = time.perf_counter()
        opened = dict(itertools.chain.from_iterable(pool.map(open_some, [twice[n::40] for n in range(40)])))
        taken = time.perf_counter() - begun
    there = number_of(desk) - before - _PROCESSES
    if not len(opened) == len(set(opened.values())) == there == number:
        raise SystemExit(
            f"{number} requests: {len(opened)} answers, {len(set(opened.values()))} tickets, {there} there."
        )
    return round(number / taken, 1)


def join(environment: dict[str, str]) -> None:
    """Make the desk of this environment the one of this process."""
    os.environ.update(environment)


def open_some(requests: list[str]) -> list[tuple[str, str]]:
    """Open a ticket for each request; give the reference that each was promised."""
    return [(request, open_ticket(_request(request)).reference) for request in requests]


def _request(request: str) -> TicketRequest:
    return TicketRequest(request, Kind.ACCESS, "de", "Auskunft bitte", Relationship.DIRECT, "erika@example.org")


def number_of(desk: Desk) -> int:
    """Count the tickets."""
    with desk.read() as work:
        return work.session.scalar(select(func.count(Ticket.id))) or 0


def show(figures: dict[int, dict[str, float]]) -> None:
    """Print a table: one line for each job, one column for each size."""
    print("\n| median, ms | " + " | ".join(f"{size:,}" for size in figures) + " |")
    print("|---" * (len(figures) + 1) + "|")
    for name in next(iter(figures.values())):
        print(f"| {name} | " + " | ".join(f"{found[name]:,}" for found in figures.values()) + " |")


if __name__ == "__main__":
    main()
