"""All that the action server may call: opening tickets and what people do with tickets of their own.

Every function is synchronous and one transaction (call it with asyncio.to_thread), and raises DeskUnavailable when
the database is away, locked or full. Nothing was changed then, and the same call may be repeated: the request id
makes sure that it takes effect once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from desk import health
from desk.application import VISITOR, Work, current_desk
from desk.domain.errors import DeskUnavailable, InvalidInput
from desk.domain.kinds import Kind, Language, Relationship, State
from desk.domain.reference import normalise_reference
from desk.services import opening, review, tickets, topics_asked, visitors
from desk.storage.models import Ticket

__all__ = [
    "DeskUnavailable",
    "Escalation",
    "InvalidInput",
    "Kind",
    "Language",
    "OpenedTicket",
    "Relationship",
    "State",
    "TicketRequest",
    "TicketStatus",
    "TopicCount",
    "TranscriptLine",
    "add_to_ticket",
    "count_topics",
    "escalate_ticket",
    "keep_unplaced_question",
    "normalise_reference",
    "open_ticket",
    "reopen_ticket",
    "retention_months",
    "similar_open_ticket",
    "ticket_of_request",
    "ticket_status",
    "withdraw_ticket",
]


@dataclass(frozen=True)
class TranscriptLine:
    """One message of the conversation; `author` is `visitor` or `assistant`."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True)
class TicketRequest:
    """What a conversation gathered; `request_id` is the conversation's own and makes opening idempotent."""

    request_id: str
    kind: Kind
    language: Literal["de", "en"]
    description: str
    relationship: Relationship
    email: str
    name: str | None = None
    country: str | None = None
    channel: str = "webchat"
    marks: tuple[str, ...] = ()
    transcript: tuple[TranscriptLine, ...] = ()


@dataclass(frozen=True)
class OpenedTicket:
    """The proof that a ticket exists; `created` is False when the same request opened it before."""

    reference: str
    kind: Kind
    due: date
    received: datetime
    created: bool


@dataclass(frozen=True)
class TicketStatus:
    """How things stand, in so far as the person may know."""

    reference: str
    kind: Kind
    state: State
    due: date
    received: datetime
    extended: bool
    escalated: bool
    overdue: bool
    updated: datetime


@dataclass(frozen=True)
class Escalation:
    """A ticket's status, and whether it is marked escalated now."""

    status: TicketStatus
    escalated: bool


@dataclass(frozen=True)
class TopicCount:
    """How often a topic was asked about in one language since the last time; `topic` is its id in the answers."""

    topic: str
    language: str
    count: int


def open_ticket(request: TicketRequest) -> OpenedTicket:
    """Open a ticket in one transaction; the same request id gives the same ticket again."""
    new = opening.NewTicket(
        request_id=request.request_id,
        kind=Kind(request.kind),
        language=request.language,
        description=request.description,
        email=request.email,
        relationship=Relationship(request.relationship),
        name=request.name,
        country=request.country,
        channel=request.channel,
        marks=request.marks,
        transcript=tuple(opening.Line(line.author, line.text, line.at) for line in request.transcript),
    )
    with current_desk().work(VISITOR) as work:
        ticket, created = opening.open_ticket(work, new)
        return OpenedTicket(ticket.reference, ticket.kind, ticket.due_on, ticket.received_at, created)


def ticket_status(reference: str, email: str) -> TicketStatus | None:
    """Tell how a ticket stands; None alike for an unknown reference and a wrong address."""
    with current_desk().read() as work:
        return _status(work, visitors.find_own(work, reference, email))


def ticket_of_request(request_id: str) -> TicketStatus | None:
    """Tell whether a request has arrived already, although its conversation may not know of it."""
    with current_desk().read() as work:
        return _status(work, opening.find_by_request(work, request_id))


def similar_open_ticket(kind: Kind, email: str, description: str, request_id: str = "") -> TicketStatus | None:
    """Find an open ticket in which the same person asked for the same, other than the one this request opened."""
    with current_desk().read() as work:
        return _status(work, visitors.similar_open(work, Kind(kind), email, description, request_id))


def add_to_ticket(reference: str, email: str, text: str, request_id: str) -> TicketStatus | None:
    """Add something to a ticket; a closed one is reopened by it."""
    with current_desk().work(VISITOR) as work:
        return _status(work, visitors.add(work, reference, email, text, request_id))


def reopen_ticket(reference: str, email: str, reason: str, request_id: str) -> TicketStatus | None:
    """Reopen a ticket whose answer did not satisfy; one that is still open is marked disputed."""
    with current_desk().work(VISITOR) as work:
        return _status(work, visitors.reopen(work, reference, email, reason, request_id))


def withdraw_ticket(reference: str, email: str, request_id: str) -> TicketStatus | None:
    """Close a ticket because the person takes the request back."""
    with current_desk().work(VISITOR) as work:
        return _status(work, visitors.withdraw(work, reference, email, request_id))


def escalate_ticket(reference: str, email: str, to: str, request_id: str) -> Escalation | None:
    """Mark a ticket escalated to `truste` or to the authority of a place, when it is closed, overdue or disputed."""
    with current_desk().work(VISITOR) as work:
        result = visitors.escalate(work, reference, email, to, request_id)
        if result is None:
            return None
        return Escalation(_status_of(work, result.ticket), result.escalated)


def keep_unplaced_question(text: str, language: Literal["de", "en"], suggestions: tuple[str, ...] = ()) -> None:
    """Keep a masked question that could not be placed, for the team to assign to a topic."""
    with current_desk().work(VISITOR) as work:
        review.keep(work, text, language, suggestions)


def can_open_tickets() -> bool:
    """Tell whether a ticket could be opened now, by trying the database, its tables and the keys."""
    return health.can_take_tickets(current_desk())


def count_topics(batch_id: str, counts: Sequence[TopicCount]) -> None:
    """Add to today's counts of what visitors ask about; the same batch id, 32 hexadecimal digits, is added once."""
    with current_desk().work(VISITOR) as work:
        topics_asked.add(work, batch_id, [topics_asked.Asked(one.topic, one.language, one.count) for one in counts])


def retention_months(kind: Kind) -> int:
    """Tell how long a ticket of a kind is kept after it was closed, for the notice before sending."""
    return current_desk().settings.retention_months[Kind(kind)]


def _status(work: Work, ticket: Ticket | None) -> TicketStatus | None:
    return None if ticket is None else _status_of(work, ticket)


def _status_of(work: Work, ticket: Ticket) -> TicketStatus:
    return TicketStatus(
        reference=ticket.reference,
        kind=ticket.kind,
        state=ticket.state,
        due=ticket.due_on,
        received=ticket.received_at,
        extended=ticket.extended,
        escalated=ticket.escalated,
        overdue=tickets.is_overdue(work, ticket),
        updated=ticket.updated_at,
    )
