"""Fills a desk with very many tickets within minutes, for measuring it.

The first few hundred are made by the desk's own functions (`privacy-desk demo`), with everything that belongs to them.
The others are copies of those under new references, for other people, in other weeks of three years, with another
colleague: every row that the functions wrote, in every table, and a trail of changes that `privacy-desk audit verify`
finds whole. What is sealed is copied as it stands, so many tickets share a text; looking for the address of `person(n)`
finds its tickets, whose pages show the address of the one they were copied from.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Date, MetaData, Table, func, select, text
from sqlalchemy.types import TypeEngine

from desk import demo
from desk.application import COMMAND_LINE, Desk
from desk.domain.kinds import Role
from desk.domain.reference import new_reference
from desk.services import accounts
from desk.storage import audit_chain, counts, standing
from desk.storage.models import AuditEntry, AuditHead, Base, Correspondence, Note, Ticket, TicketContent, TicketToken
from desk.storage.standing import Place
from desk.storage.types import Instant

TEAM = 24
PATTERNS = 600
_SEED = 20260101
_ROWS_AT_ONCE = 5000
# From so many on, building an index once costs less than keeping it up row by row.
_MANY = 50_000
_YEARS_BEFORE = 104
_JITTER_SECONDS = 1800
_COPIED = (TicketContent, Correspondence, Note, TicketToken)
_NUMBERED = (Correspondence, Note)
_NEW_GROUPS = """
    INSERT INTO queue_groups (state, kind, language, assignee, escalated, verified)
    SELECT DISTINCT state, kind, language, coalesce(assignee_id, 0), escalated, verified FROM tickets WHERE true
    ON CONFLICT DO NOTHING
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Pattern:
    """A ticket that the desk's own functions made, with everything they wrote about it."""

    ticket: Row
    rows: Mapping[str, list[Row]]
    trail: list[Row]


@dataclass
class Copies:
    """What is written at once, and what was counted on the way."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    moved: Counter[Place] = field(default_factory=Counter)
    counted: Counter[counts.Key] = field(default_factory=Counter)
    seconds: Counter[counts.Key] = field(default_factory=Counter)


def person(number: int) -> str:
    """Give the address that the ticket with this number came from; two tickets come from each."""
    return f"person{number // 2}@example.org"


def fill(desk: Desk, size: int, progress: Callable[[int], None] = lambda _done: None) -> None:
    """Add tickets until there are so many."""
    there = _number_of(desk)
    if there < min(size, PATTERNS):
        _make_team(desk)
        demo.make(desk, min(size, PATTERNS) - there, seed=_SEED)
        there = _number_of(desk)
    if there < size:
        _copy(desk, size - there, there, progress)
    with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _number_of(desk: Desk) -> int:
    with desk.read() as work:
        return work.session.scalar(select(func.count(Ticket.id))) or 0


def _make_team(desk: Desk) -> None:
    with desk.work(COMMAND_LINE) as work:
        for number in range(TEAM):
            accounts.create_user(work, f"colleague{number}@example.org", f"Colleague {number}", Role.OFFICER)


def _copy(desk: Desk, missing: int, there: int, progress: Callable[[int], None]) -> None:
    copier = Copier(desk)
    writing = _sqlite_writer if desk.engine.dialect.name == "sqlite" else _postgresql_writer
    with writing(desk, without_indexes=missing > max(_MANY, there)) as write:
        for start in range(0, missing, _ROWS_AT_ONCE):
            for _ in range(min(_ROWS_AT_ONCE, missing - start)):
                copier.add()
            write(copier.copies.tables)
            copier.copies.tables.clear()
            progress(min(start + _ROWS_AT_ONCE, missing))
    copier.finish()


class Copier:
    """Makes tickets out of patterns."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.chance = desk, random.Random(_SEED)
        self.copies = Copies()
        with desk.read() as work:
            self.patterns = list(_patterns(desk))
            self.colleagues = list(work.session.scalars(select(Ticket.assignee_id).distinct()))
            self.next = {
                model: (work.session.scalar(select(func.max(model.id))) or 0) + 1 for model in (Ticket, *_NUMBERED)
            }
            self.head = audit_chain.head_of(work.session) or audit_chain.Anchor(0, audit_chain.GENESIS)
            self.team = list(accounts.all_users(work))
        self.references: set[str] = set()

    def add(self) -> None:
        """Copy a pattern that is drawn by chance."""
        pattern = self.chance.choice(self.patterns)
        number, colleague = self._number(Ticket), self.chance.choice(self.team).id
        # Open tickets stay where they are, or a desk of three years would have left most of them lying for years.
        weeks = 0 if pattern.ticket["open"] else self.chance.randrange(_YEARS_BEFORE)
        by = timedelta(weeks=weeks, seconds=self.chance.randrange(_JITTER_SECONDS))
        ticket = {**_earlier("tickets", pattern.ticket, by), **self._own(number)}
        if ticket["assignee_id"] is not None:
            ticket["assignee_id"] = colleague
        self._put("tickets", ticket)
        for table, rows in pattern.rows.items():
            for row in rows:
                self._put(table, self._belonging(table, _earlier(table, row, by), number, colleague))
        for entry in pattern.trail:
            self._record(_earlier("audit_entries", entry, by), number, colleague)
        self._count(ticket)

    def finish(self) -> None:
        """Write what was counted, and where the trail ends now."""
        with self.desk.engine.begin() as connection:
            connection.execute(text(_NEW_GROUPS))
            _set_sequences(connection, (Ticket, *_NUMBERED))
        with self.desk.work(COMMAND_LINE) as work:
            standing.add(work.session, self.copies.moved)
            counts.add(work.session, self.copies.counted, self.copies.seconds)
            head = work.session.get_one(AuditHead, 1)
            head.sequence, head.hash = self.head
            head.seal = audit_chain.seal_of(self.desk.hashes, *self.head)

    def _own(self, number: int) -> Row:
        reference = new_reference()
        while reference in self.references:
            reference = new_reference()
        self.references.add(reference)
        email = self.desk.hashes.email(person(number))
        return {"id": number, "reference": reference, "request_id": f"copied:{number}", "email_hash": email}

    def _belonging(self, table: str, row: Row, number: int, colleague: int) -> Row:
        row["ticket_id"] = number
        for model in _NUMBERED:
            if model.__tablename__ == table:
                row["id"] = self._number(model)
        if row.get("author_id") is not None:
            row["author_id"] = colleague
        if "token_hash" in row:
            row["token_hash"] = os.urandom(32)
        return row

    def _record(self, entry: Row, number: int, colleague: int) -> None:
        sequence, previous = self.head.sequence + 1, self.head.hash
        if entry["actor"].startswith("user:"):
            entry["actor"] = f"user:{colleague}"
        if entry["action"] == "ticket.assigned":
            entry["details"] = json.dumps({"after": colleague, "before": None})
        parts = (entry["at"], entry["actor"], entry["action"], number, entry["details"], previous)
        entry["sequence"], entry["ticket_id"], entry["previous_hash"] = sequence, number, previous
        entry["hash"] = audit_chain.entry_hash(sequence, *parts)
        self.head = audit_chain.Anchor(sequence, entry["hash"])
        self._put("audit_entries", entry)

    def _count(self, ticket: Row) -> None:
        place = standing.place_of(self.desk.calendar, ticket)
        if place is not None:
            self.copies.moved[place] += 1
        for event, at in _events(ticket):
            key = counts.Key(self.desk.calendar.day_of(at), event, ticket["kind"], ticket["language"])
            self.copies.counted[key] += 1
            self.copies.seconds[key] += int((at - ticket["received_at"]).total_seconds())

    def _put(self, table: str, row: Row) -> None:
        self.copies.tables[table].append(row)

    def _number(self, model: Any) -> int:
        self.next[model] += 1
        return int(self.next[model]) - 1


def _events(ticket: Row) -> Iterator[tuple[str, datetime]]:
    yield "received", ticket["received_at"]
    for name, event in (("first_answer_at", "first-answer"), ("extended_at", "extended")):
        if ticket[name] is not None:
            yield event, ticket[name]
    if ticket["closed_at"] is not None:
        yield f"closed-{ticket['outcome']}", ticket["closed_at"]
        late = ticket["closed_at"].date() > ticket["due_on"]
        yield "closed-late" if late else "closed-on-time", ticket["closed_at"]
        if ticket["escalated"]:
            yield "escalated", ticket["closed_at"]


def _earlier(table: str, row: Row, by: timedelta) -> Row:
    days, moved = timedelta(days=by.days), dict(row)
    for name, whole_days in _moments(table):
        if moved[name] is not None:
            moved[name] -= days if whole_days else by
    return moved


@lru_cache
def _moments(table: str) -> tuple[tuple[str, bool], ...]:
    columns = Base.metadata.tables[table].columns
    return tuple((one.name, isinstance(one.type, Date)) for one in columns if isinstance(one.type, Instant | Date))


def _patterns(desk: Desk) -> Iterator[Pattern]:
    with desk.engine.connect() as connection:
        belonging = {model.__tablename__: _by_ticket(connection, model, "ticket_id") for model in _COPIED}
        trail = _by_ticket(connection, AuditEntry, "ticket_id")
        for number, (ticket,) in _by_ticket(connection, Ticket, "id").items():
            rows = {table: found[number] for table, found in belonging.items() if number in found}
            yield Pattern(ticket, rows, trail[number])


def _by_ticket(connection: Any, model: type[Base], column: str) -> Mapping[int, list[Row]]:
    table = _unsealed(model)
    statement = select(table).where(table.c[column] <= PATTERNS).order_by(*table.primary_key.columns)
    found: dict[int, list[Row]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        found[row[column]].append(dict(row))
    return found


def _unsealed(model: type[Base]) -> Table:
    """Give a table as the database has it, so that what is sealed is read and written as it stands."""
    plain = Table(model.__tablename__, MetaData())
    for column in model.__table__.columns:
        plain.append_column(type(column)(column.name, _plain(column.type), primary_key=column.primary_key))
    return plain


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind if isinstance(kind, Instant | Date) else getattr(kind, "impl_instance", kind)


@contextmanager
def _sqlite_writer(desk: Desk, *, without_indexes: bool) -> Iterator[Callable[[Mapping[str, list[Row]]], None]]:
    desk.close()
    path = desk.engine.url.database or ""
    # Nobody needs this file after a power cut.
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY", "wal_autocheckpoint = 20000"):
        connection.execute(f"PRAGMA {setting}")
    statements = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN "
        f"({', '.join(repr(name) for name in _written())})"
    ).fetchall()

    def write(tables: Mapping[str, list[Row]]) -> None:
        connection.execute("BEGIN")
        for table, rows in tables.items():
            marks = ", ".join("?" * len(rows[0]))
            statement = f"INSERT INTO {table} ({_columns(table)}) VALUES ({marks})"
            connection.executemany(statement, map(_for_sqlite(table), rows))
        connection.execute("COMMIT")

    with _indexes_dropped(connection.execute, statements if without_indexes else []):
        yield write
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _for_sqlite(table: str) -> Callable[[Row], tuple[Any, ...]]:
    moments = _moments(table)
    lists = [column.name for column in Base.metadata.tables[table].columns if isinstance(column.type, JSON)]

    def shape(row: Row) -> tuple[Any, ...]:
        for name, whole_days in moments:
            if row[name] is not None:
                # SQLite keeps instants as texts without their zone, which is always UTC.
                row[name] = row[name].isoformat() if whole_days else row[name].isoformat(" ", "microseconds")[:26]
        for name in lists:
            row[name] = json.dumps(row[name])
        return tuple(row.values())

    return shape


@contextmanager
def _postgresql_writer(desk: Desk, *, without_indexes: bool) -> Iterator[Callable[[Mapping[str, list[Row]]], None]]:
    pooled = desk.engine.raw_connection()
    connection: Any = pooled.driver_connection
    connection.rollback()
    connection.autocommit = True
    # No triggers and no checks of keys: what is written was checked when its pattern was.
    for setting in ("session_replication_role = replica", "statement_timeout = 0", "maintenance_work_mem = '512MB'"):
        connection.execute(f"SET {setting}")
    statements = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname LIKE 'ix_%%'",
        [list(_written())],
    ).fetchall()

    def write(tables: Mapping[str, list[Row]]) -> None:
        for table, rows in tables.items():
            statement = f"COPY {table} ({_columns(table)}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row([json.dumps(value) if isinstance(value, list) else value for value in row.values()])

    with _indexes_dropped(connection.execute, statements if without_indexes else []):
        yield write
    pooled.invalidate()


def _written() -> Iterable[str]:
    return ("tickets", "audit_entries", *(model.__tablename__ for model in _COPIED))


def _columns(table: str) -> str:
    return ", ".join(column.name for column in Base.metadata.tables[table].columns)


@contextmanager
def _indexes_dropped(execute: Callable[[str], Any], statements: list[tuple[str, str]]) -> Iterator[None]:
    for name, _ in statements:
        execute(f"DROP INDEX {name}")
    yield
    for _, statement in statements:
        execute(statement)


def _set_sequences(connection: Any, models: Iterable[Any]) -> None:
    if connection.dialect.name == "sqlite":
        return
    for model in models:
        table = model.__tablename__
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        connection.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))"))
