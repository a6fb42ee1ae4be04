"""Tickets that belong together: duplicates that are linked or merged, and one request that is split in two."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select

from desk.application import Work
from desk.domain.errors import AlreadyAnonymised, InvalidInput
from desk.domain.kinds import Kind, Outcome
from desk.domain.states import is_closed
from desk.services import tickets
from desk.services.opening import NewTicket, open_ticket
from desk.storage.crypto import new_token
from desk.storage.models import Ticket, TicketLink
from desk.storage.upsert import insert_into

DUPLICATE = "duplicate"
MERGED = "merged"
SPLIT = "split"


def link(work: Work, ticket: Ticket, other: Ticket, relation: str = DUPLICATE) -> None:
    """Say that two tickets belong together."""
    if ticket.id == other.id:
        raise InvalidInput("A ticket is not linked to itself.")
    values = {
        "ticket_id": ticket.id,
        "other_id": other.id,
        "relation": relation,
        "created_by": work.user_id,
        "at": work.now,
    }
    work.session.execute(insert_into(work.session, TicketLink).values(values).on_conflict_do_nothing())
    work.record("ticket.linked", ticket.id, other=other.id, relation=relation)


def unlink(work: Work, ticket: Ticket, other: Ticket, relation: str = DUPLICATE) -> None:
    """Say that two tickets do not belong together after all."""
    pairs = ((ticket.id, other.id), (other.id, ticket.id))
    for one, two in pairs:
        work.session.execute(
            delete(TicketLink).where(
                TicketLink.ticket_id == one, TicketLink.other_id == two, TicketLink.relation == relation
            )
        )
    work.record("ticket.unlinked", ticket.id, other=other.id, relation=relation)


def linked_with(work: Work, ticket: Ticket) -> Sequence[tuple[Ticket, str]]:
    """List the tickets that belong to one, and how."""
    statement = select(TicketLink).where(or_(TicketLink.ticket_id == ticket.id, TicketLink.other_id == ticket.id))
    found = []
    for row in work.session.scalars(statement.order_by(TicketLink.at)):
        other = row.other_id if row.ticket_id == ticket.id else row.ticket_id
        found.append((work.session.get_one(Ticket, other), row.relation))
    return found


def same_person(work: Work, ticket: Ticket, limit: int = 20) -> Sequence[Ticket]:
    """List other tickets from the same e-mail address, newest first."""
    if ticket.email_hash is None:
        return []
    statement = select(Ticket).where(Ticket.email_hash == ticket.email_hash, Ticket.id != ticket.id)
    return work.session.scalars(statement.order_by(Ticket.received_at.desc()).limit(limit)).all()


def merge(work: Work, duplicate: Ticket, into: Ticket) -> None:
    """Close a ticket because another one of the same person holds the same request; the earlier clock goes on.

    Only tickets of one person are merged: everything that is said in one of them may be read by who wrote the other.
    """
    if duplicate.id == into.id or duplicate.email_hash is None or duplicate.email_hash != into.email_hash:
        raise InvalidInput("Only two tickets of the same person can be merged.")
    if not duplicate.open or not into.open:
        raise InvalidInput("Only open tickets can be merged.")
    if duplicate.queue_on < into.queue_on:
        raise InvalidInput("The ticket that is due first has to stay; merge the other one into it.")
    link(work, duplicate, into, MERGED)
    tickets.close(work, duplicate, Outcome.MERGED)
    work.record("ticket.merged", into.id, other=duplicate.id)


def split(work: Work, ticket: Ticket, kind: Kind, description: str) -> Ticket:
    """Make a second ticket of a request that holds two; it runs on the same clock, for it arrived on the same day."""
    content = ticket.content
    if content is None:
        raise AlreadyAnonymised("The person was removed from this ticket.")
    if is_closed(ticket.state):
        raise InvalidInput("Only an open ticket can be split.")
    new = NewTicket(
        request_id=f"split:{new_token()}",
        kind=kind,
        language="de" if ticket.language == "de" else "en",
        description=description,
        email=content.email,
        relationship=ticket.relationship_,
        name=content.name,
        country=content.country,
        channel=ticket.channel,
        marks=tuple(ticket.marks),
        notify=False,
    )
    part = open_ticket(work, new).ticket
    part.received_at, part.clock_from = ticket.received_at, ticket.clock_from
    part.due_on = part.queue_on = ticket.due_on
    part.extended, part.extended_at = ticket.extended, ticket.extended_at
    part.suspended_days, part.assignee_id = ticket.suspended_days, ticket.assignee_id
    part.verified, part.verified_at = ticket.verified, ticket.verified_at
    link(work, ticket, part, SPLIT)
    return part
