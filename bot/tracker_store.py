"""Keeps conversations in SQL: finds and erases them, forgets them in time, and never lets them grow slow."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, create_engine_kwargs
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, QueuePool

from bot import carried_state
from bot.settings import Settings
from bot.tables import making_tables, replace_row

logger = logging.getLogger(__name__)

# A tracker is rebuilt from its latest turns and the state carried over from before. When there are more turns than
# the first number, all but the second number are folded into that state; rules never look back further than one turn.
FOLD_ABOVE_TURNS = 6
KEEP_TURNS = 3

BUSY_TIMEOUT_MILLISECONDS = 5000
FORGET_BATCH = 50
READ_BATCH = 50
_MARK = "_stored_part"

_metadata = sa.MetaData()

# One row for each conversation: when it was last used, whether it was erased, and the state before its latest events.
CONVERSATIONS = sa.Table(
    "conversations",
    _metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("updated", sa.Float, nullable=False, index=True),
    sa.Column("erased", sa.Float),
    sa.Column("folded_up_to", sa.Integer, nullable=False, default=0),
    sa.Column("folded_state", sa.Text),
)

# Where to find a visitor's message by the id its client gave it.
TURNS = sa.Table(
    "turns",
    _metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("message_id", sa.String(255), primary_key=True),
    sa.Column("event_id", sa.Integer, nullable=False),
)

# Written by the health check, which proves that the database takes writes.
HEALTH = sa.Table(
    "health",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("written", sa.Float, nullable=False),
)

EVENTS: sa.Table = SQLTrackerStore.SQLEvent.__table__
# Rasa's own index is on the sender alone; with it, PostgreSQL reads a whole conversation to find its end.
_BY_ORDER = sa.Index("ix_events_sender_id_id", EVENTS.c.sender_id, EVENTS.c.id)


# Statements are built once: SQLAlchemy recognises them again and does not compile them for every turn.
_CONVERSATION = sa.bindparam("conversation")
_FOLDED = sa.select(CONVERSATIONS.c.folded_up_to, CONVERSATIONS.c.folded_state).where(
    CONVERSATIONS.c.sender_id == _CONVERSATION
)
_EVENTS_AFTER = (
    sa.select(EVENTS.c.id, EVENTS.c.data)
    .where(EVENTS.c.sender_id == _CONVERSATION, EVENTS.c.id > sa.bindparam("event_id"))
    .order_by(EVENTS.c.id)
)
_IDS_AFTER = (
    sa.select(EVENTS.c.id)
    .where(EVENTS.c.sender_id == _CONVERSATION, EVENTS.c.id > sa.bindparam("event_id"))
    .order_by(EVENTS.c.id)
)
_SAID = sa.select(EVENTS.c.id, EVENTS.c.data).where(
    EVENTS.c.sender_id == _CONVERSATION, EVENTS.c.type_name.in_(("user", "bot"))
)
_ALL_SAID = _SAID.order_by(EVENTS.c.id)
_REPLIES_BEFORE = (
    _SAID.where(EVENTS.c.type_name == "bot", EVENTS.c.id < sa.bindparam("event_id"))
    .order_by(EVENTS.c.id.desc())
    .limit(READ_BATCH)
)
_ERASED = sa.select(CONVERSATIONS.c.erased).where(CONVERSATIONS.c.sender_id == _CONVERSATION)
_PLACE_OF_TURN = sa.select(
    _ERASED.scalar_subquery().label("erased"),
    sa.select(TURNS.c.event_id)
    .where(TURNS.c.sender_id == _CONVERSATION, TURNS.c.message_id == sa.bindparam("message_id"))
    .scalar_subquery()
    .label("event_id"),
)
_TOUCH = (
    sa.update(CONVERSATIONS).where(CONVERSATIONS.c.sender_id == _CONVERSATION).values(updated=sa.bindparam("moment"))
)
_INSERT_EVENT = sa.insert(EVENTS)
# As text, for SQLAlchemy compiles its own form of this for every turn anew; both databases understand it.
_INSERT_NEW_TURN = sa.text(
    "INSERT INTO turns (sender_id, message_id, event_id) VALUES (:sender_id, :message_id, :event_id)"
    " ON CONFLICT (sender_id, message_id) DO NOTHING"
)
_INSERT_CONVERSATION = sa.insert(CONVERSATIONS)
_LARGEST_ID = 2**31 - 1


class ConversationErased(Exception):
    """The visitor had the conversation erased; nothing can be said in it any more."""


@dataclass(frozen=True)
class StoredTurn:
    """A visitor's message as it was stored, and what was answered, as serialised events."""

    user: Mapping[str, Any]
    replies: tuple[Mapping[str, Any], ...]


@dataclass
class _StoredPart:
    """What the database already holds of a tracker in memory."""

    carried: int = 0
    folded_up_to: int = 0
    event_ids: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.carried + len(self.event_ids)


class ConversationStore(SQLTrackerStore):
    """The tracker store named in endpoints.yml.

    It keeps Rasa's table of events as it is. What differs, for Rasa 3.6.21: `retrieve` returns the latest turns and
    the carried state in place of every event since the session began, and `save` writes what `retrieve` did not
    return in place of counting rows.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Connect to the database of the settings; `host` is how Rasa passes an address from endpoints.yml."""
        settings = Settings.from_environment()
        url = host or settings.tracker_database_url
        if url.startswith("sqlite:///"):
            settings.var_dir.mkdir(parents=True, exist_ok=True)
        with making_tables(sa.create_engine(url, poolclass=NullPool)):
            super().__init__(domain=domain, event_broker=event_broker, host=url, **kwargs)
            self._use_own_engine(url)
            _metadata.create_all(self.engine, checkfirst=True)
            _BY_ORDER.create(self.engine, checkfirst=True)

    # What Rasa asks of a tracker store

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation as far as the next turn needs it."""
        with self.engine.connect() as connection:
            folded = connection.execute(_FOLDED, {"conversation": sender_id}).first()
            rows = _events_after(connection, sender_id, folded.folded_up_to if folded else 0)
        carried = carried_state.events_for(json.loads(folded.folded_state)) if folded and folded.folded_state else []
        if not rows and not carried:
            return None
        events = carried + _deserialised(rows)
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.__dict__[_MARK] = _StoredPart(
            len(carried), folded.folded_up_to if folded else 0, [row.id for row in rows]
        )
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Return the conversation with every event, for exports."""
        with self.engine.connect() as connection:
            rows = _events_after(connection, conversation_id, 0)
        if not rows:
            return None
        events = _deserialised(rows)
        tracker = DialogueStateTracker.from_events(conversation_id, events, self.domain.slots)
        tracker.__dict__[_MARK] = _StoredPart(0, 0, [row.id for row in rows])
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write what is new in the tracker, in one transaction."""
        await self.stream_events(tracker)
        with self.engine.begin() as connection:
            part = tracker.__dict__.get(_MARK) or _all_stored(connection, tracker)
            new = list(tracker.events)[part.count :]
            if not new:
                return
            last = part.event_ids[-1] if part.event_ids else 0
            part.event_ids.extend(_insert_events(connection, tracker.sender_id, new, max(last, part.folded_up_to)))
            _insert_turns(connection, tracker.sender_id, new, part.event_ids[-len(new) :])
            _touch(connection, tracker.sender_id)
            self._fold(connection, tracker, part)
        tracker.__dict__[_MARK] = part

    # What the channels ask besides

    def turns(self, conversation: str) -> list[StoredTurn]:
        """Return the whole conversation, oldest first."""
        return _grouped(self.said(conversation))

    def said(self, conversation: str) -> list[Mapping[str, Any]]:
        """Return everything said in the conversation as serialised events, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(_ALL_SAID, {"conversation": conversation}).all()
        return [json.loads(row.data) for row in rows]

    def turn(self, conversation: str, message_id: str) -> StoredTurn | None:
        """Return what was stored under the client's own id for a message; raises ConversationErased."""
        with self.engine.connect() as connection:
            place = connection.execute(_PLACE_OF_TURN, {"conversation": conversation, "message_id": message_id}).one()
            if place.erased is not None:
                raise ConversationErased
            if place.event_id is None:
                return None
            following = sa.select(sa.func.min(TURNS.c.event_id)).where(
                TURNS.c.sender_id == conversation, TURNS.c.event_id > place.event_id
            )
            end = connection.execute(following).scalar()
            query = _ALL_SAID.where(EVENTS.c.id >= place.event_id, EVENTS.c.id < (end or _LARGEST_ID))
            rows = connection.execute(query, {"conversation": conversation}).all()
        return _grouped([json.loads(row.data) for row in rows])[0]

    def replies_newest_first(self, conversation: str) -> Iterator[Mapping[str, Any]]:
        """Return what the assistant said, from the latest back, reading only as much as is asked for."""
        before = _LARGEST_ID
        while True:
            with self.engine.connect() as connection:
                rows = connection.execute(_REPLIES_BEFORE, {"conversation": conversation, "event_id": before}).all()
            for row in rows:
                yield json.loads(row.data)
            if len(rows) < READ_BATCH:
                return
            before = rows[-1].id

    def is_known(self, conversation: str) -> bool:
        """Tell whether anything is stored of a conversation."""
        with self.engine.connect() as connection:
            return connection.execute(_ERASED, {"conversation": conversation}).first() is not None

    def is_erased(self, conversation: str) -> bool:
        """Tell whether the visitor had this conversation erased."""
        with self.engine.connect() as connection:
            erased = connection.execute(_ERASED, {"conversation": conversation}).scalar()
        return erased is not None

    def erase(self, conversation: str) -> None:
        """Delete everything that was stored of a conversation; only that it was erased stays, for its token's life."""
        with self.engine.begin() as connection:
            _delete(connection, [conversation])
            now = time.time()
            connection.execute(
                sa.insert(CONVERSATIONS).values(sender_id=conversation, updated=now, erased=now, folded_up_to=0)
            )

    def forget_unused_since(self, moment: float) -> int:
        """Delete conversations nobody has used since, in small transactions; return how many.

        It takes half of the time at most and leaves the other half to visitors, whose turns wait for the database.
        """
        forgotten = 0
        while True:
            began = time.monotonic()
            with self.engine.begin() as connection:
                query = sa.select(CONVERSATIONS.c.sender_id).where(CONVERSATIONS.c.updated < moment)
                names = list(connection.execute(query.limit(FORGET_BATCH)).scalars())
                if not names:
                    return forgotten
                _delete(connection, names)
                forgotten += len(names)
            time.sleep(time.monotonic() - began)

    def check_health(self) -> None:
        """Write and read a row; raises what the database raises."""
        now = time.time()
        with self.engine.begin() as connection:
            replace_row(connection, HEALTH, {"id": 1}, {"written": now})
            if connection.execute(sa.select(HEALTH.c.written)).scalar() is None:
                raise RuntimeError("The health check's row cannot be read back.")

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Return an empty tracker of which nothing is stored yet."""
        tracker = super().init_tracker(sender_id)
        tracker.__dict__[_MARK] = _StoredPart()
        return tracker

    # Inside

    def _use_own_engine(self, url: str) -> None:
        """Replace Rasa's engine, which opens SQLite anew for every query and shows what people typed in its errors."""
        options: dict[str, Any] = {"hide_parameters": True, "future": True}
        if self.engine.dialect.name == "sqlite":
            options |= {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}}
        else:
            options |= {**create_engine_kwargs(url), "pool_pre_ping": True}
        self.engine.dispose()
        self.engine: Engine = sa.create_engine(url, **options)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
        self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)

    def _fold(self, connection: Connection, tracker: DialogueStateTracker, part: _StoredPart) -> None:
        """Carry over the state from before the latest turns, when there are many."""
        events = list(tracker.events)
        begins = [place for place in range(part.carried, len(events)) if isinstance(events[place], UserUttered)]
        if len(begins) <= FOLD_ABOVE_TURNS:
            return
        boundary = begins[-KEEP_TURNS]
        earlier = DialogueStateTracker.from_events(tracker.sender_id, events[:boundary], self.domain.slots)
        connection.execute(
            sa.update(CONVERSATIONS)
            .where(CONVERSATIONS.c.sender_id == tracker.sender_id)
            .values(
                folded_up_to=part.event_ids[boundary - part.carried - 1],
                folded_state=json.dumps(carried_state.of(earlier)),
            )
        )


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Let readers and the writer work side by side, and wait for a lock instead of failing at once."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
    # Erased means gone, not only unlinked.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _events_after(connection: Connection, conversation: str, event_id: int) -> list[Any]:
    return list(connection.execute(_EVENTS_AFTER, {"conversation": conversation, "event_id": event_id}).all())


@cache
def _event_classes() -> Mapping[str, type[Event]]:
    """Return Rasa's classes of events by name; Rasa itself looks through all of them for every single event."""
    return {event.type_name: event for event in all_subclasses(Event)}


def _deserialised(rows: list[Any]) -> list[Event]:
    classes = _event_classes()
    events = []
    for row in rows:
        parameters = json.loads(row.data)
        events.append(classes[parameters["event"]]._from_parameters(parameters))
    return events


def _grouped(events: list[Mapping[str, Any]]) -> list[StoredTurn]:
    turns: list[StoredTurn] = []
    for event in events:
        if event["event"] == "user":
            turns.append(StoredTurn(event, ()))
        elif turns:
            turns[-1] = StoredTurn(turns[-1].user, (*turns[-1].replies, event))
    return turns


def _all_stored(connection: Connection, tracker: DialogueStateTracker) -> _StoredPart:
    """Assume that a tracker of unknown origin begins with every event that is stored."""
    return _StoredPart(0, 0, [row.id for row in _events_after(connection, tracker.sender_id, 0)])


def _insert_events(connection: Connection, conversation: str, events: list[Event], after: int) -> list[int]:
    """Insert all events with one statement, and return the ids they got; the conversation's lock keeps others out."""
    connection.execute(_INSERT_EVENT, [_row(conversation, event) for event in events])
    ids = connection.execute(_IDS_AFTER, {"conversation": conversation, "event_id": after}).scalars()
    return list(ids)[-len(events) :]


def _row(conversation: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": conversation,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _insert_turns(connection: Connection, conversation: str, events: list[Event], ids: list[int]) -> None:
    rows = {
        event.message_id: event_id
        for event, event_id in zip(events, ids, strict=True)
        if isinstance(event, UserUttered) and event.message_id
    }
    if not rows:
        return
    turns = [{"sender_id": conversation, "message_id": name, "event_id": place} for name, place in rows.items()]
    connection.execute(_INSERT_NEW_TURN, turns)


def _touch(connection: Connection, conversation: str) -> None:
    now = time.time()
    if connection.execute(_TOUCH, {"conversation": conversation, "moment": now}).rowcount == 0:
        row = {"sender_id": conversation, "updated": now, "folded_up_to": 0}
        connection.execute(_INSERT_CONVERSATION, row)


def _delete(connection: Connection, conversations: list[str]) -> None:
    for table in (EVENTS, TURNS, CONVERSATIONS):
        connection.execute(sa.delete(table).where(table.c.sender_id.in_(conversations)))
