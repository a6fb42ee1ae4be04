"""The inbox: what is in it is done once, in order, and taken over when whoever had it is gone."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from unittest import mock

import pytest
import sqlalchemy as sa

from bot.channels import slack_inbox
from bot.channels.slack_inbox import LEASE_SECONDS, Inbox, KnownRequest
from bot.tracker_store import ConversationStore
from tests.bot.slack.conftest import Workspace
from tests.servers import PostgresqlServer

WORK = {"what": "turn", "text": "hello"}


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(slack_inbox.time, "time", made.time)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.engine.Engine]:
    """Give the conversations' database of each kind, opened as the assistant opens it."""
    url = f"sqlite:///{tmp_path / 'inbox.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database("postgresql")
    store = ConversationStore(host=url)
    yield store.engine
    store.engine.dispose()


@pytest.fixture
def other_database(database: sa.engine.Engine) -> Iterator[sa.engine.Engine]:
    """Give the same database as a second process opens it."""
    store = ConversationStore(host=database.url.render_as_string(hide_password=False))
    yield store.engine
    store.engine.dispose()


def test_a_delivery_is_known_by_each_of_its_names(database: sa.engine.Engine) -> None:
    inbox = Inbox(database)
    assert inbox.put(["event:1", "message:1"], "c", "1", WORK)
    assert not inbox.put(["event:1", "message:1"], "c", "1", WORK)
    assert not inbox.put(["event:2", "message:1"], "c", "1", WORK), "the mention of a message that was taken"
    assert inbox.put(["event:3", "message:2"], "c", "2", WORK)
    assert inbox.waiting() == 2


def test_names_are_kept_for_longer_than_slack_repeats(database: sa.engine.Engine, clock: Clock) -> None:
    inbox = Inbox(database)
    inbox.put(["event:1"], "c", "1", WORK)
    clock.now += 3600
    inbox.forget(30)
    assert not inbox.put(["event:1"], "c", "1", WORK)
    clock.now += 24 * 3600
    inbox.forget(30)
    assert inbox.put(["event:1"], "c", "1", WORK)


def test_of_one_conversation_the_earliest_comes_first_and_alone(database: sa.engine.Engine) -> None:
    inbox = Inbox(database)
    inbox.put(["b"], "one", "2", {"n": 2})
    inbox.put(["a"], "one", "1", {"n": 1})
    inbox.put(["c"], "two", "3", {"n": 3})
    first, other = inbox.claim(), inbox.claim()
    assert first is not None
    assert other is not None
    assert [first.work["n"], other.work["n"]] == [1, 3]
    assert inbox.claim() is None, "the second of the conversation waits for the first"
    inbox.done(first)
    second = inbox.claim()
    assert second is not None
    assert second.work["n"] == 2


def test_an_earlier_message_that_arrives_late_waits_for_the_one_that_runs(database: sa.engine.Engine) -> None:
    inbox = Inbox(database)
    inbox.put(["b"], "one", "2", {"n": 2})
    running = inbox.claim()
    assert running is not None
    inbox.put(["a"], "one", "1", {"n": 1})
    assert inbox.claim() is None
    inbox.done(running)
    late = inbox.claim()
    assert late is not None
    assert late.work["n"] == 1


def test_one_person_with_very_many_messages_keeps_nobody_waiting(database: sa.engine.Engine) -> None:
    inbox = Inbox(database)
    for number in range(300):
        inbox.put([f"a{number}"], "one", f"1{number:05d}", WORK)
    inbox.put(["b"], "two", "2", WORK)
    first, second = inbox.claim(), inbox.claim()
    assert [job and job.conversation for job in (first, second)] == ["one", "two"]


def together(*works: Callable[[], object]) -> list[object]:
    """Do several things at the same moment."""
    start = Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_two_processes_take_each_delivery_once(database: sa.engine.Engine, other_database: sa.engine.Engine) -> None:
    inboxes = [Inbox(database), Inbox(other_database)]
    for number in range(20):
        names = [f"event:{number}", f"message:{number}"]
        taken = together(*(partial(one.put, names, f"c{number}", "1", WORK) for one in inboxes * 2))
        assert sorted(map(bool, taken)) == [False, False, False, True]
    assert inboxes[0].waiting() == 20


def test_two_processes_do_each_delivery_once_and_in_order(
    database: sa.engine.Engine, other_database: sa.engine.Engine
) -> None:
    inboxes = [Inbox(database), Inbox(other_database)]
    for number in range(60):
        inboxes[number % 2].put([f"e{number}"], f"c{number % 6}", f"{number:03d}", {"n": number})
    done: list[int] = []

    def work(inbox: Inbox) -> None:
        while inbox.waiting():
            job = inbox.claim()
            if job is not None:
                done.append(job.work["n"])
                inbox.done(job)

    together(*(partial(work, one) for one in inboxes * 2))
    assert Counter(done) == dict.fromkeys(range(60), 1)
    for conversation in range(6):
        own = [number for number in done if number % 6 == conversation]
        assert own == sorted(own), "of one conversation, one after the other"


def test_two_processes_note_the_same_thread_and_request_at_once(
    database: sa.engine.Engine, other_database: sa.engine.Engine
) -> None:
    inboxes = [Inbox(database), Inbox(other_database)]
    request = KnownRequest("PR-1", "access", "2027-02-01", "a@b.example")
    for number in range(20):
        together(*(partial(one.own_thread, f"t{number}") for one in inboxes))
        together(*(partial(one.remember_request, f"p{number}", request) for one in inboxes))
    assert all(inboxes[1].owns_thread(f"t{number}") for number in range(20))
    assert inboxes[0].requests_of("p19") == [request]


def test_two_processes_may_begin_on_an_empty_database_at_once(postgresql: PostgresqlServer) -> None:
    for _ in range(5):
        url = postgresql.new_database("postgresql")
        stores = together(*[partial(ConversationStore, host=url)] * 4)
        together(*(partial(Inbox, store.engine) for store in stores))
        together(*(store.check_health for store in stores))
        for store in stores:
            store.engine.dispose()


def test_what_a_killed_process_had_is_taken_over_after_its_lease(database: sa.engine.Engine, clock: Clock) -> None:
    killed, following = Inbox(database), Inbox(database)
    killed.put(["a"], "one", "1", WORK)
    lost = killed.claim()
    assert lost is not None
    assert following.claim() is None
    clock.now += LEASE_SECONDS - 1
    assert killed.prolong(lost), "who lives keeps its work"
    clock.now += LEASE_SECONDS - 1
    assert following.claim() is None
    clock.now += 2
    taken = following.claim()
    assert taken is not None
    assert taken.attempts == 2
    assert not killed.prolong(lost)
    killed.done(lost)
    assert following.waiting() == 1, "who lost its lease ends nothing"


def test_what_was_put_back_waits_and_comes_again(database: sa.engine.Engine, clock: Clock) -> None:
    inbox = Inbox(database)
    inbox.put(["a"], "one", "1", WORK)
    job = inbox.claim()
    assert job is not None
    inbox.again(job, 8.0)
    assert inbox.claim() is None
    clock.now += 9
    assert inbox.claim() is not None


def test_nothing_personal_stays_longer_than_it_is_needed(database: sa.engine.Engine, clock: Clock) -> None:
    inbox = Inbox(database)
    inbox.keep_draft("d", {"email": "a@b.example"})
    inbox.remember_request("p", KnownRequest("PR-1", "access", "2027-02-01", "a@b.example"))
    inbox.own_thread("t")
    clock.now += 2 * 3600
    inbox.forget(30)
    assert inbox.draft("d") is None
    assert inbox.requests_of("p")
    assert inbox.owns_thread("t")
    clock.now += 80 * 86400
    inbox.forget(30)
    assert not inbox.requests_of("p")
    assert not inbox.owns_thread("t")


def test_slacks_libraries_log_nothing_that_people_write(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with mock.patch.object(logging.getLogger(), "level", logging.DEBUG), caplog.at_level(logging.DEBUG):
        workspace.say("U0JOHN", "cookies sesquipedalian")
        workspace.settle()
    slacks = [record for record in caplog.records if "slack" in record.name.lower() or "Async" in record.name]
    assert all("sesquipedalian" not in record.getMessage() for record in slacks)
    assert all("cookies sesq" not in record.getMessage() for record in caplog.records if record.name.startswith("bot."))
