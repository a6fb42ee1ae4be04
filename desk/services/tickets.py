"""What colleagues do with a ticket; every function is one change with its audit entry, within the caller's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select, update

from desk.application import Work
from desk.domain.clock import Clock, due_date, last_day_to_extend
from desk.domain.errors import (
    AlreadyAnonymised,
    Conflict,
    DueDatePassed,
    ExtensionNotAllowed,
    InvalidInput,
    NotFound,
    ReasonRequired,
    SuspensionNotAllowed,
)
from desk.domain.kinds import Kind, Outcome, State
from desk.domain.reference import normalise_reference
from desk.domain.states import require_transition
from desk.services import mail, slack, webhooks
from desk.services.opening import NewTicket, Opened, clean_text, open_ticket
from desk.storage.models import NEVER, Attachment, AuditEntry, Correspondence, Note, Ticket, User

__all__ = [
    "NewTicket",
    "Opened",
    "add_note",
    "assign",
    "change_state",
    "close",
    "escalate",
    "extend",
    "find",
    "get",
    "hold",
    "is_overdue",
    "mark",
    "open_ticket",
    "references",
    "refuse",
    "reopen",
    "reply",
    "require_version",
    "resume_clock",
    "suspend_clock",
    "unmark",
]


def get(work: Work, reference: str, *, lock: bool = False) -> Ticket:
    """Find a ticket by its reference, however it was typed; `lock` when it is about to be changed."""
    statement = select(Ticket).where(Ticket.reference == (normalise_reference(reference) or reference))
    ticket = work.session.scalar(statement.with_for_update() if lock else statement)
    if ticket is None:
        raise NotFound(f"There is no ticket {reference}.")
    return ticket


def find(work: Work, ticket_id: int, *, lock: bool = False) -> Ticket:
    """Find a ticket by its number."""
    ticket = work.session.get(Ticket, ticket_id, with_for_update=lock or None)
    if ticket is None:
        raise NotFound(f"There is no ticket number {ticket_id}.")
    return ticket


def references(work: Work, ticket_ids: Iterable[int | None]) -> Mapping[int, str]:
    """Give the references of tickets by their numbers."""
    numbers = {number for number in ticket_ids if number is not None}
    return dict(iter(work.session.execute(select(Ticket.id, Ticket.reference).where(Ticket.id.in_(numbers)))))


def require_version(ticket: Ticket, version: int) -> None:
    """Raise when the ticket changed since the page that the change was made on was shown."""
    if ticket.version != version:
        raise Conflict("Somebody else changed this ticket in the meantime.")


def is_overdue(work: Work, ticket: Ticket) -> bool:
    """Tell whether the last day for the answer is over and the ticket is still open."""
    return ticket.open and ticket.queue_on < work.today


def clock_of(work: Work, ticket: Ticket) -> Clock:
    """Give what the due date follows from; a clock that stands right now counts its days up to today."""
    standing = (work.today - ticket.suspended_on).days if ticket.suspended_on else 0
    return Clock(ticket.clock_from, ticket.suspended_days + standing, ticket.extended)


def change_state(work: Work, ticket: Ticket, state: State, note: str = "") -> None:
    """Bring a ticket into another state; closing asks for `answered`, refusing has a function of its own."""
    state = State(state)
    if state is State.REFUSED and not note.strip():
        raise ReasonRequired("A refusal needs a reason.")
    require_transition(ticket.state, state)
    if state is State.REOPENED:
        if note.strip():
            add_note(work, ticket, note, purpose="reopen")
        reopen(work, ticket, by_person=False)
        return
    if state is State.REFUSED:
        refuse(work, ticket, note, send=False)
        return
    if note.strip():
        add_note(work, ticket, note)
    if state is State.RESOLVED:
        close(work, ticket, Outcome.ANSWERED)
    else:
        _set_state(work, ticket, state)


def close(work: Work, ticket: Ticket, outcome: Outcome) -> None:
    """Finish a ticket, whatever the outcome."""
    if ticket.suspended_on is not None:
        _let_clock_run(work, ticket)
    on_time = not is_overdue(work, ticket)
    seconds = int((work.now - ticket.received_at).total_seconds())
    ticket.outcome, ticket.closed_at, ticket.open = outcome, work.now, False
    _set_state(work, ticket, State.REFUSED if outcome is Outcome.REFUSED else State.RESOLVED)
    work.count(f"closed-{outcome.value}", ticket, seconds)
    work.count("closed-on-time" if on_time else "closed-late", ticket, seconds)


def refuse(work: Work, ticket: Ticket, reason: str, *, send: bool = True) -> None:
    """Refuse a request with reasons; the letter names the right to complain and to go to court (Article 12(4))."""
    if not reason.strip():
        raise ReasonRequired("A refusal needs a reason.")
    require_transition(ticket.state, State.REFUSED)
    add_note(work, ticket, reason, purpose="refusal")
    if send:
        mail.send_letter(work, ticket, "refused", {"message": clean_text(reason)})
        _first_answer(work, ticket)
    close(work, ticket, Outcome.REFUSED)


def reopen(work: Work, ticket: Ticket, *, by_person: bool) -> None:
    """Open a closed ticket again.

    Who says that an answer was not enough asks anew, so a new month begins with this day (Article 12(3)). An
    extension that was used up stays used up: the same request does not earn two of them by being answered badly.
    """
    require_transition(ticket.state, State.REOPENED)
    if ticket.content is None:
        raise AlreadyAnonymised("The person was removed from this ticket.")
    ticket.open, ticket.closed_at, ticket.outcome = True, None, None
    ticket.reopened_count += 1
    ticket.clock_from, ticket.suspended_days, ticket.extended = work.today, 0, False
    _set_due(work, ticket)
    _set_state(work, ticket, State.REOPENED)
    work.count("reopened", ticket)
    key = f"{ticket.id}:{ticket.reopened_count}"
    if by_person:
        mail.send_letter(work, ticket, "reopened", once_key=f"reopened:{key}")
    slack.notify(work, ticket, "reopened", once_key=f"slack-reopened:{key}")
    webhooks.announce(work, "ticket.reopened", ticket)


def assign(work: Work, ticket: Ticket, user_id: int | None, note: str = "") -> None:
    """Hand a ticket to a colleague, or to nobody; the first one who takes a new ticket starts the work on it."""
    if user_id is not None:
        user = work.session.get(User, user_id)
        if user is None or not user.active:
            raise NotFound("There is no such colleague.")
    if note.strip():
        add_note(work, ticket, note, purpose="hand-over")
    if ticket.assignee_id == user_id:
        return
    work.record("ticket.assigned", ticket.id, before=ticket.assignee_id, after=user_id)
    ticket.assignee_id, ticket.updated_at = user_id, work.now
    if user_id is not None and ticket.state is State.NEW:
        _set_state(work, ticket, State.IN_PROGRESS)
    webhooks.announce(work, "ticket.assigned", ticket)


def add_note(work: Work, ticket: Ticket, text: str, purpose: str = "note") -> Note:
    """Write something down for colleagues; it is never sent to anybody."""
    body = clean_text(text)
    if not body:
        raise InvalidInput("A note needs text.")
    note = Note(ticket_id=ticket.id, author_id=work.user_id, purpose=purpose, body=body, at=work.now)
    work.session.add(note)
    ticket.updated_at = work.now
    work.session.flush()
    work.record("ticket.noted", ticket.id, note=note.id, purpose=purpose)
    return note


def reply(
    work: Work, ticket: Ticket, template: str, message: str, *, attachments: Sequence[int] = ()
) -> Correspondence:
    """Write to the person from a template in their language."""
    text = clean_text(message)
    if not text and template in ("free", "answered", "identity", "refused", "extended"):
        raise ReasonRequired("This letter needs text.")
    _require_own_attachments(work, ticket, attachments)
    sent = mail.send_letter(work, ticket, template, {"message": text}, attachments=tuple(attachments))
    assert sent is not None, "a letter without a key is always new"
    _first_answer(work, ticket)
    ticket.updated_at = work.now
    work.session.flush()
    _file_with(work, attachments, sent)
    work.record("ticket.replied", ticket.id, template=template, correspondence=sent.id)
    return sent


def extend(work: Work, ticket: Ticket, reason: str) -> None:
    """Extend the period once by two months, with a reason and a letter to the person (Article 12(3))."""
    if not reason.strip():
        raise ReasonRequired("An extension needs a reason, and the person is told it.")
    if not ticket.open:
        raise ExtensionNotAllowed("The ticket is closed.")
    if ticket.extended_at is not None:
        raise ExtensionNotAllowed("The period was extended before; the law allows that once.")
    until = last_day_to_extend(clock_of(work, ticket), work.desk.calendar)
    if work.today > until:
        raise DueDatePassed(until)
    ticket.extended_at, ticket.extended = work.now, True
    before = ticket.due_on
    _set_due(work, ticket)
    add_note(work, ticket, reason, purpose="extension")
    mail.send_letter(work, ticket, "extended", {"message": clean_text(reason)})
    work.record("ticket.extended", ticket.id, before=before.isoformat(), after=ticket.due_on.isoformat())
    work.count("extended", ticket)
    webhooks.announce(work, "ticket.extended", ticket)


def suspend_clock(work: Work, ticket: Ticket, reason: str, *, message: str | None = None) -> None:
    """Let the clock stand while there is reasonable doubt about who asks (Article 12(6)); the reason is recorded.

    With a `message` the person is asked for proof in the same step, for only a question that was asked stops the
    clock; without one the question went another way, which the reason should say.
    """
    if not reason.strip():
        raise ReasonRequired("The clock stands only for a reasonable doubt, which has to be written down.")
    if not ticket.open or ticket.suspended_on is not None:
        raise SuspensionNotAllowed("The clock of this ticket does not run.")
    add_note(work, ticket, reason, purpose="identity-doubt")
    if message is not None:
        reply(work, ticket, "identity", message)
    ticket.suspended_on, ticket.queue_on = work.today, NEVER
    work.record("ticket.clock-suspended", ticket.id)
    if ticket.state is not State.WAITING:
        _set_state(work, ticket, State.WAITING)


def resume_clock(work: Work, ticket: Ticket, note: str = "") -> None:
    """Let the clock run again because the proof arrived, or because the doubt is gone."""
    if ticket.suspended_on is None:
        raise SuspensionNotAllowed("The clock of this ticket runs already.")
    if note.strip():
        add_note(work, ticket, note, purpose="identity-proof")
    _let_clock_run(work, ticket)
    mail.send_letter(work, ticket, "resumed")
    if ticket.state is State.WAITING:
        _set_state(work, ticket, State.IN_PROGRESS)


def escalate(work: Work, ticket: Ticket, to: str, reference: str | None = None) -> None:
    """Mark a ticket as taken to TRUSTe or to an authority, with their reference when it is known."""
    if not to.strip():
        raise InvalidInput("It has to be said where the ticket was taken to.")
    first = not ticket.escalated
    ticket.escalated, ticket.escalated_to, ticket.updated_at = True, to.strip()[:64], work.now
    ticket.escalation_reference = (reference or "").strip()[:120] or ticket.escalation_reference
    work.record("ticket.escalated", ticket.id, to=ticket.escalated_to)
    if first:
        work.count("escalated", ticket)
        slack.notify(work, ticket, "escalated", once_key=f"slack-escalated:{ticket.id}")
        webhooks.announce(work, "ticket.escalated", ticket)


def mark(work: Work, ticket: Ticket, mark_name: str) -> None:
    """Put a mark on a ticket, such as `urgent` or `on-behalf`."""
    name = mark_name.strip()[:32]
    if not name:
        raise InvalidInput("A mark needs a name.")
    if name not in ticket.marks:
        # A new list, because a change within the old one would not be noticed.
        ticket.marks, ticket.updated_at = [*ticket.marks, name], work.now
        work.record("ticket.marked", ticket.id, mark=name)


def unmark(work: Work, ticket: Ticket, mark_name: str) -> None:
    """Take a mark off a ticket."""
    if mark_name in ticket.marks:
        ticket.marks, ticket.updated_at = [mark for mark in ticket.marks if mark != mark_name], work.now
        work.record("ticket.unmarked", ticket.id, mark=mark_name)


def hold(work: Work, ticket: Ticket, *, on: bool, reason: str) -> None:
    """Put a ticket under legal hold, or lift it; under hold nothing of it is deleted."""
    if not reason.strip():
        raise ReasonRequired("A legal hold needs a reason.")
    if ticket.legal_hold == on:
        return
    add_note(work, ticket, reason, purpose="legal-hold")
    ticket.legal_hold = on
    work.record("ticket.held" if on else "ticket.released", ticket.id)


def change_kind(work: Work, ticket: Ticket, kind: Kind) -> None:
    """Say what a request really is; the clock is the same for all kinds."""
    if ticket.kind is not Kind(kind):
        work.record("ticket.kind-changed", ticket.id, before=ticket.kind.value, after=Kind(kind).value)
        ticket.kind, ticket.updated_at = Kind(kind), work.now


def verify_by_hand(work: Work, ticket: Ticket, how: str) -> None:
    """Note that a colleague made sure who the person is, and how."""
    if not how.strip():
        raise ReasonRequired("It has to be said how the identity was proven.")
    add_note(work, ticket, how, purpose="identity-proof")
    ticket.verified, ticket.verified_at = True, work.now
    work.record("ticket.verified", ticket.id)


def correspondence_of(work: Work, ticket: Ticket) -> Sequence[Correspondence]:
    """List what was written to and by the person, oldest first."""
    statement = select(Correspondence).where(Correspondence.ticket_id == ticket.id)
    return work.session.scalars(statement.order_by(Correspondence.at, Correspondence.id)).all()


def notes_of(work: Work, ticket: Ticket) -> Sequence[Note]:
    """List what colleagues wrote for each other, oldest first."""
    return work.session.scalars(select(Note).where(Note.ticket_id == ticket.id).order_by(Note.at, Note.id)).all()


def history_of(work: Work, ticket: Ticket) -> Sequence[AuditEntry]:
    """List the audit entries of a ticket, oldest first."""
    statement = select(AuditEntry).where(AuditEntry.ticket_id == ticket.id)
    return work.session.scalars(statement.order_by(AuditEntry.sequence)).all()


def _set_state(work: Work, ticket: Ticket, state: State) -> None:
    before = ticket.state
    ticket.state, ticket.updated_at = state, work.now
    work.record("ticket.state-changed", ticket.id, before=before.value, after=state.value)
    webhooks.announce(work, "ticket.state-changed", ticket)


def _set_due(work: Work, ticket: Ticket) -> None:
    ticket.due_on = due_date(clock_of(work, ticket), work.desk.calendar)
    ticket.queue_on = NEVER if ticket.suspended_on else ticket.due_on
    ticket.updated_at = work.now


def _let_clock_run(work: Work, ticket: Ticket) -> None:
    since: date = ticket.suspended_on or work.today
    days = (work.today - since).days
    ticket.suspended_days, ticket.suspended_on = ticket.suspended_days + days, None
    _set_due(work, ticket)
    work.record("ticket.clock-resumed", ticket.id, days=days, due=ticket.due_on.isoformat())


def _first_answer(work: Work, ticket: Ticket) -> None:
    if ticket.first_answer_at is None:
        ticket.first_answer_at = work.now
        work.count("first-answer", ticket, int((work.now - ticket.received_at).total_seconds()))


def _file_with(work: Work, attachments: Sequence[int], sent: Correspondence) -> None:
    if attachments:
        found = update(Attachment).where(Attachment.id.in_(attachments))
        work.session.execute(found.values(correspondence_id=sent.id))


def _require_own_attachments(work: Work, ticket: Ticket, attachments: Sequence[int]) -> None:
    # An attachment of another ticket is another person's data.
    if not attachments:
        return
    own = set(work.session.scalars(select(Attachment.id).where(Attachment.ticket_id == ticket.id)))
    if not set(attachments) <= own:
        raise NotFound("This file does not belong to the ticket.")
