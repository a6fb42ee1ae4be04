"""The pages, one module for each place in the desk; each is thin: read the form, call one function, show or go on."""

from __future__ import annotations

from desk.web.pages import account, confirm, doors, letters, operations, queue, tickets
from desk.web.routing import Pages

ALL: tuple[Pages, ...] = (
    operations.pages,
    doors.pages,
    confirm.pages,
    queue.pages,
    tickets.pages,
    letters.pages,
    account.pages,
)
