"""Questions the assistant could not place; the team says what they were about, and the assistant learns it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Form, Request
from starlette.responses import Response

from desk.application import Work, staff
from desk.services import labels, review
from desk.storage.models import UnplacedQuestion
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()
_ROWS = 25


@pages.get("/unplaced", Permission.WORK_TICKETS)
def show(request: Request, visit: CurrentVisit, before: int | None = None) -> Response:
    """Show the questions that wait, the latest first, and those the assistant learns next."""
    with desk_of(request).read() as work:
        questions = review.waiting(work, _ROWS, before)
        placed = review.assigned(work)
    values = {
        "questions": [_question(visit, question) for question in questions],
        "placed": [(one.id, one.text, one.language, labels.name_of(one.topic or "", visit.language)) for one in placed],
        "groups": [
            (group.title[visit.language], [(label, names[visit.language]) for label, names in group.labels.items()])
            for group in labels.groups()
        ],
        "next": questions[-1].id if len(questions) == _ROWS else None,
    }
    return page(request, visit, "unplaced.html", values)


def _question(visit: Visit, question: UnplacedQuestion) -> dict[str, Any]:
    suggested = [labels.label_of(suggestion) for suggestion in question.suggestions]
    return {
        "id": question.id,
        "text": question.text or "",
        "language": question.language,
        "times": question.times_asked,
        "at": question.asked_at,
        "suggested": [(label, labels.name_of(label, visit.language)) for label in suggested if labels.is_label(label)],
    }


def _assign(work: Work, number: int, topic: str, text: str | None) -> None:
    review.assign(work, number, topic, text)


def _not_privacy(work: Work, number: int, _topic: str, text: str | None) -> None:
    review.assign(work, number, labels.OUT_OF_SCOPE, text)


def _discard(work: Work, number: int, _topic: str, _text: str | None) -> None:
    review.discard(work, number)


def _take_back(work: Work, number: int, _topic: str, _text: str | None) -> None:
    review.take_back(work, number)


_DECISIONS: dict[str, tuple[Callable[[Work, int, str, str | None], None], str]] = {
    "assign": (_assign, "unplaced.done"),
    "not-privacy": (_not_privacy, "unplaced.done"),
    "discard": (_discard, "unplaced.discarded"),
    "take-back": (_take_back, "unplaced.taken_back"),
}


@pages.post("/unplaced/{number}", Permission.WORK_TICKETS)
def decide(
    request: Request,
    visit: CurrentVisit,
    number: int,
    action: Annotated[str, Form(pattern=f"^({'|'.join(_DECISIONS)})$")],
    topic: Annotated[str, Form(max_length=64)] = "",
    text: Annotated[str | None, Form(max_length=4000)] = None,
) -> Response:
    """Say what a question is, take that back, or throw the question away."""
    decision, said = _DECISIONS[action]
    with desk_of(request).work(staff(visit.user.id)) as work:
        decision(work, number, topic, text)
    return go("/unplaced", said)
