"""What colleagues do with a ticket: states, the clock in practice, letters, marks, holds, links and checklists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from desk.application import Desk, staff
from desk.domain.errors import (
    AttachmentNotAllowed,
    ExtensionNotAllowed,
    InvalidInput,
    NotFound,
    ReasonRequired,
    SuspensionNotAllowed,
    TransitionNotAllowed,
)
from desk.domain.kinds import Kind, Outcome, State
from desk.domain.states import CLOSED, TRANSITIONS
from desk.services import attachments, checklists, letters, links, mail, readings, tickets, webhooks
from desk.storage.models import NEVER, OutboxMessage, Ticket, User
from tests.desk.conftest import MONDAY, actions_of


def days_later(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def test_states_lead_where_the_design_says() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {State.RESOLVED, State.REFUSED} == CLOSED
    for state in CLOSED:
        assert TRANSITIONS[state] == {State.REOPENED}
    for state in set(State) - CLOSED:
        assert state not in TRANSITIONS[state]
        assert State.NEW not in TRANSITIONS[state]
        assert State.REOPENED not in TRANSITIONS[state]
        assert TRANSITIONS[state] >= CLOSED


def test_life_of_a_ticket(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    with desk.work(staff(officer.id), days_later(1)) as work:
        mine = tickets.get(work, ticket.reference, lock=True)
        tickets.assign(work, mine, officer.id)
        assert mine.state is State.IN_PROGRESS, "who takes a new ticket begins with it"
        tickets.change_state(work, mine, State.WAITING, "Frage an den Vertrieb")
    with desk.work(staff(officer.id), days_later(3)) as work:
        mine = tickets.get(work, ticket.reference, lock=True)
        tickets.reply(work, mine, "answered", "Das sind Ihre Daten.")
        tickets.change_state(work, mine, State.RESOLVED)
    with desk.read(days_later(4)) as work:
        done = tickets.get(work, ticket.reference)
        assert (done.state, done.open, done.outcome) == (State.RESOLVED, False, Outcome.ANSWERED)
        assert done.first_answer_at == done.closed_at == days_later(3)
        assert [note.body for note in tickets.notes_of(work, done)] == ["Frage an den Vertrieb"]
        assert [letter.template for letter in tickets.correspondence_of(work, done)] == ["opened", "answered"]
        assert actions_of(work, done) == [
            "ticket.opened",
            "ticket.assigned",
            "ticket.state-changed",
            "ticket.noted",
            "ticket.state-changed",
            "ticket.replied",
            "ticket.state-changed",
        ]


def test_wrong_change_of_state_changes_nothing(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    with desk.work("user:0") as work, pytest.raises(TransitionNotAllowed):
        tickets.change_state(work, tickets.get(work, ticket.reference), State.REOPENED)
    with desk.read() as work:
        assert tickets.get(work, ticket.reference).version == ticket.version


def test_refusal_needs_a_reason_and_its_letter_names_the_remedies(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = opened()
    with desk.work(staff(officer.id), days_later(1)) as work:
        mine = tickets.get(work, ticket.reference)
        for without in ("", "  "):
            with pytest.raises(ReasonRequired):
                tickets.refuse(work, mine, without)
        tickets.refuse(work, mine, "Zu dieser Adresse ist nichts gespeichert.")
        assert (mine.state, mine.outcome) == (State.REFUSED, Outcome.REFUSED)
        letter = tickets.correspondence_of(work, mine)[-1]
    # Article 12(4): reasons, the right to complain and the way to court.
    for part in ("Zu dieser Adresse ist nichts gespeichert.", "Aufsichtsbehörde", "gerichtlichen Rechtsbehelf"):
        assert part in letter.body


def test_refusal_by_change_of_state_needs_a_reason_too(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    with desk.work("command-line") as work, pytest.raises(ReasonRequired):
        tickets.change_state(work, tickets.get(work, ticket.reference), State.REFUSED)


def test_extension_is_given_once_within_the_month_and_told_at_once(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = opened()
    with desk.work(staff(officer.id), days_later(10)) as work:
        mine = tickets.get(work, ticket.reference)
        with pytest.raises(ReasonRequired):
            tickets.extend(work, mine, " ")
        tickets.extend(work, mine, "Die Daten liegen in vielen Systemen.")
        assert mine.due_on == mine.queue_on == date(2026, 12, 14)
        letter = tickets.correspondence_of(work, mine)[-1]
        assert letter.template == "extended"
        assert "Die Daten liegen in vielen Systemen." in letter.body
        assert "14. Dezember 2026" in letter.body
        with pytest.raises(ExtensionNotAllowed):
            tickets.extend(work, mine, "Noch einmal")


def test_extension_is_possible_on_the_last_day_and_not_after(desk: Desk, opened: Callable[..., Ticket]) -> None:
    late, last_moment = opened(), opened()
    with desk.work("command-line", datetime(2026, 10, 14, 21, 59, tzinfo=UTC)) as work:
        tickets.extend(work, tickets.get(work, last_moment.reference), "Viele Systeme")
    with desk.work("command-line", datetime(2026, 10, 14, 22, 1, tzinfo=UTC)) as work:
        mine = tickets.get(work, late.reference)
        with pytest.raises(ExtensionNotAllowed, match="2026-10-14"):
            tickets.extend(work, mine, "Viele Systeme")


def test_extension_is_not_possible_after_closing_nor_again_after_reopening(
    desk: Desk, opened: Callable[..., Ticket]
) -> None:
    ticket = opened()
    with desk.work("command-line", days_later(5)) as work:
        mine = tickets.get(work, ticket.reference)
        tickets.extend(work, mine, "Viele Systeme")
        tickets.close(work, mine, Outcome.ANSWERED)
        with pytest.raises(ExtensionNotAllowed):
            tickets.extend(work, mine, "Noch mehr Systeme")
    with desk.work("command-line", days_later(6)) as work:
        mine = tickets.get(work, ticket.reference)
        tickets.change_state(work, mine, State.REOPENED, "Die Person ist nicht zufrieden.")
        assert mine.due_on == date(2026, 10, 20)
        assert not mine.extended
        with pytest.raises(ExtensionNotAllowed):
            tickets.extend(work, mine, "Noch einmal")


def test_doubt_about_identity_stops_the_clock_with_a_reason(
    desk: Desk, opened: Callable[..., Ticket], officer: User
) -> None:
    ticket = opened()
    with desk.work(staff(officer.id), days_later(2)) as work:
        mine = tickets.get(work, ticket.reference)
        with pytest.raises(ReasonRequired):
            tickets.suspend_clock(work, mine, "")
        tickets.suspend_clock(work, mine, "Andere Adresse als im Konto", message="Bitte melden Sie sich im Konto an.")
        assert (mine.state, mine.queue_on, mine.due_on) == (State.WAITING, NEVER, date(2026, 10, 14))
        assert tickets.notes_of(work, mine)[-1].purpose == "identity-doubt"
        assert "Bitte melden Sie sich im Konto an." in tickets.correspondence_of(work, mine)[-1].body
        with pytest.raises(SuspensionNotAllowed):
            tickets.suspend_clock(work, mine, "Noch ein Zweifel")
    with desk.read(days_later(60)) as work:
        assert not tickets.is_overdue(work, tickets.get(work, ticket.reference)), "a clock that stands runs out never"
    with desk.work(staff(officer.id), days_later(12)) as work:
        mine = tickets.get(work, ticket.reference)
        tickets.resume_clock(work, mine, "Im Konto bestätigt")
        # Ten days of waiting: 24 October is a Saturday, so Monday.
        assert mine.due_on == mine.queue_on == date(2026, 10, 26)
        assert (mine.state, mine.suspended_days) == (State.IN_PROGRESS, 10)
        with pytest.raises(SuspensionNotAllowed):
            tickets.resume_clock(work, mine)


def test_overdue_begins_with_the_next_day_at_the_place(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    for moment, overdue in (
        (datetime(2026, 10, 14, 21, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 14, 22, 0, tzinfo=UTC), True),
    ):
        with desk.read(moment) as work:
            assert tickets.is_overdue(work, tickets.get(work, ticket.reference)) is overdue


def test_receipt_shortly_before_midnight_counts_for_its_day(desk: Desk, opened: Callable[..., Ticket]) -> None:
    assert opened(datetime(2026, 9, 14, 21, 59, tzinfo=UTC)).due_on == date(2026, 10, 14)
    assert opened(datetime(2026, 9, 14, 22, 0, tzinfo=UTC)).due_on == date(2026, 10, 15)


def test_assigning_needs_an_active_colleague(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    with desk.work("command-line") as work:
        mine = tickets.get(work, ticket.reference)
        with pytest.raises(NotFound):
            tickets.assign(work, mine, 4711)
        work.session.get_one(User, officer.id).active = False
        with pytest.raises(NotFound):
            tickets.assign(work, mine, officer.id)


def test_two_who_change_the_same_ticket_do_not_overwrite_each_other(desk: Desk, opened: Callable[..., Ticket]) -> None:
    from desk.domain.errors import Conflict

    ticket = opened()
    with desk.work("command-line") as work:
        tickets.mark(work, tickets.get(work, ticket.reference), "urgent")
    with desk.work("command-line") as work:
        mine = tickets.get(work, ticket.reference, lock=True)
        with pytest.raises(Conflict):
            tickets.require_version(mine, ticket.version)


def test_marks_come_and_go(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened(marks=("on-behalf",))
    with desk.work("command-line") as work:
        mine = tickets.get(work, ticket.reference)
        tickets.mark(work, mine, "urgent")
        tickets.mark(work, mine, "urgent")
        tickets.unmark(work, mine, "on-behalf")
    with desk.read() as work:
        mine = tickets.get(work, ticket.reference)
        assert mine.marks == ["urgent"]
        assert actions_of(work, mine) == ["ticket.opened", "ticket.marked", "ticket.unmarked"]


def test_internal_notes_are_never_sent(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    with desk.work(staff(officer.id)) as work:
        tickets.add_note(work, tickets.get(work, ticket.reference), "Streng intern: Kunde droht mit Klage")
    with desk.read() as work:
        for message in work.session.scalars(select(OutboxMessage)):
            assert "Streng intern" not in str(message.payload)


def test_placeholders_in_what_people_write_stay_as_they_are(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened(name="{due} {message}")
    with desk.work("command-line") as work:
        letter = mail.preview(work, tickets.get(work, ticket.reference), "free", {"message": "{name} {reference}"})
    assert letter.text.startswith("Guten Tag {due} {message},")
    assert "{name} {reference}" in letter.text


@pytest.mark.parametrize("template", letters.template_names())
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_letter_can_be_written(desk: Desk, opened: Callable[..., Ticket], template: str, language: str) -> None:
    ticket = opened(language=language)
    values = {"message": "X", "confirmation_link": "https://desk.example.org/confirm/x"}
    with desk.read() as work:
        letter = mail.preview(work, tickets.get(work, ticket.reference), template, values)
    assert ticket.reference in letter.text
    assert "{" not in letter.text + letter.subject
    assert "!" not in letter.text
    assert "\n" not in letter.subject


def test_every_word_stands_in_both_languages() -> None:
    def walk(node: object, path: str) -> None:
        if not isinstance(node, dict):
            return
        if "de" in node or "en" in node:
            assert set(node) == {"de", "en"}, path
            return
        for key, value in node.items():
            walk(value, f"{path}/{key}")

    walk(letters.catalogue(), "")
    assert set(letters.catalogue()["kinds"]) == {kind.value for kind in Kind}
    assert set(letters.catalogue()["checklists"]) == {kind.value for kind in Kind}


def test_slack_hears_nothing_personal(desk: Desk, opened: Callable[..., Ticket]) -> None:
    from desk.services import slack

    ticket = opened()
    with desk.read() as work:
        notice = slack.notice(work, tickets.get(work, ticket.reference), "opened")
    assert notice == (
        f"New ticket: <https://desk.example.org/tickets/{ticket.reference}|{ticket.reference}>"
        " · access · German · due 14 October 2026"
    )


def test_escalation_is_noted_with_their_reference(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    with desk.work("command-line") as work:
        mine = tickets.get(work, ticket.reference)
        tickets.escalate(work, mine, "DE-BY", "BayLDA 4711")
    with desk.read() as work:
        mine = tickets.get(work, ticket.reference)
        assert (mine.escalated, mine.escalated_to, mine.escalation_reference) == (True, "DE-BY", "BayLDA 4711")
        assert mine.state is State.NEW, "escalated is a mark, not a state"


def test_duplicates_of_one_person_are_merged_into_the_one_due_first(desk: Desk, opened: Callable[..., Ticket]) -> None:
    first, second = opened(), opened(days_later(5))
    stranger = opened(email="other@example.org")
    with desk.work("command-line", days_later(6)) as work:
        one, two, other = (tickets.find(work, ticket.id) for ticket in (first, second, stranger))
        with pytest.raises(InvalidInput):
            links.merge(work, two, other)
        with pytest.raises(InvalidInput):
            links.merge(work, one, two)
        links.merge(work, two, one)
        assert (two.open, two.outcome) == (False, Outcome.MERGED)
        assert links.linked_with(work, one) == [(two, "merged")]
        assert [ticket.id for ticket in links.same_person(work, one)] == [two.id]


def test_split_part_keeps_the_clock(desk: Desk, opened: Callable[..., Ticket]) -> None:
    ticket = opened()
    with desk.work("command-line", days_later(5)) as work:
        part = links.split(work, tickets.find(work, ticket.id), Kind.ERASURE, "Außerdem bitte löschen")
        assert (part.kind, part.due_on, part.received_at) == (Kind.ERASURE, ticket.due_on, ticket.received_at)
    with desk.read() as work:
        part = tickets.find(work, part.id)
        assert part.content is not None
        assert part.content.email == "erika@example.org"
        assert work.session.scalars(select(OutboxMessage).where(OutboxMessage.ticket_id == part.id)).all() == []


def test_checklist_is_ticked_off(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    with desk.work(staff(officer.id)) as work:
        mine = tickets.get(work, ticket.reference)
        checklists.tick(work, mine, "identity", done=True)
        checklists.tick(work, mine, "search", done=True)
        checklists.tick(work, mine, "search", done=False)
        with pytest.raises(NotFound):
            checklists.tick(work, mine, "no-such-step", done=True)
    with desk.read() as work:
        steps = checklists.steps_of(work, tickets.get(work, ticket.reference), "en")
        assert [step.name for step in steps if step.done_at] == ["identity"]
        assert steps[0].title == "Identity checked"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ"),
        ("page.html", b"<script>"),
        ("picture.svg", b"<svg onload=alert(1)>"),
        ("fake.pdf", b"MZ\x90"),
        ("empty.pdf", b""),
        ("no-ending", b"x"),
        ("large.txt", b"x" * 2048),
    ],
)
def test_files_that_could_do_harm_are_refused(
    desk: Desk, opened: Callable[..., Ticket], name: str, content: bytes
) -> None:
    import dataclasses

    desk.settings = dataclasses.replace(desk.settings, attachment_bytes=1024)
    ticket = opened()
    with desk.work("command-line") as work, pytest.raises(AttachmentNotAllowed):
        attachments.attach(work, tickets.get(work, ticket.reference), name, content)


def test_file_names_are_names_only() -> None:
    assert attachments.safe_name("../../etc/passwd.TXT") == "passwd.txt"
    assert attachments.safe_name("C:\\Users\\x\\Meine Daten.pdf") == "Meine Daten.pdf"
    assert attachments.safe_name('a"\r\nb.csv') == "a_b.csv"


def test_file_of_another_ticket_is_not_given_away(desk: Desk, opened: Callable[..., Ticket]) -> None:
    mine, other = opened(), opened(email="other@example.org")
    with desk.work("command-line") as work:
        file = attachments.attach(work, tickets.find(work, other.id), "daten.csv", b"a;b")
        own = tickets.find(work, mine.id)
        with pytest.raises(NotFound):
            attachments.read(work, own, file.id)
        with pytest.raises(NotFound):
            tickets.reply(work, own, "answered", "Anbei", attachments=[file.id])


def test_readings_are_logged_once_a_while(desk: Desk, opened: Callable[..., Ticket], officer: User) -> None:
    ticket = opened()
    for minutes in (0, 1, 7):
        with desk.work(staff(officer.id), MONDAY + timedelta(minutes=minutes)) as work:
            readings.log(work, readings.OPENED, tickets.get(work, ticket.reference))
    with desk.read() as work:
        assert [entry.user_id for entry in readings.of_ticket(work, ticket)] == [officer.id] * 2


def test_webhook_hears_of_a_ticket_and_nothing_of_the_person(desk: Desk, opened: Callable[..., Ticket]) -> None:
    with desk.work("command-line") as work:
        hook, _secret = webhooks.add_webhook(work, "https://example.org/hook", ["ticket.opened"])
        with pytest.raises(InvalidInput):
            webhooks.add_webhook(work, "ftp://example.org", ["ticket.opened"])
        with pytest.raises(InvalidInput):
            webhooks.add_webhook(work, "https://example.org/other", ["ticket.exploded"])
    ticket = opened()
    with desk.read() as work:
        [message] = work.session.scalars(select(OutboxMessage).where(OutboxMessage.channel == "webhook"))
        assert message.payload is not None
        assert message.payload["webhook_id"] == hook.id
        assert message.payload["body"]["ticket"]["reference"] == ticket.reference
        assert "erika" not in str(message.payload).lower()


def test_link_in_the_mail_confirms_the_address(desk: Desk, opened: Callable[..., Ticket]) -> None:
    import re

    ticket = opened()
    with desk.read() as work:
        body = tickets.correspondence_of(work, ticket)[0].body
    found = re.search(r"https://desk\.example\.org/confirm/(\S+)", body)
    assert found is not None
    with desk.work("visitor", days_later(1)) as work:
        assert mail.confirm_address(work, found[1]).id == ticket.id
    with desk.work("visitor", days_later(2)) as work:
        assert mail.confirm_address(work, found[1]).verified, "mail scanners open links before people do"
        for wrong in ("", "x", found[1][:-1]):
            with pytest.raises(NotFound):
                mail.confirm_address(work, wrong)
    with desk.work("visitor", days_later(31)) as work, pytest.raises(NotFound):
        mail.confirm_address(work, found[1])
    with desk.read() as work:
        assert tickets.get(work, ticket.reference).verified
