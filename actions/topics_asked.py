"""Takes the assistant's counts of what visitors ask about to the desk; no text and no person is in them."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.desk import ask
from desk import intake

logger = logging.getLogger(__name__)
SLOT = "topic_counts"


class KeepTopicCounts(Action):
    """Called by the assistant itself once a minute, never by a rule."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_keep_topic_counts"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Hand the counts on; when the desk does not answer this fails, and the assistant sends them again."""
        batch: dict[str, Any] = tracker.slots.get(SLOT) or {}
        try:
            counts = tuple(intake.TopicCount(*count) for count in batch.get("counts", ()))
            await ask(intake.count_topics, str(batch.get("batch", "")), counts)
        except (intake.InvalidInput, TypeError):
            # Sent again it would be no better.
            logger.error("Counts of topics were not understood.")
        return []
