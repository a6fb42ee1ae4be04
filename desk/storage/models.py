"""The tables. What a queue shows stands in one narrow table; what people wrote stands apart, encrypted."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from desk.domain.kinds import Kind, Outcome, Relationship, Role, State
from desk.storage.types import Instant, RowId, Sealed, SealedBytes, SealedJson, Word

# The far end of the calendar: where a ticket stands in the queue while its clock does not run.
NEVER = date(9999, 12, 31)
# What makes a group of the queue (`QueueGroup`).
GROUP = ("state", "kind", "language", "assignee_id", "escalated", "verified")
_FLAG = re.compile(r"(?<![\w.])(NOT )?(open|verified|escalated)(?!\w)")


def _partial(name: str, *columns: str, where: str) -> Index:
    """Make an index over some rows only; SQLite uses it for `open = 1`, as queries say it, but not for `open`."""
    sqlite = _FLAG.sub(lambda flag: f"{flag[2]} = {0 if flag[1] else 1}", where)
    return Index(name, *columns, sqlite_where=text(sqlite), postgresql_where=text(where))


class Base(DeclarativeBase):
    """What all tables share; constraints get names so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """A colleague who signs in to the desk."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    role: Mapped[Role] = mapped_column(Word(Role))
    language: Mapped[str] = mapped_column(String(2), default="de")
    totp_secret: Mapped[str | None] = mapped_column(Sealed("users.totp_secret"))
    totp_last_step: Mapped[int | None] = mapped_column(RowId)
    slack_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    oidc_subject: Mapped[str | None] = mapped_column(String(300), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInSession(Base):
    """A browser that is signed in; only the hash of its token is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    second_factor: Mapped[bool] = mapped_column(default=False)
    agent: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class OneTimeToken(Base):
    """An invitation or a password reset that was sent by mail."""

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Throttle(Base):
    """Failed attempts under one name (an account, an address), so that guessing is slow on every process alike."""

    __tablename__ = "throttles"

    name_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant, index=True)


class ApiToken(Base):
    """A program's way in, with no more scopes than it needs."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class IdempotencyKey(Base):
    """An API call that was made, so that its repetition gets the same answer and does nothing twice."""

    __tablename__ = "idempotency_keys"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None]
    response: Mapped[Any | None] = mapped_column(SealedJson("idempotency_keys.response"))
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Ticket(Base):
    """A request as the queue needs it: nothing in it says who asked, apart from a keyed hash.

    `due_on` is what the law says today; `queue_on` is where the ticket stands in the queue: the same day, or the
    end of the calendar while the clock does not run. `open` repeats what the state says, because every view of the
    queue asks for it and an index can hold it. `extended` is about the present period, `extended_at` stays for ever.
    """

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    request_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    state: Mapped[State] = mapped_column(Word(State), default=State.NEW)
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    open: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(2))
    relationship_: Mapped[Relationship] = mapped_column("relationship", Word(Relationship))
    channel: Mapped[str] = mapped_column(String(32))
    marks: Mapped[list[str]] = mapped_column(JSON, default=list)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    verified: Mapped[bool] = mapped_column(default=False)
    verified_at: Mapped[datetime | None] = mapped_column(Instant)

    received_at: Mapped[datetime] = mapped_column(Instant)
    clock_from: Mapped[date]
    due_on: Mapped[date]
    queue_on: Mapped[date]
    extended: Mapped[bool] = mapped_column(default=False)
    extended_at: Mapped[datetime | None] = mapped_column(Instant)
    suspended_on: Mapped[date | None]
    suspended_days: Mapped[int] = mapped_column(default=0)

    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    escalated: Mapped[bool] = mapped_column(default=False)
    escalated_to: Mapped[str | None] = mapped_column(String(64))
    escalation_reference: Mapped[str | None] = mapped_column(String(120))
    legal_hold: Mapped[bool] = mapped_column(default=False)

    first_answer_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    reopened_count: Mapped[int] = mapped_column(default=0)
    anonymised_at: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    content: Mapped[TicketContent | None] = relationship(
        back_populates="ticket", cascade="all, delete-orphan", passive_deletes=True, lazy="select"
    )
    assignee: Mapped[User | None] = relationship(lazy="raise_on_sql")

    # Two people who change the same ticket at once: the second one is told instead of silently winning.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # One index for each view of the queue, each in the order in which it is read, so that a page costs the same
    # however many tickets there are; the two by group are for views that were narrowed, in any way (`QueueGroup`).
    # Partial ones stay small, for most tickets of a desk are closed.
    __table_args__ = (
        _partial("ix_tickets_open", "queue_on", "id", where="open"),
        _partial("ix_tickets_open_assignee", "assignee_id", "queue_on", "id", where="open"),
        _partial("ix_tickets_open_received", "received_at", "id", where="open"),
        _partial("ix_tickets_closed_received", "received_at", "id", where="NOT open"),
        _partial("ix_tickets_escalated", "queue_on", "id", where="escalated"),
        Index("ix_tickets_all", "queue_on", "id"),
        Index("ix_tickets_received", "received_at", "id"),
        Index("ix_tickets_group_due", *GROUP, "queue_on", "id"),
        Index("ix_tickets_group_received", *GROUP, "received_at", "id"),
        Index("ix_tickets_email", "email_hash", "received_at", "id"),
        _partial("ix_tickets_closed", "kind", "closed_at", where="closed_at IS NOT NULL AND anonymised_at IS NULL"),
    )


class QueueGroup(Base):
    """A combination of what the queue can be narrowed by; a trigger adds it with the first ticket that has it.

    However many tickets there are, there are a few thousand of these at most, and each has its own stretch of an
    index. `assignee` is 0 where nobody has the tickets.
    """

    __tablename__ = "queue_groups"

    state: Mapped[State] = mapped_column(Word(State), primary_key=True)
    kind: Mapped[Kind] = mapped_column(Word(Kind), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    assignee: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    escalated: Mapped[bool] = mapped_column(primary_key=True)
    verified: Mapped[bool] = mapped_column(primary_key=True)


class TicketContent(Base):
    """What the person told us, encrypted; the row goes when the ticket is anonymised."""

    __tablename__ = "ticket_contents"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(Sealed("ticket_contents.email"))
    name: Mapped[str | None] = mapped_column(Sealed("ticket_contents.name"))
    country: Mapped[str | None] = mapped_column(Sealed("ticket_contents.country"))
    description: Mapped[str] = mapped_column(Sealed("ticket_contents.description"))
    transcript: Mapped[list[dict[str, str]]] = mapped_column(SealedJson("ticket_contents.transcript"))

    ticket: Mapped[Ticket] = relationship(back_populates="content")


class Correspondence(Base):
    """What went to the person and what came from them, in words; internal notes are another table on purpose."""

    __tablename__ = "correspondence"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    incoming: Mapped[bool]
    channel: Mapped[str] = mapped_column(String(32))
    template: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    subject: Mapped[str | None] = mapped_column(Sealed("correspondence.subject"))
    body: Mapped[str] = mapped_column(Sealed("correspondence.body"))
    outbox_id: Mapped[int | None] = mapped_column(RowId)
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_correspondence_ticket_id_at", "ticket_id", "at"),)


class Note(Base):
    """What colleagues wrote for each other; no function that sends anything reads this table."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    purpose: Mapped[str] = mapped_column(String(32), default="note")
    body: Mapped[str] = mapped_column(Sealed("notes.body"))
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_notes_ticket_id_at", "ticket_id", "at"),)


class AuditEntry(Base):
    """One change, linked to the one before by its hash; triggers in the database refuse to change or delete it."""

    __tablename__ = "audit_entries"

    sequence: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[int | None] = mapped_column(RowId)
    details: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_audit_entries_ticket_id_sequence", "ticket_id", "sequence"),)


class AuditHead(Base):
    """Where the chain ends, sealed with a key, so that cutting off its end is noticed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(RowId)
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class OutboxMessage(Base):
    """Something to send, written in the same transaction as what it tells of."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    once_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("outbox.payload"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    available_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(43))
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    dead_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        _partial("ix_outbox_waiting", "available_at", "id", where="sent_at IS NULL AND dead_at IS NULL"),
        _partial("ix_outbox_dead", "dead_at", where="dead_at IS NOT NULL"),
    )


class TicketToken(Base):
    """An unguessable way to one ticket: the link that confirms an address, the address that replies come back to."""

    __tablename__ = "ticket_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    token: Mapped[str | None] = mapped_column(Sealed("ticket_tokens.token"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class InboundMail(Base):
    """A mail that came in, remembered by the hash of its message id so that it is never taken twice."""

    __tablename__ = "inbound_mails"

    message_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class HandledRequest(Base):
    """A visitor's action on an existing ticket that was done, so that a second click does nothing."""

    __tablename__ = "handled_requests"

    operation: Mapped[str] = mapped_column(String(16), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class ReadLogEntry(Base):
    """Who opened or exported what and when."""

    __tablename__ = "read_log"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    ticket_id: Mapped[int | None] = mapped_column(RowId)
    what: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_read_log_ticket_id_at", "ticket_id", "at"),
        Index("ix_read_log_user_id_at", "user_id", "at"),
    )


class TicketLink(Base):
    """Two tickets that belong together: duplicates, merged ones, parts of a split one."""

    __tablename__ = "ticket_links"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, index=True)
    relation: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (CheckConstraint("ticket_id <> other_id", name="not_itself"),)


class ChecklistTick(Base):
    """A step of a kind's checklist that was done; the steps themselves are data files."""

    __tablename__ = "checklist_ticks"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(String(64), primary_key=True)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    done_at: Mapped[datetime] = mapped_column(Instant)


class Attachment(Base):
    """A file of a ticket, encrypted in the database so that backup, retention and keys cover it like the rest."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    correspondence_id: Mapped[int | None] = mapped_column(ForeignKey("correspondence.id", ondelete="SET NULL"))
    incoming: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[str] = mapped_column(Sealed("attachments.file_name"))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(SealedBytes("attachments.content"), deferred=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class UnplacedQuestion(Base):
    """A question the assistant could not place, masked, kept for a while so that the team can assign a topic."""

    __tablename__ = "unplaced_questions"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    text: Mapped[str | None] = mapped_column(Sealed("unplaced_questions.text"))
    text_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    suggestions: Mapped[list[str]] = mapped_column(JSON)
    times_asked: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    topic: Mapped[str | None] = mapped_column(String(64))
    assigned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime | None] = mapped_column(Instant)
    exported_at: Mapped[datetime | None] = mapped_column(Instant)


class DailyCount(Base):
    """What happened on a day, counted as it happens: figures cost no scan and outlive the people they came from."""

    __tablename__ = "daily_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(RowId, default=0)


class WeeklyCount(Base):
    """The daily counts of a calendar week (its Monday) in both languages, so that years are added up from few rows."""

    __tablename__ = "weekly_counts"

    event: Mapped[str] = mapped_column(String(32), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(RowId, default=0)


class StandingCount(Base):
    """How many tickets stand open by the day they arrived, and closed with their person by the day they were closed."""

    __tablename__ = "standing_counts"

    standing: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(Word(Kind), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class TopicCount(Base):
    """How often visitors asked the assistant about a topic on a day, in one language; no question, nobody's name."""

    __tablename__ = "topic_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    count: Mapped[int]


class TopicBatch(Base):
    """Counts that arrived together, remembered so that what is sent again is not counted again."""

    __tablename__ = "topic_batches"

    batch_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Webhook(Base):
    """Another system that is told of changes, signed with a secret of its own."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(Sealed("webhooks.secret"))
    events: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("url"),)


class SavedView(Base):
    """A filter of the queue under a name; it never holds a person's address, whichever list it was made from."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("user_id", "name"),)


class Fact(Base):
    """Small things the desk remembers about itself: the index key's fingerprint, when the worker last ran."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant)
