"""Fills a desk with one ticket of every look, for tests that look at every page."""

from __future__ import annotations

from collections.abc import Callable

from desk.application import Desk, staff
from desk.domain.kinds import Kind, State
from desk.services import accounts, outbox, retention, review, saved_views, tickets, topics_asked

PAGES = (
    "/queue",
    "/queue?view=mine",
    "/queue?view=open&kind=erasure",
    "/queue?view=open&kind=access",
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
        topics_asked.add(work, "0" * 32, [topics_asked.Asked("cookies", "de", 3), topics_asked.Asked("scope", "en", 1)])
    with desk.work("worker") as work:
        [message] = outbox.claim(work, 1)
        outbox.mark_failed(work, message, "The mail server refuses the address (550).", permanent=True)
        admin = accounts.by_email(work, "admin@example.org")
        assert admin is not None
        saved_views.save(work, admin.id, "Erasures", {"view": "open", "kind": "erasure"})
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
