"""Whatever a ticket is like, its post and the digest are within Slack's documented limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from desk.domain.kinds import Kind, State
from desk.slack.posts import MOST_IN_DIGEST, TicketFacts, digest_post, ticket_post
from tools.local_slack.rules import message_problems

LONG_ADDRESS = "https://privacy-desk.intranet.department.example.org/with/a/long/path/tickets/"


def facts(reference: str = "PR-ABCD-1234") -> TicketFacts:
    return TicketFacts(
        reference=reference,
        url=f"{LONG_ADDRESS}{reference}",
        kind=Kind.WITHDRAW_CONSENT.value,
        language="de",
        state=State.IN_PROGRESS.value,
        due=date(2026, 9, 28),
        clock_stands=False,
        is_open=True,
        overdue=True,
        escalated=True,
        extended=True,
        has_assignee=True,
        assignee="U0123456789",
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_ticket_is_a_post_that_slack_takes(language: str) -> None:
    for kind, state, has_assignee, is_open in product(Kind, State, (True, False), (True, False)):
        ticket = replace(facts(), kind=kind.value, state=state.value, has_assignee=has_assignee, is_open=is_open)
        post = ticket_post(ticket, language)
        assert message_problems(post["blocks"], post["text"]) == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("count", [1, MOST_IN_DIGEST, 400])
def test_a_long_digest_is_a_post_that_slack_takes_and_names_each_ticket(language: str, count: int) -> None:
    overdue = [facts(f"PR-ABCD-{number:04d}") for number in range(min(count, MOST_IN_DIGEST))]
    post = digest_post(overdue, count, language)
    assert message_problems(post["blocks"], post["text"]) == []
    shown = "\n".join(block["text"]["text"] for block in post["blocks"])
    assert all(f"|{ticket.reference}>" in shown for ticket in overdue)
