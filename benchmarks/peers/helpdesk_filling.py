"""Fills a django-helpdesk with tickets like the desk's: three years, a tenth open, two from each person.

Run by `benchmarks.desk_peer` with the Python of django-helpdesk's own environment: `helpdesk_filling.py SIZE`.
"""

import random
import sys
from datetime import timedelta

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket  # noqa: E402

USER, PASSWORD = "measuring", "a-password-for-measuring"
TEAM = 24
ROWS_AT_ONCE = 2000
CLOSED_SHARE = 0.92
TEXT = "Please send me a copy of everything that you hold about me, and tell me who has received it."


def main(size: int) -> None:
    """Add tickets until there are so many."""
    queue, team = _furnish()
    # The moments are ours to choose, for a desk of three years is measured and not one of this minute.
    Ticket._meta.get_field("created").auto_now_add = False
    Ticket._meta.get_field("modified").auto_now = False
    chance, there = random.Random(size), Ticket.objects.count()
    for start in range(there, size, ROWS_AT_ONCE):
        numbers = range(start + 1, min(start + ROWS_AT_ONCE, size) + 1)
        tickets = Ticket.objects.bulk_create([_ticket(chance, queue, team, number) for number in numbers])
        FollowUp.objects.bulk_create([entry for ticket in tickets for entry in _entries(ticket)])


def _furnish() -> tuple[Queue, list]:
    users = get_user_model().objects
    if not users.filter(username=USER).exists():
        users.create_superuser(USER, "measuring@example.org", PASSWORD)
        for number in range(TEAM):
            users.create(username=f"colleague{number}", is_staff=True)
        Queue.objects.create(title="Privacy", slug="privacy", allow_public_submission=True)
    return Queue.objects.get(), list(users.exclude(username=USER))


def _ticket(chance: random.Random, queue: Queue, team: list, number: int) -> Ticket:
    closed = chance.random() < CLOSED_SHARE
    created = timezone.now() - timedelta(days=chance.uniform(14, 1095) if closed else chance.uniform(0, 40))
    return Ticket(
        title=f"Access request {number}",
        queue=queue,
        created=created,
        modified=created,
        submitter_email=f"person{number // 2}@example.org",
        description=TEXT,
        status=Ticket.CLOSED_STATUS if closed else Ticket.OPEN_STATUS,
        assigned_to=chance.choice(team) if closed or chance.random() < 0.6 else None,
        priority=chance.randint(1, 5),
        due_date=created + timedelta(days=31),
    )


def _entries(ticket: Ticket) -> list:
    opened = FollowUp(ticket=ticket, date=ticket.created, title="Ticket Opened", comment=TEXT, public=True)
    if ticket.status != Ticket.CLOSED_STATUS:
        return [opened]
    day = ticket.created + timedelta(days=14)
    answered = FollowUp(
        ticket=ticket, date=day, title="Closed", comment=TEXT, public=True, user=ticket.assigned_to, new_status=4
    )
    return [opened, answered]


if __name__ == "__main__":
    main(int(sys.argv[1]))
