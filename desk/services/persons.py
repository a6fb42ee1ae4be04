"""Everything the desk holds about one e-mail address, for the person who asks for it (Article 15)."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from desk.application import Work
from desk.services import attachments, letters, readings, tickets
from desk.storage.models import Ticket

_TITLES = {
    "de": {
        "title": "Gespeicherte Daten zu {email}",
        "none": "Zu dieser Adresse ist nichts gespeichert.",
        "request": "Anliegen",
        "conversation": "Gespräch mit dem Assistenten",
        "letters": "Schriftwechsel",
        "notes": "Interne Notizen",
        "files": "Dateien",
        "history": "Verlauf",
        "name": "Name",
        "country": "Land",
        "received": "Eingegangen",
        "due": "Frist",
        "state": "Stand",
    },
    "en": {
        "title": "Data kept about {email}",
        "none": "Nothing is kept about this address.",
        "request": "Request",
        "conversation": "Conversation with the assistant",
        "letters": "Letters",
        "notes": "Internal notes",
        "files": "Files",
        "history": "History",
        "name": "Name",
        "country": "Country",
        "received": "Received",
        "due": "Due",
        "state": "State",
    },
}


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


def as_page(exported: dict[str, Any], language: str) -> str:
    """Write an export as one page that any browser shows and prints."""
    words = _TITLES[language]
    title = html.escape(words["title"].format(email=exported["email"]))
    body = "".join(_section(ticket, words, language) for ticket in exported["tickets"]) or f"<p>{words['none']}</p>"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    )


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


def _section(ticket: dict[str, Any], words: dict[str, str], language: str) -> str:
    facts = {
        words["request"]: letters.word("kinds", ticket["kind"], language),
        words["received"]: ticket["received"],
        words["due"]: ticket["due"],
        words["state"]: ticket["state"],
        words["name"]: ticket["name"],
        words["country"]: ticket["country"],
    }
    rows = "".join(f"<dt>{html.escape(key)}</dt><dd>{_text(value)}</dd>" for key, value in facts.items() if value)
    parts = (
        _texts(words["conversation"], [(line["author"], line["text"]) for line in ticket["conversation"]]),
        _texts(words["letters"], [(line["subject"] or line["direction"], line["text"]) for line in ticket["letters"]]),
        _texts(words["notes"], [(note["at"], note["text"]) for note in ticket["notes"]]),
        _texts(words["files"], [(file["name"], f"{file['size']} B") for file in ticket["files"]]),
        _texts(words["history"], [(event["at"], event["action"]) for event in ticket["history"]]),
    )
    head = f"<h2>{html.escape(ticket['reference'])}</h2><dl>{rows}</dl><p>{_text(ticket['description'] or '')}</p>"
    return head + "".join(parts)


def _texts(title: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    items = "".join(f"<li><b>{html.escape(head)}</b><br>{_text(text)}</li>" for head, text in rows)
    return f"<h3>{html.escape(title)}</h3><ul>{items}</ul>"


def _text(value: str) -> str:
    return html.escape(value).replace("\n", "<br>")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
