"""The bounded tracker store answers exactly as an unbounded one would, forgets in time, and fails aloud."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import SlotSet, UserUttered

from bot.carried_state import CARRIED
from bot.tracker_store import FOLD_ABOVE_TURNS, KEEP_TURNS, ConversationStore
from tests.bot.assistant import Assistant
from tests.servers import PostgresqlServer

WORDS = [
    "cookies",
    "hello",
    "complaint",
    "abbrechen",
    "ja",
    "some reason",
    "a@b.example",
    "wetter",
    "datenkram",
    "danke",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tracker.sqlite3'}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database("postgresql")


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Agent:
    """Return the tiny model loaded with Rasa's own parts; tests put their store into it."""
    from bot.nlg import AnswerGenerator

    agent = Agent.load(tiny_model)
    agent.processor.nlg = AnswerGenerator()
    agent.processor.nlg.responses = agent.domain.responses
    return agent


class Talk:
    """A conversation with the model over a certain store, without a channel in between."""

    def __init__(self, agent: Agent, store: SQLTrackerStore) -> None:
        store.domain = agent.domain
        self.agent, self.store = agent, store

    def say(self, text: str, conversation: str = "c") -> list[Any]:
        async def turn() -> list[Any]:
            self.agent.processor.tracker_store = self.store
            output = CollectingOutputChannel()
            await self.agent.processor.handle_message(
                UserMessage(text, output, conversation, metadata={"language": "en"})
            )
            return output.messages

        return asyncio.run(turn())

    def tracker(self, conversation: str = "c") -> Any:
        return asyncio.run(self.store.retrieve(conversation))


@pytest.mark.parametrize("seed", range(6))
def test_a_bounded_conversation_goes_exactly_as_an_unbounded_one(model: Agent, tmp_path: Path, seed: int) -> None:
    bounded = Talk(model, ConversationStore(host=f"sqlite:///{tmp_path / 'a.db'}"))
    stock = Talk(model, SQLTrackerStore(db=str(tmp_path / "b.db")))
    chance = random.Random(seed)
    for number in range(60):
        text = chance.choice(WORDS)
        assert bounded.say(text) == stock.say(text), (seed, number, text)
        ours, theirs = bounded.tracker(), stock.tracker()
        assert ours.current_slot_values() == theirs.current_slot_values()
        assert ours.active_loop_name == theirs.active_loop_name
        assert ours.is_active_loop_rejected == theirs.is_active_loop_rejected
        assert ours.latest_action_name == theirs.latest_action_name
        turns = [event for event in ours.events if isinstance(event, UserUttered) and not event.metadata.get(CARRIED)]
        assert len(turns) <= FOLD_ABOVE_TURNS
        assert len(turns) >= min(number + 1, KEEP_TURNS)


def test_a_form_opened_long_ago_still_takes_its_answers(model: Agent, url: str) -> None:
    talk = Talk(model, ConversationStore(host=url))
    talk.say("complaint")
    for _ in range(3 * FOLD_ABOVE_TURNS):
        assert talk.say("cookies")[-1]["text"] == "So, what is it about?"
    assert talk.say("The reason")[-1]["text"] == "Your e-mail address?"
    for _ in range(3 * FOLD_ABOVE_TURNS):
        talk.say("cookies")
    assert talk.say("a@b.example")[-1]["text"] == "Noted: The reason, a@b.example."


def test_the_whole_conversation_stays_readable(model: Agent, url: str) -> None:
    store = ConversationStore(host=url)
    talk = Talk(model, store)
    for number in range(30):
        talk.say(f"message number {number}")
    assert [turn.user["text"] for turn in store.turns("c")] == [f"message number {number}" for number in range(30)]
    full = asyncio.run(store.retrieve_full_tracker("c"))
    assert sum(isinstance(event, UserUttered) for event in full.events) == 30
    turn = store.turns("c")[4]
    assert store.turn("c", turn.user["message_id"]) == turn
    assert store.turn("c", "never sent") is None


def test_saving_the_full_tracker_repeats_nothing(model: Agent, url: str) -> None:
    store = ConversationStore(host=url)
    talk = Talk(model, store)
    for _ in range(12):
        talk.say("hello")
    before = len(store.said("c"))
    full = asyncio.run(store.retrieve_full_tracker("c"))
    full.update(SlotSet("email", "x@y.example"))
    asyncio.run(store.save(full))
    assert len(store.said("c")) == before
    assert talk.tracker().get_slot("email") == "x@y.example"
    assert talk.say("hello")


def test_erasing_deletes_every_row_but_the_mark(model: Agent, url: str) -> None:
    store = ConversationStore(host=url)
    talk = Talk(model, store)
    for _ in range(20):
        talk.say("complaint", "gone")
        talk.say("complaint", "stays")
    store.erase("gone")
    assert store.turns("gone") == []
    assert asyncio.run(store.retrieve("gone")) is None
    assert store.is_erased("gone")
    assert not store.is_erased("stays")
    assert len(store.turns("stays")) == 20
    with store.engine.connect() as connection:
        for table in ("events", "turns"):
            count = f"SELECT count(*) FROM {table} WHERE sender_id = 'gone'"
            assert connection.execute(sa.text(count)).scalar() == 0


def test_what_is_too_old_is_forgotten_and_nothing_else(model: Agent, url: str) -> None:
    store = ConversationStore(host=url)
    talk = Talk(model, store)
    for number in range(5):
        talk.say("hello", f"old-{number}")
    time.sleep(0.05)
    moment = time.time()
    talk.say("hello", "old-0")
    talk.say("hello", "new")
    assert store.forget_unused_since(moment) == 4
    assert store.forget_unused_since(moment) == 0
    assert store.turns("old-1") == []
    assert len(store.turns("old-0")) == 2
    assert len(store.turns("new")) == 1


def test_forgetting_many_takes_several_small_transactions(model: Agent, url: str) -> None:
    store = ConversationStore(host=url)
    with store.engine.begin() as connection:
        rows = [{"sender_id": f"c{number}", "updated": 1.0, "folded_up_to": 0} for number in range(450)]
        connection.execute(
            sa.text(
                "INSERT INTO conversations (sender_id, updated, folded_up_to) "
                "VALUES (:sender_id, :updated, :folded_up_to)"
            ),
            rows,
        )
    assert store.forget_unused_since(2.0) == 450


def test_the_health_check_writes(url: str) -> None:
    store = ConversationStore(host=url)
    store.check_health()
    store.check_health()
    with store.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM health")).scalar() == 1


def test_the_log_of_a_database_error_does_not_show_what_was_typed(url: str) -> None:
    import sys

    from bot.logs import QuietFormatter

    store = ConversationStore(host=url)
    typed = " ".join(["what", "somebody", "typed"])
    try:
        with store.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO no_such_table VALUES (:text)"), {"text": typed})
    except sa.exc.SQLAlchemyError:
        told = QuietFormatter().formatException(sys.exc_info())
    assert typed not in told
    assert "test_tracker_store.py" in told
    assert "Error" in told


def test_sqlite_lets_readers_and_a_writer_work_together(tmp_path: Path) -> None:
    store = ConversationStore(host=f"sqlite:///{tmp_path / 'a.db'}")
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000


def test_the_running_assistant_does_not_fall_back_to_memory(assistant: Assistant) -> None:
    agent = assistant.engine.agent
    assert isinstance(agent.tracker_store, ConversationStore)
    assert agent.processor.tracker_store is agent.tracker_store


def test_the_running_assistant_forgets_by_its_settings(assistant: Assistant) -> None:
    from bot.retention import forget_once
    from bot.settings import Settings

    visitor = assistant.visitor("en")
    visitor.say("hello")
    with assistant.engine.store.engine.begin() as connection:
        query = "UPDATE conversations SET updated = updated - 31 * 86400 WHERE sender_id = :name"
        connection.execute(sa.text(query), {"name": visitor.conversation})
    assert asyncio.run(forget_once(assistant.engine, Settings.from_environment({"VAR_DIR": "var"}))) == 1
    assert len(visitor.history()) == 1
