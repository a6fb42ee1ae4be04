"""The assistant's way in: exactly what the action server may rely on, on both databases."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from desk import intake
from desk.application import VISITOR, WORKER, Desk, use_desk
from desk.domain.kinds import Kind, Outcome, Relationship, State
from desk.intake import DeskUnavailable, InvalidInput, TicketRequest, TranscriptLine
from desk.services import audit, outbox, tickets
from desk.services.opening import NewTicket, open_ticket
from desk.storage.models import AuditEntry, Correspondence, OutboxMessage, Ticket, UnplacedQuestion
from tests.desk.conftest import DATABASES, MONDAY, actions_of, make_settings

EMAIL = "erika@example.org"


def a_request(**changes: object) -> TicketRequest:
    values: dict[str, object] = {
        "request_id": uuid.uuid4().hex,
        "kind": Kind.COMPLAINT,
        "language": "de",
        "description": "Sie schicken mir Werbung, obwohl ich widersprochen habe.",
        "relationship": Relationship.DIRECT,
        "email": EMAIL,
        **changes,
    }
    return TicketRequest(**values)  # type: ignore[arg-type]


def test_opening_gives_reference_and_due_date(desk: Desk) -> None:
    opened = intake.open_ticket(a_request(kind=Kind.ACCESS, name="Erika", country="DE", marks=("on-behalf",)))
    assert intake.normalise_reference(opened.reference) == opened.reference
    assert opened.created
    assert opened.kind is Kind.ACCESS
    assert 28 <= (opened.due - desk.calendar.day_of(opened.received)).days <= 36
    assert desk.calendar.is_working_day(opened.due)


def test_kinds_may_come_as_plain_words(desk: Desk) -> None:
    opened = intake.open_ticket(a_request(kind="erasure", relationship="customer-user"))
    assert opened.kind is Kind.ERASURE


def test_opening_is_one_transaction_with_audit_and_mail(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    with desk.read() as work:
        ticket = tickets.get(work, opened.reference)
        assert actions_of(work, ticket) == ["ticket.opened"]
        queued = work.session.scalars(select(OutboxMessage).where(OutboxMessage.ticket_id == ticket.id)).one()
        assert queued.payload is not None
        assert queued.payload["to"] == EMAIL
        assert opened.reference in queued.payload["text"]
        assert ticket.content is not None
        assert ticket.content.description.startswith("Sie schicken")


def test_conversation_is_kept(desk: Desk) -> None:
    line = TranscriptLine("visitor", "Guten Tag 🙂", datetime(2026, 9, 14, 10, tzinfo=UTC))
    opened = intake.open_ticket(a_request(transcript=(line,)))
    with desk.read() as work:
        content = tickets.get(work, opened.reference).content
        assert content is not None
        assert content.transcript == [{"author": "visitor", "text": "Guten Tag 🙂", "at": "2026-09-14T10:00:00+00:00"}]


def test_same_request_opens_one_ticket(desk: Desk) -> None:
    wanted = a_request()
    first, second = intake.open_ticket(wanted), intake.open_ticket(wanted)
    assert first == replace(second, created=True)
    assert (first.created, second.created) == (True, False)


def test_many_at_once_with_the_same_request_open_one_ticket(desk: Desk) -> None:
    wanted, together = a_request(), threading.Barrier(8)

    def click(_number: int) -> intake.OpenedTicket:
        together.wait()
        return intake.open_ticket(wanted)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(click, range(8)))
    assert len({one.reference for one in opened}) == 1
    assert sum(one.created for one in opened) == 1
    with desk.read() as work:
        assert work.session.scalar(select(func.count(Ticket.id))) == 1
        assert work.session.scalar(select(func.count(OutboxMessage.id))) == 1
        assert work.session.scalar(select(func.count(AuditEntry.sequence))) == 1


def test_many_at_once_open_all_their_tickets_and_keep_the_chain_whole(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: intake.open_ticket(a_request()), range(40)))
    assert len({one.reference for one in opened}) == 40
    with desk.read() as work:
        verdict = audit.verify(work)
        assert verdict.whole, verdict.reason
        assert verdict.entries == 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no address"},
        {"email": "a@b\r\nBcc: everybody@example.org"},
        {"email": "<script>@example.org"},
        {"email": "a" * 400 + "@example.org"},
        {"email": ""},
        {"request_id": ""},
        {"request_id": "x" * 201},
        {"language": "fr"},
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        intake.open_ticket(a_request(**wrong))


def test_strange_text_is_kept_and_nothing_breaks(desk: Desk) -> None:
    strange = "Null \x00 halbes \ud83d Emoji {description} '; DROP TABLE tickets; -- שלום <b>fett</b>\n\nEnde"
    opened = intake.open_ticket(a_request(description=strange, name="{name}\nBcc: x@example.org"))
    with desk.read() as work:
        content = tickets.get(work, opened.reference).content
        assert content is not None
        assert "DROP TABLE" in content.description
        assert "\x00" not in content.description
        assert content.name == "{name} Bcc: x@example.org"
        letter = work.session.scalars(select(Correspondence)).one()
        assert "{name} Bcc: x@example.org" in letter.body


def test_very_long_text_is_cut_not_refused(desk: Desk) -> None:
    opened = intake.open_ticket(a_request(description="Wort " * 100_000))
    assert opened.created


def test_status_needs_the_right_pair(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    typed = opened.reference.lower().replace("-", " ")
    status = intake.ticket_status(typed, "  ERIKA@Example.ORG ")
    assert status is not None
    assert (status.reference, status.state, status.due) == (opened.reference, State.NEW, opened.due)
    assert (status.extended, status.escalated, status.overdue) == (False, False, False)
    assert intake.ticket_status(opened.reference, "other@example.org") is None
    assert intake.ticket_status("PR-0000-0001", EMAIL) is None
    assert intake.ticket_status("", "") is None


def test_overdue_is_told(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened(datetime(2020, 1, 2, tzinfo=UTC))
    status = intake.ticket_status(ticket.reference, EMAIL)
    assert status is not None
    assert status.overdue


def test_same_complaint_twice_is_noticed(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    again = intake.similar_open_ticket(
        Kind.COMPLAINT, EMAIL.upper(), "sie schicken mir werbung obwohl ich schon widersprochen habe"
    )
    assert again is not None
    assert again.reference == opened.reference
    other = "Mein Chef liest meine E-Mails mit und niemand tut etwas dagegen."
    assert intake.similar_open_ticket(Kind.COMPLAINT, EMAIL, other) is None
    assert intake.similar_open_ticket(Kind.ACCESS, EMAIL, "Sie schicken mir Werbung") is None
    assert intake.similar_open_ticket(Kind.COMPLAINT, "other@example.org", "Sie schicken mir Werbung") is None


def test_a_request_is_not_similar_to_itself(desk: Desk) -> None:
    request = a_request()
    opened = intake.open_ticket(request)
    again = (Kind.COMPLAINT, EMAIL, request.description)
    assert intake.similar_open_ticket(*again, "another request") is not None
    assert intake.similar_open_ticket(*again, request.request_id) is None
    known = intake.ticket_of_request(request.request_id)
    assert known is not None
    assert known.reference == opened.reference
    assert intake.ticket_of_request("another request") is None


def test_same_right_twice_is_noticed_whatever_the_words(desk: Desk) -> None:
    opened = intake.open_ticket(a_request(kind=Kind.ERASURE, description="Alles löschen"))
    again = intake.similar_open_ticket(Kind.ERASURE, EMAIL, "")
    assert again is not None
    assert again.reference == opened.reference
    intake.withdraw_ticket(opened.reference, EMAIL, "w1")
    assert intake.similar_open_ticket(Kind.ERASURE, EMAIL, "Alles löschen") is None


def test_a_request_sent_again_is_not_told_of_its_own_ticket(desk: Desk) -> None:
    request = a_request()
    opened = intake.open_ticket(request)
    same = (Kind.COMPLAINT, EMAIL, request.description)
    assert intake.similar_open_ticket(*same, request.request_id) is None
    again = intake.similar_open_ticket(*same, uuid.uuid4().hex)
    assert again is not None
    assert again.reference == opened.reference


def test_adding_is_kept_once(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    for _ in range(2):
        status = intake.add_to_ticket(opened.reference, EMAIL, "Noch etwas: gestern wieder.", "add-1")
        assert status is not None
        assert status.state is State.NEW
    with desk.read() as work:
        ticket = tickets.get(work, opened.reference)
        incoming = [letter.body for letter in tickets.correspondence_of(work, ticket) if letter.incoming]
        assert incoming == ["Noch etwas: gestern wieder."]
        assert actions_of(work, ticket).count("ticket.added") == 1
    assert intake.add_to_ticket(opened.reference, "other@example.org", "x", "add-2") is None


def test_withdrawing_closes_once(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    assert intake.withdraw_ticket(opened.reference, "other@example.org", "w0") is None
    for _ in range(2):
        status = intake.withdraw_ticket(opened.reference, EMAIL, "w1")
        assert status is not None
        assert status.state is State.RESOLVED
    with desk.read() as work:
        ticket = tickets.get(work, opened.reference)
        assert ticket.outcome is Outcome.WITHDRAWN
        assert actions_of(work, ticket).count("ticket.state-changed") == 1


def test_reopening_starts_a_new_month(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened(datetime(2020, 1, 2, tzinfo=UTC))
    with desk.work(WORKER) as work:
        tickets.close(work, tickets.get(work, ticket.reference), Outcome.ANSWERED)
    status = intake.reopen_ticket(ticket.reference, EMAIL, "Das ist keine Antwort.", "r1")
    assert status is not None
    assert status.state is State.REOPENED
    assert not status.overdue
    assert status.due > date.today()
    again = intake.reopen_ticket(ticket.reference, EMAIL, "Das ist keine Antwort.", "r1")
    assert again is not None
    assert again.due == status.due


def test_reopening_an_open_ticket_keeps_the_words_and_the_clock(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    status = intake.reopen_ticket(opened.reference, EMAIL, "Nicht zufrieden.", "r1")
    assert status is not None
    assert (status.state, status.due) == (State.NEW, opened.due)
    with desk.read() as work:
        assert "disputed" in tickets.get(work, opened.reference).marks


def test_only_closed_overdue_or_disputed_tickets_are_escalated(desk: Desk, opened: Callable[..., Ticket]) -> None:
    fresh = intake.open_ticket(a_request())
    refused = intake.escalate_ticket(fresh.reference, EMAIL, "truste", "e1")
    assert refused is not None
    assert not refused.escalated
    assert not refused.status.escalated

    disputed = intake.reopen_ticket(fresh.reference, EMAIL, "Ich bin nicht einverstanden.", "r1")
    assert disputed is not None
    result = intake.escalate_ticket(fresh.reference, EMAIL, "truste", "e2")
    assert result is not None
    assert result.escalated
    assert result.status.escalated

    overdue = opened(datetime(2020, 1, 2, tzinfo=UTC))
    result = intake.escalate_ticket(overdue.reference, EMAIL, "DE-BY", "e3")
    assert result is not None
    assert result.escalated

    closed = intake.open_ticket(a_request())
    intake.withdraw_ticket(closed.reference, EMAIL, "w1")
    result = intake.escalate_ticket(closed.reference, EMAIL, "truste", "e4")
    assert result is not None
    assert result.escalated
    assert intake.escalate_ticket(closed.reference, "other@example.org", "truste", "e5") is None


def test_refused_escalation_may_be_asked_for_again_when_it_is_time(desk: Desk) -> None:
    opened = intake.open_ticket(a_request())
    first = intake.escalate_ticket(opened.reference, EMAIL, "truste", "same")
    assert first is not None
    assert not first.escalated
    intake.withdraw_ticket(opened.reference, EMAIL, "w1")
    second = intake.escalate_ticket(opened.reference, EMAIL, "truste", "same")
    assert second is not None
    assert second.escalated


def test_unplaced_question_is_kept_once_and_counted(desk: Desk) -> None:
    for question in ("Was ist mit meinem Papagei?", "was ist mit  meinem papagei?"):
        intake.keep_unplaced_question(question, "de", ("scope", "cookies"))
    with desk.read() as work:
        kept = work.session.scalars(select(UnplacedQuestion)).one()
        assert (kept.times_asked, kept.text, kept.suggestions) == (
            2,
            "Was ist mit meinem Papagei?",
            ["scope", "cookies"],
        )
        assert kept.expires_at - kept.asked_at == timedelta(days=90)


def test_database_that_is_away_is_told_so(tmp_path: Path) -> None:
    use_desk(Desk(make_settings(tmp_path, "postgresql://nobody@127.0.0.1:1/none")))
    try:
        with pytest.raises(DeskUnavailable):
            intake.open_ticket(a_request())
        with pytest.raises(DeskUnavailable):
            intake.ticket_status("PR-0000-0001", EMAIL)
    finally:
        use_desk(None)


@pytest.mark.parametrize("kind", DATABASES)
def test_database_without_tables_is_told_so(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    if kind == "postgresql":
        empty = request.getfixturevalue("postgresql").url("postgres")
    use_desk(Desk(make_settings(tmp_path, empty)))
    try:
        with pytest.raises(DeskUnavailable):
            intake.open_ticket(a_request())
    finally:
        use_desk(None)


def test_locked_sqlite_is_told_so_and_a_repetition_makes_one_ticket(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    desk = Desk(make_settings(tmp_path, f"sqlite:///{path}", database_timeout_seconds=0.3))
    use_desk(desk)
    wanted = a_request()
    try:
        with sqlite3.connect(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DeskUnavailable, match="locked"):
                intake.open_ticket(wanted)
            # Who only looks is not held up by who writes.
            assert intake.ticket_status("PR-0000-0001", EMAIL) is None
            other.rollback()
        assert intake.open_ticket(wanted).created
        assert not intake.open_ticket(wanted).created
    finally:
        use_desk(None)
        desk.close()


def test_full_sqlite_is_told_so_and_keeps_nothing_half(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "full.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    desk = Desk(make_settings(tmp_path, f"sqlite:///{path}", database_pool_size=1))
    use_desk(desk)
    try:
        with desk.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(DeskUnavailable, match="full"):
            intake.open_ticket(a_request(description="lang " * 15_000))
        with desk.read() as work:
            assert work.session.scalar(select(func.count(Ticket.id))) == 0
            assert outbox.status(work).waiting == 0
    finally:
        use_desk(None)
        desk.close()


@pytest.mark.parametrize("database_url", DATABASES[1:], indirect=True)
def test_server_that_dies_in_the_middle_is_told_so(desk: Desk, new_ticket: Callable[..., NewTicket]) -> None:
    def open_and_hang_up() -> None:
        with desk.work(VISITOR, MONDAY) as work:
            open_ticket(work, new_ticket())
            work.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DeskUnavailable):
        open_and_hang_up()
    assert intake.open_ticket(a_request()).created
