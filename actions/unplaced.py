"""Keeps questions that the assistant could not place, so that the team can say which topic they belong to."""

from __future__ import annotations

import logging
import re

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import language_of, message_id, message_of
from actions.desk import DeskDidNotAnswer, ask
from desk import intake

logger = logging.getLogger(__name__)

HIDDEN = "[…]"
_IDENTIFYING = re.compile(r"\S*@\S*|https?://\S+|\+?\d[\d /-]{5,}\d")


def without_identity(text: str) -> str:
    """Leave out addresses and numbers; which topic a question belongs to does not depend on them."""
    return _IDENTIFYING.sub(HIDDEN, text)


class KeepQuestion(Action):
    """Hands the question on; the visitor has their answer already and hears nothing of this."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_keep_question"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Keep the text without identity; a desk that is away costs one question and no visitor's time."""
        message = message_of(tracker)
        suggestions = tuple(dict.fromkeys(tracker.get_latest_entity_values("suggestion")))
        try:
            if not message.is_button:
                await ask(
                    intake.keep_unplaced_question, without_identity(message.text), language_of(tracker), suggestions
                )
        except (DeskDidNotAnswer, intake.InvalidInput):
            logger.warning("A question that could not be placed was not kept.")
        return [SlotSet("last_read", message_id(tracker))]
