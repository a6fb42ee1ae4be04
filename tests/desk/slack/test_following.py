"""One post for each ticket, edited as the ticket moves; reminders in its thread; a digest in the morning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desk.application import Desk, staff
from desk.domain.kinds import Kind, State
from desk.services import outbox, tickets
from desk.storage.models import Ticket, User
from tests.desk.conftest import MONDAY
from tests.desk.slack.conftest import CHANNEL, Team, said

Opened = Callable[..., Ticket]


def change(desk: Desk, ticket: Ticket, user: User, do: Callable[..., object], *values: object, **named: object) -> None:
    with desk.work(staff(user.id), MONDAY) as work:
        do(work, tickets.get(work, ticket.reference, lock=True), *values, **named)


def test_a_new_ticket_is_one_post_with_what_slack_may_know(team: Team, opened: Opened) -> None:
    ticket = opened(kind=Kind.COMPLAINT)
    team.catch_up()
    (post,) = team.posts
    text = post["blocks"][0]["text"]["text"]
    assert f"|{ticket.reference}>" in text
    assert "complaint" in text
    assert "German" in text
    assert "14 October 2026" in text
    assert [element["action_id"] for element in post["blocks"][-1]["elements"]] == ["take", "open", "remind"]


def test_the_post_follows_the_tickets_life_and_stays_one(team: Team, opened: Opened, officer: User) -> None:
    ticket = opened()
    team.catch_up()
    change(team.desk, ticket, officer, tickets.assign, officer.id)
    team.catch_up()
    assert "in progress" in team.posts[0]["blocks"][0]["text"]["text"]
    assert "take" not in [one["action_id"] for one in team.posts[0]["blocks"][-1]["elements"]]
    change(team.desk, ticket, officer, tickets.escalate, "truste")
    team.catch_up()
    assert "*escalated*" in team.posts[0]["blocks"][1]["elements"][0]["text"]
    change(team.desk, ticket, officer, tickets.change_state, State.RESOLVED)
    team.catch_up()
    assert len(team.posts) == 1
    assert "resolved" in team.posts[0]["blocks"][0]["text"]["text"]
    assert [one["action_id"] for one in team.posts[0]["blocks"][-1]["elements"]] == ["open"]
    change(team.desk, ticket, officer, tickets.change_state, State.REOPENED)
    team.catch_up()
    lines = [message["text"] for message in team.messages if message.get("thread_ts") == team.posts[0]["ts"]]
    assert lines == ["The ticket was escalated.", "The ticket was reopened; the period runs anew."]


def test_several_changes_at_once_are_one_edit(team: Team, opened: Opened, officer: User) -> None:
    ticket = opened()
    change(team.desk, ticket, officer, tickets.assign, officer.id)
    change(team.desk, ticket, officer, tickets.mark, "urgent")
    team.catch_up()
    assert len(team.calls()) == 1


def test_looking_again_tells_nothing_twice(team: Team, opened: Opened) -> None:
    opened()
    for _ in range(3):
        team.catch_up()
    assert len(team.calls()) == 1


def test_slack_being_away_loses_no_ticket(team: Team, opened: Opened) -> None:
    team.slack.api.failures = [(500, {})] * 1000
    references = {opened().reference for _ in range(5)}
    team.catch_up()
    assert team.posts == []
    team.slack.api.failures = []
    with team.desk.work("test") as work:
        for message in work.session.query(_outbox()).filter_by(channel="slack-team"):
            assert message.last_error, "the reason stands where people look"
            message.available_at = work.now - timedelta(seconds=1)
    team.catch_up()
    shown = " ".join(post["text"] for post in team.posts)
    assert len(team.posts) == 5
    assert all(reference in shown for reference in references)


def test_slacks_wait_is_kept_by_the_outbox(team: Team, opened: Opened) -> None:
    opened()
    team.slack.api.failures = [(429, {"Retry-After": "30"})]
    team.catch_up()
    assert team.posts == []
    with team.desk.read() as work:
        row = work.session.query(_outbox()).filter_by(channel="slack-team").one()
        assert timedelta(seconds=25) < row.available_at - work.now <= timedelta(seconds=30)


def test_a_post_that_somebody_removed_is_made_again(team: Team, opened: Opened, officer: User) -> None:
    ticket = opened()
    team.catch_up()
    team.messages.clear()
    change(team.desk, ticket, officer, tickets.assign, officer.id)
    team.catch_up()
    assert len(team.posts) == 1


def test_reminders_stand_in_the_tickets_thread_once(team: Team, opened: Opened) -> None:
    ticket = opened()
    team.catch_up()
    a_week_before = datetime.combine(ticket.due_on - timedelta(days=7), MONDAY.time(), UTC)
    for _ in range(3):
        team.catch_up(a_week_before)
    lines = [message for message in team.messages if "thread_ts" in message]
    assert len(lines) == 1
    assert lines[0]["thread_ts"] == team.posts[0]["ts"]
    assert "14 October 2026" in lines[0]["text"]


def test_the_digest_comes_once_on_a_working_morning_and_names_what_is_overdue(team: Team, opened: Opened) -> None:
    late, fine = opened(), opened(MONDAY + timedelta(days=20))
    team.catch_up(MONDAY)
    day = datetime.combine(late.due_on + timedelta(days=5), MONDAY.time(), UTC)
    assert day.weekday() == 0
    team.catch_up(day.replace(hour=6, minute=29))
    assert not [post for post in team.posts if "Overdue" in post["text"]], "08:30 in Munich is 06:30 UTC in October"
    for _ in range(3):
        team.catch_up(day.replace(hour=6, minute=31))
    (digest,) = [post for post in team.posts if "Overdue" in post["text"]]
    assert late.reference in digest["blocks"][0]["text"]["text"]
    assert fine.reference not in digest["blocks"][0]["text"]["text"]
    team.catch_up(day + timedelta(days=5))
    assert len([post for post in team.posts if "Overdue" in post["text"]]) == 1, "not on a Saturday"


def test_a_desk_that_begins_with_slack_does_not_tell_its_past(desk: Desk, opened: Opened, slack: object) -> None:
    opened()
    fresh = Team(slack, desk)  # type: ignore[arg-type]
    fresh.catch_up(MONDAY)
    assert fresh.calls() == []


def test_nothing_about_the_person_is_in_any_call(team: Team, opened: Opened, officer: User) -> None:
    secrets = {
        "email": "geheim.person@example.net",
        "name": "Gisela Geheimnis",
        "description": "Meine Krankenakte liegt offen herum",
        "country": "Liechtenstein",
    }
    for kind in Kind:
        ticket = opened(kind=kind, **secrets)
        team.catch_up()
        change(team.desk, ticket, officer, tickets.assign, officer.id, note="Gisela hat angerufen")
        change(team.desk, ticket, officer, tickets.add_note, "Notiz über Gisela Geheimnis")
        change(team.desk, ticket, officer, tickets.reply, "answered", "Sehr geehrte Frau Geheimnis")
        change(team.desk, ticket, officer, tickets.escalate, "truste")
        change(team.desk, ticket, officer, tickets.extend, "Weil Gisela Geheimnis viele Akten hat")
        team.catch_up(datetime.combine(ticket.due_on - timedelta(days=7), MONDAY.time(), UTC))
        change(team.desk, ticket, officer, tickets.refuse, "Frau Geheimnis ist nicht zuständig")
        team.catch_up()
    everything = said(team.slack.calls("team"))
    assert len(team.calls("chat.postMessage")) >= len(Kind)
    for secret in (*secrets.values(), "Gisela", "Geheimnis", "geheim", "Krankenakte", "Olga", "olga@"):
        assert secret not in everything
    assert all(call.arguments["channel"] == CHANNEL for call in team.slack.calls("team") if "channel" in call.arguments)


def test_nothing_is_given_up_quietly(team: Team, opened: Opened) -> None:
    opened()
    team.catch_up()
    with team.desk.read() as work:
        assert outbox.dead_letters(work) == []


def _outbox() -> type:
    from desk.storage.models import OutboxMessage

    return OutboxMessage
