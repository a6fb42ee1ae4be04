"""The legal clock of a ticket in sentences, each with the article it follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from desk.application import Work
from desk.domain.clock import calendar_end, due_date, last_day_to_extend
from desk.services import tickets
from desk.storage.models import Ticket
from desk.web.visit import Visit

_WHOLE = 100


def clock_sentences(visit: Visit, work: Work, ticket: Ticket) -> list[str]:
    """Explain why the answer is due when it is."""
    return list(_sentences(visit, work, ticket))


def may_extend(work: Work, ticket: Ticket) -> bool:
    """Tell whether the period can still be extended today."""
    if not ticket.open or ticket.extended:
        return False
    return work.today <= last_day_to_extend(tickets.clock_of(work, ticket), work.desk.calendar)


def elapsed(work: Work, ticket: Ticket) -> int:
    """Give how much of the period is over, in hundredths, for the bar under the date."""
    whole = max(1, (ticket.due_on - ticket.clock_from).days)
    until = ticket.closed_at.date() if ticket.closed_at else work.today
    return min(_WHOLE, max(0, (until - ticket.clock_from).days * _WHOLE // whole))


def _sentences(visit: Visit, work: Work, ticket: Ticket) -> Iterator[str]:
    day, clock = visit.formats.day, tickets.clock_of(work, ticket)
    if ticket.closed_at is not None:
        yield visit.say("clock.closed", day=day(ticket.closed_at))
        closed_on = work.desk.calendar.day_of(ticket.closed_at)
        yield visit.say("clock.closed_on_time" if closed_on <= ticket.due_on else "clock.closed_late")
    yield visit.say("clock.rule", received=day(ticket.clock_from))
    if ticket.suspended_on is not None:
        yield visit.say("clock.suspended", day=day(ticket.suspended_on))
    elif ticket.suspended_days:
        yield visit.say("clock.suspended_days", count=ticket.suspended_days)
    if ticket.extended and ticket.extended_at is not None:
        yield visit.say("clock.extended", day=day(ticket.extended_at))
    end = calendar_end(clock)
    if due_date(clock, work.desk.calendar) != end:
        yield visit.say("clock.moved", end=day(end))
    if ticket.open and not ticket.extended:
        yield _extension_sentence(visit, work, ticket)


def _extension_sentence(visit: Visit, work: Work, ticket: Ticket) -> str:
    if not may_extend(work, ticket):
        return visit.say("clock.may_not_extend")
    until = last_day_to_extend(replace(tickets.clock_of(work, ticket), extended=False), work.desk.calendar)
    return visit.say("clock.may_extend", day=visit.formats.day(until))
