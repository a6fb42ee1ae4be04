"""Figures for monitoring: how many tickets wait, how old the queue is, how the outbox does; nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select

from desk.application import Desk, Work
from desk.domain.kinds import State
from desk.domain.states import is_closed
from desk.services import facts, outbox
from desk.storage.models import OutboxMessage, Ticket


class DeskCollector:
    """Reads the figures when they are asked for, so that every process gives the same ones."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def collect(self) -> Iterator[Metric]:
        """Give the figures of this moment."""
        with self.desk.read() as work:
            yield from _tickets(work)
            yield from _outbox(work)
            yield from _worker(work)


def _tickets(work: Work) -> Iterator[Metric]:
    by_state = GaugeMetricFamily("desk_open_tickets", "Open tickets by state.", labels=["state"])
    for state in (state for state in State if not is_closed(state)):
        # One after the other, for each is one stretch of an index; grouping would read every ticket.
        counted = select(func.count()).select_from(Ticket).where(Ticket.state == state)
        by_state.add_metric([state.value], work.session.scalar(counted) or 0)
    yield by_state
    overdue = select(func.count()).select_from(Ticket).where(Ticket.open, Ticket.queue_on < work.today)
    yield GaugeMetricFamily("desk_overdue_tickets", "Open tickets past their due date.", work.session.scalar(overdue))
    unassigned = select(func.count()).select_from(Ticket).where(Ticket.open, Ticket.assignee_id.is_(None))
    yield GaugeMetricFamily("desk_unassigned_tickets", "Open tickets nobody has.", work.session.scalar(unassigned))
    oldest = work.session.scalar(select(func.min(Ticket.received_at)).where(Ticket.open))
    yield GaugeMetricFamily(
        "desk_queue_oldest_seconds", "How long the oldest open ticket has waited.", _age(work, oldest)
    )


def _outbox(work: Work) -> Iterator[Metric]:
    waiting = select(func.count(), func.min(OutboxMessage.available_at)).where(
        OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None)
    )
    count, oldest = work.session.execute(waiting).one()
    yield GaugeMetricFamily("desk_outbox_waiting", "Messages that are still to be sent.", count)
    yield GaugeMetricFamily(
        "desk_outbox_oldest_seconds", "How long the oldest message has been due.", _age(work, oldest)
    )
    failing = outbox.status(work).failing
    yield GaugeMetricFamily("desk_outbox_failing", "Messages that failed and will be tried again.", failing)
    dead = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))
    yield GaugeMetricFamily("desk_outbox_dead", "Messages that were given up.", work.session.scalar(dead))


def _worker(work: Work) -> Iterator[Metric]:
    seen = facts.when(work, facts.WORKER_SEEN)
    if seen is not None:
        yield GaugeMetricFamily("desk_worker_silent_seconds", "Since the worker's last sign of life.", _age(work, seen))


def _age(work: Work, moment: datetime | None) -> float:
    return max(0.0, (work.now - moment).total_seconds()) if moment else 0.0
