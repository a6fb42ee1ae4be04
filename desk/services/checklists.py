"""What has to be done for a kind of request, and what of it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from desk.application import Work
from desk.domain.errors import NotFound
from desk.domain.kinds import Kind
from desk.services import letters
from desk.storage.models import ChecklistTick, Ticket
from desk.storage.upsert import insert_into


@dataclass(frozen=True)
class Step:
    """A step of the checklist, in the language of who reads it."""

    name: str
    title: str
    done_at: datetime | None
    done_by: int | None


def steps_of(work: Work, ticket: Ticket, language: str) -> Sequence[Step]:
    """List the steps for a ticket's kind and whether they were done."""
    rows = work.session.scalars(select(ChecklistTick).where(ChecklistTick.ticket_id == ticket.id))
    done = {row.step: row for row in rows}
    steps = []
    for name, title in letters.catalogue()["checklists"][ticket.kind.value].items():
        tick = done.get(name)
        steps.append(Step(name, title[language], tick.done_at if tick else None, tick.done_by if tick else None))
    return steps


def tick(work: Work, ticket: Ticket, step: str, *, done: bool) -> None:
    """Tick a step off, or take the tick back."""
    if step not in step_names(ticket.kind):
        raise NotFound(f"There is no step {step!r} for this kind of request.")
    if done:
        values = {"ticket_id": ticket.id, "step": step, "done_by": work.user_id, "done_at": work.now}
        work.session.execute(insert_into(work.session, ChecklistTick).values(values).on_conflict_do_nothing())
    else:
        found = (ChecklistTick.ticket_id == ticket.id, ChecklistTick.step == step)
        work.session.execute(delete(ChecklistTick).where(*found))
    work.record("ticket.step-done" if done else "ticket.step-undone", ticket.id, step=step)


def step_names(kind: Kind) -> tuple[str, ...]:
    """Name the steps for a kind of request."""
    return tuple(letters.catalogue()["checklists"][kind.value])
