"""The pages, one module for each place in the desk; each is thin: read the form, call one function, show or go on."""

from __future__ import annotations

from desk.web.pages import (
    account,
    confirm,
    doors,
    insight,
    letters,
    logs,
    operations,
    people,
    person,
    provider,
    queue,
    retention,
    tickets,
    unplaced,
)
from desk.web.routing import Pages

ALL: tuple[Pages, ...] = tuple(
    module.pages
    for module in (
        operations,
        doors,
        provider,
        confirm,
        queue,
        tickets,
        letters,
        account,
        insight,
        person,
        unplaced,
        retention,
        logs,
        people,
    )
)
