"""One ticket: its page, and the changes a colleague makes on it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request, UploadFile
from starlette.responses import Response

from desk.application import staff
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, State
from desk.domain.reference import normalise_reference
from desk.services import attachments, checklists, links, readings, retention, tickets
from desk.storage.models import User
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.ticket_view import colleagues, ticket_values
from desk.web.visiting import desk_of

pages = Pages()

_LONGEST_TEXT = 20_000
Text = Annotated[str, Form(max_length=_LONGEST_TEXT)]


@pages.get("/tickets/{reference}", Permission.READ_TICKETS)
def show(request: Request, visit: CurrentVisit, reference: str) -> Response:
    """Show a ticket; that it was opened is written down before anything of it is shown."""
    desk = desk_of(request)
    with desk.work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference)
        readings.log(work, readings.OPENED, ticket)
    with desk.read() as work:
        ticket = tickets.get(work, reference)
        values = {
            "ticket": ticket_values(visit, work, ticket),
            "colleagues": colleagues(work),
            "may_work": visit.may(Permission.WORK_TICKETS),
            "may_anonymise": visit.may(Permission.MANAGE_RETENTION),
            "kinds": [kind.value for kind in Kind],
        }
        return page(request, visit, "ticket.html", values)


@pages.post("/tickets/{reference}/state", Permission.WORK_TICKETS)
def change_state(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    state: Annotated[State, Form()],
    version: Annotated[int, Form()],
    note: Text = "",
) -> Response:
    """Bring the ticket into another state."""
    if state is State.REFUSED:
        # The letter with the person's rights must not be left out by sending this form by hand.
        raise InvalidInput("A refusal goes through its letter.")
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference, lock=True)
        tickets.require_version(ticket, version)
        tickets.change_state(work, ticket, state, note)
        reference = ticket.reference
    return go(f"/tickets/{reference}", "ticket.state.done", state=visit.say(f"states.{state}"))


@pages.post("/tickets/{reference}/notes", Permission.WORK_TICKETS)
def add_note(request: Request, visit: CurrentVisit, reference: str, text: Text) -> Response:
    """File an internal note."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.add_note(work, tickets.get(work, reference, lock=True), text)
    return go(f"/tickets/{reference}#h-notes", "ticket.notes.done")


@pages.post("/tickets/{reference}/take", Permission.WORK_TICKETS)
def take(request: Request, visit: CurrentVisit, reference: str) -> Response:
    """Make the ticket one's own."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.assign(work, tickets.get(work, reference, lock=True), visit.user.id)
    return go(f"/tickets/{reference}", "ticket.assign.taken")


@pages.post("/tickets/{reference}/assign", Permission.WORK_TICKETS)
def assign(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    assignee: Annotated[str, Form(pattern=r"\d{0,18}")] = "",
    note: Text = "",
) -> Response:
    """Hand the ticket to a colleague, or to nobody."""
    number = int(assignee) if assignee else None
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.assign(work, tickets.get(work, reference, lock=True), number, note)
        user = work.session.get(User, number) if number is not None else None
        name = user.name if user else ""
    return go(f"/tickets/{reference}", "ticket.assign.assigned" if name else "ticket.assign.released", name=name)


@pages.post("/tickets/{reference}/resume", Permission.WORK_TICKETS)
def resume(request: Request, visit: CurrentVisit, reference: str, note: Text = "") -> Response:
    """Let the clock run again."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.resume_clock(work, tickets.get(work, reference, lock=True), note)
    return go(f"/tickets/{reference}", "ticket.suspend.resumed")


@pages.post("/tickets/{reference}/verify", Permission.WORK_TICKETS)
def verify(request: Request, visit: CurrentVisit, reference: str, how: Text) -> Response:
    """Record that the identity was proven in another way."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.verify_by_hand(work, tickets.get(work, reference, lock=True), how)
    return go(f"/tickets/{reference}", "ticket.verify.done")


@pages.post("/tickets/{reference}/kind", Permission.WORK_TICKETS)
def change_kind(request: Request, visit: CurrentVisit, reference: str, kind: Annotated[Kind, Form()]) -> Response:
    """Say what the request really is."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.change_kind(work, tickets.get(work, reference, lock=True), kind)
    return go(f"/tickets/{reference}", "ticket.kind.done", kind=visit.say(f"kinds.{kind}"))


@pages.post("/tickets/{reference}/urgent", Permission.WORK_TICKETS)
def mark_urgent(request: Request, visit: CurrentVisit, reference: str, on: Annotated[str, Form()] = "") -> Response:
    """Mark the ticket as urgent, or take the mark off."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference, lock=True)
        (tickets.mark if on else tickets.unmark)(work, ticket, "urgent")
    return go(f"/tickets/{reference}", "ticket.urgent.done_on" if on else "ticket.urgent.done_off")


@pages.post("/tickets/{reference}/escalate", Permission.WORK_TICKETS)
def escalate(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    to: Annotated[str, Form(pattern="truste|authority")],
    their_reference: Annotated[str, Form(alias="reference", max_length=120)] = "",
) -> Response:
    """Mark the ticket as taken to TRUSTe or to an authority."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.escalate(work, tickets.get(work, reference, lock=True), to, their_reference)
    return go(f"/tickets/{reference}", "ticket.escalate.done")


@pages.post("/tickets/{reference}/hold", Permission.WORK_TICKETS)
def hold(
    request: Request, visit: CurrentVisit, reference: str, reason: Text, on: Annotated[str, Form()] = ""
) -> Response:
    """Set or lift a legal hold."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        tickets.hold(work, tickets.get(work, reference, lock=True), on=bool(on), reason=reason)
    return go(f"/tickets/{reference}", "ticket.hold.done_set" if on else "ticket.hold.done_lifted")


@pages.post("/tickets/{reference}/checklist", Permission.WORK_TICKETS)
def tick(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    step: Annotated[str, Form(max_length=64)],
    done: Annotated[str, Form()] = "",
) -> Response:
    """Tick a step off, or take the tick back."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        checklists.tick(work, tickets.get(work, reference, lock=True), step, done=bool(done))
    return go(f"/tickets/{reference}#h-check")


@pages.post("/tickets/{reference}/links", Permission.WORK_TICKETS)
def link(
    request: Request,
    visit: CurrentVisit,
    reference: str,
    other: Annotated[str, Form(max_length=40)],
    relation: Annotated[str, Form(pattern="duplicate|merged")],
) -> Response:
    """Say that two tickets belong together, or go on with the other one only."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference, lock=True)
        second = tickets.get(work, other, lock=True)
        if relation == "merged":
            links.merge(work, ticket, second)
        else:
            links.link(work, ticket, second)
        there = second.reference
    if relation == "merged":
        return go(f"/tickets/{there}", "ticket.merge.done", reference=there)
    return go(f"/tickets/{reference}#h-links", "ticket.links.done")


@pages.post("/tickets/{reference}/split", Permission.WORK_TICKETS)
def split(
    request: Request, visit: CurrentVisit, reference: str, kind: Annotated[Kind, Form()], description: Text
) -> Response:
    """Make a ticket of its own of a second request."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        part = links.split(work, tickets.get(work, reference, lock=True), kind, description).reference
    return go(f"/tickets/{part}", "ticket.split.done", reference=part)


@pages.post("/tickets/{reference}/files", Permission.WORK_TICKETS)
def upload(request: Request, visit: CurrentVisit, reference: str, file: UploadFile) -> Response:
    """Keep a file with the ticket, to be sent with a letter."""
    desk = desk_of(request)
    # One byte more than is allowed is enough to know that it is too much.
    content = file.file.read(desk.settings.attachment_bytes + 1)
    with desk.work(staff(visit.user.id)) as work:
        attachments.attach(work, tickets.get(work, reference, lock=True), file.filename or "", content)
    return go(f"/tickets/{reference}#h-files", "ticket.files.done")


@pages.get("/tickets/{reference}/files/{number}", Permission.READ_TICKETS)
def download(request: Request, visit: CurrentVisit, reference: str, number: int) -> Response:
    """Give a file to be saved, never to be shown inside the desk; that it was fetched is written down."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference)
        attachment = attachments.read(work, ticket, number)
        readings.log(work, readings.FILE, ticket)
    disposition = f"attachment; filename*=UTF-8''{quote(attachment.file_name, safe='')}"
    return Response(attachment.content, media_type=attachment.media_type, headers={"Content-Disposition": disposition})


@pages.post("/tickets/{reference}/files/{number}/remove", Permission.WORK_TICKETS)
def remove_file(request: Request, visit: CurrentVisit, reference: str, number: int) -> Response:
    """Remove a file that was not sent to anybody."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        attachments.remove(work, tickets.get(work, reference, lock=True), number)
    return go(f"/tickets/{reference}#h-files", "ticket.files.removed")


@pages.post("/tickets/{reference}/anonymise", Permission.MANAGE_RETENTION)
def anonymise(
    request: Request, visit: CurrentVisit, reference: str, confirm: Annotated[str, Form(max_length=40)]
) -> Response:
    """Remove the person from a closed ticket before its time, after the reference was typed as a check."""
    desk = desk_of(request)
    with desk.work(staff(visit.user.id)) as work:
        ticket = tickets.get(work, reference, lock=True)
        if normalise_reference(confirm) != ticket.reference:
            return go(f"/tickets/{ticket.reference}", "ticket.anonymise.wrong", tone="bad")
        retention.anonymise(work, ticket)
        reference = ticket.reference
    retention.delete_mail_files(desk, [reference])
    return go(f"/tickets/{reference}", "ticket.anonymise.done")
