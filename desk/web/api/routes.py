"""The calls that programs can make."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Body, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from desk.application import Work
from desk.domain.errors import Conflict, InvalidInput, NotFound
from desk.domain.kinds import State
from desk.services import accounts, attachments, audit, queue, readings, reports, tickets, topics_asked, webhooks
from desk.services.opening import NewTicket, open_ticket
from desk.services.queue import QueueFilter
from desk.services.reports import Figures
from desk.storage.crypto import new_token, token_hash
from desk.storage.models import Ticket
from desk.web.api.calls import FILE, Api, Call, CurrentCall, once
from desk.web.api.models import (
    REFERENCE,
    AskedTopic,
    AskedTopics,
    Assignment,
    Change,
    ChangeList,
    ChangePage,
    Colleague,
    ColleagueList,
    Escalation,
    File,
    FileDigest,
    ListQuery,
    LogQuery,
    NewTicketBody,
    NewWebhook,
    NoteBody,
    PeriodQuery,
    PersonSearch,
    Reading,
    ReadingPage,
    Reason,
    Reply,
    Resumption,
    StateChange,
    Suspension,
    TicketDetails,
    TicketPage,
    TicketSummary,
    WebhookBody,
    WebhookDetails,
    WebhookList,
)
from desk.web.permissions import Permission
from desk.web.routing import Pages

pages = Pages()
_DEFAULT_DAYS = 84
_ENDINGS = "|".join(re.escape(ending) for ending in sorted(attachments.MEDIA_TYPES))
_FILE_NAME = rf"^[A-Za-z0-9][A-Za-z0-9 _-]{{0,99}}({_ENDINGS})$"
api = Api("/api/v1")

Reference = Annotated[str, Path(pattern=REFERENCE, description="The ticket's reference, such as PR-7K3M-Q9TX.")]
Number = Annotated[int, Path(ge=1, le=2**31)]


@pages.get("/api/v1/openapi.json", Permission.PUBLIC)
def description(request: Request) -> Response:
    """Give the description of the interface."""
    return JSONResponse(request.app.openapi())


@api.call("GET", "/tickets", "tickets:read", TicketPage, fails=(404,))
def list_tickets(call: CurrentCall, query: Annotated[ListQuery, Query()]) -> TicketPage:
    """List tickets by due date (closed and all: by receipt, newest first); the list says nothing about people."""
    with call.desk.read() as work:
        changes = {"kind": query.kind, "state": query.state, "language": query.language, "assignee": query.assignee_id}
        wanted = queue.only(
            queue.view(work, query.view), **{name: value for name, value in changes.items() if value is not None}
        )
        return _page(work, wanted, query.cursor, query.limit)


@api.call("POST", "/tickets/search", "tickets:read", TicketPage, fails=(404,))
def search_tickets(call: CurrentCall, body: PersonSearch) -> TicketPage:
    """List the tickets of one e-mail address, newest first."""
    with call.desk.read() as work:
        wanted = QueueFilter(open=None, email=body.email, order="received")
        return _page(work, wanted, body.cursor, body.limit)


@api.call("POST", "/tickets", "tickets:write", TicketSummary, status=201, fails=(409,))
def open_one(call: CurrentCall, body: NewTicketBody) -> Response:
    """Open a ticket for a request that came in another way; with an Idempotency-Key only once."""

    def do(work: Work) -> TicketSummary:
        new = NewTicket(
            request_id=f"api:{call.token_id}:{token_hash(call.key).hex() if call.key else new_token()}",
            channel="api",
            marks=tuple(body.marks),
            **body.model_dump(exclude={"marks"}),
        )
        ticket = open_ticket(work, new).ticket
        work.session.flush()
        return TicketSummary.of(work, ticket)

    return once(call, "open", body, do, 201)


@api.call("GET", "/tickets/{reference}", "tickets:read", TicketDetails, fails=(404,))
def read_ticket(call: CurrentCall, reference: Reference) -> TicketDetails:
    """Read a ticket with what the person said; that it was read is written down."""
    with call.desk.work(call.actor) as work:
        ticket = tickets.get(work, reference)
        readings.log(work, readings.OPENED, ticket)
        return TicketDetails.of(work, ticket)


@api.call("POST", "/tickets/{reference}/state", "tickets:write", TicketSummary, fails=(404, 409))
def change_state(call: CurrentCall, reference: Reference, body: StateChange) -> Response:
    """Bring a ticket into another state."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.change_state(work, ticket, State(body.state), body.note or "")

    return _change(call, reference, "state", body, do)


@api.call("POST", "/tickets/{reference}/assignee", "tickets:write", TicketSummary, fails=(404, 409))
def assign(call: CurrentCall, reference: Reference, body: Assignment) -> Response:
    """Hand a ticket to a colleague, or to nobody."""
    return _change(call, reference, "assignee", body, lambda work, ticket: tickets.assign(work, ticket, body.user_id))


@api.call("POST", "/tickets/{reference}/notes", "tickets:write", TicketSummary, fails=(404, 409))
def add_note(call: CurrentCall, reference: Reference, body: NoteBody) -> Response:
    """File an internal note."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.add_note(work, ticket, body.text)

    return _change(call, reference, "notes", body, do)


@api.call("POST", "/tickets/{reference}/replies", "tickets:write", TicketSummary, fails=(404, 409))
def reply(call: CurrentCall, reference: Reference, body: Reply) -> Response:
    """Send a letter to the person."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.reply(work, ticket, body.template, body.message, attachments=body.files)

    return _change(call, reference, "replies", body, do)


@api.call("POST", "/tickets/{reference}/extension", "tickets:write", TicketSummary, fails=(404, 409))
def extend(call: CurrentCall, reference: Reference, body: Reason) -> Response:
    """Extend the period once by two months and tell the person why (Article 12(3) GDPR)."""
    return _change(call, reference, "extension", body, lambda work, ticket: tickets.extend(work, ticket, body.reason))


@api.call("POST", "/tickets/{reference}/refusal", "tickets:write", TicketSummary, fails=(404, 409))
def refuse(call: CurrentCall, reference: Reference, body: Reason) -> Response:
    """Refuse with reasons; the letter names the rights that Article 12(4) GDPR demands."""
    return _change(call, reference, "refusal", body, lambda work, ticket: tickets.refuse(work, ticket, body.reason))


@api.call("POST", "/tickets/{reference}/suspension", "tickets:write", TicketSummary, fails=(404, 409))
def suspend(call: CurrentCall, reference: Reference, body: Suspension) -> Response:
    """Ask the person for proof of identity, and let the clock stand meanwhile (Article 12(6) GDPR)."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.suspend_clock(work, ticket, body.doubt, message=body.message)

    return _change(call, reference, "suspension", body, do)


@api.call("POST", "/tickets/{reference}/resumption", "tickets:write", TicketSummary, fails=(404, 409))
def resume(call: CurrentCall, reference: Reference, body: Resumption) -> Response:
    """Let the clock run again."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.resume_clock(work, ticket, body.note or "")

    return _change(call, reference, "resumption", body, do)


@api.call("POST", "/tickets/{reference}/escalation", "tickets:write", TicketSummary, fails=(404, 409))
def escalate(call: CurrentCall, reference: Reference, body: Escalation) -> Response:
    """Mark a ticket as taken to TRUSTe or to an authority."""

    def do(work: Work, ticket: Ticket) -> None:
        tickets.escalate(work, ticket, body.to, body.reference)

    return _change(call, reference, "escalation", body, do)


@api.call("POST", "/tickets/{reference}/files", "tickets:write", File, status=201, fails=(404, 409, 413))
def add_file(
    call: CurrentCall,
    reference: Reference,
    name: Annotated[str, Query(pattern=_FILE_NAME, description="The file's name, with the ending of its kind.")],
    content: Annotated[bytes, Body(media_type=FILE, min_length=1)],
) -> Response:
    """Keep a file with a ticket, to be sent with a letter; the body is the file."""

    def do(work: Work) -> File:
        return File.of(attachments.attach(work, tickets.get(work, reference, lock=True), name, content))

    described = FileDigest(name=name, digest=hashlib.sha256(content).hexdigest())
    return once(call, f"{reference}/files", described, do, 201)


@api.call("GET", "/tickets/{reference}/files/{number}", "tickets:read", None, fails=(404,), file=True)
def read_file(call: CurrentCall, reference: Reference, number: Number) -> Response:
    """Give a file; that it was fetched is written down."""
    with call.desk.work(call.actor) as work:
        ticket = tickets.get(work, reference)
        content = attachments.read(work, ticket, number).content
        readings.log(work, readings.FILE, ticket)
    return Response(content, media_type=FILE)


@api.call("GET", "/tickets/{reference}/history", "tickets:read", ChangeList, fails=(404,))
def history(call: CurrentCall, reference: Reference) -> ChangeList:
    """List what happened to a ticket; nothing in it is about the person."""
    with call.desk.read() as work:
        ticket = tickets.get(work, reference)
        return ChangeList(changes=[Change.of(entry, ticket.reference) for entry in tickets.history_of(work, ticket)])


@api.call("GET", "/users", "tickets:read", ColleagueList)
def list_users(call: CurrentCall) -> ColleagueList:
    """List the colleagues, so that tickets can be given to them."""
    with call.desk.read() as work:
        return ColleagueList(users=[Colleague.of(user) for user in accounts.all_users(work)])


@api.call("GET", "/audit", "audit:read", ChangePage)
def read_audit(call: CurrentCall, query: Annotated[LogQuery, Query()]) -> ChangePage:
    """Read the audit trail in order; a program that follows it keeps the last cursor and asks again later."""
    with call.desk.read() as work:
        found = audit.entries(work, after=int(query.cursor or 0), limit=query.limit)
        names = tickets.references(work, (entry.ticket_id for entry in found))
        changes = [Change.of(entry, names.get(entry.ticket_id or 0)) for entry in found]
    return ChangePage(changes=changes, next_cursor=str(changes[-1].sequence) if len(changes) == query.limit else None)


@api.call("GET", "/readings", "audit:read", ReadingPage)
def read_readings(call: CurrentCall, query: Annotated[LogQuery, Query()]) -> ReadingPage:
    """Read who opened and exported which ticket, newest first."""
    with call.desk.read() as work:
        found = readings.latest(work, query.limit, int(query.cursor) if query.cursor else None)
        names = tickets.references(work, (entry.ticket_id for entry in found))
        shown = [Reading.of(entry, names.get(entry.ticket_id or 0)) for entry in found]
    return ReadingPage(readings=shown, next_cursor=str(found[-1].id) if len(found) == query.limit else None)


@api.call("GET", "/topics", "metrics:read", AskedTopics)
def read_topics(call: CurrentCall, query: Annotated[PeriodQuery, Query()]) -> AskedTopics:
    """Give what visitors asked the assistant about in a period, by week, topic and language."""
    with call.desk.read() as work:
        since, until = _period(query, work.today)
        found = topics_asked.by_week(work, since, until)
    topics = [AskedTopic(week=one.week, **dataclasses.asdict(one.asked)) for one in found]
    return AskedTopics(since=since, until=until, topics=topics)


@api.call("GET", "/metrics", "metrics:read", Figures)
def metrics(call: CurrentCall, query: Annotated[PeriodQuery, Query()]) -> Figures:
    """Give the figures of a period."""
    with call.desk.read() as work:
        return reports.figures(work, *_period(query, work.today))


@api.call("GET", "/webhooks", "webhooks:manage", WebhookList)
def list_webhooks(call: CurrentCall) -> WebhookList:
    """List the webhooks."""
    with call.desk.read() as work:
        return WebhookList(webhooks=[WebhookDetails.of(hook) for hook in webhooks.all_webhooks(work)])


@api.call("POST", "/webhooks", "webhooks:manage", NewWebhook, status=201, fails=(409,))
def add_webhook(call: CurrentCall, body: WebhookBody) -> Response:
    """Add a webhook; its secret is in this answer and nowhere else."""

    def do(work: Work) -> NewWebhook:
        if any(known.url == body.url for known in webhooks.all_webhooks(work)):
            raise Conflict("There is a webhook with this address already.")
        hook, secret = webhooks.add_webhook(work, body.url, body.events)
        return NewWebhook(**WebhookDetails.of(hook).model_dump(), secret=secret)

    return once(call, "webhook", body, do, 201)


@api.call("DELETE", "/webhooks/{number}", "webhooks:manage", None, status=204, fails=(404,))
def remove_webhook(call: CurrentCall, number: Number) -> Response:
    """Remove a webhook."""
    with call.desk.work(call.actor) as work:
        webhooks.remove_webhook(work, number)
    return Response(status_code=204)


def _period(query: PeriodQuery, today: date) -> tuple[date, date]:
    until = query.until or today
    return query.since or date.fromordinal(max(1, until.toordinal() - _DEFAULT_DAYS)), until


def _page(work: Work, wanted: QueueFilter, cursor: str | None, limit: int) -> TicketPage:
    try:
        found = queue.page(work, wanted, cursor, limit)
    except InvalidInput as error:
        # Any text is a well-formed cursor; one that we did not give simply leads nowhere.
        raise NotFound("This cursor belongs to no page.") from error
    return TicketPage(
        tickets=[TicketSummary.of(work, ticket) for ticket in found.tickets], next_cursor=found.next_cursor
    )


def _change(
    call: Call, reference: str, about: str, body: BaseModel, change: Callable[[Work, Ticket], None]
) -> Response:
    def do(work: Work) -> TicketSummary:
        ticket = tickets.get(work, reference, lock=True)
        change(work, ticket)
        work.session.flush()
        return TicketSummary.of(work, ticket)

    return once(call, f"{reference}/{about}", body, do)
