"""Everything about one e-mail address, as a file; the address itself stands in no link and no log."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from desk.application import staff
from desk.services import person_page, persons
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()
Address = Annotated[str, Form(max_length=320)]


@pages.get("/person", Permission.EXPORT_PERSON)
def ask(request: Request, visit: CurrentVisit) -> Response:
    """Ask for the address."""
    return _sheet(request, visit)


@pages.post("/person", Permission.EXPORT_PERSON)
def look(request: Request, visit: CurrentVisit, email: Address) -> Response:
    """Say how much there is before anything is given out."""
    with desk_of(request).read() as work:
        count = len(persons.tickets_of(work, email))
    return _sheet(request, visit, email, count)


@pages.post("/person/export", Permission.EXPORT_PERSON)
def export(
    request: Request,
    visit: CurrentVisit,
    email: Address,
    format: Annotated[str, Form(pattern="page|json")] = "page",
    language: Annotated[str, Form(pattern="de|en")] = "de",
) -> Response:
    """Give everything as a file to be saved; the service notes the export for each ticket."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        exported = persons.export(work, email)
        day = work.today.isoformat()
    if format == "json":
        content, kind, ending = json.dumps(exported, ensure_ascii=False, indent=2), "application/json", "json"
    else:
        content, kind, ending = (
            person_page.as_page(exported, language, desk_of(request).settings.timezone),
            "text/html; charset=utf-8",
            "html",
        )
    headers = {"Content-Disposition": f'attachment; filename="data-{day}.{ending}"'}
    return Response(content, media_type=kind, headers=headers)


def _sheet(request: Request, visit: Visit, email: str = "", count: int | None = None) -> Response:
    return page(request, visit, "person.html", {"email": email.strip(), "count": count})
