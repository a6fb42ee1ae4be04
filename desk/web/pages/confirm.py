"""The one page for the people themselves: it confirms that an e-mail address is theirs."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from desk.application import VISITOR
from desk.domain.errors import NotFound
from desk.services import mail
from desk.web.permissions import Permission
from desk.web.rendering import render
from desk.web.routing import CurrentVisit, Pages
from desk.web.visiting import desk_of

pages = Pages()


@pages.get("/confirm/{token}", Permission.PUBLIC)
def ask(visit: CurrentVisit, token: str) -> Response:
    """Ask for a click; whether the link is valid is not told before it."""
    return render(visit, "confirm.html", {"step": "ask"})


@pages.post("/confirm/{token}", Permission.PUBLIC)
def confirm(request: Request, visit: CurrentVisit, token: str) -> Response:
    """Note that the address is the person's own."""
    try:
        with desk_of(request).work(VISITOR) as work:
            mail.confirm_address(work, token)
    except NotFound:
        return render(visit, "confirm.html", {"step": "unknown"}, 404)
    return render(visit, "confirm.html", {"step": "done"})
