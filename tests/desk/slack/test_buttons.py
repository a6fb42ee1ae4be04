"""Colleagues press buttons and act as their account of the desk; everybody else is told what is missing."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from desk.application import Desk, utc_now
from desk.domain.kinds import Role, State
from desk.services import tickets
from desk.storage.models import Ticket, User
from desk.web.app import create_app
from tests.desk.conftest import actions_of
from tests.desk.slack.conftest import SLACK_USER, Team, serving
from tools.local_slack.deliveries import signature_headers

Opened = Callable[..., Ticket]
Colleague = Callable[..., User]


@pytest.fixture
def ticket(served: Team, opened: Opened) -> Ticket:
    made = opened(utc_now())
    served.catch_up()
    return made


def now_as(desk: Desk, ticket: Ticket) -> Ticket:
    with desk.read() as work:
        return tickets.get(work, ticket.reference)


def test_taking_assigns_the_ticket_to_the_mapped_account(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    user = colleague()
    answer = served.press(SLACK_USER, served.posts[0], "take")
    assert answer == f"{ticket.reference} is assigned to you now."
    found = now_as(served.desk, ticket)
    assert (found.assignee_id, found.state) == (user.id, State.IN_PROGRESS)
    with served.desk.read() as work:
        actors = {entry.actor for entry in tickets.history_of(work, ticket) if entry.action == "ticket.assigned"}
        assert actors == {f"user:{user.id}"}
        assert "ticket.assigned" in actions_of(work, ticket)
    served.catch_up()
    assert f"<@{SLACK_USER}>" in served.posts[0]["blocks"][0]["text"]["text"]


def test_who_is_not_mapped_is_told_how_to_be(served: Team, ticket: Ticket) -> None:
    answer = served.press("U0JOHN", served.posts[0], "take")
    assert "U0JOHN" in answer
    assert "ask an administrator" in answer
    assert now_as(served.desk, ticket).assignee_id is None


def test_who_may_only_read_cannot_take(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    colleague(Role.VIEWER)
    assert "may read tickets but not work" in served.press(SLACK_USER, served.posts[0], "take")
    assert now_as(served.desk, ticket).assignee_id is None


def test_an_account_that_was_locked_out_cannot_take(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    from desk.services import accounts

    user = colleague()
    with served.desk.work("test") as work:
        accounts.set_active(work, accounts.get_user(work, user.id), active=False)
    assert "belongs to no account" in served.press(SLACK_USER, served.posts[0], "take")


def test_six_presses_change_the_ticket_once(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    colleague()
    for _ in range(6):
        served.press(SLACK_USER, served.posts[0], "take")
    assert now_as(served.desk, ticket).assignee_id is not None
    with served.desk.read() as work:
        assert actions_of(work, ticket).count("ticket.assigned") == 1


def test_nobody_takes_a_ticket_away_from_somebody_else(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    colleague()
    colleague(Role.ADMIN, "U0JOHN")
    post = dict(served.posts[0])
    served.press("U0JOHN", post, "take")
    assert "Somebody else" in served.press(SLACK_USER, post, "take")


def test_being_reminded_comes_back_in_the_thread_once(served: Team, ticket: Ticket, colleague: Colleague) -> None:
    colleague()
    chosen = f"{ticket.reference}:tomorrow"
    for _ in range(2):
        assert "I will remind you" in served.press(SLACK_USER, served.posts[0], "remind", chosen)
    served.catch_up()
    assert not [one for one in served.messages if "thread_ts" in one], "not before tomorrow"
    with served.desk.work("test") as work:
        for message in work.session.query(_outbox()).filter_by(channel="slack-team", sent_at=None):
            message.available_at = work.now - timedelta(seconds=1)
    served.catch_up()
    lines = [one["text"] for one in served.messages if "thread_ts" in one]
    assert len(lines) == 1
    assert lines[0].startswith(f"<@{SLACK_USER}>, you wanted to be reminded of {ticket.reference}.")


def test_opening_leads_to_the_ticket_in_the_desk(served: Team, ticket: Ticket) -> None:
    button = served.posts[0]["blocks"][-1]["elements"][1]
    assert button["url"] == f"https://desk.example.org/tickets/{ticket.reference}"
    assert served.slack.play.click(SLACK_USER, served.posts[0], "open").in_time


def test_a_socket_serves_who_has_no_public_address(team: Team, opened: Opened, colleague: Colleague) -> None:
    colleague()
    team.desk.settings = dataclasses.replace(
        team.desk.settings, slack_team_signing_secret=None, slack_team_app_token=team.app.app_token
    )
    opened(utc_now())
    team.catch_up()
    with serving(team):
        team.app.request_url = None
        assert "team" in team.slack.deliveries.sockets
        assert "assigned to you now" in team.press(SLACK_USER, team.posts[0], "take")


@pytest.mark.parametrize("secret", ["visitors", "team"])
def test_only_the_teams_own_secret_opens_the_door(served: Team, secret: str) -> None:
    payload = {
        "type": "block_actions",
        "user": {"id": SLACK_USER},
        "actions": [{"type": "button", "action_id": "open"}],
    }
    body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
    headers = signature_headers(served.slack.workspace.apps[secret], body)
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    answer = httpx.post(str(served.app.request_url), content=body, headers=headers)
    assert answer.status_code == (200 if secret == "team" else 401)


def test_what_is_typed_in_slack_is_not_even_looked_at(served: Team, ticket: Ticket) -> None:
    before = len(served.slack.deliveries.acknowledgements)
    served.slack.play.say(SLACK_USER, "C0PRIVACY", "Dear person, this must not reach you")
    served.slack.play.say(SLACK_USER, "C0PRIVACY", "Nor this", thread_ts=served.posts[0]["ts"])
    assert len(served.slack.deliveries.acknowledgements) == before
    assert served.app.events == frozenset()
    with served.desk.read() as work:
        assert len(tickets.correspondence_of(work, ticket)) <= 1, "the first letter at most"


def test_without_settings_there_is_no_door(desk: Desk) -> None:
    desk.settings = dataclasses.replace(desk.settings, slack_team_bot_token=None)
    paths = [getattr(route, "path", "") for route in create_app(desk).routes]
    assert "/slack/events" not in paths


def _outbox() -> type:
    from desk.storage.models import OutboxMessage

    return OutboxMessage
