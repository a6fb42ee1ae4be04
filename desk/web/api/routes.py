"""The calls that programs can make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from desk.application import Work
from desk.domain.errors import Conflict, InvalidInput, NotFound
from desk.domain.kinds import State
from desk.services import queue, readings, reports, tickets, webhooks
from desk.services.opening import NewTicket, open_ticket
from desk.services.queue import QueueFilter
from desk.services.reports import Figures
from desk.storage.crypto import new_token, token_hash
from desk.storage.models import Ticket
from desk.web.api.calls import Api, Call, CurrentCall, once
from desk.web.api.models import (
    REFERENCE,
    Assignment,
    ListQuery,
    NewTicketBody,
    NewWebhook,
    NoteBody,
    PeriodQuery,
    PersonSearch,
    Reason,
    Reply,
    StateChange,
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


@api.call("POST", "/tickets/search", "tickets:read", TicketPage)
def search_tickets(call: CurrentCall, body: PersonSearch) -> TicketPage:
    """List the newest tickets of one e-mail address."""
    with call.desk.read() as work:
        wanted = QueueFilter(open=None, email=body.email, order="received")
        return _page(work, wanted, None, queue.LARGEST_PAGE)


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
        tickets.reply(work, ticket, body.template, body.message)

    return _change(call, reference, "replies", body, do)


@api.call("POST", "/tickets/{reference}/extension", "tickets:write", TicketSummary, fails=(404, 409))
def extend(call: CurrentCall, reference: Reference, body: Reason) -> Response:
    """Extend the period once by two months and tell the person why (Article 12(3) GDPR)."""
    return _change(call, reference, "extension", body, lambda work, ticket: tickets.extend(work, ticket, body.reason))


@api.call("POST", "/tickets/{reference}/refusal", "tickets:write", TicketSummary, fails=(404, 409))
def refuse(call: CurrentCall, reference: Reference, body: Reason) -> Response:
    """Refuse with reasons; the letter names the rights that Article 12(4) GDPR demands."""
    return _change(call, reference, "refusal", body, lambda work, ticket: tickets.refuse(work, ticket, body.reason))


@api.call("GET", "/metrics", "metrics:read", Figures)
def metrics(call: CurrentCall, query: Annotated[PeriodQuery, Query()]) -> Figures:
    """Give the figures of a period."""
    with call.desk.read() as work:
        until = query.until or work.today
        since = query.since or date.fromordinal(max(1, until.toordinal() - _DEFAULT_DAYS))
        return reports.figures(work, since, until)


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
