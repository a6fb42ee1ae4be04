"""Completes a page with the frame around it: the rail with its views and rooms, and what is current in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from desk.services import queue, saved_views
from desk.web.permissions import Permission
from desk.web.queue_query import read_query
from desk.web.rendering import render
from desk.web.visit import Visit
from desk.web.visiting import desk_of


@dataclass(frozen=True)
class RailView:
    """A view of the queue in the rail; it may carry a count."""

    name: str
    icon: str
    url: str
    current: bool
    count: int | None = None
    count_text: str = ""


@dataclass(frozen=True)
class Room:
    """A part of the desk besides the queue."""

    name: str
    icon: str
    url: str
    needs: Permission


@dataclass(frozen=True)
class OwnView:
    """A view that the reader saved."""

    number: int
    name: str
    url: str
    current: bool


# When something failed, the database may be what did; the frame around that news asks it nothing.
_TROUBLE = 500
_COUNTED = ("mine", "unassigned", "overdue")
_COUNTED_TO = 100
VIEW_ICONS: Mapping[str, str] = {
    "open": "inbox",
    "mine": "person",
    "unassigned": "nobody",
    "due-this-week": "calendar",
    "overdue": "alarm",
    "escalated": "up",
    "closed": "check-circle",
}

ROOMS = (
    Room("insight", "chart", "/insight", Permission.READ_INSIGHT),
    Room("records", "book", "/records", Permission.READ_INSIGHT),
    Room("person", "id", "/person", Permission.EXPORT_PERSON),
    Room("unplaced", "chat", "/unplaced", Permission.WORK_TICKETS),
    Room("retention", "leaf", "/retention", Permission.MANAGE_RETENTION),
    Room("logs", "eye", "/logs", Permission.READ_LOGS),
    Room("people", "people", "/people", Permission.MANAGE_PEOPLE),
)


def page(
    request: Request, visit: Visit, template: str, values: Mapping[str, Any] | None = None, status: int = 200
) -> HTMLResponse:
    """Render a page with its frame."""
    well = status < _TROUBLE
    own = own_views(request, visit) if well else []
    frame = {
        "rail_views": rail_views(request, visit, counted=well),
        "rail_own": own,
        "own_view": next((view for view in own if view.current), None),
        "rail_rooms": rail_rooms(request, visit),
    }
    return render(visit, template, {**frame, **(values or {})}, status)


def rail_views(request: Request, visit: Visit, *, counted: bool) -> list[RailView]:
    """List the views of the queue, with the counts that ask for work."""
    if visit.account is None:
        return []
    chosen = request.query_params.get("view") or "open"
    on_queue = request.url.path.startswith("/queue")
    counts = _counts(request, visit) if counted and visit.may(Permission.READ_TICKETS) else {}
    return [
        RailView(
            name, icon, f"/queue?view={name}", on_queue and chosen == name, counts.get(name), _short(counts.get(name))
        )
        for name, icon in VIEW_ICONS.items()
    ]


def own_views(request: Request, visit: Visit) -> list[OwnView]:
    """List the views that this reader saved."""
    if visit.account is None:
        return []
    shown = read_query(request.query_params).kept if request.url.path == "/queue" else None
    with desk_of(request).read() as work:
        kept = saved_views.of_user(work, visit.account.id)
    return [OwnView(row.id, row.name, read_query(row.query).url, row.query == shown) for row in kept]


def _counts(request: Request, visit: Visit) -> dict[str, int]:
    with desk_of(request).read() as work:
        wanted = {name: queue.view(work, name) for name in _COUNTED}
        wanted["mine"] = queue.only(wanted["mine"], assignee=visit.user.id)
        return {name: queue.count(work, filter_, _COUNTED_TO) for name, filter_ in wanted.items()}


def _short(count: int | None) -> str:
    # Counting stops early, so that a long queue costs no more than a short one.
    return "" if count is None else f"{_COUNTED_TO - 1}+" if count >= _COUNTED_TO else str(count)


def rail_rooms(request: Request, visit: Visit) -> list[dict[str, Any]]:
    """List the rooms that this reader may enter."""
    return [
        {"name": room.name, "icon": room.icon, "url": room.url, "current": request.url.path.startswith(room.url)}
        for room in ROOMS
        if visit.may(room.needs)
    ]
