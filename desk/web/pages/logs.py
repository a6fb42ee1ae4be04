"""What was read and what was changed, and whether the trail of changes is whole."""

from __future__ import annotations

import json

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from desk.application import Work, staff
from desk.services import audit, outbox, readings, tickets
from desk.storage.models import AuditEntry
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.ticket_view import names_of
from desk.web.timeline import action_words, actor_words
from desk.web.translations import has_text
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()
_ROWS = 50
_LARGEST = 2**62


@pages.get("/logs", Permission.READ_LOGS)
def show(
    request: Request, visit: CurrentVisit, read_before: int = _LARGEST, changed_before: int = _LARGEST
) -> Response:
    """Show both logs, the latest first."""
    with desk_of(request).read() as work:
        read = readings.latest(work, _ROWS, read_before)
        changed = _changes(work, changed_before)
        names = names_of(work)
        stuck = outbox.dead_letters(work, _ROWS)
        spoken_of = (entry.ticket_id for entries in (read, changed, stuck) for entry in entries)
        references = tickets.references(work, spoken_of)
        values = {
            "readings": [
                {
                    "at": entry.at,
                    "who": actor_words(visit, entry.actor, names),
                    "what": _what(visit, entry.what),
                    "reference": references.get(entry.ticket_id or 0),
                }
                for entry in read
            ],
            "changes": [
                {
                    "number": entry.sequence,
                    "at": entry.at,
                    "who": actor_words(visit, entry.actor, names),
                    "what": action_words(visit, entry.action, json.loads(entry.details), names),
                    "reference": references.get(entry.ticket_id or 0),
                }
                for entry in changed
            ],
            "outbox": outbox.status(work),
            "stuck": [(message, references.get(message.ticket_id or 0)) for message in stuck],
            "read_next": read[-1].id if len(read) == _ROWS else None,
            "changed_next": changed[-1].sequence if len(changed) == _ROWS else None,
        }
    return page(request, visit, "logs.html", values)


@pages.post("/logs/check", Permission.READ_LOGS)
def check(request: Request, visit: CurrentVisit) -> Response:
    """Walk the whole trail and say whether it is whole."""
    with desk_of(request).read() as work:
        verdict = audit.verify(work)
    if verdict.whole:
        return go("/logs", "logs.whole", count=visit.formats.number(verdict.entries))
    if verdict.broken_at is None:
        return go("/logs", "logs.cut", tone="bad", reason=verdict.reason)
    return go("/logs", "logs.broken", tone="bad", at=verdict.broken_at, reason=verdict.reason)


@pages.post("/logs/outbox/{number}", Permission.READ_LOGS)
def retry(request: Request, visit: CurrentVisit, number: int) -> Response:
    """Send a message that was given up after all."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        outbox.revive(work, number)
    return go("/logs", "logs.outbox.done")


def _changes(work: Work, before: int) -> list[AuditEntry]:
    statement = select(AuditEntry).where(AuditEntry.sequence < before).order_by(AuditEntry.sequence.desc())
    return list(work.session.scalars(statement.limit(_ROWS)))


def _what(visit: Visit, what: str) -> str:
    return visit.say(f"logs.{what}") if has_text(f"logs.{what}") else what
