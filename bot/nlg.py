"""Turns what the assistant decided to say into words: answers from data/answers, everything else from the domain."""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.answers import LANGUAGES, Answer, Button, Catalogue, load_catalogue
from bot.settings import Settings
from bot.topic_counts import TopicCounts
from bot.words import LAST_RESORT

logger = logging.getLogger(__name__)

ANSWER = "utter_answer"
WHY = "utter_why"
PURPOSES = "purposes"
CHITCHAT = "utter_chitchat"
AGAIN = "_again"
INQUIRY = "inquiry"
DEFAULT_LANGUAGE = "de"
MAXIMUM_SUGGESTIONS = 3
# Questions are answered whatever else happens; a message of another intent only when it holds a question besides.
QUESTION_INTENTS = frozenset({"faq", "not-covered", "out-of-scope", "unclear"})
# Where a response carries what the channel needs beside text and buttons. It is not "custom": what an action passes
# as its own custom payload replaces that key as a whole.
FIELDS = "message_fields"

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

Response = dict[str, Any]


class AnswerGenerator(TemplatedNaturalLanguageGenerator):
    """Generates every response inside the Rasa process.

    It inherits from Rasa's templated generator because Rasa hands the domain's responses of a freshly loaded model
    to generators of that type only.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        """Load the answers; a mistake in them ends the start with a list of what is wrong."""
        super().__init__(domain.responses if domain else {})
        settings = Settings.from_environment()
        self.catalogue: Catalogue = load_catalogue(settings.answers_dir)
        self._periods = {
            "kept_for": (settings.tracker_retention_days, "day"),
            "session_for": (settings.webchat_session_hours, "hour"),
        }
        self.asked = TopicCounts()

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> Response | None:
        """Return the response for the action in the language of the turn."""
        language = language_of(tracker)
        if utter_action == ANSWER:
            return self._answers(tracker, language)
        if utter_action == WHY and not tracker.active_loop_name:
            # Nothing is being asked for, so "why do you need that?" is about what the data is used for.
            return self._answered([self.catalogue.answers[PURPOSES]], language)
        key = self._key_for(utter_action, tracker)
        values = {**tracker.current_slot_values(), "language": language}
        return self._words(key, language, values, kwargs, output_channel, len(tracker.events))

    def say(self, key: str, language: str, **values: Any) -> Response:
        """Return a response outside of any turn, such as the greeting; it is never empty."""
        return self._words(key, language, {"language": language}, values, "", 0)

    # Answers about the statement

    def _answers(self, tracker: DialogueStateTracker, language: str) -> Response | None:
        message = tracker.latest_message
        intent = message.intent.get("name") if message else None
        found = self._asked_about(tracker)
        if found:
            return self._answered(found, language)
        if intent == "out-of-scope":
            return self._answered([self.catalogue.out_of_scope], language)
        if intent in QUESTION_INTENTS:
            return _combined([self._unclear(tracker, language)])
        return None

    def _answered(self, answers: list[Answer], language: str) -> Response:
        self.asked.note((answer.key for answer in answers), language)
        return _combined([self._answer(answer, language) for answer in answers])

    def _asked_about(self, tracker: DialogueStateTracker) -> list[Answer]:
        """Return the answers to what the latest message asks, each once, in order; unknown topics are left out."""
        found: dict[str, Answer] = {}
        for topic in entity_values(tracker, "topic"):
            answer = self.catalogue.answers.get(topic)
            if answer is None:
                logger.error("There is no answer for a topic the model was trained on: %s", topic[:80])
                continue
            found[topic] = answer
        return list(found.values())

    def _answer(self, answer: Answer, language: str) -> Response:
        fields: Response = {"text": answer.text[language], "source": self._source(answer, language)}
        buttons = [self._button(button, language) for button in answer.buttons]
        return {**fields, "buttons": buttons} if buttons else fields

    def _source(self, answer: Answer, language: str) -> Response:
        source: Response = {"topic": answer.topic}
        if answer.section is not None:
            source["section"] = answer.section
            source["section_title"] = self.catalogue.sections[answer.section][language]
            source["statement_date"] = self.catalogue.statement_date
        if answer.detail is not None:
            source["detail"] = answer.detail
        return source

    def _unclear(self, tracker: DialogueStateTracker, language: str) -> Response:
        """Say that the question was not understood and offer what it might have been, and a person."""
        likely = [topic for topic in entity_values(tracker, "suggestion") if topic in self.catalogue.answers]
        topics = list(dict.fromkeys(likely))[:MAXIMUM_SUGGESTIONS] or list(self.catalogue.suggestions)
        offered = [*(Button("topic", topic) for topic in topics), Button("flow", INQUIRY)]
        return {
            "text": self.catalogue.unclear.text[language],
            "source": self._source(self.catalogue.unclear, language),
            "suggestions": topics,
            "buttons": [self._button(button, language) for button in offered],
        }

    def _button(self, button: Button, language: str) -> dict[str, str]:
        if button.kind == "flow":
            return {"title": self.catalogue.flows[button.target][language], "payload": f"/{button.target}"}
        answer = self.catalogue.answers[button.target]
        intent = "not-covered" if answer.detail is not None else "faq"
        payload = f"/{intent}{json.dumps({'topic': button.target})}"
        return {"title": answer.title[language], "payload": payload}

    # Everything else

    def _key_for(self, utter_action: str, tracker: DialogueStateTracker) -> str:
        """Choose the more particular response where there is one: the kind of small talk, or asking once more."""
        if utter_action == CHITCHAT:
            kind = next(iter(entity_values(tracker, "chitchat")), None)
            particular = f"{CHITCHAT}_{kind}"
            return particular if particular in self.responses else utter_action
        again = utter_action + AGAIN
        if again in self.responses and _asked_before(utter_action, tracker):
            return again
        return utter_action

    def _words(
        self,
        key: str,
        language: str,
        slots: Mapping[str, Any],
        values: Mapping[str, Any],
        output_channel: str,
        turn: int,
    ) -> Response:
        response = self._variation(key, language, slots, output_channel, turn)
        periods = {name: said_period(*period, language) for name, period in self._periods.items()}
        known = {**periods, **slots, **values}
        if isinstance(response.get("text"), str):
            response["text"] = fill(response["text"], known)
        for button in response.get("buttons") or []:
            button["title"] = fill(str(button.get("title", "")), known)
        response[FIELDS] = _fields(response.pop("custom", None) or {}, known)
        return response

    def _variation(self, key: str, language: str, slots: Mapping[str, Any], output_channel: str, turn: int) -> Response:
        """Return a copy of the matching variation; several that match take turns; none is never silence."""
        if key in self.responses:
            matching = ResponseVariationFilter(self.responses).responses_for_utter_action(
                key, output_channel, dict(slots)
            )
            if matching:
                chosen = copy.deepcopy(matching[turn % len(matching)])
                chosen.pop("condition", None)
                return chosen
        if key not in LAST_RESORT:
            logger.error("The domain has no response %s in language %s.", key, language)
        return {"text": LAST_RESORT.get(key, LAST_RESORT["utter_default"])[language]}


def said_period(count: int, unit: str, language: str) -> str:
    """Return a period as it is said after "after" and "ago", such as "einer Stunde" or "30 days"."""
    one = {"de": {"day": "einem Tag", "hour": "einer Stunde"}, "en": {"day": "one day", "hour": "one hour"}}
    several = {"de": {"day": "Tagen", "hour": "Stunden"}, "en": {"day": "days", "hour": "hours"}}
    return one[language][unit] if count == 1 else f"{count} {several[language][unit]}"


def language_of(tracker: DialogueStateTracker) -> str:
    """Return the language of the turn: the conversation's, else the browser's, else German."""
    spoken = tracker.slots["language"].value if "language" in tracker.slots else None
    if spoken in LANGUAGES:
        return str(spoken)
    metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
    browser = metadata.get("language")
    return browser if browser in LANGUAGES else DEFAULT_LANGUAGE


def entity_values(tracker: DialogueStateTracker, entity: str) -> list[str]:
    """Return the values of an entity in the latest message, in order."""
    entities = tracker.latest_message.entities if tracker.latest_message else []
    values: list[str] = []
    for found in entities:
        if found.get("entity") == entity:
            value = found.get("value")
            values.extend(str(part) for part in (value if isinstance(value, list) else [value]))
    return values


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Replace each {placeholder} once; what is put in is never looked at again, whatever people typed."""

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None:
            logger.error("A response needs a value for {%s} that nobody gave.", match.group(1))
            return ""
        return str(value)

    return _PLACEHOLDER.sub(value_of, text)


def _combined(messages: list[Response]) -> Response:
    """Return one response for all messages; the text repeats them for readers of the plain conversation."""
    if len(messages) == 1:
        message = messages[0]
        fields = {key: value for key, value in message.items() if key not in {"text", "buttons"}}
        response: Response = {"text": message["text"], FIELDS: fields}
        return {**response, "buttons": message["buttons"]} if "buttons" in message else response
    return {"text": "\n\n".join(message["text"] for message in messages), "custom": {"messages": messages}}


def _fields(custom: Mapping[str, Any], values: Mapping[str, Any]) -> Response:
    """Expand the short form used in the domain, {step: email, expects: email}, into the fields of a message."""
    fields = {key: _filled(value, values) for key, value in custom.items() if key not in {"step", "kind"}}
    kind = custom.get("kind") or values.get("ticket_kind")
    if "step" in custom and kind:
        fields["flow"] = {"kind": str(kind), "step": _filled(str(custom["step"]), values), "status": "open"}
    return fields


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, Mapping):
        return {key: _filled(part, values) for key, part in value.items()}
    if isinstance(value, Iterable):
        return [_filled(part, values) for part in value]
    return value


def _asked_before(utter_action: str, tracker: DialogueStateTracker) -> bool:
    """Tell whether the form that is active has asked this already."""
    if tracker.active_loop_name is None:
        return False
    for event in reversed(tracker.events):
        if isinstance(event, ActiveLoop):
            return False
        if isinstance(event, BotUttered) and event.metadata.get("utter_action") == utter_action:
            return True
    return False
