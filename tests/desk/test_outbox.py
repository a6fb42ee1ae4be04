"""The outbox: nothing that was promised is lost, and hardly anything leaves twice, also when processes are killed."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from sqlalchemy import LargeBinary, func, select, type_coerce, update

from desk.application import WORKER, Desk, staff, utc_now
from desk.services import attachments, facts, outbox, sending, tickets
from desk.settings import ROOT
from desk.storage.models import OutboxMessage, Ticket, User
from tests.desk.conftest import INDEX_KEY, KEY, MONDAY, make_settings


class Mailbox:
    """A mail server's handler that keeps what it gets, and answers as it is told to."""

    def __init__(self, answer: str = "250 OK", recipient_answer: str = "250 OK") -> None:
        self.answer, self.recipient_answer = answer, recipient_answer
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        if self.recipient_answer.startswith("2"):
            envelope.rcpt_tos.append(to)
        return self.recipient_answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("2"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.mails.append(message_from_bytes(content, policy=policy.default))
        return self.answer


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[str]:
    # The controller connects to the port it was given to see whether it listens, so it cannot be given none.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@pytest.fixture
def with_settings(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Give a way to have a second desk on the same database with other settings."""
    made: list[Desk] = []

    def make(**changes: object) -> Desk:
        made.append(Desk(make_settings(tmp_path, desk.settings.database_url, **changes)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def files(desk: Desk) -> list[EmailMessage]:
    paths = sorted(desk.settings.mail_dir.glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def row(desk: Desk, message_id: int | None = None) -> OutboxMessage:
    with desk.read() as work:
        statement = select(OutboxMessage)
        return work.session.scalars(
            statement if message_id is None else statement.where(OutboxMessage.id == message_id)
        ).one()


def make_due(desk: Desk) -> None:
    with desk.work("test") as work:
        work.session.execute(update(OutboxMessage).values(available_at=MONDAY))


def test_mail_is_written_to_a_file_that_people_can_read(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    assert sending.send_waiting(desk) == 1
    [path] = desk.settings.mail_dir.glob("*.eml")
    assert ticket.reference in path.name
    assert "Löschung" not in path.read_text()
    raw = path.read_text()
    assert "spätestens am 14. Oktober 2026" in raw
    [mail] = files(desk)
    assert mail["To"] == "erika@example.org"
    assert mail["From"] == "Datenschutz <privacy@example.org>"
    assert ticket.reference in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"
    assert "https://desk.example.org/confirm/" in mail.get_content()
    assert sending.send_waiting(desk) == 0


def test_sent_message_forgets_what_it_said(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened()
    sending.send_waiting(desk)
    assert row(desk).payload is None
    assert row(desk).sent_at is not None


def test_english_ticket_gets_english_mail(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened(language="en", name=None)
    sending.send_waiting(desk)
    [mail] = files(desk)
    assert mail.get_content().startswith("Hello,")
    assert "by 14 October 2026 at the latest" in mail.get_content()


def test_mail_leaves_through_a_real_server(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    ticket, mailbox = opened(name="Jürgen Groß"), Mailbox()
    with mail_server(mailbox) as url:
        assert sending.send_waiting(with_settings(smtp_url=url, mail_reply_to="privacy+{token}@example.org")) == 1
    [mail] = mailbox.mails
    assert "Guten Tag Jürgen Groß," in mail.get_content()
    assert mail["To"] == "erika@example.org"
    assert ticket.reference in mail["Subject"]
    assert mail["Reply-To"].startswith("privacy+")
    assert "#" not in mail["Subject"]
    assert files(desk) == []
    assert row(desk).sent_at is not None


def test_attachment_leaves_with_its_mail(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = opened()
    sending.send_waiting(desk)
    with desk.work(staff(officer.id), MONDAY) as work:
        mine = tickets.get(work, ticket.reference)
        file = attachments.attach(work, mine, "Ihre Daten.pdf", b"%PDF-1.7 data")
        tickets.reply(work, mine, "answered", "Anbei Ihre Daten.", attachments=[file.id])
    mailbox = Mailbox()
    with mail_server(mailbox) as url:
        sending.send_waiting(with_settings(smtp_url=url))
    [mail] = mailbox.mails
    [part] = mail.iter_attachments()
    assert part.get_filename() == "Ihre Daten.pdf"
    assert part.get_content() == b"%PDF-1.7 data"


def test_password_is_never_sent_in_the_clear(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    opened()
    seen: list[LoginPassword] = []

    def remember(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        seen.append(data)
        return AuthResult(success=True)

    options = {"authenticator": remember, "auth_require_tls": False}
    with mail_server(Mailbox(), **options) as url:
        sending.send_waiting(with_settings(smtp_url=url.replace("smtp://", "smtp://user:secret@")))
    assert seen == []
    assert row(desk).sent_at is None
    assert row(desk).last_error == "The mail server cannot be reached (SMTPNotSupportedError)."


def test_sign_in_is_used_where_it_was_allowed_without_encryption(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    opened()
    seen: list[LoginPassword] = []

    def remember(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        seen.append(data)
        return AuthResult(success=True)

    mailbox = Mailbox()
    with mail_server(mailbox, authenticator=remember, auth_require_tls=False) as url:
        address = url.replace("smtp://", "smtp://us%40er:secret@") + "?starttls=never"
        sending.send_waiting(with_settings(smtp_url=address))
    assert [(login.login, login.password) for login in seen] == [(b"us@er", b"secret")]
    assert len(mailbox.mails) == 1


def test_server_that_is_away_is_tried_again_later(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    opened()
    away = with_settings(smtp_url="smtp://127.0.0.1:1")
    assert sending.send_waiting(away) == 1
    waiting = row(desk)
    assert (waiting.sent_at, waiting.dead_at, waiting.attempts) == (None, None, 1)
    assert waiting.last_error is not None
    assert sending.send_waiting(away) == 0, "the pause is kept"
    make_due(desk)
    mailbox = Mailbox()
    with mail_server(mailbox) as url:
        assert sending.send_waiting(with_settings(smtp_url=url)) == 1
    assert len(mailbox.mails) == 1


def test_pauses_grow_up_to_six_hours() -> None:
    seconds = [outbox.delay_after(attempt).total_seconds() for attempt in range(1, 13)]
    assert 12 <= seconds[0] <= 15
    assert all(later >= earlier * 1.2 for earlier, later in pairwise(seconds[:9]))
    assert max(seconds) <= 6 * 3600


def test_address_that_does_not_exist_is_given_up_and_stays_visible(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    ticket = opened()
    with mail_server(Mailbox(recipient_answer="550 no such user")) as url:
        sending.send_waiting(with_settings(smtp_url=url))
    with desk.read() as work:
        [dead] = outbox.dead_letters(work)
        assert dead.last_error == "The mail server refuses the address (550)."
        assert outbox.status(work).dead == 1
        assert tickets.history_of(work, ticket)[-1].action == "outbox.gave-up"
    with desk.work("user:1") as work:
        outbox.revive(work, dead.id)
    sending.send_waiting(desk)
    assert len(files(desk)) == 1


def test_busy_server_is_not_given_up(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    opened()
    with mail_server(Mailbox(recipient_answer="451 greylisted")) as url:
        sending.send_waiting(with_settings(smtp_url=url))
    assert row(desk).dead_at is None
    assert row(desk).sent_at is None


def test_after_many_attempts_a_message_is_given_up_not_lost(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    opened()
    away = with_settings(smtp_url="smtp://127.0.0.1:1", outbox_attempts=3)
    for _ in range(3):
        make_due(desk)
        sending.send_waiting(away)
    assert row(desk).dead_at is not None
    assert row(desk).payload is not None


def test_two_workers_never_take_the_same_message(desk: Desk, opened: Callable[..., Ticket]) -> None:
    for _ in range(30):
        opened()

    def take(_number: int) -> list[int]:
        with desk.work(WORKER) as work:
            return [message.id for message in outbox.claim(work, 10)]

    with ThreadPoolExecutor(6) as pool:
        taken = [number for batch in pool.map(take, range(6)) for number in batch]
    assert len(taken) == len(set(taken))
    while batch := take(0):
        taken += batch
    assert len(set(taken)) == 30


def test_lease_that_ran_out_is_taken_over_and_the_late_one_gives_up(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened()
    with desk.work(WORKER, MONDAY) as work:
        [slow] = outbox.claim(work, 10)
    with desk.work(WORKER, MONDAY + timedelta(seconds=60)) as work:
        assert outbox.claim(work, 10) == []
    later = MONDAY + timedelta(seconds=desk.settings.outbox_lease_seconds + 1)
    with desk.work(WORKER, later) as work:
        [fast] = outbox.claim(work, 10)
    assert fast.id == slow.id
    with desk.work(WORKER, later) as work:
        assert not outbox.still_ours(work, slow)
        assert not outbox.mark_sent(work, slow)
        assert outbox.mark_sent(work, fast)


def test_same_key_is_queued_once(desk: Desk) -> None:
    with desk.work(WORKER) as work:
        assert outbox.enqueue(work, "mail", {}, once_key="a") is not None
        assert outbox.enqueue(work, "mail", {}, once_key="a") is None
    with desk.work(WORKER) as work:
        assert outbox.enqueue(work, "mail", {}, once_key="a") is None
        assert work.session.scalar(select(func.count(OutboxMessage.id))) == 1


def test_transaction_that_fails_sends_nothing(desk: Desk, opened: Callable[..., Ticket]) -> None:
    def fail() -> None:
        with desk.work(WORKER) as work:
            outbox.enqueue(work, "mail", {"to": "a@example.org"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with desk.read() as work:
        assert outbox.status(work).waiting == 0


def test_mail_that_cannot_be_built_is_given_up(desk: Desk) -> None:
    with desk.work(WORKER) as work:
        outbox.enqueue(work, "mail", {"to": "a@example.org\nBcc: b@example.org", "subject": "x", "text": "y"})
    sending.send_waiting(desk)
    assert row(desk).dead_at is not None
    assert files(desk) == []


def test_message_that_cannot_be_read_keeps_no_other_from_leaving(desk: Desk, opened: Callable[..., Ticket]) -> None:
    broken, fine = opened(), opened()
    with desk.work("test") as work:
        damaged = update(OutboxMessage.__table__).where(OutboxMessage.__table__.c.ticket_id == broken.id)
        work.session.execute(damaged.values(payload=type_coerce(b"damaged beyond repair", LargeBinary)))
    sending.send_waiting(desk)
    [mail] = files(desk)
    assert fine.reference in mail["Subject"]
    with desk.read() as work:
        assert outbox.status(work).dead == 1


def test_sent_messages_are_forgotten_after_a_month(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened()
    sending.send_waiting(desk)
    opened()
    with desk.work(WORKER, utc_now() + timedelta(days=29)) as work:
        assert outbox.forget_sent(work) == 0
    with desk.work(WORKER, utc_now() + timedelta(days=31)) as work:
        assert outbox.forget_sent(work) == 1
    assert row(desk).sent_at is None


def test_what_only_looks_cannot_change_anything(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    with desk.read() as work, pytest.raises(RuntimeError, match=r"desk\.work"):
        tickets.mark(work, tickets.get(work, ticket.reference), "urgent")


# --- killed processes

_OPEN_AND_DIE = """
import os, signal
from desk.intake import TicketRequest, open_ticket
open_ticket(TicketRequest("killed-1", "access", "de", "Auskunft bitte", "direct", "erika@example.org"))
os.kill(os.getpid(), signal.SIGKILL)
"""
_DIE_BEFORE_COMMIT = """
import os, signal
from desk.application import VISITOR, current_desk
from desk.domain.kinds import Kind
from desk.services.opening import NewTicket, open_ticket
with current_desk().work(VISITOR) as work:
    open_ticket(work, NewTicket("killed-2", Kind.ACCESS, "de", "Auskunft bitte", "erika@example.org"))
    work.finish()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def environment(desk: Desk, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")},
        "PYTHONPATH": str(ROOT),
        "VAR_DIR": str(desk.settings.var_dir),
        "DATABASE_URL": desk.settings.database_url,
        "DESK_KEYS": KEY,
        "DESK_INDEX_KEY": INDEX_KEY,
        **more,
    }


def run(desk: Desk, *arguments: str, **more: str) -> int:
    done = subprocess.run([sys.executable, *arguments], env=environment(desk, **more), cwd="/", check=False, timeout=60)
    return done.returncode


def test_killed_after_the_commit_nothing_is_lost(desk: Desk) -> None:
    assert run(desk, "-c", _OPEN_AND_DIE) == -signal.SIGKILL
    assert run(desk, "-m", "desk.worker", "--once") == 0
    assert run(desk, "-m", "desk.worker", "--once") == 0
    [mail] = files(desk)
    assert mail["To"] == "erika@example.org"
    # The visitor's conversation repeats the same request: it finds the ticket and sends nothing more.
    assert run(desk, "-c", _OPEN_AND_DIE) == -signal.SIGKILL
    assert run(desk, "-m", "desk.worker", "--once") == 0
    assert len(files(desk)) == 1


def test_killed_before_the_commit_nothing_is_left(desk: Desk) -> None:
    assert run(desk, "-c", _DIE_BEFORE_COMMIT) == -signal.SIGKILL
    with desk.read() as work:
        assert work.session.scalar(select(func.count(Ticket.id))) == 0
        assert outbox.status(work).waiting == 0


def test_worker_killed_while_sending_sends_once_more_under_the_same_id(
    desk: Desk, with_settings: Callable[..., Desk], opened: Callable[..., Ticket]
) -> None:
    for number in range(5):
        opened(email=f"person{number}@example.org")

    class Slow(Mailbox):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.mails) == 3:
                # The server has the mail, and the worker dies before it can tick it off.
                os.kill(worker.pid, signal.SIGKILL)
            return answer

    mailbox = Slow()
    with mail_server(mailbox) as url:
        worker = subprocess.Popen(
            [sys.executable, "-m", "desk.worker"],
            env=environment(desk, SMTP_URL=url, MAIL_FROM="a@example.org"),
            cwd="/",
        )
        assert worker.wait(timeout=60) == -signal.SIGKILL
        assert len(mailbox.mails) == 3
        make_due(desk)
        time.sleep(0.1)
        while sending.send_waiting(with_settings(smtp_url=url, mail_from="a@example.org")):
            pass
    people = [mail["To"] for mail in mailbox.mails]
    assert set(people) == {f"person{number}@example.org" for number in range(5)}
    assert len(people) == 6, "only the one in the air left twice"
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 5


def is_alive(desk: Desk) -> bool:
    with desk.read() as work:
        return facts.when(work, facts.WORKER_SEEN) is not None


def test_worker_stops_when_told_to(desk: Desk) -> None:
    worker = subprocess.Popen([sys.executable, "-m", "desk.worker"], env=environment(desk), cwd="/")
    begun = time.monotonic()
    while not is_alive(desk):
        assert time.monotonic() - begun < 60
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0


def test_worker_says_in_one_sentence_what_is_missing(tmp_path: Path) -> None:
    variables = {"PYTHONPATH": str(ROOT), "VAR_DIR": str(tmp_path), "DESK_KEYS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "desk.worker"], env=variables, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("DESK_KEYS must be set")


def test_smtp_speaks_to_the_real_thing() -> None:
    # Guards the tests above: a server that took nothing would make them pass for the wrong reason.
    mailbox = Mailbox()
    with mail_server(mailbox) as url, smtplib.SMTP("127.0.0.1", int(url.rpartition(":")[2])) as client:
        client.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\ny")
    assert mailbox.mails[0]["Subject"] == "x"
