"""How long each kind of ticket lives, and what goes next."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from desk.services import retention
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.visiting import desk_of

pages = Pages()
HORIZONS = (0, 30, 90, 365)
_SHOWN = 50


@pages.get("/retention", Permission.MANAGE_RETENTION)
def show(request: Request, visit: CurrentVisit, days: int = 30) -> Response:
    """Show the periods and a preview of what is anonymised within some days."""
    days = days if days in HORIZONS else HORIZONS[1]
    with desk_of(request).read() as work:
        until = work.today + timedelta(days=days)
        values = {
            "periods": work.settings.retention_months,
            "expiring": retention.preview(work, until, _SHOWN),
            "count": retention.count_expiring(work, until),
            "until": until,
            "days": days,
            "horizons": HORIZONS,
            "shown": _SHOWN,
        }
    return page(request, visit, "retention.html", values)
