"""Opening a ticket: one transaction that holds the ticket, its first audit entry and everything that is to be sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select

from desk.application import Work
from desk.domain.clock import Clock, due_date
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, Language, Relationship, State
from desk.domain.reference import new_reference
from desk.services import mail, slack, webhooks
from desk.storage.models import Ticket, TicketContent
from desk.storage.upsert import add_row_once, add_rows

_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\]+@[^\s@<>\"(),;:\\]+")
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 200
_LONGEST_TEXT = 100_000
# What cannot be seen has no place in a name or an address; line breaks and tabs may stand in a longer text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LANGUAGES = ("de", "en")


class Line(NamedTuple):
    """One message of the conversation that led to a ticket."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True)
class NewTicket:
    """Everything needed to open a ticket, from whichever way it came."""

    request_id: str
    kind: Kind
    language: Language
    description: str
    email: str
    relationship: Relationship = Relationship.UNSURE
    name: str | None = None
    country: str | None = None
    channel: str = "webchat"
    marks: tuple[str, ...] = ()
    transcript: tuple[Line, ...] = ()
    notify: bool = field(default=True)


class Opened(NamedTuple):
    """A ticket, and whether this call made it."""

    ticket: Ticket
    created: bool


def open_ticket(work: Work, new: NewTicket) -> Opened:
    """Open a ticket, or find the one that the same request opened before."""
    new = checked(new)
    ticket = _insert(work, new)
    if ticket is None:
        return Opened(ticket_by_request(work, new.request_id), created=False)
    add_rows(work.session, TicketContent, [_content(new, ticket)])
    work.record(
        "ticket.opened", ticket.id, kind=ticket.kind.value, due=ticket.due_on.isoformat(), channel=ticket.channel
    )
    work.session.count_new(ticket)
    work.count("received", ticket)
    if new.notify:
        _send_notices(work, ticket, new)
    return Opened(ticket, created=True)


def ticket_by_request(work: Work, request_id: str) -> Ticket:
    """Find the ticket that a request opened."""
    return work.session.scalars(select(Ticket).where(Ticket.request_id == request_id)).one()


def find_by_request(work: Work, request_id: str) -> Ticket | None:
    """Find the ticket that a request opened, if it did."""
    return work.session.scalars(select(Ticket).where(Ticket.request_id == request_id)).one_or_none()


def checked(new: NewTicket) -> NewTicket:
    """Bring what came from outside into shape, or refuse it."""
    email = new.email.strip()
    if len(email) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(email) or _CONTROL.search(email):
        raise InvalidInput("This is not an e-mail address.")
    if not 1 <= len(new.request_id) <= 200:
        raise InvalidInput("A request needs an id of at most 200 characters.")
    if new.language not in _LANGUAGES:
        raise InvalidInput("A ticket is in German or in English.")
    return NewTicket(
        request_id=new.request_id,
        kind=Kind(new.kind),
        language=new.language,
        description=_text(new.description),
        email=email,
        relationship=Relationship(new.relationship),
        name=_short(new.name),
        country=_short(new.country),
        channel=new.channel[:32],
        marks=tuple(dict.fromkeys(mark[:32] for mark in new.marks)),
        transcript=new.transcript,
        notify=new.notify,
    )


def clean_text(text: str) -> str:
    """Take out what cannot be seen and cut what nobody would read."""
    return _text(text)


def _text(text: str) -> str:
    return _storable(text).strip()[:_LONGEST_TEXT]


def _short(text: str | None) -> str | None:
    if text is None:
        return None
    return " ".join(_storable(text).split())[:_LONGEST_NAME] or None


def _storable(text: str) -> str:
    # Half a surrogate pair cannot be written as UTF-8, and some chat clients cut emoji in the middle.
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def _insert(work: Work, new: NewTicket) -> Ticket | None:
    received_on = work.today
    due_on = due_date(Clock(received_on), work.desk.calendar)
    while True:
        # A reference that is taken already is as good as impossible; the loop costs nothing and is right all the same.
        ticket_id = add_row_once(work.session, Ticket, _values(work, new, received_on, due_on))
        if ticket_id is not None:
            return work.session.get_one(Ticket, ticket_id)
        if _is_known(work, new.request_id):
            return None


def _values(work: Work, new: NewTicket, received_on: date, due_on: date) -> dict[str, object]:
    return {
        "reference": new_reference(),
        "request_id": new.request_id,
        "kind": new.kind,
        "state": State.NEW,
        "open": True,
        "language": new.language,
        "relationship": new.relationship,
        "channel": new.channel,
        "marks": list(new.marks),
        "email_hash": work.desk.hashes.email(new.email),
        "verified": False,
        "received_at": work.now,
        "clock_from": received_on,
        "due_on": due_on,
        "queue_on": due_on,
        "suspended_days": 0,
        "extended": False,
        "escalated": False,
        "legal_hold": False,
        "reopened_count": 0,
        "updated_at": work.now,
        "version": 1,
    }


def _content(new: NewTicket, ticket: Ticket) -> dict[str, object]:
    return {
        "ticket_id": ticket.id,
        "email": new.email,
        "name": new.name,
        "country": new.country,
        "description": new.description,
        "transcript": [
            {"author": line.author, "text": _storable(line.text), "at": line.at.isoformat()} for line in new.transcript
        ],
    }


def _is_known(work: Work, request_id: str) -> bool:
    return work.session.scalar(select(Ticket.id).where(Ticket.request_id == request_id)) is not None


def _send_notices(work: Work, ticket: Ticket, new: NewTicket) -> None:
    mail.send_first_letter(work, ticket, new.email, new.name)
    slack.notify(work, ticket, "opened", once_key=f"slack-opened:{ticket.id}")
    webhooks.announce(work, "ticket.opened", ticket)
