"""Notices to other systems over real HTTP: what they say, how they are signed, and what happens when nobody listens."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from desk import health
from desk.application import Desk, utc_now
from desk.domain.kinds import Kind
from desk.services import facts, outbox, sending, visitors, webhooks
from desk.storage.models import OutboxMessage, Ticket
from tests.desk.conftest import MONDAY


class Listener:
    """A real server that keeps what it gets and answers as it is told to."""

    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.got: list[tuple[dict[str, str], bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((dict(self.headers), body))
                self.send_response(listener.status)
                for name, value in listener.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Keep the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/secret"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def with_slack(desk: Desk, listener: Listener) -> Desk:
    desk.settings = dataclasses.replace(desk.settings, slack_webhook_url=listener.url)
    return desk


def slack_row(desk: Desk) -> OutboxMessage:
    with desk.read() as work:
        return work.session.scalars(select(OutboxMessage).where(OutboxMessage.channel == "slack")).one()


def test_slack_hears_of_every_step_and_of_no_person(
    with_slack: Desk, listener: Listener, opened: Callable[..., Ticket]
) -> None:
    ticket = opened(name="Xaverine Geheim", description="Meine Krankenakte", email="geheim@example.org")
    steps: list[Callable[..., object]] = [
        lambda work: visitors.add(work, ticket.reference, "geheim@example.org", "Noch ein Geheimnis", "a1"),
        lambda work: visitors.withdraw(work, ticket.reference, "geheim@example.org", "w1"),
        lambda work: visitors.reopen(work, ticket.reference, "geheim@example.org", "Geheimer Grund", "r1"),
        lambda work: visitors.escalate(work, ticket.reference, "geheim@example.org", "truste", "e1"),
    ]
    for step in steps:
        with with_slack.work("visitor") as work:
            step(work)
    while sending.send_waiting(with_slack):
        pass
    texts = [json.loads(body)["text"] for _, body in listener.got]
    assert [text.split(":")[0] for text in texts] == ["New ticket", "Added to", "Withdrawn", "Reopened", "Escalated"]
    for text in texts:
        assert ticket.reference in text
        assert f"https://desk.example.org/tickets/{ticket.reference}" in text
        for word in ("Xaverine", "Geheim", "geheim", "Krankenakte", "example.org>"):
            assert word not in text


def test_slack_that_is_busy_is_asked_again_when_it_said(
    with_slack: Desk, listener: Listener, opened: Callable[..., Ticket]
) -> None:
    listener.status, listener.headers = 429, {"Retry-After": "90"}
    opened()
    before = utc_now()
    sending.send_waiting(with_slack)
    row = slack_row(with_slack)
    assert row.sent_at is None
    assert row.dead_at is None
    assert timedelta(seconds=85) < row.available_at - before < timedelta(seconds=100)


@pytest.mark.parametrize(("status", "given_up"), [(500, False), (408, False), (404, True), (403, True)])
def test_answers_of_slack_decide_whether_to_try_again(
    with_slack: Desk, listener: Listener, opened: Callable[..., Ticket], status: int, given_up: bool
) -> None:
    listener.status = status
    opened()
    sending.send_waiting(with_slack)
    row = slack_row(with_slack)
    assert (row.dead_at is not None) is given_up
    assert row.last_error == f"Slack answered {status}."


def test_secret_address_of_slack_never_stands_in_an_error(with_slack: Desk, opened: Callable[..., Ticket]) -> None:
    with_slack.settings = dataclasses.replace(
        with_slack.settings, slack_webhook_url="http://127.0.0.1:1/services/T0/B0/secret"
    )
    opened()
    sending.send_waiting(with_slack)
    assert slack_row(with_slack).last_error == "Slack cannot be reached (ConnectionError)."
    assert "B0/secret" not in repr(with_slack.settings)


def test_mail_leaves_although_slack_is_away(
    with_slack: Desk, listener: Listener, opened: Callable[..., Ticket]
) -> None:
    listener.status = 500
    opened()
    sending.send_waiting(with_slack)
    assert len(list(with_slack.settings.mail_dir.glob("*.eml"))) == 1


def test_webhook_is_signed_so_that_the_other_side_can_check(
    desk: Desk, listener: Listener, opened: Callable[..., Ticket]
) -> None:
    with desk.work("command-line") as work:
        _, secret = webhooks.add_webhook(work, listener.url, ["ticket.opened"])
    ticket = opened(kind=Kind.ERASURE)
    while sending.send_waiting(desk):
        pass
    [(headers, body)] = listener.got
    assert headers["Webhook-Signature"] == webhooks.signature(secret, headers["Webhook-Timestamp"], body)
    assert headers["Webhook-Signature"] != webhooks.signature("other", headers["Webhook-Timestamp"], body)
    said = json.loads(body)
    assert said["event"] == "ticket.opened"
    assert said["ticket"] == {
        "reference": ticket.reference,
        "kind": "erasure",
        "state": "new",
        "language": "de",
        "due": "2026-10-14",
        "escalated": False,
    }


def test_removed_webhook_hears_nothing_more(desk: Desk, listener: Listener, opened: Callable[..., Ticket]) -> None:
    with desk.work("command-line") as work:
        hook, _ = webhooks.add_webhook(work, listener.url, ["ticket.opened"])
    opened()
    with desk.work("command-line") as work:
        webhooks.remove_webhook(work, hook.id)
    opened()
    while sending.send_waiting(desk):
        pass
    assert listener.got == []


def test_redirected_webhook_does_not_follow_elsewhere(
    desk: Desk, listener: Listener, opened: Callable[..., Ticket]
) -> None:
    listener.status, listener.headers = 302, {"Location": listener.url}
    with desk.work("command-line") as work:
        webhooks.add_webhook(work, listener.url, ["ticket.opened"])
    opened()
    while sending.send_waiting(desk):
        pass
    assert len(listener.got) == 1


# --- health


def test_health_says_what_is_wrong(desk: Desk, opened: Callable[..., Ticket]) -> None:
    found = {check.name: check.says for check in health.check(desk).checks}
    assert found == {
        "database": "well",
        "tables": "well",
        "keys": "well",
        "worker": "the worker never ran",
        "outbox": "well",
        "mail": "well",
        "mailbox": "well",
    }
    with desk.work("worker") as work:
        facts.remember(work, facts.WORKER_SEEN)
    assert health.check(desk).ok
    opened(MONDAY - timedelta(days=400))
    assert "messages wait" in {check.name: check.says for check in health.check(desk).checks}["outbox"]
    assert health.can_take_tickets(desk)
    with desk.work("worker") as work:
        [message] = outbox.claim(work, 1)
        outbox.mark_failed(work, message, "no such user", permanent=True)
    assert "were given up" in {check.name: check.says for check in health.check(desk).checks}["outbox"]


def test_health_leaves_nothing_behind(desk: Desk) -> None:
    health.check(desk)
    with desk.read() as work:
        assert facts.when(work, "health") is None
    assert list(desk.settings.mail_dir.iterdir()) == []
