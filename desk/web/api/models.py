"""What programs send and get; the description of the interface is made from these."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from desk.application import Work
from desk.domain.kinds import Kind, Outcome, Relationship, Role, State
from desk.domain.reference import ALPHABET
from desk.services import attachments, tickets
from desk.services.queue import LARGEST_PAGE
from desk.services.webhooks import EVENTS
from desk.storage.models import Attachment, AuditEntry, Correspondence, Note, ReadLogEntry, Ticket, User, Webhook

# Text has something in it that can be seen, and no control characters but line breaks and tabs.
_CLEAN = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*"
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=20_000, pattern=rf"^{_CLEAN}[^\s\x00-\x1f\x7f]{_CLEAN}$")
]
Address = Annotated[
    str, StringConstraints(max_length=320, pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
REFERENCE = rf"^PR-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}$"
_EVENT = Literal[
    "ticket.opened",
    "ticket.state-changed",
    "ticket.assigned",
    "ticket.extended",
    "ticket.reopened",
    "ticket.withdrawn",
    "ticket.added",
    "ticket.escalated",
    "ticket.anonymised",
]


class Strict(BaseModel):
    """A body in which a misspelt name is an error instead of being ignored."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What went wrong: a stable code for programs and a sentence for people."""

    code: str = Field(examples=["not-found"])
    message: str


class Failure(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem


class TicketSummary(BaseModel):
    """A ticket as lists show it; nothing in it says who asked."""

    reference: str
    kind: Kind
    state: State
    outcome: Outcome | None
    language: Literal["de", "en"]
    received: datetime
    due: date
    overdue: bool
    extended: bool
    suspended: bool
    escalated: bool
    verified: bool
    assignee_id: int | None
    marks: list[str]
    updated: datetime
    version: int

    @classmethod
    def of(cls, work: Work, ticket: Ticket) -> Self:
        """Make one from a ticket."""
        return cls(**_summary(work, ticket))


class Person(BaseModel):
    """Who asked."""

    email: str
    name: str | None
    country: str | None
    relationship: Relationship


class Letter(BaseModel):
    """A letter to or from the person."""

    at: datetime
    incoming: bool
    template: str | None
    subject: str | None
    text: str

    @classmethod
    def of(cls, letter: Correspondence) -> Self:
        """Make one from a letter that is kept."""
        return cls(
            at=letter.at, incoming=letter.incoming, template=letter.template, subject=letter.subject, text=letter.body
        )


class InternalNote(BaseModel):
    """What colleagues wrote for each other."""

    at: datetime
    purpose: str
    text: str

    @classmethod
    def of(cls, note: Note) -> Self:
        """Make one from a note that is kept."""
        return cls(at=note.at, purpose=note.purpose, text=note.body)


class File(BaseModel):
    """A file of a ticket; its content has a call of its own."""

    id: int
    name: str
    size: int
    incoming: bool
    sent: bool
    at: datetime

    @classmethod
    def of(cls, file: Attachment) -> Self:
        """Make one from a file that is kept."""
        return cls(
            id=file.id,
            name=file.file_name,
            size=file.size,
            incoming=file.incoming,
            sent=file.correspondence_id is not None,
            at=file.created_at,
        )


class FileDigest(BaseModel):
    """What tells one uploaded file from another when a call is repeated."""

    name: str
    digest: str


class TicketDetails(TicketSummary):
    """A ticket with what the person said; `person` and `description` are absent once it is anonymised."""

    person: Person | None
    description: str | None
    letters: list[Letter]
    notes: list[InternalNote]
    files: list[File]

    @classmethod
    def of(cls, work: Work, ticket: Ticket) -> Self:
        """Make one from a ticket."""
        content = ticket.content
        person = None
        if content is not None:
            person = Person(
                email=content.email, name=content.name, country=content.country, relationship=ticket.relationship_
            )
        return cls(
            **_summary(work, ticket),
            person=person,
            description=content.description if content else None,
            letters=[Letter.of(letter) for letter in tickets.correspondence_of(work, ticket)],
            notes=[InternalNote.of(note) for note in tickets.notes_of(work, ticket)],
            files=[File.of(file) for file in attachments.of_ticket(work, ticket)],
        )


class TicketPage(BaseModel):
    """Part of a list and where the next part begins; `next_cursor` is null at the end."""

    tickets: list[TicketSummary]
    next_cursor: str | None


class ListQuery(Strict):
    """Which tickets a list holds; all conditions hold together."""

    view: Literal["open", "unassigned", "due-this-week", "overdue", "escalated", "unverified", "closed", "all"] = "open"
    kind: Kind | None = None
    state: State | None = None
    language: Literal["de", "en"] | None = None
    assignee_id: Annotated[int, Field(ge=1, le=2**31)] | None = None
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50


class PersonSearch(Strict):
    """Whose tickets are looked for; sent as a body, because addresses have no place in web addresses and logs."""

    email: Address
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE


class NewTicketBody(Strict):
    """A request that came in another way, such as by telephone or letter."""

    kind: Kind
    language: Literal["de", "en"]
    description: Text
    email: Address
    name: Name | None = None
    country: Name | None = None
    relationship: Relationship = Relationship.UNSURE
    marks: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]], Field(max_length=10)] = []
    notify: bool = Field(default=True, description="Whether the person gets a confirmation by mail.")


class StateChange(Strict):
    """Another state; refusing has a call of its own, because it needs its letter."""

    state: Literal["in-progress", "waiting", "resolved", "reopened"]
    note: Text | None = None


class Assignment(Strict):
    """Whose ticket it is; null means nobody's."""

    user_id: Annotated[int, Field(ge=1, le=2**31)] | None


class NoteBody(Strict):
    """An internal note; it is never sent to anybody."""

    text: Text


class Reply(Strict):
    """A letter to the person; greeting, rights and closing are added in the person's language."""

    template: Literal["answered", "acknowledged", "free"]
    message: Text
    files: Annotated[list[Annotated[int, Field(ge=1, le=2**31)]], Field(max_length=20)] = Field(
        default=[], description="Files of the ticket to send along, by their ids."
    )


class Reason(Strict):
    """Reasons, as the person will read them."""

    reason: Text


class Suspension(Strict):
    """A reasonable doubt about who asks, which is filed, and the question that the person gets (Article 12(6) GDPR)."""

    doubt: Text
    message: Text


class Resumption(Strict):
    """How the identity was proven, or why the doubt is gone."""

    note: Text | None = None


class Escalation(Strict):
    """Where the ticket was taken to, and its reference there."""

    to: Literal["truste", "authority"]
    reference: Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class Colleague(BaseModel):
    """Whom a ticket can be given to, when active and not a viewer."""

    id: int
    name: str
    role: Role
    active: bool

    @classmethod
    def of(cls, user: User) -> Self:
        """Make one from an account."""
        return cls(id=user.id, name=user.name, role=user.role, active=user.active)


class ColleagueList(BaseModel):
    """All accounts, by name."""

    users: list[Colleague]


class Change(BaseModel):
    """An entry of the audit trail; `hash` is over the entry and `previous_hash`, so that the trail proves itself."""

    sequence: int
    at: datetime
    actor: str
    action: str
    ticket: str | None
    details: dict[str, str | int | bool | None]
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, entry: AuditEntry, reference: str | None) -> Self:
        """Make one from an entry."""
        return cls(
            sequence=entry.sequence,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            ticket=reference,
            details=json.loads(entry.details),
            previous_hash=entry.previous_hash,
            hash=entry.hash,
        )


class ChangePage(BaseModel):
    """Part of the audit trail, oldest first; `next_cursor` is null when there is nothing newer yet."""

    changes: list[Change]
    next_cursor: str | None


class ChangeList(BaseModel):
    """Everything that happened to a ticket, oldest first."""

    changes: list[Change]


class Reading(BaseModel):
    """Who opened or exported a ticket."""

    at: datetime
    actor: str
    what: str
    ticket: str | None

    @classmethod
    def of(cls, entry: ReadLogEntry, reference: str | None) -> Self:
        """Make one from an entry."""
        return cls(at=entry.at, actor=entry.actor, what=entry.what, ticket=reference)


class ReadingPage(BaseModel):
    """Part of the log of readings, newest first."""

    readings: list[Reading]
    next_cursor: str | None


class LogQuery(Strict):
    """Where a page of a log begins, and how long it is."""

    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 100


class AskedTopic(BaseModel):
    """How often a topic was asked about in a week, named by its Monday, in one language."""

    week: date
    topic: str
    language: Literal["de", "en"]
    count: int


class AskedTopics(BaseModel):
    """What visitors asked the assistant about in a period; no question and nobody's name is in it."""

    since: date
    until: date
    topics: list[AskedTopic]


class PeriodQuery(Strict):
    """Two days and all between them; without them the last twelve weeks."""

    since: date | None = None
    until: date | None = None


class WebhookBody(Strict):
    """A system that is to be told of changes."""

    url: Annotated[
        str, StringConstraints(max_length=500, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$")
    ]
    events: Annotated[list[_EVENT], Field(min_length=1, max_length=len(EVENTS))]


class WebhookDetails(BaseModel):
    """A webhook that is kept; its secret is given only once, when it is made."""

    id: int
    url: str
    events: list[str]
    active: bool

    @classmethod
    def of(cls, hook: Webhook) -> Self:
        """Make one from a webhook that is kept."""
        return cls(id=hook.id, url=hook.url, events=hook.events, active=hook.active)


class NewWebhook(WebhookDetails):
    """A webhook that was just made, with the secret that its signatures are checked with."""

    secret: str


class WebhookList(BaseModel):
    """All webhooks."""

    webhooks: list[WebhookDetails]


def _summary(work: Work, ticket: Ticket) -> dict[str, Any]:
    return {
        "reference": ticket.reference,
        "kind": ticket.kind,
        "state": ticket.state,
        "outcome": ticket.outcome,
        "language": ticket.language,
        "received": ticket.received_at,
        "due": ticket.due_on,
        "overdue": tickets.is_overdue(work, ticket),
        "extended": ticket.extended,
        "suspended": ticket.suspended_on is not None,
        "escalated": ticket.escalated,
        "verified": ticket.verified,
        "assignee_id": ticket.assignee_id,
        "marks": list(ticket.marks),
        "updated": ticket.updated_at,
        "version": ticket.version,
    }
