"""Working on a ticket through its page: what it shows, what each step does, and what must not be possible."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from desk.application import Desk
from desk.domain.kinds import Kind, Role, State
from desk.services import readings, tickets
from desk.storage.models import Correspondence, Note, OutboxMessage, Ticket
from tests.desk.web.browsing import Browser


def _ticket(desk: Desk, reference: str) -> Ticket:
    with desk.read() as work:
        ticket = tickets.get(work, reference)
        _ = ticket.content
        return ticket


def _version(browser: Browser, path: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', browser.get(path).text)
    assert found
    return found[1]


def _send(browser: Browser, reference: str, letter: str, **form: str) -> str:
    path = f"/tickets/{reference}/letters/{letter}"
    version = _version(browser, path)
    return browser.follow(browser.post(path, {"version": version, "step": "send", **form}))


def test_a_ticket_shows_request_person_and_the_clock_in_words(officer: Browser, open_one: Callable[..., str]) -> None:
    page = officer.get(f"/tickets/{open_one()}").text
    for words in ("Which data do you hold about me?", "Emily Carter", "person@example.com", "Art. 12(3) GDPR"):
        assert words in page


def test_what_a_person_writes_is_shown_as_text_and_nothing_else(officer: Browser, open_one: Callable[..., str]) -> None:
    page = officer.get(f"/tickets/{open_one(description='<script>alert(1)</script> {{ 7*7 }}')}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page


def test_that_a_ticket_was_opened_is_written_down(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    officer.get(f"/tickets/{reference}")
    with desk.read() as work:
        entries = readings.of_ticket(work, tickets.get(work, reference))
    assert [entry.what for entry in entries] == ["opened"]


def test_the_state_changes_with_a_note(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    path = f"/tickets/{reference}"
    form = {"version": _version(officer, path), "state": "in-progress", "note": "Asked the sales team."}
    page = officer.follow(officer.post(f"{path}/state", form))
    assert "New state: In progress." in page
    assert "Asked the sales team." in page
    assert _ticket(desk, reference).state is State.IN_PROGRESS


def test_a_change_from_an_outdated_page_is_refused(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    form = {"version": _version(officer, f"/tickets/{reference}"), "state": "waiting"}
    officer.post(f"/tickets/{reference}/take")
    response = officer.post(f"/tickets/{reference}/state", form)
    assert response.status_code == 409
    assert "Somebody else changed the ticket" in response.text
    assert _ticket(desk, reference).state is State.IN_PROGRESS


def test_a_refusal_cannot_be_made_without_its_letter(
    officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    form = {"version": _version(officer, f"/tickets/{reference}"), "state": "refused", "note": "no"}
    assert officer.post(f"/tickets/{reference}/state", form).status_code == 422
    assert _ticket(desk, reference).state is State.NEW


def test_a_reply_is_previewed_in_the_persons_language_and_only_then_sent(
    officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    reference = open_one(language="de")
    path = f"/tickets/{reference}/letters/answer"
    form = {"version": _version(officer, path), "message": "Wir haben nichts gespeichert.", "close": "yes"}
    preview = officer.post(path, {**form, "step": "preview"})
    assert "Guten Tag Emily Carter," in preview.text
    assert "Datenschutz-Aufsichtsbehörde" in preview.text
    assert _sent(desk, "answered") == 0
    officer.page = preview.text
    page = officer.follow(officer.post(path, {**form, "step": "send"}))
    assert "The letter is on its way." in page
    assert _sent(desk, "answered") == 1
    assert _ticket(desk, reference).state is State.RESOLVED


def test_a_second_click_on_send_sends_nothing_twice(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    path = f"/tickets/{reference}/letters/message"
    form = {"version": _version(officer, path), "step": "send", "message": "Which customer number is it?"}
    assert officer.post(path, form).status_code == 303
    assert officer.post(path, form).status_code == 409
    assert _sent(desk, "free") == 1


def test_a_refusal_names_the_rights_and_closes(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    page = _send(officer, reference, "refuse", message="The request is manifestly excessive.")
    assert "judicial remedy" in page
    assert "supervisory authority" in page
    assert _ticket(desk, reference).state is State.REFUSED


def test_an_extension_tells_the_person_and_is_possible_once(
    officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    before = _ticket(desk, reference).due_on
    page = _send(officer, reference, "extend", message="We have to gather data from several systems.")
    assert "The period is extended" in page
    assert _ticket(desk, reference).due_on > before
    assert _sent(desk, "extended") == 1
    assert officer.get(f"/tickets/{reference}/letters/extend").status_code == 409


def test_after_the_first_month_there_is_no_extension(officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one(days_ago=40)
    assert "letters/extend" not in officer.get(f"/tickets/{reference}").text
    assert officer.get(f"/tickets/{reference}/letters/extend").status_code == 409


def test_asking_for_identity_suspends_the_clock_only_with_a_recorded_doubt(
    officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    path = f"/tickets/{reference}/letters/identity"
    form = {"version": _version(officer, path), "step": "send", "message": "Please tell us your customer number."}
    assert officer.post(path, {**form, "doubt": " "}).status_code == 422
    assert _ticket(desk, reference).suspended_on is None
    page = officer.follow(officer.post(path, {**form, "doubt": "The address is not the one in the contract."}))
    assert "Art. 12(6) GDPR" in page
    assert isinstance(_ticket(desk, reference).suspended_on, date)
    assert "The clock is running again." in officer.follow(officer.post(f"/tickets/{reference}/resume"))
    assert _ticket(desk, reference).suspended_on is None


def test_an_internal_note_is_never_sent(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    secret = "The person is the cousin of our auditor."
    assert secret in officer.follow(officer.post(f"/tickets/{reference}/notes", {"text": secret}))
    with desk.read() as work:
        assert work.session.scalars(select(Note.body)).all() == [secret]
        assert all(secret not in str(payload) for payload in work.session.scalars(select(OutboxMessage.payload)))
        assert all(secret not in body for body in work.session.scalars(select(Correspondence.body)))


def test_taking_assigning_and_handing_back(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    assert "The ticket is yours now." in officer.follow(officer.post(f"/tickets/{reference}/take"))
    assert _ticket(desk, reference).state is State.IN_PROGRESS
    officer.post(f"/tickets/{reference}/assign", {"assignee": ""})
    assert _ticket(desk, reference).assignee_id is None


def test_the_checklist_of_a_kind_is_ticked_off(officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one(Kind.ERASURE)
    officer.get(f"/tickets/{reference}")
    page = officer.follow(officer.post(f"/tickets/{reference}/checklist", {"step": "erase", "done": "yes"}))
    assert "1 of 6" in page
    assert officer.post(f"/tickets/{reference}/checklist", {"step": "no-such-step", "done": "yes"}).status_code == 404


def test_a_file_is_kept_and_can_be_fetched_but_never_opened_in_the_desk(
    officer: Browser, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    upload = {"file": ("data copy ä.csv", b"name\nEmily\n", "text/csv")}
    page = officer.follow(officer.post(f"/tickets/{reference}/files", files=upload))
    path = re.search(rf"/tickets/{reference}/files/\d+", page)
    assert path
    fetched = officer.client.get(path[0])
    assert fetched.content == b"name\nEmily\n"
    assert fetched.headers["content-disposition"].startswith("attachment;")
    bad = officer.post(f"/tickets/{reference}/files", files={"file": ("run.exe", b"MZ", "application/octet-stream")})
    assert bad.status_code == 422


def test_a_file_that_was_not_sent_can_be_removed(officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    page = officer.follow(officer.post(f"/tickets/{reference}/files", files={"file": ("a.txt", b"a", "text/plain")}))
    path = re.search(rf"/tickets/{reference}/files/\d+", page)
    assert path
    assert "The file is removed." in officer.follow(officer.post(f"{path[0]}/remove"))
    assert officer.client.get(path[0]).status_code == 404


def test_a_file_that_is_too_large_is_turned_away(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    limit = desk.settings.attachment_bytes
    over = officer.post(f"/tickets/{reference}/files", files={"file": ("a.txt", b"a" * (limit + 1), "text/plain")})
    assert over.status_code == 422
    far_over = officer.post(f"/tickets/{reference}/files", files={"file": ("a.txt", b"a" * limit * 2, "text/plain")})
    assert far_over.status_code == 413


def test_kind_and_urgency_can_be_corrected(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    assert "Kind: Erasure." in officer.follow(officer.post(f"/tickets/{reference}/kind", {"kind": "erasure"}))
    assert _ticket(desk, reference).kind is Kind.ERASURE
    officer.post(f"/tickets/{reference}/urgent", {"on": "yes"})
    assert _ticket(desk, reference).marks == ["urgent"]
    officer.post(f"/tickets/{reference}/urgent", {"on": ""})
    assert _ticket(desk, reference).marks == []


def test_a_hand_over_carries_its_note(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    reference = open_one()
    page = officer.get(f"/tickets/{reference}").text
    number = re.search(r'<option value="(\d+)"[^>]*>Admin Example', page)
    assert number
    form = {"assignee": number[1], "note": "You know this customer."}
    page = officer.follow(officer.post(f"/tickets/{reference}/assign", form))
    assert "The ticket is now with Admin Example." in page
    assert "You know this customer." in page


def test_linking_merging_and_splitting(officer: Browser, desk: Desk, open_one: Callable[..., str]) -> None:
    first, second = open_one(days_ago=3), open_one()
    officer.get(f"/tickets/{second}")
    linked = officer.follow(officer.post(f"/tickets/{second}/links", {"other": first, "relation": "duplicate"}))
    assert first in linked
    merged = officer.follow(officer.post(f"/tickets/{second}/links", {"other": first, "relation": "merged"}))
    assert f"The ticket was merged into {first}." in merged
    assert not _ticket(desk, second).open
    split = officer.post(f"/tickets/{first}/split", {"kind": "erasure", "description": "And delete it."})
    part = split.headers["location"].rsplit("/", 1)[1]
    assert _ticket(desk, part).due_on == _ticket(desk, first).due_on


def test_anonymising_asks_for_the_reference_and_removes_the_person(
    signed_in: Callable[[Role], Browser], desk: Desk, open_one: Callable[..., str]
) -> None:
    admin, reference = signed_in(Role.ADMIN), open_one()
    _send(admin, reference, "answer", message="Nothing is kept.", close="yes")
    assert "nothing was removed" in admin.follow(admin.post(f"/tickets/{reference}/anonymise", {"confirm": "yes"}))
    page = admin.follow(admin.post(f"/tickets/{reference}/anonymise", {"confirm": reference.lower()}))
    assert "Emily Carter" not in page
    assert "The person was removed from this ticket." in page
    assert _ticket(desk, reference).content is None


def test_escalation_is_marked_with_its_reference(officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get(f"/tickets/{reference}")
    form = {"to": "truste", "reference": "TR-2291"}
    page = officer.follow(officer.post(f"/tickets/{reference}/escalate", form))
    assert "TR-2291" in page
    assert "Escalated" in page


def test_a_viewer_sees_a_ticket_and_no_way_to_change_it(
    signed_in: Callable[[Role], Browser], open_one: Callable[..., str]
) -> None:
    page = signed_in(Role.VIEWER).get(f"/tickets/{open_one()}").text
    assert "Emily Carter" in page
    forms = re.findall(r'<form[^>]*action="([^"]*)"', page)
    assert set(forms) == {"/sign-out", "/search"}


def test_a_confirmed_address_is_shown_as_confirmed(
    browser: Browser, officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    with desk.read() as work:
        text = str(work.session.scalars(select(OutboxMessage.payload)).one())
    path = re.search(r"/confirm/[\w-]+", text)
    assert path
    assert browser.get(path[0]).status_code == 200
    assert not _ticket(desk, reference).verified, "a mail scanner that only follows the link must confirm nothing"
    assert "Your address is confirmed." in browser.post(path[0]).text
    assert "confirmed on" in officer.get(f"/tickets/{reference}").text
    assert browser.post("/confirm/nothing").status_code == 404


def _sent(desk: Desk, template: str) -> int:
    with desk.read() as work:
        return len(work.session.scalars(select(Correspondence.id).where(Correspondence.template == template)).all())
