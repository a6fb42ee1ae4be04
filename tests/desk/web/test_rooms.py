"""The rooms besides the queue: people, programs, logs, retention, one person's data, questions, insight, records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from bot.nlu.labels import catalogue
from desk.application import Desk, staff
from desk.domain.kinds import Kind, Role, State
from desk.services import accounts, api_tokens, labels, outbox, review, tickets, topics_asked
from desk.services.topics_asked import Asked
from desk.storage.models import AuditEntry, OutboxMessage, ReadLogEntry, UnplacedQuestion, User, Webhook
from tests.desk.web.browsing import PASSWORD, Browser


@pytest.fixture
def admin(signed_in: Callable[[Role], Browser]) -> Browser:
    """Give the browser of somebody who runs the desk."""
    return signed_in(Role.ADMIN)


def _user(desk: Desk, email: str) -> User:
    with desk.read() as work:
        user = accounts.by_email(work, email)
    assert user is not None
    return user


def test_an_invited_colleague_chooses_a_password_and_comes_in(admin: Browser, browser: Browser, desk: Desk) -> None:
    admin.get("/people")
    form = {"email": "new@example.org", "name": "Nora New", "role": "officer", "language": "en"}
    assert "The invitation to Nora New is on its way." in admin.follow(admin.post("/people", form))
    with desk.read() as work:
        payload = work.session.scalars(select(OutboxMessage.payload).order_by(OutboxMessage.id.desc())).first()
    assert payload is not None
    assert payload["to"] == "new@example.org"
    link = "/password/" + payload["text"].split("/password/")[1].split()[0]
    assert browser.sign_in("new@example.org", "anything at all").status_code == 401
    browser.get(link)
    assert browser.post(link, {"new": PASSWORD, "again": PASSWORD}).headers["location"] == "/sign-in"
    assert browser.sign_in("new@example.org").status_code == 303
    assert "already" in admin.follow(admin.post("/people", form))


def test_the_last_administrator_stays(admin: Browser, desk: Desk) -> None:
    admin.get("/people")
    number = _user(desk, "admin@example.org").id
    page = admin.follow(admin.post(f"/people/{number}", {"action": "role", "role": "viewer"}))
    assert "This did not work" in page
    assert _user(desk, "admin@example.org").role is Role.ADMIN


@pytest.mark.parametrize("action", ["lock", "sign_out", "factor"])
def test_what_takes_access_away_works_at_once(admin: Browser, officer: Browser, desk: Desk, action: str) -> None:
    admin.get("/people")
    admin.post(f"/people/{_user(desk, 'officer@example.org').id}", {"action": action})
    assert officer.get("/queue").status_code == 303


def test_a_changed_role_counts_from_the_next_click(admin: Browser, officer: Browser, desk: Desk) -> None:
    admin.get("/people")
    number = _user(desk, "officer@example.org").id
    admin.post(f"/people/{number}", {"action": "role", "role": "viewer"})
    assert officer.get("/person").status_code == 403


def test_a_token_is_shown_once_and_can_be_revoked(admin: Browser, desk: Desk) -> None:
    admin.get("/people")
    page = admin.post("/tokens", {"name": "Reporting", "days": "30", "scopes": ["tickets:read"]}).text
    shown = re.search(r'class="mono secret">(pdt_[\w-]+)<', page)
    assert shown
    assert shown[1] not in admin.get("/people").text
    with desk.read() as work:
        row = api_tokens.find(work, shown[1])
    assert row is not None
    assert row.scopes == ["tickets:read"]
    admin.post(f"/tokens/{row.id}/revoke")
    with desk.read() as work:
        assert api_tokens.find(work, shown[1]) is None


def test_a_webhook_is_added_with_its_secret_shown_once(admin: Browser, desk: Desk) -> None:
    admin.get("/people")
    form = {"url": "https://hooks.example.org/in", "events": ["ticket.opened"]}
    assert 'class="mono secret"' in admin.post("/webhooks", form).text
    with desk.read() as work:
        hook = work.session.scalars(select(Webhook)).one()
    admin.get("/people")
    admin.post(f"/webhooks/{hook.id}/remove")
    with desk.read() as work:
        assert work.session.scalars(select(Webhook)).all() == []


def test_the_logs_name_who_read_and_who_changed(admin: Browser, officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    officer.post(f"/tickets/{reference}/take")
    page = admin.get("/logs").text
    assert "Officer Example" in page
    assert "Assigned to Officer Example" in page
    assert reference in page


def test_an_untouched_trail_is_whole_and_a_touched_one_is_found(
    admin: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    open_one()
    admin.get("/logs")
    assert "The audit trail is whole" in admin.follow(admin.post("/logs/check"))
    with desk.engine.begin() as connection:
        for (trigger,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{trigger}"'))
        connection.execute(text("UPDATE audit_entries SET actor = 'user:999' WHERE action = 'ticket.opened'"))
    assert "tampered with, first at entry" in admin.follow(admin.post("/logs/check"))


def test_the_retention_preview_shows_what_goes_next(admin: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one(days_ago=1200)
    long_ago = datetime.now(UTC) - timedelta(days=36 * 30.4 + 1)
    with desk.work(staff(_user(desk, "officer@example.org").id), long_ago) as work:
        tickets.change_state(work, tickets.get(work, reference), State.RESOLVED)
    assert reference in admin.get("/retention?days=365").text
    assert admin.get("/retention?days=-5").status_code == 200


@pytest.mark.parametrize("format", ["page", "json"])
def test_a_persons_data_is_given_as_a_file_and_written_down(
    officer: Browser, desk: Desk, open_one: Callable[..., str], format: str
) -> None:
    mine, other = open_one(), open_one(email="other@example.com")
    officer.get("/person")
    assert "There is 1 ticket of this address." in officer.post("/person", {"email": "PERSON@example.com"}).text
    form = {"email": "person@example.com", "format": format, "language": "en"}
    file = officer.post("/person/export", form)
    assert file.headers["content-disposition"].startswith("attachment;")
    assert mine in file.text
    assert other not in file.text
    if format == "json":
        assert json.loads(file.text)["tickets"][0]["name"] == "Emily Carter"
    with desk.read() as work:
        assert work.session.scalars(select(ReadLogEntry.what)).all() == ["exported"]


def keep_one(desk: Desk, browser: Browser) -> str:
    """Have a question wait, open the page, and give the question's address."""
    with desk.work("visitor") as work:
        review.keep(work, "who gets my data, asks Emily Carter", "en", ["recipients"])
    page = browser.get("/unplaced").text
    assert "who gets my data" in page
    address = re.search(r'action="(/unplaced/\d+)"', page)
    assert address
    return address[1]


def placed(desk: Desk) -> list[tuple[str | None, str | None]]:
    with desk.read() as work:
        return [(one.topic, one.text) for one in work.session.scalars(select(UnplacedQuestion))]


def test_an_unplaced_question_is_assigned_and_taken_back(officer: Browser, desk: Desk) -> None:
    address = keep_one(desk, officer)
    wrong = officer.post(address, {"action": "assign", "topic": "no-such-topic"})
    assert wrong.status_code == 422
    assert officer.post(address, {"action": "assign", "topic": "faq/recipients", "text": "  "}).status_code == 422
    done = officer.post(address, {"action": "assign", "topic": "faq/recipients", "text": "who gets my data"})
    assert "Assigned." in officer.follow(done)
    assert placed(desk) == [("faq/recipients", "who gets my data")]
    assert "Emily Carter" not in officer.page
    assert "What the assistant learns next" in officer.page
    assert "waits again" in officer.follow(officer.post(address, {"action": "take-back"}))
    assert placed(desk) == [(None, "who gets my data")]
    with desk.read() as work:
        entries = work.session.scalars(select(AuditEntry.action)).all()
    assert [entry for entry in entries if entry.startswith("question.")] == ["question.assigned", "question.taken-back"]


def test_a_question_that_is_none_of_privacy_or_of_no_use(officer: Browser, desk: Desk) -> None:
    address = keep_one(desk, officer)
    assert "Assigned." in officer.follow(officer.post(address, {"action": "not-privacy"}))
    assert [topic for topic, _ in placed(desk)] == ["out-of-scope"]
    assert "Thrown away." in officer.follow(officer.post(address, {"action": "discard"}))
    assert placed(desk) == []
    assert officer.post(address, {"action": "discard"}).status_code == 404


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_label_of_the_assistant_can_be_chosen_by_name(language: str) -> None:
    offered = [label for group in labels.groups() for label in group.labels]
    assert sorted(offered) == sorted(catalogue())
    names = [labels.name_of(label, language) for label in offered]
    assert not set(names) & set(offered)
    assert len(set(names)) == len(names)


def test_a_colleague_who_only_reads_assigns_nothing(signed_in: Callable[[Role], Browser], desk: Desk) -> None:
    address = keep_one(desk, signed_in(Role.OFFICER))
    viewer = signed_in(Role.VIEWER)
    assert viewer.get("/unplaced").status_code == 403
    viewer.get("/account")
    assert viewer.post(address, {"action": "assign", "topic": "faq/recipients"}).status_code == 403
    assert [topic for topic, _ in placed(desk)] == [None]


def test_insight_counts_and_draws(officer: Browser, open_one: Callable[..., str]) -> None:
    open_one(), open_one(Kind.ERASURE)
    page = officer.get("/insight").text
    assert re.search(r'<dt class="name">received</dt><dd class="value figure">2</dd>', page)
    path = re.search(r'src="(/insight/charts/received\.svg[^"]*)"', page)
    assert path
    picture = officer.client.get(path[1].replace("&amp;", "&"))
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "<script" not in picture.text
    assert "default-src 'none'" in picture.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["since=nonsense", "since=2026-02-01&until=2026-01-01", "since=1000-01-01"])
def test_a_period_that_is_none_is_a_clear_error(officer: Browser, query: str) -> None:
    assert officer.get(f"/insight?{query}").status_code == 422
    assert officer.get(f"/records/file.csv?{query}").status_code == 422


def test_the_records_are_given_as_csv_and_pdf_without_personal_data(
    officer: Browser, open_one: Callable[..., str]
) -> None:
    open_one()
    table = officer.client.get("/records/file.csv")
    assert table.content.startswith("\ufeffKind,Received".encode())
    assert "Access,1,0,0,0,0,0,0,0" in table.text
    file = officer.client.get("/records/file.pdf")
    assert file.content.startswith(b"%PDF-")
    assert officer.client.get("/records/file.exe").status_code == 404
    assert "Emily" not in table.text


def test_wishes_are_kept(officer: Browser) -> None:
    officer.get("/account")
    form = {"language": "de", "theme": "dark", "shortcuts": "off"}
    page = officer.follow(officer.post("/account/wishes", form))
    assert 'lang="de" data-theme="dark" data-shortcuts="off"' in page
    assert "Mein Zugang" in page


def test_what_visitors_ask_about_is_shown_and_given_as_a_file_and_leads_to_the_review(
    officer: Browser, desk: Desk
) -> None:
    counts = [Asked("cookies", "de", 7), Asked("not-covered/fees", "en", 2), Asked("out-of-scope", "en", 1)]
    with desk.work("visitor") as work:
        topics_asked.add(work, "0" * 32, counts)
        review.keep(work, "what is this about", "en", ())
    page = officer.get("/insight").text
    assert "What does a request cost?" in page
    assert "could not be placed" in page
    assert 'href="/unplaced"' in page
    assert b"<svg" in officer.get("/insight/charts/topics.svg").content
    assert b"<svg" in officer.get("/insight/charts/questions.svg?theme=dark").content
    rows = list(csv.reader(io.StringIO(officer.get("/insight/topics.csv").content.decode("utf-8-sig"))))
    assert rows[0] == ["Topic", "Week of", "Language", "Questions"]
    assert sorted(row[2:] for row in rows[1:]) == [["English", "1"], ["English", "2"], ["German", "7"]]
    assert officer.get("/insight/topics.pdf").content.startswith(b"%PDF-")
    assert officer.get("/insight/topics.exe").status_code == 404


def test_what_did_not_leave_is_shown_and_sent_again(admin: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    assert "What did not leave" not in admin.get("/logs").text
    with desk.work("worker") as work:
        for message in outbox.claim(work, 10):
            outbox.mark_failed(work, message, "The mail server refuses the address (550).", permanent=True)
    page = admin.get("/logs").text
    assert "The mail server refuses the address (550)." in page
    assert reference in page
    number = re.search(r'action="/logs/outbox/(\d+)"', page)
    assert number
    page = admin.follow(admin.post(f"/logs/outbox/{number[1]}"))
    assert "is being sent again" in page
    assert "1 message waits, after a failure: 1." in page
    assert "/logs/outbox/" not in page
    with desk.read() as work:
        assert outbox.anything_due(work)
