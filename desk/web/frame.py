"""Completes a page with the frame around it: the rail with its views and rooms, and what is current in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from desk.web.permissions import Permission
from desk.web.rendering import render
from desk.web.visit import Visit


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


VIEW_ICONS: Mapping[str, str] = {
    "open": "inbox",
    "mine": "person",
    "unassigned": "nobody",
    "due-this-week": "calendar",
    "overdue": "alarm",
    "escalated": "up",
    "closed": "check-circle",
}

ROOMS: tuple[Room, ...] = ()


def page(
    request: Request, visit: Visit, template: str, values: Mapping[str, Any] | None = None, status: int = 200
) -> HTMLResponse:
    """Render a page with its frame."""
    frame = {"rail_views": rail_views(request, visit), "rail_rooms": rail_rooms(request, visit)}
    return render(visit, template, {**frame, **(values or {})}, status)


def rail_views(request: Request, visit: Visit) -> list[RailView]:
    """List the views of the queue, with the counts that ask for work."""
    if visit.account is None:
        return []
    chosen = request.query_params.get("view") or "open"
    on_queue = request.url.path.startswith("/queue")
    return [
        RailView(name, icon, f"/queue?view={name}", current=on_queue and chosen == name)
        for name, icon in VIEW_ICONS.items()
    ]


def rail_rooms(request: Request, visit: Visit) -> list[dict[str, Any]]:
    """List the rooms that this reader may enter."""
    return [
        {"name": room.name, "icon": room.icon, "url": room.url, "current": request.url.path.startswith(room.url)}
        for room in ROOMS
        if visit.may(room.needs)
    ]
