"""Plausible tickets of a whole year, in both languages, for trying the desk out and for measuring it.

They are made by the same functions as real ones, at moments of the past; only their mail is not sent, for nobody at
these addresses asked for anything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete

from desk.application import COMMAND_LINE, VISITOR, Desk, Work, staff, utc_now
from desk.domain.kinds import Kind, Language, Outcome, Relationship, Role, State
from desk.services import accounts, review, tickets, topics_asked
from desk.services.opening import Line, NewTicket, open_ticket
from desk.storage.models import OutboxMessage, Ticket, User

_TEXTS = Path(__file__).resolve().parent / "letters" / "demo.yml"
_YEAR = timedelta(days=365)
_KINDS = {
    Kind.COMPLAINT: 24,
    Kind.ACCESS: 22,
    Kind.ERASURE: 20,
    Kind.INQUIRY: 12,
    Kind.MARKETING_OPT_OUT: 8,
    Kind.RECTIFICATION: 5,
    Kind.OBJECTION: 4,
    Kind.WITHDRAW_CONSENT: 3,
    Kind.PORTABILITY: 2,
}
_RELATIONSHIPS = {Relationship.DIRECT: 60, Relationship.CUSTOMER_USER: 25, Relationship.UNSURE: 15}
_BATCH = 50
# How old a ticket has to be, in days, for the desk to be done with it most of the time.
_USUALLY_DONE = 26
_FORGOTTEN = 0.02
_QUESTIONS_A_TICKET = 12
_UNPLACED = 0.3


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist, at an address that cannot exist."""

    name: str
    email: str
    language: Language


def make(desk: Desk, count: int, progress: Callable[[int], None] = lambda _done: None, seed: int | None = None) -> int:
    """Make tickets, oldest first; with a seed the same ones each time."""
    chance, now = random.Random(seed), utc_now()
    team = _team(desk)
    moments = sorted(now - _YEAR * chance.random() for _ in range(count))
    for start in range(0, count, _BATCH):
        batch = moments[start : start + _BATCH]
        # One transaction for several tickets: a demonstration of a million would take an hour otherwise.
        with desk.work(COMMAND_LINE, batch[-1]) as work:
            made = [_one(work, chance, moment, now, team) for moment in batch]
            _forget_mail(work, made)
        progress(len(batch))
    _ask(desk, chance, now, count)
    return count


def _ask(desk: Desk, chance: random.Random, now: datetime, tickets_made: int) -> None:
    """Count what visitors asked the assistant in the same year, several questions for each ticket."""
    a_day = tickets_made * _QUESTIONS_A_TICKET / _YEAR.days
    for age in reversed(range(_YEAR.days)):
        with desk.work(COMMAND_LINE, now - timedelta(days=age)) as work:
            number = round(a_day * chance.uniform(0.4, 1.6))
            asked = Counter((_pick(chance, _texts()["topics"]), _language(chance)) for _ in range(number))
            counts = [topics_asked.Asked(topic, language, times) for (topic, language), times in asked.items()]
            topics_asked.add(work, f"{chance.getrandbits(128):032x}", counts)
            if chance.random() < _UNPLACED:
                _miss(work, chance, age)


def _miss(work: Work, chance: random.Random, age: int) -> None:
    language = _language(chance)
    if timedelta(days=age) < timedelta(days=work.settings.unplaced_days):
        review.keep(work, chance.choice(_texts()["unplaced"][language]), language, ())
    else:
        # The question itself is forgotten by now, but not that there was one.
        work.count_subject("unplaced", "unclear", language)


def _language(chance: random.Random) -> Language:
    return "de" if chance.random() < 0.65 else "en"


def _one(work: Work, chance: random.Random, moment: datetime, now: datetime, team: list[int]) -> Ticket:
    work.now, work.actor = moment, VISITOR
    person, kind = _person(chance), _pick(chance, _KINDS)
    text = chance.choice(_texts()["descriptions"][kind.value][person.language])
    ticket = open_ticket(work, _request(chance, person, kind, text, moment)).ticket
    _live(work, chance, ticket, now, team)
    return ticket


def _request(chance: random.Random, person: Person, kind: Kind, text: str, moment: datetime) -> NewTicket:
    hello = _texts()["conversation"][person.language]
    return NewTicket(
        request_id=f"demo:{chance.getrandbits(128):032x}",
        kind=kind,
        language=person.language,
        description=text,
        email=person.email,
        relationship=_pick(chance, _RELATIONSHIPS),
        name=person.name if chance.random() < 0.8 else None,
        country=("DE" if person.language == "de" else "GB") if kind is Kind.COMPLAINT else None,
        channel="webchat" if chance.random() < 0.85 else "slack",
        marks=("urgent",) if chance.random() < 0.04 else (),
        transcript=(
            Line("assistant", hello["greeting"], moment - timedelta(minutes=3)),
            Line("visitor", text, moment - timedelta(minutes=2)),
            Line("assistant", hello["question"], moment - timedelta(minutes=2)),
            Line("visitor", person.email, moment - timedelta(minutes=1)),
        ),
        notify=False,
    )


def _live(work: Work, chance: random.Random, ticket: Ticket, now: datetime, team: list[int]) -> None:
    age = (now - ticket.received_at).days
    ticket.verified = chance.random() < 0.6
    if age < 1 or (age < _USUALLY_DONE and chance.random() < 0.3):
        return
    _act(work, ticket, ticket.received_at + timedelta(hours=chance.uniform(1, 40)), chance.choice(team))
    tickets.assign(work, ticket, chance.choice(team))
    if chance.random() < 0.6:
        work.now += timedelta(hours=chance.uniform(0.2, 20))
        tickets.reply(work, ticket, "acknowledged", "")
    if chance.random() < 0.25:
        tickets.add_note(work, ticket, chance.choice(_texts()["notes"][ticket.language]))
    if chance.random() < 0.06 and age > 20:
        work.now = ticket.received_at + timedelta(days=chance.uniform(10, 20))
        tickets.extend(work, ticket, _texts()["extension"][ticket.language])
    _end(work, chance, ticket, now)


def _end(work: Work, chance: random.Random, ticket: Ticket, now: datetime) -> None:
    if chance.random() < _FORGOTTEN:
        return
    length = chance.triangular(2, 45 if chance.random() < 0.08 else 30, 14) * (2.4 if ticket.extended else 1)
    done = max(work.now, ticket.received_at + timedelta(days=length))
    if done > now:
        if chance.random() < 0.3:
            tickets.change_state(work, ticket, State.WAITING)
        return
    work.now = done
    if chance.random() < 0.07:
        tickets.refuse(work, ticket, _texts()["refusal"][ticket.language])
    elif chance.random() < 0.05:
        tickets.close(work, ticket, Outcome.WITHDRAWN)
    else:
        tickets.reply(work, ticket, "answered", chance.choice(_texts()["answers"][ticket.language]))
        tickets.change_state(work, ticket, State.RESOLVED)
    if chance.random() < 0.03:
        work.now = min(now, done + timedelta(days=chance.uniform(1, 12)))
        tickets.escalate(work, ticket, chance.choice(["truste", "DE-BY", "GB"]))


def _act(work: Work, ticket: Ticket, moment: datetime, user_id: int) -> None:
    work.now, work.actor = max(moment, ticket.received_at), staff(user_id)


def _forget_mail(work: Work, made: list[Ticket]) -> None:
    work.session.flush()
    ids = [ticket.id for ticket in made]
    work.session.execute(delete(OutboxMessage).where(OutboxMessage.ticket_id.in_(ids)))
    work.actor = COMMAND_LINE


def _team(desk: Desk) -> list[int]:
    with desk.work(COMMAND_LINE) as work:
        people = _texts()["team"]
        users = [accounts.by_email(work, one["email"]) or _colleague(work, one) for one in people]
        return [user.id for user in users]


def _colleague(work: Work, one: dict[str, str]) -> User:
    # Without a password nobody signs in as them; an administrator can give them one.
    return accounts.create_user(work, one["email"], one["name"], Role(one["role"]), one["language"])


def _person(chance: random.Random) -> Person:
    language = _language(chance)
    names = _texts()["people"][language]
    first, last = chance.choice(names["first"]), chance.choice(names["last"])
    letters = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "'": ""})
    local = f"{first}.{last}".lower().translate(letters)
    # The domain is reserved for examples, so no letter could ever reach anybody.
    return Person(f"{first} {last}", f"{local}{chance.randrange(1000)}@example.org", language)


def _pick(chance: random.Random, weights: dict[Any, int]) -> Any:
    return chance.choices(list(weights), list(weights.values()))[0]


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    return dict(yaml.safe_load(_TEXTS.read_text(encoding="utf-8")))
