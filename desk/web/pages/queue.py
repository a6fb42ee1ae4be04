"""The list of tickets: views, narrowing, search, doing something to several at once, and staying up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Form, Request
from sqlalchemy.orm.exc import StaleDataError
from starlette.responses import RedirectResponse, Response

from desk.application import Desk, Work, staff
from desk.domain.errors import DeskError, DeskUnavailable, InvalidInput
from desk.domain.kinds import Kind, State
from desk.domain.reference import normalise_reference
from desk.services import queue, saved_views, tickets
from desk.storage.models import Ticket
from desk.web.due import Due, due_of
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.queue_query import QueueQuery, filter_of, read_query, seal_person
from desk.web.rendering import render
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.ticket_view import colleagues, marks_of
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()

ROWS = 25
POLL_SECONDS = 10
_ICONS = {
    "overdue": "alarm",
    "today": "alarm",
    "week": "clock",
    "later": "calendar",
    "suspended": "pause",
    "closed": "check",
}
_TONES = {"overdue": "bad", "today": "soon"}
_MOST_AT_ONCE = 200


@pages.get("/queue", Permission.READ_TICKETS)
def show(request: Request, visit: CurrentVisit) -> Response:
    """Show a view of the queue."""
    query = read_query(request.query_params)
    with desk_of(request).read() as work:
        values = {**_rows(visit, work, query), "menus": _menus(visit, work, query)}
    title = "search.person" if query.person else f"views.{query.view}"
    lead = visit.say("search.person_help") if query.person else None
    return page(request, visit, "queue.html", {**values, "title": visit.say(title), "lead": lead})


@pages.get("/queue/rows", Permission.READ_TICKETS)
def rows(request: Request, visit: CurrentVisit, seen: str = "") -> Response:
    """Give the list again if it changed since it was last seen; nothing at all otherwise."""
    with desk_of(request).read() as work:
        values = _rows(visit, work, read_query(request.query_params))
    if values["seen"] == seen:
        return Response(status_code=204)
    return render(visit, "queue_rows.html", values)


@pages.post("/queue/views", Permission.READ_TICKETS)
def save_view(
    request: Request, visit: CurrentVisit, name: Annotated[str, Form(max_length=saved_views.LONGEST_NAME)]
) -> Response:
    """Keep the list that the form's address names under a name."""
    query = read_query(request.query_params)
    try:
        with desk_of(request).work(staff(visit.user.id)) as work:
            saved_views.save(work, visit.user.id, name, query.kept)
    except InvalidInput:
        return go(QueueQuery(**query.kept).url, "queue.own.problem", tone="bad", most=saved_views.MOST)
    return go(QueueQuery(**query.kept).url, "queue.own.saved", name=name.strip())


@pages.post("/queue/views/{number}/remove", Permission.READ_TICKETS)
def remove_view(request: Request, visit: CurrentVisit, number: int) -> Response:
    """Forget a view of one's own."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        saved_views.remove(work, visit.user.id, number)
    return go("/queue", "queue.own.removed")


@pages.post("/search", Permission.READ_TICKETS)
def search(request: Request, visit: CurrentVisit, text: Annotated[str, Form(max_length=400)] = "") -> Response:
    """Go to the ticket with this reference, or to the list of one person's tickets."""
    reference = normalise_reference(text)
    with desk_of(request).read() as work:
        found = queue.search(work, text, limit=2).tickets
        if reference is not None and found:
            return RedirectResponse(f"/tickets/{found[0].reference}", status_code=303)
        if "@" in text and found:
            return RedirectResponse(QueueQuery(view="all", person=seal_person(work, text.strip())).url, status_code=303)
    return go("/queue", "search.no_ticket" if reference else "search.nothing", tone="info")


@pages.post("/queue/bulk", Permission.WORK_TICKETS)
def bulk(
    request: Request,
    visit: CurrentVisit,
    action: Annotated[str, Form(pattern="take|assign|start")],
    back: Annotated[str, Form(max_length=4000)] = "/queue",
    assignee: Annotated[str, Form(pattern=r"\d{0,18}")] = "",
    references: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Do the same to several tickets; each by itself, so that one that cannot does not stop the others."""
    if not back.startswith("/queue"):
        raise InvalidInput("This leads out of the queue.")
    if not references:
        return go(back, "queue.bulk.none", tone="info")
    change = _change(visit, action, assignee)
    outcomes = [_apply(desk_of(request), visit, reference, change) for reference in references[:_MOST_AT_ONCE]]
    failed = outcomes.count(False)
    if failed:
        return go(back, "queue.bulk.partly", tone="soon", count=len(outcomes) - failed, failed=failed)
    return go(back, "queue.bulk.done", count=len(outcomes))


def _change(visit: Visit, action: str, assignee: str) -> Callable[[Work, Ticket], None]:
    if action == "start":
        return lambda work, ticket: tickets.change_state(work, ticket, State.IN_PROGRESS)
    if action == "assign" and not assignee:
        raise InvalidInput("It has to be said to whom.")
    number = visit.user.id if action == "take" else int(assignee)
    return lambda work, ticket: tickets.assign(work, ticket, number)


def _apply(desk: Desk, visit: Visit, reference: str, change: Callable[[Work, Ticket], None]) -> bool:
    try:
        with desk.work(staff(visit.user.id)) as work:
            change(work, tickets.get(work, reference, lock=True))
    except DeskUnavailable:
        raise
    except (DeskError, StaleDataError):
        return False
    return True


def _rows(visit: Visit, work: Work, query: QueueQuery) -> dict[str, Any]:
    found = queue.page(work, filter_of(visit, work, query), query.after or None, ROWS)
    soon = work.settings.due_soon_days
    listed = [_row(ticket, due_of(ticket, work.today, soon, visit.say)) for ticket in found.tickets]
    may_work = visit.may(Permission.WORK_TICKETS)
    return {
        "query": query,
        "groups": _groups(listed),
        "seen": _fingerprint(work, found.tickets, visit),
        "next_url": query.next_url(found.next_cursor) if found.next_cursor else None,
        "poll_seconds": POLL_SECONDS,
        "soon_days": soon,
        "may_work": may_work,
        "colleagues": colleagues(work) if may_work else [],
    }


def _row(ticket: Ticket, due: Due) -> dict[str, Any]:
    return {
        "reference": ticket.reference,
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "language": ticket.language,
        "received_at": ticket.received_at,
        "due_on": ticket.due_on,
        "due": due,
        # An address that is not confirmed yet is the normal case; saying so on every row would hide what is not.
        "marks": [mark for mark in marks_of(ticket) if mark != "unverified"],
        "assignee": ticket.assignee.name if ticket.assignee else None,
    }


def _groups(listed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for row in listed:
        name = row["due"].bucket
        if not groups or groups[-1]["name"] != name:
            groups.append({"name": name, "tone": _TONES.get(name, ""), "icon": _ICONS[name], "rows": []})
        groups[-1]["rows"].append(row)
    return groups


def _fingerprint(work: Work, shown: Sequence[Ticket], visit: Visit) -> str:
    # The day belongs to it, for at midnight "one day left" becomes wrong without any ticket changing.
    parts = [work.today.isoformat(), visit.language, *(f"{ticket.id}:{ticket.version}" for ticket in shown)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _menus(visit: Visit, work: Work, query: QueueQuery) -> list[dict[str, Any]]:
    if query.person:
        return []
    say = visit.say
    people = [("me", say("queue.filter.me")), (queue.UNASSIGNED, say("queue.filter.none"))]
    people += [(str(user.id), user.name) for user in colleagues(work) if user.id != visit.user.id]
    options = {
        "due": [("overdue", say("queue.filter.due_overdue")), ("week", say("queue.filter.due_week"))],
        "kind": [(kind.value, say(f"kinds.{kind}")) for kind in Kind],
        "state": [(state.value, say(f"states.{state}")) for state in State],
        "assignee": people,
        "language": [(language, say(f"common.languages.{language}")) for language in ("de", "en")],
        "mark": [(mark, say(f"marks.{mark}")) for mark in ("escalated", "unverified")],
    }
    return [{"name": name, "options": list_, "chosen": getattr(query, name)} for name, list_ in options.items()]
