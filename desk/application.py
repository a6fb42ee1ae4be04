"""The desk as a whole: settings, database, keys and calendar in one object, and the unit of work of every change."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

import holidays
from sqlalchemy import Engine

from desk.domain.clock import Calendar
from desk.domain.errors import DeskUnavailable
from desk.settings import Settings, SettingsError, current_settings
from desk.storage import audit_chain, counts, standing
from desk.storage.crypto import KeyedHash
from desk.storage.database import database_trouble, make_engine
from desk.storage.models import Ticket
from desk.storage.standing import CountingSession

VISITOR = "visitor"
WORKER = "worker"
COMMAND_LINE = "command-line"

Detail = str | int | bool | None


def staff(user_id: int) -> str:
    """Name a colleague as the one who acts."""
    return f"user:{user_id}"


def api_token(token_id: int) -> str:
    """Name a program as the one who acts."""
    return f"token:{token_id}"


def utc_now() -> datetime:
    """Give the present moment; the only place that asks the machine's clock."""
    return datetime.now(UTC)


@dataclass
class Work:
    """One transaction: what is done in it happens together or not at all.

    Audit entries and counts are collected and written last. Both touch rows that every transaction shares, and
    taking those locks last and always in the same order keeps transactions from waiting for each other in circles.
    """

    session: CountingSession
    desk: Desk
    actor: str
    now: datetime
    writes: bool = True
    _entries: list[audit_chain.NewEntry] = field(default_factory=list)
    _counts: Counter[counts.Key] = field(default_factory=Counter)
    _seconds: Counter[counts.Key] = field(default_factory=Counter)

    @property
    def settings(self) -> Settings:
        """Give the desk's settings."""
        return self.desk.settings

    @property
    def today(self) -> date:
        """Give the present calendar day at the place of the desk."""
        return self.desk.calendar.day_of(self.now)

    @property
    def user_id(self) -> int | None:
        """Give the account of the colleague who acts, if it is one."""
        kind, _, number = self.actor.partition(":")
        return int(number) if kind == "user" else None

    def record(self, action: str, ticket_id: int | None = None, **details: Detail) -> None:
        """Add an entry to the audit trail; details never hold what a person said or who they are."""
        self._require_writing()
        self._entries.append(audit_chain.NewEntry(self.now, self.actor, action, ticket_id, details))

    def count(self, event: str, ticket: Ticket, seconds: int = 0) -> None:
        """Count something that happened to a ticket today."""
        self.count_subject(event, ticket.kind.value, ticket.language, seconds)

    def count_subject(self, event: str, subject: str, language: str, seconds: int = 0) -> None:
        """Count something that happened today."""
        self._require_writing()
        key = counts.Key(self.today, event, subject, language)
        self._counts[key] += 1
        self._seconds[key] += seconds

    def _require_writing(self) -> None:
        if not self.writes:
            raise RuntimeError("What is done in desk.read() would be lost; a change needs desk.work().")

    def finish(self) -> None:
        """Write what was collected; called once, right before the commit."""
        self.session.flush()
        standing.add(self.session, self.session.moved)
        self.session.moved.clear()
        if self._counts:
            counts.add(self.session, self._counts, self._seconds)
        if self._entries:
            audit_chain.append(self.session, self.desk.hashes, self._entries)
        self._counts.clear()
        self._seconds.clear()
        self._entries.clear()


class Desk:
    """A desk that is ready to work; it connects to its database when the first work begins."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hashes = KeyedHash(settings.index_key)
        self.calendar = Calendar(settings.timezone, public_holidays(settings.holidays))

    @cached_property
    def engine(self) -> Engine:
        """Give the connections to the database."""
        return make_engine(self.settings)

    @contextmanager
    def work(self, actor: str, now: datetime | None = None) -> Iterator[Work]:
        """Do something in one transaction; raise DeskUnavailable when the database is in trouble."""
        options = {"bind": self.engine, "expire_on_commit": False}
        with database_trouble(), CountingSession(self.calendar, **options) as session, session.begin():
            work = Work(session, self, actor, now or utc_now())
            yield work
            work.finish()

    @contextmanager
    def read(self, now: datetime | None = None) -> Iterator[Work]:
        """Look something up without holding up anybody who writes."""
        engine = self.engine.execution_options(writes=False)
        options = {"bind": engine, "expire_on_commit": False, "autoflush": False}
        with database_trouble(), CountingSession(self.calendar, **options) as session:
            yield Work(session, self, "reader", now or utc_now(), writes=False)

    def close(self) -> None:
        """Let go of all connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()


class _Holidays:
    """Public holidays of a place, looked up year by year and remembered."""

    def __init__(self, place: str) -> None:
        country, _, subdivision = place.partition("-")
        try:
            self._days = holidays.country_holidays(country, subdiv=subdivision or None)
        except NotImplementedError:
            raise SettingsError(
                f"DESK_HOLIDAYS names no known place: {place!r}; write a country or a country and a state, as DE-BY."
            ) from None
        # The look-up fills itself year by year, which two threads must not do at once.
        self._lock = threading.Lock()

    def __call__(self, day: date) -> bool:
        with self._lock:
            return day in self._days


def public_holidays(place: str) -> _Holidays:
    """Give the test for public holidays at a place such as `DE-BY`, `AT` or `GB-ENG`."""
    return _Holidays(place)


_current_lock = threading.Lock()
_current: Desk | None = None


def current_desk() -> Desk:
    """Give the desk of this process, made from its environment on first use."""
    global _current
    with _current_lock:
        if _current is None:
            try:
                _current = Desk(current_settings())
            except SettingsError as error:
                raise DeskUnavailable(str(error)) from error
        return _current


def use_desk(desk: Desk | None) -> None:
    """Make another desk the one of this process; None makes the next look-up read the environment again."""
    global _current
    with _current_lock:
        _current = desk
        current_settings.cache_clear()
