"""Questions the assistant could not place; the team says what they were about, and the assistant learns it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from desk.application import staff
from desk.domain.errors import InvalidInput
from desk.services import review
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.topics import grouped_topics, is_topic, topic_title
from desk.web.visiting import desk_of

pages = Pages()
_ROWS = 25


@pages.get("/unplaced", Permission.WORK_TICKETS)
def show(request: Request, visit: CurrentVisit, before: int | None = None) -> Response:
    """Show the questions that wait, the latest first."""
    with desk_of(request).read() as work:
        questions = review.waiting(work, _ROWS, before)
    values = {
        "questions": [
            {
                "id": question.id,
                "text": question.text or "",
                "language": question.language,
                "times": question.times_asked,
                "at": question.asked_at,
                "suggested": [(name, topic_title(name, visit.language)) for name in question.suggestions],
            }
            for question in questions
        ],
        "sections": grouped_topics(visit.language),
        "next": questions[-1].id if len(questions) == _ROWS else None,
    }
    return page(request, visit, "unplaced.html", values)


@pages.post("/unplaced/{number}", Permission.WORK_TICKETS)
def decide(
    request: Request,
    visit: CurrentVisit,
    number: int,
    action: Annotated[str, Form(pattern="assign|discard")],
    topic: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Assign a question to a topic, or throw it away."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        if action == "discard":
            review.discard(work, number)
            return go("/unplaced", "unplaced.discarded")
        if not is_topic(topic):
            raise InvalidInput("There is no such topic.")
        review.assign_topic(work, number, topic)
    return go("/unplaced", "unplaced.done")
