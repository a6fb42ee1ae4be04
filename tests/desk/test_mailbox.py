"""Mail is fetched from a real IMAP server: once, only marked when it is kept, and never stopped by one bad mail."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from desk import health, worker
from desk.application import Desk, utc_now
from desk.domain.kinds import Kind
from desk.services import facts, inbound, mailbox, tickets
from desk.services.mailbox import MailboxTrouble
from desk.settings import SettingsError, settings_from
from desk.storage.models import Ticket
from tests.desk.conftest import INDEX_KEY, KEY
from tests.desk.dovecot import Dovecot
from tests.desk.test_safekeeping import mail_from, reply_token

WORDS = "Ich möchte bitte wissen, was mit meinen Daten ist."


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """Give a running server with two folders."""
    # Sockets have short names only, so the folder is not below pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="desk-imap-"))
    server = Dovecot(folder)
    server.start()
    with server.client() as client:
        client.create("Requests")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _trust(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    yield
    dovecot.empty()


@pytest.fixture
def reading(desk: Desk, dovecot: Dovecot) -> Desk:
    """Give the desk with its mailbox set."""
    return _with_mailbox(desk, dovecot.url())


def _with_mailbox(desk: Desk, url: str) -> Desk:
    desk.settings = dataclasses.replace(desk.settings, imap_url=url, imap_poll_seconds=1)
    return desk


def _tickets(desk: Desk) -> int:
    with desk.read() as work:
        return work.session.scalar(select(func.count(Ticket.id))) or 0


@pytest.mark.parametrize(("folder", "scheme"), [("INBOX", "imaps"), ("", "imaps"), ("Requests", "imap")])
def test_unread_mail_becomes_an_inquiry_and_is_marked(desk: Desk, dovecot: Dovecot, folder: str, scheme: str) -> None:
    dovecot.put(mail_from("Erika <erika@example.org>", "Frage", WORDS), folder or "INBOX")
    _with_mailbox(desk, dovecot.url(folder, scheme=scheme))
    assert mailbox.fetch(desk) == 1
    assert dovecot.found("UNSEEN", folder=folder or "INBOX") == 0
    assert mailbox.fetch(desk) == 0
    with desk.read() as work:
        ticket = work.session.scalars(select(Ticket)).one()
        assert (ticket.kind, ticket.language, ticket.channel) == (Kind.INQUIRY, "de", "mail")
        assert ticket.content is not None
        assert WORDS in ticket.content.description
    assert mailbox.problem(desk) is None


def test_a_reply_joins_its_ticket_and_automatic_mail_is_read_away(
    reading: Desk, dovecot: Dovecot, opened: Callable[..., Ticket]
) -> None:
    ticket = opened(now=utc_now())
    dovecot.put(
        mail_from("erika@example.org", f"Re: [#{reply_token(reading)}]", "Hier der Nachweis.", Message_ID="<1>")
    )
    dovecot.put(mail_from("erika@example.org", "Abwesend", "Bin im Urlaub.", Auto_Submitted="auto-replied"))
    assert mailbox.fetch(reading) == 2
    with reading.read() as work:
        assert [one.body for one in tickets.correspondence_of(work, ticket) if one.incoming] == ["Hier der Nachweis."]
    assert (_tickets(reading), dovecot.found("UNSEEN")) == (1, 0)


def test_a_worker_that_dies_before_marking_takes_nothing_twice(
    reading: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.put(mail_from("erika@example.org", "Frage", WORDS, Message_ID="<once@example.org>"))
    with monkeypatch.context() as patch:
        patch.setattr(mailbox, "_mark", _die)
        with pytest.raises(KeyboardInterrupt):
            mailbox.fetch(reading)
    assert (_tickets(reading), dovecot.found("UNSEEN")) == (1, 1)
    assert mailbox.fetch(reading) == 1
    assert (_tickets(reading), dovecot.found("UNSEEN")) == (1, 0)


def test_what_is_not_kept_is_not_marked(reading: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot.put(mail_from("erika@example.org", "Frage", WORDS))
    with monkeypatch.context() as patch:
        patch.setattr("desk.application.Work.finish", _die)
        with pytest.raises(KeyboardInterrupt):
            mailbox.fetch(reading)
    assert (_tickets(reading), dovecot.found("UNSEEN")) == (0, 1)
    assert mailbox.fetch(reading) == 1


def _die(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_bad_mail_is_flagged_and_the_next_ones_go_on(
    reading: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inbound, "LARGEST_MAIL", 20_000)
    dovecot.put(mail_from(f"{'x' * 330}@example.org", "Geheimnis", WORDS))
    dovecot.put(mail_from("big@example.org", "Frage", "y" * 30_000))
    dovecot.put(mail_from("erika@example.org", "Frage", WORDS))
    assert mailbox.fetch(reading) == 1
    assert (dovecot.found("UNSEEN", "FLAGGED"), dovecot.found("SEEN", "UNFLAGGED")) == (2, 1)
    assert "InvalidInput" in caplog.text
    assert "Geheimnis" not in caplog.text
    assert "2 mails" in {check.name: check.says for check in health.check(reading).checks}["mailbox"]
    assert mailbox.fetch(reading) == 0
    assert dovecot.found("UNSEEN", "FLAGGED") == 2
    with dovecot.client() as client:
        client.store("1:*", "+FLAGS", r"(\Seen)")
    mailbox.fetch(reading)
    assert mailbox.problem(reading) is None


def test_a_server_that_is_away_or_refuses_is_said_without_the_password(desk: Desk, dovecot: Dovecot) -> None:
    assert mailbox.fetch(desk) == 0
    for url in (dovecot.url(password="wrong-password"), dovecot.url("No-such-folder"), "imaps://u:secret@localhost:1/"):
        with pytest.raises(MailboxTrouble) as trouble:
            mailbox.fetch(_with_mailbox(desk, url))
        assert "wrong-password" not in str(trouble.value)
        assert "secret" not in str(trouble.value)
    assert mailbox.problem(desk) == "no mail was ever fetched"


def test_a_certificate_nobody_vouches_for_is_refused(
    reading: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MailboxTrouble, match="SSLCertVerificationError"):
        mailbox.fetch(reading)


def test_the_worker_goes_on_when_the_server_is_back(
    reading: Desk, dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    dovecot.put(mail_from("erika@example.org", "Frage", WORDS))
    dovecot.stop()
    stop = threading.Event()
    thread = threading.Thread(target=worker.fetch_on, args=(reading, stop))
    thread.start()
    try:
        _wait_until(lambda: "cannot be reached" in caplog.text)
        dovecot.start()
        _wait_until(lambda: _tickets(reading) == 1)
    finally:
        stop.set()
        thread.join(60)
    _wait_until(lambda: dovecot.found("UNSEEN") == 0)
    with reading.read() as work:
        assert facts.get(work, facts.MAIL_FETCHED) is not None


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@pytest.mark.parametrize("url", ["host", "pop3://u:p@host", "imaps://host/INBOX", "imaps://u:p@host/Entw%C3%BCrfe"])
def test_a_mailbox_that_makes_no_sense_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="IMAP_URL"):
        settings_from({"DESK_KEYS": KEY, "DESK_INDEX_KEY": INDEX_KEY, "IMAP_URL": url})
