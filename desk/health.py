"""Says whether the desk can really work: every check uses the part it speaks of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from desk.application import Desk
from desk.domain.errors import DeskUnavailable
from desk.services import facts, mailbox, outbox
from desk.storage import migrate
from desk.storage.crypto import Unreadable

_WORKER_SILENT = timedelta(minutes=2)
_OUTBOX_OLD = timedelta(minutes=15)


@dataclass(frozen=True)
class Check:
    """What a part of the desk says of itself."""

    name: str
    ok: bool
    says: str


@dataclass(frozen=True)
class Health:
    """All checks together."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Tell whether all is well."""
        return all(check.ok for check in self.checks)


class _RolledBack(Exception):
    """Takes back the write by which the database is tried."""


def check(desk: Desk) -> Health:
    """Try every part."""
    parts: tuple[tuple[str, Callable[[Desk], str | None]], ...] = (
        ("database", _database),
        ("tables", _tables),
        ("keys", _keys),
        ("worker", _worker),
        ("outbox", _outbox),
        ("mail", _mail),
        ("mailbox", mailbox.problem),
    )
    return Health(tuple(_try(name, part, desk) for name, part in parts))


def can_take_tickets(desk: Desk) -> bool:
    """Tell whether a ticket could be opened now; the worker may be late, the mail server away."""
    return all(_try(part.__name__, part, desk).ok for part in (_database, _tables, _keys))


def _try(name: str, part: Callable[[Desk], str | None], desk: Desk) -> Check:
    try:
        problem = part(desk)
    except (DeskUnavailable, SQLAlchemyError, Unreadable, OSError) as error:
        return Check(name, ok=False, says=str(error).splitlines()[0][:200] or type(error).__name__)
    return Check(name, ok=problem is None, says=problem or "well")


def _database(desk: Desk) -> str | None:
    try:
        with desk.work("health") as work:
            facts.remember(work, "health")
            raise _RolledBack
    except _RolledBack:
        return None


def _tables(desk: Desk) -> str | None:
    return None if migrate.is_current(desk.engine) else "the database needs its migrations"


def _keys(desk: Desk) -> str | None:
    return migrate.key_problem(desk)


def _worker(desk: Desk) -> str | None:
    with desk.read() as work:
        seen = facts.when(work, facts.WORKER_SEEN)
        if seen is None:
            return "the worker never ran"
        silent = work.now - seen
    return f"the worker has been silent for {int(silent.total_seconds())} s" if silent > _WORKER_SILENT else None


def _outbox(desk: Desk) -> str | None:
    with desk.read() as work:
        status = outbox.status(work)
        if status.dead:
            return f"{status.dead} messages were given up"
        if status.oldest_waiting and work.now - status.oldest_waiting > _OUTBOX_OLD:
            return f"{status.waiting} messages wait, {status.failing} of them failed before"
    return None


def _mail(desk: Desk) -> str | None:
    if desk.settings.smtp_url is not None:
        return None
    desk.settings.mail_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=desk.settings.mail_dir, prefix=".health-") as file:
        file.write(os.urandom(1))
    return None
