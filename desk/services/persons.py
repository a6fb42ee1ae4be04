"""Everything the desk holds about one e-mail address, for the person who asks for it (Article 15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from desk.application import Work
from desk.services import attachments, readings, retention, tickets
from desk.storage.models import Ticket


def tickets_of(work: Work, email: str) -> Sequence[Ticket]:
    """List all tickets from an e-mail address, oldest first."""
    statement = select(Ticket).where(Ticket.email_hash == work.desk.hashes.email(email))
    return work.session.scalars(statement.order_by(Ticket.received_at, Ticket.id)).all()


def export(work: Work, email: str) -> dict[str, Any]:
    """Gather everything about an e-mail address as plain data; each export is noted in the log of readings."""
    found = tickets_of(work, email)
    for ticket in found:
        readings.log(work, readings.EXPORTED, ticket)
        work.record("ticket.exported", ticket.id)
    return {"email": email.strip(), "exported_at": _iso(work.now), "tickets": [_ticket(work, one) for one in found]}


def _ticket(work: Work, ticket: Ticket) -> dict[str, Any]:
    content = ticket.content
    return {
        "reference": ticket.reference,
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "outcome": ticket.outcome.value if ticket.outcome else None,
        "language": ticket.language,
        "relationship": ticket.relationship_.value,
        "channel": ticket.channel,
        "marks": list(ticket.marks),
        "received": _iso(ticket.received_at),
        "due": ticket.due_on.isoformat(),
        "closed": _iso(ticket.closed_at),
        "address_confirmed": _iso(ticket.verified_at),
        "escalated_to": ticket.escalated_to,
        "kept": _kept(work, ticket),
        "email": content.email if content else None,
        "name": content.name if content else None,
        "country": content.country if content else None,
        "description": content.description if content else None,
        "conversation": content.transcript if content else [],
        "letters": [
            {
                "at": _iso(letter.at),
                "direction": "in" if letter.incoming else "out",
                "subject": letter.subject,
                "text": letter.body,
            }
            for letter in tickets.correspondence_of(work, ticket)
        ],
        "notes": [{"at": _iso(note.at), "text": note.body} for note in tickets.notes_of(work, ticket)],
        "files": [
            {"name": file.file_name, "size": file.size, "at": _iso(file.created_at)}
            for file in attachments.of_ticket(work, ticket)
        ],
        "history": [{"at": _iso(entry.at), "action": entry.action} for entry in tickets.history_of(work, ticket)],
    }


def _kept(work: Work, ticket: Ticket) -> dict[str, Any]:
    # Article 15(1)(d): how long the data is kept, or what decides it.
    until = retention.ends_on(work, ticket).isoformat() if ticket.closed_at is not None else None
    months = work.settings.retention_months[ticket.kind]
    return {"until": until, "months_after_closing": months, "legal_hold": ticket.legal_hold}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
