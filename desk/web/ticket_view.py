"""Everything one ticket's page shows, gathered in one read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from desk.application import Work
from desk.domain.kinds import Role, State
from desk.domain.states import TRANSITIONS
from desk.services import attachments, checklists, links, readings, tickets
from desk.storage.models import Attachment, OutboxMessage, ReadLogEntry, Ticket, User
from desk.web.clock_words import clock_sentences, elapsed, may_extend
from desk.web.due import due_of
from desk.web.timeline import actor_words, escalated_to, events
from desk.web.translations import has_text
from desk.web.visit import Visit

# The link that confirms an address proves something only while nobody but the person can follow it.
_CONFIRMATION = re.compile(r"(/confirm/)[\w-]+")
_MEGABYTE = 1024 * 1024
# A refusal is a letter with rights in it, so it is not offered as a mere change of state.
_BY_LETTER = frozenset({State.REFUSED})


@dataclass(frozen=True)
class Speech:
    """One message of the conversation with the assistant."""

    side: str
    text: str
    at: datetime | None


def names_of(work: Work) -> Mapping[int, str]:
    """Give every colleague's name by number; a team is small."""
    return dict(iter(work.session.execute(select(User.id, User.name))))


def colleagues(work: Work) -> list[User]:
    """List whom a ticket can be given to."""
    statement = select(User).where(User.active, User.role.in_([Role.OFFICER, Role.ADMIN]))
    return list(work.session.scalars(statement.order_by(User.name)))


def marks_of(ticket: Ticket) -> list[str]:
    """List what stands out about a ticket, the most urgent first."""
    facts = {
        "anonymised": ticket.anonymised_at is not None,
        "escalated": ticket.escalated,
        "hold": ticket.legal_hold,
        "extended": ticket.extended,
        "unverified": not ticket.verified and ticket.open,
    }
    return [name for name, holds in facts.items() if holds] + [mark for mark in ticket.marks if mark not in facts]


def ticket_values(visit: Visit, work: Work, ticket: Ticket) -> dict[str, Any]:
    """Give what the page needs."""
    names = names_of(work)
    content, steps = ticket.content, checklists.steps_of(work, ticket, visit.language)
    return {
        "id": ticket.id,
        "reference": ticket.reference,
        "version": ticket.version,
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "open": ticket.open,
        "language": ticket.language,
        "relationship": ticket.relationship_.value,
        "received_at": ticket.received_at,
        "channel_words": _channel(visit, ticket.channel),
        "due_on": ticket.due_on,
        "due": due_of(ticket, work.today, work.settings.due_soon_days, visit.say),
        "marks": marks_of(ticket),
        "anonymised": content is None,
        "description": content.description if content else "",
        "person": content,
        "transcript": _talk(content.transcript) if content else [],
        "verified_at": ticket.verified_at,
        "suspended_on": ticket.suspended_on,
        "hold": ticket.legal_hold,
        "escalated_to": ticket.escalated_to,
        "escalated_to_words": escalated_to(visit, ticket.escalated_to),
        "escalation_reference": ticket.escalation_reference,
        "assignee_id": ticket.assignee_id,
        "assignee": names.get(ticket.assignee_id) if ticket.assignee_id else None,
        "may_extend": may_extend(work, ticket),
        "next_states": _next_states(ticket),
        "clock_words": clock_sentences(visit, work, ticket),
        "elapsed": elapsed(work, ticket),
        "letters": _letters(work, ticket, names),
        "notes": [_note(note, names) for note in tickets.notes_of(work, ticket)],
        "timeline": events(visit, tickets.history_of(work, ticket), names),
        "siblings": links.same_person(work, ticket, limit=8),
        "links": [_link(other, relation) for other, relation in links.linked_with(work, ticket)],
        "checklist": steps,
        "checklist_done": sum(step.done_at is not None for step in steps),
        "files": [_file(visit, file) for file in attachments.of_ticket(work, ticket)],
        "file_kinds": ",".join(attachments.MEDIA_TYPES),
        "file_megabytes": work.settings.attachment_bytes // _MEGABYTE,
        "readers": [_reader(visit, entry, names) for entry in readings.of_ticket(work, ticket, limit=8)],
    }


def _channel(visit: Visit, channel: str) -> str:
    key = f"ticket.channels.{channel}"
    return visit.say(key) if has_text(key) else channel


def _next_states(ticket: Ticket) -> list[str]:
    if ticket.content is None:
        return []
    # In the order in which work goes on, which a set does not keep.
    return [state.value for state in State if state in TRANSITIONS[ticket.state] - _BY_LETTER]


def _talk(transcript: list[dict[str, str]]) -> list[Speech]:
    return [
        Speech(
            "person" if line.get("author") in {"visitor", "person", "user"} else "assistant",
            line.get("text", ""),
            datetime.fromisoformat(line["at"]) if line.get("at") else None,
        )
        for line in transcript
    ]


def _letters(work: Work, ticket: Ticket, names: Mapping[int, str]) -> list[dict[str, Any]]:
    letters = tickets.correspondence_of(work, ticket)
    numbers = [letter.outbox_id for letter in letters if letter.outbox_id is not None]
    statement = select(OutboxMessage.id, OutboxMessage.sent_at, OutboxMessage.dead_at)
    delivery = {
        number: "sent" if sent else "dead" if dead else "waiting"
        for number, sent, dead in work.session.execute(statement.where(OutboxMessage.id.in_(numbers)))
    }
    return [
        {
            "incoming": letter.incoming,
            "author": names.get(letter.author_id) if letter.author_id else None,
            "at": letter.at,
            "subject": letter.subject,
            "body": _CONFIRMATION.sub(r"\1…", letter.body),
            # What was sent is swept from the outbox after a while; what is not there any more was sent.
            "delivery": None if letter.incoming else delivery.get(letter.outbox_id or 0, "sent"),
        }
        for letter in letters
    ]


def _note(note: Any, names: Mapping[int, str]) -> dict[str, Any]:
    return {"author": names.get(note.author_id), "at": note.at, "body": note.body, "purpose": note.purpose}


def _link(other: Ticket, relation: str) -> dict[str, str]:
    return {"reference": other.reference, "kind": other.kind.value, "relation": relation}


def _file(visit: Visit, file: Attachment) -> dict[str, Any]:
    kilobytes = max(1, round(file.size / 1024))
    return {
        "id": file.id,
        "name": file.file_name,
        "size": f"{visit.formats.number(kilobytes)} kB",
        "incoming": file.incoming,
        "sent": file.correspondence_id is not None,
    }


def _reader(visit: Visit, entry: ReadLogEntry, names: Mapping[int, str]) -> dict[str, Any]:
    return {"name": actor_words(visit, entry.actor, names), "at": entry.at, "what": entry.what}
