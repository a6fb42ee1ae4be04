"""What must not happen to people's data: readable in the database, unreadable after a change of keys, kept for ever."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, inspect, select, text, type_coerce
from sqlalchemy.orm import Session

from desk.application import Desk, Work, staff
from desk.domain.errors import AlreadyAnonymised, InvalidInput, OnLegalHold
from desk.domain.kinds import Kind, Outcome
from desk.services import (
    attachments,
    audit,
    inbound,
    person_page,
    persons,
    readings,
    reminders,
    reports,
    retention,
    review,
    rotation,
    sending,
    tickets,
)
from desk.services.opening import Line
from desk.settings import SettingsError
from desk.storage import audit_chain
from desk.storage.crypto import KeyedHash, Unreadable, Vault, normalise_email
from desk.storage.migrate import is_current, migrate
from desk.storage.models import AuditEntry, Base, OutboxMessage, Ticket, TicketContent, User
from tests.desk.conftest import INDEX_KEY, KEY, MONDAY, OTHER_KEY, is_sqlite, make_settings
from tests.servers import PostgresqlServer

SECRETS = {
    "email": "geheim.person@example.org",
    "name": "Xaverine Quastenflosser",
    "country": "Quastenflosserland",
    "description": "Meine Krankenakte wurde weitergegeben",
}


def fill(desk: Desk, opened: Callable[..., Ticket], officer: User) -> Ticket:
    """Put something personal into every place that can hold it."""
    ticket = opened(**SECRETS, transcript=(Line("visitor", "Geheimgespräch am Telefon", MONDAY),))
    with desk.work(staff(officer.id), MONDAY + timedelta(hours=1)) as work:
        mine = tickets.get(work, ticket.reference)
        tickets.add_note(work, mine, "Notizgeheimnis über Quastenflosser")
        attachments.attach(work, mine, "Quastenflosser.txt", b"Dateigeheimnis Quastenflosser")
        tickets.reply(work, mine, "acknowledged", "Briefgeheimnis Quastenflosser")
        review.keep(work, "Fragegeheimnis Quastenflosser", "de", [])
    return ticket


def personal_words() -> list[str]:
    words = ["Quastenflosser", "Geheimgespräch", "Notizgeheimnis", "Dateigeheimnis", "Briefgeheimnis", "Fragegeheimnis"]
    return [*words, *SECRETS.values(), "geheim.person"]


def bytes_of(desk: Desk, request: pytest.FixtureRequest) -> bytes:
    """Read the whole database as it lies on the disk."""
    if is_sqlite(desk):
        folder = desk.settings.var_dir
        return b"".join(path.read_bytes() for path in sorted(folder.glob("desk.db*")))
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    server.execute("CHECKPOINT")
    found = b""
    for path in [*(server.folder / "data" / "base").rglob("*"), *(server.folder / "data" / "pg_wal").glob("0*")]:
        if path.is_file():
            found += path.read_bytes()
    return found


def test_nothing_personal_is_readable_in_the_database(
    desk: Desk, opened: Callable[..., Ticket], officer: User, request: pytest.FixtureRequest
) -> None:
    ticket = fill(desk, opened, officer)
    raw = bytes_of(desk, request)
    assert ticket.reference.encode() in raw, "the right files were read"
    for word in personal_words():
        for encoding in ("utf-8", "utf-16-le", "latin-1"):
            assert word.encode(encoding) not in raw, word
            assert word.lower().encode(encoding) not in raw, word


def test_sealed_value_opens_only_in_its_column_and_unchanged() -> None:
    vault = Vault([KEY])
    sealed = vault.seal(b"Erika", "a.name")
    assert vault.open(sealed, "a.name") == b"Erika"
    with pytest.raises(Unreadable):
        vault.open(sealed, "a.email")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unreadable):
            vault.open(bytes(changed), "a.name")
    with pytest.raises(Unreadable):
        Vault([OTHER_KEY]).open(sealed, "a.name")
    assert vault.seal(b"Erika", "a.name") != sealed, "equal values must not look equal"


def test_address_is_found_however_it_was_typed() -> None:
    hashes = KeyedHash(INDEX_KEY)
    assert hashes.email(" Erika@Example.ORG ") == hashes.email("erika@example.org")
    assert hashes.email("erika@example.org") != hashes.email("erica@example.org")
    assert hashes.email("erika@example.org") != KeyedHash(OTHER_KEY).email("erika@example.org")
    assert normalise_email("<Erika@Example.org>") == "erika@example.org"


# --- keys


def second_desk(desk: Desk, **changes: object) -> Desk:
    return Desk(make_settings(desk.settings.var_dir, desk.settings.database_url, **changes))


def test_keys_are_rotated_while_everything_stays_readable(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = fill(desk, opened, officer)
    both = second_desk(desk, keys=(OTHER_KEY, KEY))
    with both.read() as work:
        content = tickets.get(work, ticket.reference).content
        assert content is not None
        assert content.name == SECRETS["name"]
    old = rotation.count_old(both)
    seen: list[int] = []
    assert rotation.rotate(both, seen.append) == old > 8
    assert seen[-1] == old
    assert rotation.count_old(both) == 0
    both.close()

    new = second_desk(desk, keys=(OTHER_KEY,))
    migrate(new)
    with new.read() as work:
        mine = tickets.get(work, ticket.reference)
        assert mine.content is not None
        assert mine.content.email == SECRETS["email"]
        assert mine.content.transcript[0]["text"] == "Geheimgespräch am Telefon"
        assert attachments.read(work, mine, attachments.of_ticket(work, mine)[0].id).content.startswith(b"Datei")
        assert mine.email_hash == new.hashes.email(SECRETS["email"])
    assert sending.send_waiting(new) == 2
    new.close()

    with desk.read() as work, pytest.raises(Unreadable):
        _ = tickets.get(work, ticket.reference).content


def test_rotation_covers_every_sealed_column(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    named = {f"{place.table.name}.{place.column.name}" for place in rotation.sealed_columns()}
    assert {place.type.column for place in rotation.sealed_columns()} == named, "a value is tied to its own column"
    binary = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and "hash" not in column.name
    }
    assert binary == set(), "binary columns are either sealed or hashes"


def test_wrong_keys_are_noticed_at_the_start(desk: Desk) -> None:
    migrate(desk)
    for wrong, name in (({"keys": (OTHER_KEY,)}, "DESK_KEYS"), ({"index_key": OTHER_KEY}, "DESK_INDEX_KEY")):
        other = second_desk(desk, **wrong)
        with pytest.raises(SettingsError, match=name):
            migrate(other)
        other.close()


# --- the audit trail


class Trail:
    """A trail of ten entries, and a way to tamper with it as somebody who has the whole database would."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def tamper(self, *statements: str) -> audit.Verdict:
        """Change something, say what checking finds, and take the change back."""
        with self.desk.engine.connect() as connection, connection.begin() as transaction:
            for verb in ("UPDATE", "DELETE"):
                place = "" if is_sqlite(self.desk) else " ON audit_entries"
                connection.execute(text(f"DROP TRIGGER audit_entries_{verb}{place}"))
            for statement in statements:
                connection.execute(text(statement))
            with Session(connection) as session:
                verdict = audit.verify(Work(session, self.desk, "test", MONDAY))
            transaction.rollback()
        return verdict


@pytest.fixture
def trail(desk: Desk, opened: Callable[..., Ticket]) -> Trail:
    """Give a trail of ten entries that is whole."""
    for _ in range(10):
        opened()
    with desk.read() as work:
        assert audit.verify(work) == audit.Verdict(10)
    return Trail(desk)


@pytest.mark.parametrize("verb", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_database_refuses_to_change_the_trail(desk: Desk, opened: Callable[..., Ticket], verb: str) -> None:
    opened()
    with pytest.raises(Exception, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(verb))


_CHANGES = (
    "actor = 'user:99'",
    "action = 'ticket.closed'",
    "details = '{}'",
    "ticket_id = 4711",
    "ticket_id = NULL",
    "at = '2026-09-14 10:00:00.000001'",
    "hash = '0000000000000000000000000000000000000000000000000000000000000001'",
    "previous_hash = '0000000000000000000000000000000000000000000000000000000000000001'",
)


def test_any_change_of_any_entry_is_found_where_it_is(trail: Trail) -> None:
    for sequence in range(1, 11):
        for change in _CHANGES:
            verdict = trail.tamper(f"UPDATE audit_entries SET {change} WHERE sequence = {sequence}")
            assert (verdict.whole, verdict.broken_at) == (False, sequence), change
    assert trail.tamper().whole, "the tampering was taken back each time"


def test_removed_entry_is_found_where_it_was(trail: Trail) -> None:
    for sequence in range(1, 10):
        verdict = trail.tamper(f"DELETE FROM audit_entries WHERE sequence = {sequence}")
        assert verdict.broken_at == sequence
        assert f"entry {sequence} is missing" in str(verdict.reason)


def test_cut_off_end_is_found(trail: Trail) -> None:
    verdict = trail.tamper("DELETE FROM audit_entries WHERE sequence > 7")
    assert verdict.broken_at == 8
    assert "entries 8 to 10 were cut off" in str(verdict.reason)


def test_emptied_trail_is_found(trail: Trail) -> None:
    assert not trail.tamper("DELETE FROM audit_entries").whole


def test_missing_head_is_found(trail: Trail) -> None:
    assert "the end of the chain is missing" in str(trail.tamper("DELETE FROM audit_head").reason)


def test_forged_head_is_found(desk: Desk, trail: Trail) -> None:
    # Somebody cuts the end off and moves the head back, but cannot seal it.
    with desk.read() as work:
        seventh = work.session.get_one(AuditEntry, 7)
    cut_off = "DELETE FROM audit_entries WHERE sequence > 7"
    verdict = trail.tamper(cut_off, f"UPDATE audit_head SET sequence = 7, hash = '{seventh.hash}'")
    assert "not sealed by this desk" in str(verdict.reason)


def test_trail_computed_anew_is_found(desk: Desk, trail: Trail) -> None:
    # Somebody changes an entry and computes all hashes after it again, as anybody can.
    with desk.read() as work:
        entries = work.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    previous, statements = entries[3].previous_hash, []
    for entry in entries[3:]:
        actor = "user:99" if entry.sequence == 4 else entry.actor
        fresh = audit_chain.entry_hash(
            entry.sequence, entry.at, actor, entry.action, entry.ticket_id, entry.details, previous
        )
        statements.append(
            f"UPDATE audit_entries SET actor = '{actor}', previous_hash = '{previous}', hash = '{fresh}'"
            f" WHERE sequence = {entry.sequence}"
        )
        previous = fresh
    assert "added outside the desk" in str(trail.tamper(*statements).reason)
    forged = trail.tamper(*statements, f"UPDATE audit_head SET hash = '{previous}'")
    assert "not sealed by this desk" in str(forged.reason)


def test_older_state_of_the_database_is_found_by_the_notes_outside(
    desk: Desk, opened: Callable[..., Ticket], trail: Trail
) -> None:
    with desk.read() as work:
        ten = work.session.execute(text("SELECT sequence, hash, seal FROM audit_head")).one()
    opened()
    with desk.read() as work:
        noted = audit.anchor(work)
        assert noted is not None
        assert noted.sequence == 11
        assert audit.anchor(work) is None, "nothing new, nothing noted"
    cut_off = "DELETE FROM audit_entries WHERE sequence = 11"
    verdict = trail.tamper(
        cut_off, f"UPDATE audit_head SET sequence = {ten.sequence}, hash = '{ten.hash}', seal = '{ten.seal}'"
    )
    assert verdict.broken_at == 11
    assert "noted outside" in str(verdict.reason)


def test_forged_note_is_found(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened()
    with desk.read() as work:
        audit.anchor(work)
        path = audit.anchors_file(desk.settings)
        path.write_text(path.read_text().replace('"sequence": 1', '"sequence": 2'))
        assert "line 1 of" in str(audit.verify(work).reason)


# --- the end of life


def test_retention_removes_the_person_everywhere_and_keeps_counts_and_trail(
    desk: Desk, opened: Callable[..., Ticket], officer: User, request: pytest.FixtureRequest
) -> None:
    ticket = fill(desk, opened, officer)
    sending.send_waiting(desk)
    assert len(list(desk.settings.mail_dir.glob(f"*{ticket.reference}.eml"))) == 2
    with desk.work("command-line", MONDAY + timedelta(days=10)) as work:
        tickets.close(work, tickets.get(work, ticket.reference), Outcome.ANSWERED)
    # 36 months after 24 September 2026.
    with desk.read(datetime(2029, 9, 23, 12, tzinfo=UTC)) as work:
        assert retention.preview(work) == []
        [expiring] = retention.preview(work, date(2029, 9, 24))
        assert (expiring.ticket.reference, expiring.on) == (ticket.reference, date(2029, 9, 24))
    assert retention.run(desk, now=datetime(2029, 9, 23, 12, tzinfo=UTC)) == 0
    assert retention.run(desk, now=datetime(2029, 9, 24, 12, tzinfo=UTC)) == 1
    assert retention.run(desk, now=datetime(2029, 9, 24, 12, tzinfo=UTC)) == 0
    with desk.work("command-line", datetime(2029, 9, 25, tzinfo=UTC)) as work:
        review.forget_expired(work)
        gone = tickets.get(work, ticket.reference)
        assert gone.content is None
        assert gone.email_hash is None
        assert gone.anonymised_at is not None
        assert tickets.correspondence_of(work, gone) == []
        assert tickets.notes_of(work, gone) == []
        assert attachments.of_ticket(work, gone) == []
        assert persons.tickets_of(work, SECRETS["email"]) == []
        assert reports.figures(work, date(2026, 9, 1), date(2026, 9, 30)).received == 1
        assert audit.verify(work).whole
        with pytest.raises(AlreadyAnonymised):
            retention.anonymise(work, gone)
        with pytest.raises(AlreadyAnonymised):
            tickets.change_state(work, gone, tickets.State.REOPENED)
    assert list(desk.settings.mail_dir.glob(f"*{ticket.reference}.eml")) == []
    with desk.read() as work:
        assert work.session.scalar(select(func.count()).select_from(TicketContent)) == 0


def test_deleted_data_is_not_left_in_free_pages(
    desk: Desk, opened: Callable[..., Ticket], request: pytest.FixtureRequest
) -> None:
    if not is_sqlite(desk):
        # PostgreSQL keeps old row versions until it vacuums; what they hold is encrypted all the same.
        return
    ticket = opened()
    with desk.read() as work:
        sealed = work.session.scalar(select(type_coerce(TicketContent.__table__.c.description, LargeBinary)))
    assert isinstance(sealed, bytes)
    with desk.work("command-line") as work:
        mine = tickets.get(work, ticket.reference)
        tickets.close(work, mine, Outcome.ANSWERED)
        retention.anonymise(work, mine)
    with desk.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert sealed not in bytes_of(desk, request)


def test_retention_differs_by_kind(desk: Desk, opened: Callable[..., Ticket]) -> None:
    months = {**desk.settings.retention_months, Kind.INQUIRY: 1}
    desk.settings = dataclasses.replace(desk.settings, retention_months=months)
    for kind in (Kind.INQUIRY, Kind.ACCESS):
        ticket = opened(kind=kind)
        with desk.work("command-line", MONDAY) as work:
            tickets.close(work, tickets.find(work, ticket.id), Outcome.ANSWERED)
    with desk.read(MONDAY + timedelta(days=40)) as work:
        assert [one.ticket.kind for one in retention.preview(work)] == [Kind.INQUIRY]


def test_legal_hold_and_open_tickets_are_left_alone(desk: Desk, opened: Callable[..., Ticket]) -> None:
    held, still_open = opened(), opened()
    with desk.work("command-line", MONDAY) as work:
        mine = tickets.find(work, held.id)
        tickets.close(work, mine, Outcome.ANSWERED)
        tickets.hold(work, mine, on=True, reason="Klage anhängig")
        with pytest.raises(OnLegalHold):
            retention.anonymise(work, mine)
        with pytest.raises(InvalidInput):
            retention.anonymise(work, tickets.find(work, still_open.id))
    much_later = MONDAY + timedelta(days=4000)
    assert retention.run(desk, now=much_later) == 0
    with desk.work("command-line", much_later) as work:
        tickets.hold(work, tickets.find(work, held.id), on=False, reason="Klage zurückgenommen")
    assert retention.run(desk, now=much_later) == 1


def test_export_gives_everything_about_one_address(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    fill(desk, opened, officer)
    opened(email="other@example.org", description="Fremdes Anliegen")
    with desk.work(staff(officer.id)) as work:
        exported = persons.export(work, "GEHEIM.Person@example.org")
        page = person_page.as_page(exported, "de", desk.settings.timezone)
    for word in ("Quastenflosser", "Geheimgespräch", "Notizgeheimnis", "Briefgeheimnis", "Krankenakte"):
        assert word in page
        assert word in str(exported)
    assert "Fremdes Anliegen" not in page
    with desk.read() as work:
        assert "ticket.exported" in [entry.action for entry in work.session.scalars(select(AuditEntry))]


def test_export_page_takes_no_orders_from_what_people_wrote(desk: Desk, opened: Callable[..., Ticket]) -> None:
    opened(description="<script>alert(1)</script>")
    with desk.work("command-line") as work:
        exported = persons.export(work, "erika@example.org")
        page = person_page.as_page(exported, "en", desk.settings.timezone)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_export_page_speaks_to_the_person_in_words(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    fill(desk, opened, officer)
    with desk.work(staff(officer.id)) as work:
        exported = persons.export(work, SECRETS["email"])
        page = person_page.as_page(exported, "de", desk.settings.timezone)
    assert "Eingegangen" in page
    assert "September 2026" in page
    assert not re.search(r"ticket\.[a-z]+|in-progress|webchat|\d{4}-\d\d-\d\d", page)


def test_the_log_of_readings_is_forgotten_after_its_time(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = opened()
    for day in (MONDAY, MONDAY + timedelta(days=400)):
        with desk.work(staff(officer.id), day) as work:
            readings.log(work, readings.OPENED, ticket)
    for later, left in ((timedelta(days=1090), 2), (timedelta(days=1100), 1), (timedelta(days=1600), 0)):
        with desk.work("worker", MONDAY + later) as work:
            retention.forget_read_log(work)
            assert len(readings.of_ticket(work, ticket)) == left


# --- reminders


def test_reminders_leave_once_for_each_day(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    with desk.work("command-line", MONDAY) as work:
        tickets.assign(work, tickets.get(work, ticket.reference), officer.id)
    due = datetime(2026, 10, 14, 8, tzinfo=UTC)
    sent = []
    for days in (-8, -7, -7, -5, -3, -1, 0, 0, 1, 2):
        with desk.work("worker", due + timedelta(days=days)) as work:
            sent.append(reminders.remind(work))
    assert sent == [0, 1, 0, 0, 1, 1, 1, 0, 1, 0]
    with desk.read() as work:
        mails = [
            m.payload for m in work.session.scalars(select(OutboxMessage)) if m.once_key and "reminder" in m.once_key
        ]
    assert {mail["to"] for mail in mails if mail} == {"olga@example.org"}
    assert all(mail and "erika" not in mail["text"].lower() for mail in mails)
    assert "überfällig" in str(mails[-1])


def test_nobody_is_reminded_of_closed_or_waiting_clocks(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    closed, stopped = opened(), opened()
    with desk.work("command-line", MONDAY) as work:
        for ticket in (closed, stopped):
            tickets.assign(work, tickets.find(work, ticket.id), officer.id)
        tickets.close(work, tickets.find(work, closed.id), Outcome.ANSWERED)
        tickets.suspend_clock(work, tickets.find(work, stopped.id), "Zweifel")
    with desk.work("worker", datetime(2026, 10, 14, 8, tzinfo=UTC)) as work:
        assert reminders.remind(work) == 0


# --- mail that comes back


def mail_from(sender: str, subject: str, body: str, **headers: str) -> bytes:
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"From: {sender}\r\nTo: privacy@example.org\r\nSubject: {subject}\r\n{extra}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def reply_token(desk: Desk) -> str:
    with desk.read() as work:
        message = work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert message is not None
        assert message.payload is not None
        return str(message.payload["token"])


def test_reply_joins_its_ticket_by_token_only(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    token = reply_token(desk)
    for number, raw in enumerate(
        (
            mail_from("erika@example.org", f"Re: Ihr Anliegen [#{token}]", "Hier der Nachweis.", Message_ID="<1@x>"),
            mail_from("other@example.org", "Re", "Per Adresse", Delivered_To=f"privacy+{token.upper()}@example.org"),
        ),
        start=1,
    ):
        with desk.work("mail") as work:
            received = inbound.receive(work, raw)
            assert received.ticket is not None
            assert (received.ticket.id, received.created) == (ticket.id, False)
        with desk.read() as work:
            letters = [one for one in tickets.correspondence_of(work, ticket) if one.incoming]
            assert len(letters) == number


@pytest.mark.parametrize("subject", ["Re: [PR-0000-0001]", "Re: Ihr Anliegen [#" + "0" * 32 + "]", "Frage"])
def test_wrong_or_missing_token_makes_a_new_inquiry(desk: Desk, opened: Callable[..., Ticket], subject: str) -> None:
    ticket = opened()
    raw = mail_from("Erika <erika@example.org>", subject, "Ich möchte bitte wissen, was mit meinen Daten ist.")
    for created in (True, False):
        with desk.work("mail") as work:
            received = inbound.receive(work, raw)
            assert received.ticket is not None
            assert received.created is created
            assert received.ticket.id != ticket.id
            assert (received.ticket.kind, received.ticket.language) == (Kind.INQUIRY, "de")


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Return_Path": "<>"}],
)
def test_automatic_mail_opens_nothing(desk: Desk, headers: dict[str, str]) -> None:
    with desk.work("mail") as work:
        received = inbound.receive(work, mail_from("a@example.org", "Abwesend", "Ich bin nicht da.", **headers))
        assert received == inbound.Received(None, ignored="automatic")


def test_broken_mail_is_survived(desk: Desk) -> None:
    for raw in (b"", b"\x00\xff\xfe", b"From: \xff@\xff\r\n\r\n\xff", mail_from("a@example.org", "x", "y" * 300_000)):
        with desk.work("mail") as work:
            inbound.receive(work, raw)


# --- migrations


def test_tables_and_migrations_say_the_same(desk: Desk) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with desk.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert is_current(desk.engine)


def test_migrations_lead_up_and_down_again(desk: Desk) -> None:
    from alembic import command

    from desk.storage.migrate import _config

    config = _config()
    with desk.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with desk.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    assert not is_current(desk.engine)
    migrate(desk)
    assert is_current(desk.engine)


def test_migrating_twice_at_once_is_harmless(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    postgresql.execute("CREATE DATABASE fresh")
    desks = [Desk(make_settings(tmp_path, postgresql.url("fresh"))) for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(migrate, desks))
        assert is_current(desks[0].engine)
    finally:
        for one in desks:
            one.close()
        postgresql.execute("DROP DATABASE fresh")
