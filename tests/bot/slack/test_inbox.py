"""The inbox: what is in it is done once, in order, and taken over when whoever had it is gone."""

from __future__ import annotations

import logging
from pathlib import Path
from unittest import mock

import pytest
import sqlalchemy as sa

from bot.channels import slack_inbox
from bot.channels.slack_inbox import LEASE_SECONDS, Inbox, KnownRequest
from tests.bot.slack.conftest import Workspace

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


@pytest.fixture
def database(tmp_path: Path) -> sa.engine.Engine:
    return sa.create_engine(f"sqlite:///{tmp_path / 'inbox.db'}", future=True)


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
