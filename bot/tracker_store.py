"""Keeps conversations in SQL: finds and erases them, forgets them in time, and never lets them grow slow.

First form: Rasa's own store with erasure and history.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain

from bot.settings import Settings


@dataclass(frozen=True)
class StoredTurn:
    """A visitor's message as it was stored, and what was answered, as serialised events."""

    user: Mapping[str, Any]
    replies: tuple[Mapping[str, Any], ...]


class ConversationStore(SQLTrackerStore):
    """The tracker store named in endpoints.yml."""

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
        super().__init__(domain=domain, event_broker=event_broker, host=url, **kwargs)
        self._erased: dict[str, float] = {}

    def turns(self, conversation: str) -> list[StoredTurn]:
        """Return the whole conversation, oldest first."""
        with self.session_scope() as session:
            rows = (
                session.query(self.SQLEvent.data)
                .filter(self.SQLEvent.sender_id == conversation, self.SQLEvent.type_name.in_(("user", "bot")))
                .order_by(self.SQLEvent.id)
            )
            events = [json.loads(data) for (data,) in rows]
        turns: list[StoredTurn] = []
        for event in events:
            if event["event"] == "user":
                turns.append(StoredTurn(event, ()))
            elif turns:
                turns[-1] = StoredTurn(turns[-1].user, (*turns[-1].replies, event))
        return turns

    def turn(self, conversation: str, message_id: str) -> StoredTurn | None:
        """Return what was stored under the client's own id for a message."""
        return next((turn for turn in self.turns(conversation) if turn.user.get("message_id") == message_id), None)

    def is_erased(self, conversation: str) -> bool:
        """Tell whether the visitor had this conversation erased."""
        return conversation in self._erased

    def erase(self, conversation: str) -> None:
        """Delete everything that was stored of a conversation."""
        with self.session_scope() as session:
            session.execute(sa.delete(self.SQLEvent).where(self.SQLEvent.sender_id == conversation))
            session.commit()
        self._erased[conversation] = time.time()
