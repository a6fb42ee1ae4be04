"""What a person can do with a ticket of their own, who proves it by reference and e-mail address."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import select

from desk.application import Work
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, Outcome
from desk.domain.reference import normalise_reference
from desk.domain.states import is_closed
from desk.services import mail, slack, tickets, webhooks
from desk.services.opening import clean_text
from desk.storage.models import Correspondence, HandledRequest, Ticket
from desk.storage.upsert import insert_into

# Free text can say the same in other words; asking somebody for the same right twice is the same request.
_TEXT_DECIDES = frozenset({Kind.COMPLAINT, Kind.INQUIRY})
_SIMILAR = 0.6
_LOOKED_AT = 20
_NO_HASH = bytes(32)
TRUSTE = "truste"
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")


@dataclass(frozen=True)
class EscalationResult:
    """A ticket, and whether it is now marked escalated."""

    ticket: Ticket
    escalated: bool


def find_own(work: Work, reference: str, email: str, *, lock: bool = False) -> Ticket | None:
    """Find a ticket by reference and address; an unknown reference and a wrong address look alike, in time too."""
    wanted = work.desk.hashes.email(email)
    statement = select(Ticket).where(Ticket.reference == (normalise_reference(reference) or reference))
    ticket = work.session.scalar(statement.with_for_update() if lock else statement)
    kept = ticket.email_hash if ticket is not None and ticket.email_hash is not None else _NO_HASH
    return ticket if hmac.compare_digest(wanted, kept) else None


def similar_open(work: Work, kind: Kind, email: str, description: str, request_id: str = "") -> Ticket | None:
    """Find an open ticket in which the same person asked for the same, other than the one this request opened."""
    own = Ticket.email_hash == work.desk.hashes.email(email)
    statement = (
        select(Ticket)
        .where(own, Ticket.open, Ticket.kind == Kind(kind), Ticket.request_id != request_id)
        .order_by(Ticket.received_at.desc(), Ticket.id.desc())
        .limit(_LOOKED_AT)
    )
    for ticket in work.session.scalars(statement):
        if kind not in _TEXT_DECIDES or (ticket.content and is_similar(ticket.content.description, description)):
            return ticket
    return None


def is_similar(one: str, other: str) -> bool:
    """Tell whether two texts say nearly the same in nearly the same words."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return first == second
    shared = len(set(first) & set(second)) / min(len(set(first)), len(set(second)))
    return shared >= _SIMILAR and SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SIMILAR / 2


def add(work: Work, reference: str, email: str, text: str, request_id: str) -> Ticket | None:
    """Add something to a ticket; nothing is lost when it is closed, it is reopened then."""
    ticket = find_own(work, reference, email, lock=True)
    if ticket is None or not _is_first(work, "add", request_id, ticket):
        return ticket
    _keep_text(work, ticket, text)
    work.record("ticket.added", ticket.id)
    if is_closed(ticket.state):
        tickets.reopen(work, ticket, by_person=True)
    else:
        mail.send_letter(work, ticket, "added", once_key=f"added:{request_id}")
        slack.notify(work, ticket, "added", once_key=f"slack-added:{request_id}")
    webhooks.announce(work, "ticket.added", ticket)
    return ticket


def reopen(work: Work, reference: str, email: str, reason: str, request_id: str) -> Ticket | None:
    """Reopen a closed ticket whose answer did not satisfy; an open one keeps what was said."""
    ticket = find_own(work, reference, email, lock=True)
    if ticket is None or not _is_first(work, "reopen", request_id, ticket):
        return ticket
    _keep_text(work, ticket, reason)
    if is_closed(ticket.state):
        tickets.reopen(work, ticket, by_person=True)
        return ticket
    tickets.mark(work, ticket, "disputed")
    work.record("ticket.added", ticket.id)
    slack.notify(work, ticket, "added", once_key=f"slack-reopen:{request_id}")
    return ticket


def withdraw(work: Work, reference: str, email: str, request_id: str) -> Ticket | None:
    """Close a ticket because the person takes the request back."""
    ticket = find_own(work, reference, email, lock=True)
    if ticket is None or not _is_first(work, "withdraw", request_id, ticket) or is_closed(ticket.state):
        return ticket
    tickets.close(work, ticket, Outcome.WITHDRAWN)
    mail.send_letter(work, ticket, "withdrawn", once_key=f"withdrawn:{request_id}")
    slack.notify(work, ticket, "withdrawn", once_key=f"slack-withdrawn:{request_id}")
    webhooks.announce(work, "ticket.withdrawn", ticket)
    return ticket


def escalate(work: Work, reference: str, email: str, to: str, request_id: str) -> EscalationResult | None:
    """Mark a ticket escalated, which only closed, overdue and disputed ones are ready for."""
    if not _PLACE.fullmatch(to):
        raise InvalidInput("A ticket is escalated to TRUSTe or to the authority of a place.")
    ticket = find_own(work, reference, email, lock=True)
    if ticket is None:
        return None
    if can_be_escalated(work, ticket) and _is_first(work, "escalate", request_id, ticket):
        tickets.escalate(work, ticket, to)
    return EscalationResult(ticket, ticket.escalated)


def can_be_escalated(work: Work, ticket: Ticket) -> bool:
    """Tell whether we had our turn: the ticket is closed, overdue, or its answer was disputed."""
    disputed = ticket.reopened_count > 0 or "disputed" in ticket.marks
    return is_closed(ticket.state) or tickets.is_overdue(work, ticket) or disputed


def _is_first(work: Work, operation: str, request_id: str, ticket: Ticket) -> bool:
    if not 1 <= len(request_id) <= 200:
        raise InvalidInput("A request needs an id of at most 200 characters.")
    values = {"operation": operation, "request_id": request_id, "ticket_id": ticket.id, "at": work.now}
    statement = insert_into(work.session, HandledRequest).values(values).on_conflict_do_nothing()
    return work.session.scalar(statement.returning(HandledRequest.ticket_id)) is not None


def _keep_text(work: Work, ticket: Ticket, text: str) -> None:
    body = clean_text(text)
    if body:
        work.session.add(
            Correspondence(ticket_id=ticket.id, incoming=True, channel="assistant", body=body, at=work.now)
        )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
