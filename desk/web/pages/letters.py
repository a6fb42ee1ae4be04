"""Writing to the person: the text, then the preview of exactly what will be read, then sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import Form, Request
from sqlalchemy import select
from starlette.responses import Response

from desk.application import Work, staff
from desk.domain.clock import due_date
from desk.domain.errors import ExtensionNotAllowed, NotFound
from desk.domain.kinds import State
from desk.services import letters as texts
from desk.services import mail, readings, tickets
from desk.services.opening import clean_text
from desk.storage.models import Attachment, Ticket
from desk.web.clock_words import may_extend
from desk.web.due import due_of
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()


@dataclass(frozen=True)
class Draft:
    """What the form holds."""

    message: str = ""
    doubt: str = ""
    close: bool = False
    attachments: tuple[int, ...] = ()


@dataclass(frozen=True)
class LetterKind:
    """A letter that can be chosen: its template, how it is sent and what is said then."""

    template: str
    send: Callable[[Work, Ticket, Draft], None]
    done: str
    only_open: bool = False


def _answer(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.reply(work, ticket, "answered", draft.message, attachments=draft.attachments)
    if draft.close and ticket.open:
        tickets.change_state(work, ticket, State.RESOLVED)


def _acknowledge(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.reply(work, ticket, "acknowledged", draft.message)


def _message(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.reply(work, ticket, "free", draft.message, attachments=draft.attachments)


def _identity(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.suspend_clock(work, ticket, draft.doubt, message=draft.message)


def _extend(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.extend(work, ticket, draft.message)


def _refuse(work: Work, ticket: Ticket, draft: Draft) -> None:
    tickets.refuse(work, ticket, draft.message)


LETTERS: Mapping[str, LetterKind] = {
    "answer": LetterKind("answered", _answer, "letter.sent"),
    "acknowledge": LetterKind("acknowledged", _acknowledge, "letter.sent"),
    "message": LetterKind("free", _message, "letter.sent"),
    "identity": LetterKind("identity", _identity, "letter.suspended", only_open=True),
    "extend": LetterKind("extended", _extend, "letter.extended", only_open=True),
    "refuse": LetterKind("refused", _refuse, "letter.refused", only_open=True),
}


@pages.get("/tickets/{reference}/letters/{letter}", Permission.WORK_TICKETS)
def write(request: Request, visit: CurrentVisit, reference: str, letter: str) -> Response:
    """Show the empty sheet."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = _ticket_for(work, reference, letter)
        # The sheet shows the request beside it, so opening it is reading the ticket.
        readings.log(work, readings.OPENED, ticket)
        draft = Draft(close=letter == "answer" and ticket.open)
        return page(request, visit, "letter.html", _values(visit, work, ticket, letter, draft))


@pages.post("/tickets/{reference}/letters/{letter}", Permission.WORK_TICKETS)
def preview_or_send(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    letter: str,
    version: Annotated[int, Form()],
    step: Annotated[str, Form(pattern="preview|send")],
    message: Annotated[str, Form(max_length=20_000)] = "",
    doubt: Annotated[str, Form(max_length=20_000)] = "",
    close: Annotated[str, Form()] = "",
    attachments: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Show what the person will read, or send it."""
    draft = Draft(clean_text(message), clean_text(doubt), bool(close), tuple(attachments or ()))
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = _ticket_for(work, reference, letter, lock=True)
        problem = _problem(letter, draft)
        if step == "preview" or problem:
            values = _values(visit, work, ticket, letter, draft, problem, preview=problem is None)
            return page(request, visit, "letter.html", values, status=422 if problem else 200)
        # A second click finds another version than the page had, so nothing is ever sent twice.
        tickets.require_version(ticket, version)
        LETTERS[letter].send(work, ticket, draft)
        reference = ticket.reference
    return go(f"/tickets/{reference}", LETTERS[letter].done)


def _ticket_for(work: Work, reference: str, letter: str, *, lock: bool = False) -> Ticket:
    kind = LETTERS.get(letter)
    if kind is None:
        raise NotFound("There is no such letter.")
    ticket = tickets.get(work, reference, lock=lock)
    if ticket.content is None or (kind.only_open and not ticket.open):
        raise NotFound("This ticket has nobody to write this letter to.")
    if letter == "extend" and not may_extend(work, ticket):
        raise ExtensionNotAllowed("The period cannot be extended any more.")
    return ticket


def _problem(letter: str, draft: Draft) -> str | None:
    if not draft.message and letter != "acknowledge":
        return "letter.empty"
    if letter == "identity" and not draft.doubt:
        return "letter.empty_doubt"
    return None


def _values(
    visit: Visit,
    work: Work,
    ticket: Ticket,
    letter: str,
    draft: Draft,
    problem: str | None = None,
    *,
    preview: bool = False,
) -> dict[str, Any]:
    new_due = _extended_due(work, ticket) if letter == "extend" else None
    statement = select(Attachment.id, Attachment.file_name).where(Attachment.ticket_id == ticket.id)
    return {
        "ticket": ticket,
        "version": ticket.version,
        "letter": letter,
        "choices": [name for name, kind in LETTERS.items() if _is_possible(work, ticket, name, kind)],
        "message": draft.message,
        "doubt": draft.doubt,
        "close": draft.close,
        "attachments": draft.attachments,
        "files": work.session.execute(statement.where(Attachment.incoming.is_(False))).all(),
        "due": due_of(ticket, work.today, work.settings.due_soon_days, visit.say),
        "new_due": new_due,
        "problem": visit.say(problem) if problem else None,
        "preview": _preview(work, ticket, letter, draft, new_due) if preview else None,
    }


def _is_possible(work: Work, ticket: Ticket, name: str, kind: LetterKind) -> bool:
    if kind.only_open and not ticket.open:
        return False
    return name != "extend" or may_extend(work, ticket)


def _preview(work: Work, ticket: Ticket, letter: str, draft: Draft, new_due: date | None) -> texts.Letter:
    values = {"message": draft.message}
    if new_due is not None:
        values["due"] = texts.long_date(new_due, ticket.language)
    return mail.preview(work, ticket, LETTERS[letter].template, values)


def _extended_due(work: Work, ticket: Ticket) -> date:
    return due_date(replace(tickets.clock_of(work, ticket), extended=True), work.desk.calendar)
