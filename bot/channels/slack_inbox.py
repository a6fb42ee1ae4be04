"""Keeps what arrives from Slack until it is done: nothing runs twice, and a restart loses nothing.

What Slack sends is written down before it is acknowledged, masked, and forgotten when it is done; only the names of
deliveries stay for a while, because Slack delivers again what it believes was not taken.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine as Database
from sqlalchemy.exc import IntegrityError

from bot.tables import making_tables, replace_row

SEEN_SECONDS = 24 * 3600.0
DRAFT_SECONDS = 3600.0
LEASE_SECONDS = 20.0
CANDIDATES = 20
MOST_ATTEMPTS = 10

_metadata = sa.MetaData()

SEEN = sa.Table(
    "slack_seen",
    _metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
JOBS = sa.Table(
    "slack_jobs",
    _metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("conversation", sa.String(255), nullable=False),
    sa.Column("place", sa.String(64), nullable=False, index=True),
    sa.Column("work", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("not_before", sa.Float, nullable=False, default=0.0),
    sa.Column("lease", sa.String(64)),
    sa.Index("ix_slack_jobs_conversation_place", "conversation", "place"),
)
THREADS = sa.Table(
    "slack_threads",
    _metadata,
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
# What a person asked for in Slack, for the home tab. The address is what proves the request to the desk.
REQUESTS = sa.Table(
    "slack_requests",
    _metadata,
    sa.Column("person", sa.String(255), primary_key=True),
    sa.Column("reference", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
DRAFTS = sa.Table(
    "slack_drafts",
    _metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)


@dataclass(frozen=True)
class Job:
    """Something to do, in its place within its conversation."""

    id: str
    conversation: str
    work: Mapping[str, Any]
    attempts: int
    lease: str

    @property
    def is_last_attempt(self) -> bool:
        """Tell whether it is given up when it fails now."""
        return self.attempts >= MOST_ATTEMPTS


@dataclass(frozen=True)
class KnownRequest:
    """A request that somebody made in Slack."""

    reference: str
    kind: str
    due: str
    email: str


class Inbox:
    """The tables, in the database of the conversations; every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        """Make the tables where they are missing."""
        self._database = database
        with making_tables(database):
            _metadata.create_all(database, checkfirst=True)

    def put(self, names: Sequence[str], conversation: str, place: str, work: Mapping[str, Any]) -> bool:
        """Write a job down unless one of its names was seen before."""
        now = time.time()
        try:
            with self._database.begin() as connection:
                known = connection.execute(sa.select(SEEN.c.name).where(SEEN.c.name.in_(names))).first()
                if known is not None:
                    return False
                connection.execute(sa.insert(SEEN), [{"name": name, "at": now} for name in names])
                row = {"id": uuid.uuid4().hex, "conversation": conversation, "place": place, "work": json.dumps(work)}
                connection.execute(sa.insert(JOBS).values(attempts=0, not_before=0.0, **row))
        except IntegrityError:
            # The same delivery arrived twice at once; the other one is in.
            return False
        return True

    def claim(self) -> Job | None:
        """Take the first job whose conversation nobody works on; of each conversation, the earliest comes first."""
        now = time.time()
        with self._database.connect() as connection:
            rows = connection.execute(_claimable(now)).all()
        # Another worker, here or in another process, may have taken the first ones meanwhile.
        return next((job for row in rows if (job := self._take(row, now)) is not None), None)

    def prolong(self, job: Job) -> bool:
        """Keep a job for longer; False when somebody else has it."""
        return self._change(job, not_before=time.time() + LEASE_SECONDS)

    def done(self, job: Job) -> None:
        """Forget a job."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(JOBS).where(JOBS.c.id == job.id, JOBS.c.lease == job.lease))

    def again(self, job: Job, seconds: float) -> None:
        """Put a job back for a while."""
        self._change(job, lease=None, not_before=time.time() + seconds)

    def waiting(self) -> int:
        """Count what is not done."""
        with self._database.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(JOBS)).scalar() or 0)

    def own_thread(self, conversation: str) -> None:
        """Remember that the assistant takes part in a thread."""
        _replace(self._database, THREADS, {"conversation": conversation}, {"at": time.time()})

    def owns_thread(self, conversation: str) -> bool:
        """Tell whether the assistant takes part in a thread."""
        query = sa.select(THREADS.c.at).where(THREADS.c.conversation == conversation)
        with self._database.connect() as connection:
            return connection.execute(query).first() is not None

    def remember_request(self, person: str, request: KnownRequest) -> None:
        """Remember what a person asked for."""
        values = {"kind": request.kind, "due": request.due, "email": request.email, "at": time.time()}
        _replace(self._database, REQUESTS, {"person": person, "reference": request.reference}, values)

    def requests_of(self, person: str) -> list[KnownRequest]:
        """Return what a person asked for, the latest first."""
        query = sa.select(REQUESTS).where(REQUESTS.c.person == person).order_by(REQUESTS.c.at.desc())
        with self._database.connect() as connection:
            rows = connection.execute(query.limit(40)).all()
        return [KnownRequest(row.reference, row.kind, row.due, row.email) for row in rows]

    def keep_draft(self, name: str, answers: Mapping[str, Any]) -> None:
        """Keep what was filled in until it is sent."""
        _replace(self._database, DRAFTS, {"name": name}, {"answers": json.dumps(answers), "at": time.time()})

    def draft(self, name: str) -> dict[str, Any] | None:
        """Return what was filled in."""
        with self._database.connect() as connection:
            answers = connection.execute(sa.select(DRAFTS.c.answers).where(DRAFTS.c.name == name)).scalar()
        return json.loads(answers) if answers else None

    def forget(self, request_days: int) -> None:
        """Forget what has had its time."""
        now = time.time()
        with self._database.begin() as connection:
            connection.execute(sa.delete(SEEN).where(SEEN.c.at < now - SEEN_SECONDS))
            connection.execute(sa.delete(DRAFTS).where(DRAFTS.c.at < now - DRAFT_SECONDS))
            connection.execute(sa.delete(THREADS).where(THREADS.c.at < now - request_days * 86400.0))
            last_due = time.strftime("%Y-%m-%d", time.gmtime(now - request_days * 86400.0))
            connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.due < last_due))

    def _take(self, row: Any, now: float) -> Job | None:
        lease = uuid.uuid4().hex
        with self._database.begin() as connection:
            taken = connection.execute(
                sa.update(JOBS)
                .where(JOBS.c.id == row.id, JOBS.c.not_before <= now)
                .values(lease=lease, not_before=now + LEASE_SECONDS, attempts=row.attempts + 1)
            ).rowcount
        return Job(row.id, row.conversation, json.loads(row.work), row.attempts + 1, lease) if taken else None

    def _change(self, job: Job, **values: Any) -> bool:
        with self._database.begin() as connection:
            ours = sa.update(JOBS).where(JOBS.c.id == job.id, JOBS.c.lease == job.lease)
            return bool(connection.execute(ours.values(**values)).rowcount)


def _claimable(now: float) -> Any:
    """Return the query for what may be begun: nothing earlier of its conversation waits, and nothing of it runs."""
    other = JOBS.alias("other")
    runs = sa.and_(other.c.lease.is_not(None), other.c.not_before > now, other.c.id != JOBS.c.id)
    in_the_way = sa.exists().where(
        other.c.conversation == JOBS.c.conversation, sa.or_(other.c.place < JOBS.c.place, runs)
    )
    return sa.select(JOBS).where(JOBS.c.not_before <= now, ~in_the_way).order_by(JOBS.c.place).limit(CANDIDATES)


def _replace(database: Database, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    with database.begin() as connection:
        replace_row(connection, table, key, values)
