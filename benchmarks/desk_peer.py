"""Measures the desk over HTTP beside django-helpdesk 2.6.1, in one run and in turns, and alone at a million tickets.

    python -m benchmarks.desk_peer                                 1,000, 10,000 and 100,000 tickets
    python -m benchmarks.desk_peer --alone 1000000                 then ours alone, on SQLite and on PostgreSQL
    python -m benchmarks.desk_peer --quick                         less of everything, within three minutes

Both run as their makers run them on one machine (`python -m desk.web`; `manage.py runserver`), on loopback, with 25
rows a page and without sending mail. Each request of one is followed by the same one of the other, after a first of
each that is not counted. What is not the same: ours encrypts what people write, so it is searched by e-mail address
through a keyed hash, where django-helpdesk looks for the same address in every text; our list is the whole page, theirs
is the part with the rows, without the frame around them; our dashboard is the page of figures.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import sqlite3
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import func, select

from benchmarks.desk_filling import fill, person
from benchmarks.desk_servers import (
    Running,
    Visitor,
    end_cleanly,
    folder,
    helpdesk,
    hidden,
    make_desk,
    postgresql,
    served,
)
from desk.application import Desk
from desk.storage.models import Ticket

PORT = int(os.environ.get("CONVERSATIONS_TEST_PORT", "5600"))
CLIENTS = (1, 8)
_SHOWN = 40
Job = Callable[[], None]
Figures = dict[str, float | None]
# As the list asks for its rows when nothing is chosen: open and reopened tickets by the day they came.
_THEIR_LIST = {"filtering": {"status__in": [1, 2]}, "sorting": "created", "search_string": "", "sortreverse": False}
_THEIR_ROWS = "?draw=1&start=0&length=25"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", help="default: 1000 10000 100000, or 1000 if it is to be quick")
    parser.add_argument("--alone", type=int, nargs="*", default=[], help="sizes at which only ours is measured")
    parser.add_argument("--rounds", type=int, default=15, help="requests of each sort, unless --seconds are over")
    parser.add_argument("--seconds", type=float, default=60.0, help="the longest time for one sort of request")
    parser.add_argument("--opening", type=float, default=6.0, help="seconds of opening tickets")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.opening = 5, 6.0, 2.0
    if chosen.sizes is None:
        chosen.sizes = [1_000] if chosen.quick else [1_000, 10_000, 100_000]
    end_cleanly()
    print(conditions(), flush=True)
    figures: dict[str, dict[str, Figures]] = {}
    for name, found in every_size(chosen):
        figures[name] = found
        # Who stops a long measurement has what was measured so far.
        show(figures)
        write(figures, chosen.json)


def every_size(chosen: argparse.Namespace) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Measure at one size after the other."""
    for size in chosen.sizes:
        yield f"{size:,}", beside(size, chosen)
    for size in chosen.alone:
        for name in ("SQLite", "PostgreSQL"):
            yield f"{size:,}, {name}", alone(size, name, chosen)


def write(figures: dict[str, dict[str, Figures]], path: Path | None) -> None:
    """Write the figures as JSON."""
    if path is not None:
        found = {"at": datetime.now().isoformat(timespec="minutes"), "conditions": conditions(), "figures": figures}
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def conditions() -> str:
    """Say on what machine this is, and how busy it is."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"


def beside(size: int, chosen: argparse.Namespace) -> dict[str, Figures]:
    """Measure both with equally many tickets."""
    with folder() as place, ExitStack() as stack:
        desk = make_desk(place)
        say(size, "filling ours")
        fill(desk, size)
        say(size, "filling theirs")
        theirs = stack.enter_context(helpdesk(place, size, PORT + 1))
        ours = stack.enter_context(served(desk, PORT))
        say(size, "measuring")
        jobs = {"ours": our_jobs(ours), "theirs": their_jobs(theirs, size)}
        found = in_turns(jobs, chosen.rounds, chosen.seconds)
        for clients in CLIENTS:
            opened = opened_by_ours(ours, clients, chosen.opening)
            theirs_opened = opened_by_theirs(place / "helpdesk.sqlite3", clients, chosen.opening)
            found[opened_by(clients)] = {"ours": opened, "theirs": theirs_opened}
        desk.close()
    return found


def alone(size: int, name: str, chosen: argparse.Namespace) -> dict[str, Figures]:
    """Measure ours on one of its databases."""
    with folder() as place, ExitStack() as stack:
        desk = make_desk(place, stack.enter_context(postgresql()) if name == "PostgreSQL" else None)
        say(size, f"filling ours on {name}")
        fill(desk, size)
        ours = stack.enter_context(served(desk, PORT))
        say(size, f"measuring on {name}")
        found = in_turns({"ours": our_jobs(ours)}, chosen.rounds, chosen.seconds)
        for clients in CLIENTS:
            found[opened_by(clients)] = {"ours": opened_by_ours(ours, clients, chosen.opening)}
        desk.close()
    return found


def opened_by(clients: int) -> str:
    """Name the opening of tickets by so many clients."""
    return f"opened a second, {clients} client{'s' if clients > 1 else ''}"


def our_jobs(ours: Running) -> Mapping[str, Job]:
    """Name what is asked of the desk; each look at a ticket is at another one, and is written down."""
    visitor, references = ours.visitor, some_references(ours.desk)
    csrf = hidden(visitor.get("/account")[1], "csrf")
    numbers = random.Random(1)

    def get(path: str) -> None:
        expect(visitor.get(path)[0], 200, path)

    def search() -> None:
        address = person(numbers.randrange(1000, 2000))
        expect(visitor.send_form("/search", {"text": address, "csrf": csrf})[0], 303, "/search")
        get(visitor.location)

    return {
        "list": partial(get, "/queue"),
        "search": search,
        "dashboard": partial(get, "/insight"),
        "reports": partial(get, "/records"),
        "ticket": lambda: get(f"/tickets/{next(references)}"),
    }


def some_references(desk: Desk) -> Iterator[str]:
    """Give references of some tickets, again and again."""
    with desk.read() as work:
        newest = work.session.scalar(select(func.max(Ticket.id))) or 0
        numbers = random.Random(2).sample(range(1, newest), _SHOWN)
        found = list(work.session.scalars(select(Ticket.reference).where(Ticket.id.in_(numbers))))
    while True:
        yield from found


def their_jobs(theirs: Visitor, size: int) -> Mapping[str, Job]:
    """Name what is asked of django-helpdesk."""
    numbers = random.Random(1)

    def get(path: str) -> None:
        expect(theirs.get(path)[0], 200, path)

    def search() -> None:
        words = {**_THEIR_LIST, "filtering": {}, "search_string": person(numbers.randrange(1000, 2000))}
        get(f"/datatables_ticket_list/{in_address(words)}{_THEIR_ROWS}")

    return {
        "list": partial(get, f"/datatables_ticket_list/{in_address(_THEIR_LIST)}{_THEIR_ROWS}"),
        "search": search,
        "dashboard": partial(get, "/dashboard/"),
        "reports": partial(get, "/reports/"),
        "ticket": lambda: get(f"/tickets/{numbers.randrange(1, size)}/"),
    }


def in_address(query: Mapping[str, object]) -> str:
    """Write a query the way django-helpdesk's pages do."""
    return quote(base64.b64encode(json.dumps(query).encode()).decode())


def expect(status: int, wanted: int, path: str) -> None:
    """Stop when an answer is not what is measured."""
    if status != wanted:
        raise SystemExit(f"{path} was answered with {status} instead of {wanted}.")


def in_turns(jobs: Mapping[str, Mapping[str, Job]], rounds: int, seconds: float) -> dict[str, Figures]:
    """Do each job of one and then the same of the other, several times; give the medians in milliseconds."""
    found: dict[str, Figures] = {}
    for name in next(iter(jobs.values())):
        taken: dict[str, list[float]] = {side: [] for side in jobs}
        end = time.monotonic() + seconds
        for turn in range(rounds + 1):
            for side in jobs:
                took = milliseconds(jobs[side][name])
                # The first one fills caches; where one takes very long it is all there is.
                if turn or time.monotonic() > end:
                    taken[side].append(took)
            if time.monotonic() > end:
                break
        found[name] = {side: round(statistics.median(times), 2) for side, times in taken.items()}
    return found


def milliseconds(job: Job) -> float:
    """Do a job and say how long it took."""
    begun = time.perf_counter()
    job()
    return (time.perf_counter() - begun) * 1000


def opened_by_ours(ours: Running, clients: int, seconds: float) -> float:
    """Open tickets over the interface for programs; every answer is a ticket, and there are no others."""
    text = "Please send me a copy of everything that you hold about me."
    body = {"kind": "access", "language": "en", "description": text, "email": "person@example.org"}
    headers = {"Authorization": f"Bearer {ours.token}"}

    def open_one(visitor: Visitor) -> str:
        status, said = visitor.post("/api/v1/tickets", json.dumps(body), "application/json")
        expect(status, 201, "/api/v1/tickets")
        return str(json.loads(said)["reference"])

    before = number_of(ours.desk)
    opened, taken = by_clients(clients, seconds, lambda: Visitor(ours.port, headers), open_one)
    there = number_of(ours.desk) - before
    if not len(set(opened)) == len(opened) == there:
        raise SystemExit(
            f"{len(opened)} tickets were promised, {len(set(opened))} references given, {there} are there."
        )
    return round(there / taken, 1)


def number_of(desk: Desk) -> int:
    """Count the tickets."""
    with desk.read() as work:
        return work.session.scalar(select(func.count(Ticket.id))) or 0


def opened_by_theirs(database: Path, clients: int, seconds: float) -> float:
    """Open tickets over the public form."""
    form = {"queue": "1", "title": "Access request", "body": "Please send me a copy of everything.", "priority": "3"}
    mine = {**form, "submitter_email": "person@example.org"}

    def new_visitor() -> Visitor:
        visitor = Visitor(PORT + 1)
        expect(visitor.get("/tickets/submit/")[0], 200, "/tickets/submit/")
        return visitor

    def open_one(visitor: Visitor) -> str:
        # A form may carry the token of its cookie as it stands.
        own = {**mine, "csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
        return str(visitor.send_form("/tickets/submit/", own)[0])

    before = number_in(database)
    statuses, taken = by_clients(clients, seconds, new_visitor, open_one)
    there, promised = number_in(database) - before, Counter(statuses)["302"]
    if promised != there or promised != len(statuses):
        print(f"django-helpdesk answered {dict(Counter(statuses))}; {there} tickets are there", flush=True)
    return round(there / taken, 1)


def number_in(database: Path) -> int:
    """Count the tickets of a django-helpdesk."""
    connection = sqlite3.connect(database)
    (number,) = connection.execute("SELECT count(*) FROM helpdesk_ticket").fetchone()
    connection.close()
    return int(number)


def by_clients(
    clients: int, seconds: float, visitor: Callable[[], Visitor], do: Callable[[Visitor], str]
) -> tuple[Sequence[str], float]:
    """Let several clients do something again and again; give what each time was said, and the seconds it took."""
    said: list[str] = []
    failed: list[BaseException] = []
    visitors = [visitor() for _ in range(clients)]
    begun = time.monotonic()

    def work(own: Visitor) -> None:
        try:
            while time.monotonic() < begun + seconds:
                said.append(do(own))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return said, time.monotonic() - begun


def say(size: int, what: str) -> None:
    """Tell who waits what is going on."""
    print(f"{datetime.now():%H:%M:%S} {size:,} tickets: {what}", flush=True)


def show(figures: Mapping[str, Mapping[str, Figures]]) -> None:
    """Print a table: one line for each job, for each size ours, theirs and how many times faster ours is."""
    print("\n| median, ms | " + " | ".join(figures) + " |")
    print("|---" * (len(figures) + 1) + "|")
    for name in next(iter(figures.values())):
        print(f"| {name} | " + " | ".join(in_words(name, found[name]) for found in figures.values()) + " |")


def in_words(name: str, figure: Figures) -> str:
    """Write ours, theirs and the ratio."""
    ours, theirs = figure["ours"], figure.get("theirs")
    if ours is None or theirs is None:
        return f"{ours:,.1f}"
    better = ours / theirs if name.startswith("opened") else theirs / ours
    return f"{ours:,.1f} / {theirs:,.1f} ({better:,.1f}×)"


if __name__ == "__main__":
    main()
