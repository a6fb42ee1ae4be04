"""Fills a desk with one ticket of every look, for tests that look at every page."""

from __future__ import annotations

from collections.abc import Callable

from desk.application import Desk, staff
from desk.domain.kinds import Kind, State
from desk.services import accounts, retention, review, tickets

PAGES = (
    "/queue",
    "/queue?view=mine",
    "/tickets/{open}",
    "/tickets/{closed}",
    "/tickets/{gone}",
    "/tickets/{open}/letters/answer",
    "/tickets/{open}/letters/identity",
    "/account",
    "/account/second-factor",
    "/password",
    "/insight",
    "/records",
    "/person",
    "/unplaced",
    "/retention",
    "/logs",
    "/people",
    "/nothing-here",
)

_TICKETS = (
    ("open", Kind.COMPLAINT, 3),
    ("late", Kind.ACCESS, 50),
    ("soon", Kind.OBJECTION, 29),
    ("waiting", Kind.ERASURE, 5),
    ("closed", Kind.RECTIFICATION, 10),
    ("gone", Kind.INQUIRY, 10),
)


def furnish(desk: Desk, open_one: Callable[..., str], language: str) -> dict[str, str]:
    """Fill a desk with one ticket of every look."""
    names = {name: open_one(kind, days_ago=days, language=language) for name, kind, days in _TICKETS}
    with desk.read() as work:
        user = accounts.by_email(work, "officer@example.org")
    assert user is not None
    with desk.work("visitor") as work:
        review.keep(work, "does it rain", language, [])
        review.keep(work, "who gets my data", language, ["recipients"])
    with desk.work(staff(user.id)) as work:
        review.assign(work, review.waiting(work)[-1].id, "out-of-scope")
        opened = tickets.get(work, names["open"])
        tickets.assign(work, opened, user.id)
        tickets.add_note(work, opened, "A note.")
        tickets.reply(work, opened, "acknowledged", "")
        tickets.mark(work, opened, "urgent")
        tickets.escalate(work, opened, "truste", "TR-1")
        tickets.change_state(work, tickets.get(work, names["closed"]), State.RESOLVED)
        tickets.suspend_clock(work, tickets.get(work, names["waiting"]), "A doubt.", message="Who are you?")
        gone = tickets.get(work, names["gone"])
        tickets.change_state(work, gone, State.RESOLVED)
    with desk.work(staff(user.id)) as work:
        retention.anonymise(work, tickets.get(work, names["gone"]))
    return names
