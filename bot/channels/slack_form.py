"""The form behind /privacy: read by the same actions as the conversation, read back, and only then sent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.action_calls import ActionUnavailable, Outcome, call_action
from bot.answers import LANGUAGES
from bot.channels.slack_blocks import clamped, context, plain, section
from bot.channels.slack_inbox import Inbox, KnownRequest
from bot.channels.slack_markup import marked_up
from bot.channels.slack_words import word
from bot.channels.texts import visible
from bot.engine import MASKED, Engine
from bot.guard import mask
from bot.guard.kinds import KINDS
from bot.nlg import DEFAULT_LANGUAGE
from bot.nlu.labels import TICKET_FLOWS

CHANNEL = "slack"
ASK = "privacy-request"
CONFIRM = "privacy-request-confirm"
LONGEST_DESCRIPTION = 2000
LONGEST_SHORT_TEXT = 200
RELATIONSHIPS = ("direct", "customer-user", "unsure")
#: What the conversation asks in a step, and the action that reads the answer.
READS = "validate_ticket_form"
READS_BACK = "action_ask_ticket_form_confirmed"
SENDS = "action_submit_ticket"
NAMESPACE = uuid.UUID("6f3a6c52-6f2b-4f0e-9a35-51aa6a1f2f0d")

WRITTEN = ("description", "email", "name", "country")

View = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Sender:
    """Who fills the form in."""

    person: str
    language: str


class Form:
    """Both pages of the form: what is asked, and what was understood."""

    def __init__(self, engine: Engine, inbox: Inbox) -> None:
        """Take what reads and what keeps the answers."""
        self._engine = engine
        self._inbox = inbox

    def first_page(self, language: str, description: str = "") -> View:
        """Return the empty form, or one that begins with a message's text."""
        text, kinds = self._masked(description, language)
        notices = [context(word("form_notice", language)), *([section(self._told(kinds, language))] if kinds else [])]
        return self._modal(language, ASK, [*notices, *self._fields(language, text)], word("form_next", language))

    async def read(self, view: Mapping[str, Any], sender: Sender) -> Answer:
        """Read the first page; answer with what is wrong at which field, or with the summary."""
        given = _given(view)
        name = _draft_name(view, sender)
        try:
            errors, slots = await self._read_fields(given, sender, name)
            if errors:
                return {"response_action": "errors", "errors": errors}
            page = await self._summary(slots, sender, name)
        except ActionUnavailable:
            return _wrong("email", word("form_failed", sender.language))
        await asyncio.to_thread(self._inbox.keep_draft, name, slots)
        return {"response_action": "update", "view": page}

    def read_late(self, view: Mapping[str, Any]) -> Answer:
        """Return the answer for a first page that could not be read in time."""
        return _wrong("email", word("form_failed", self._language_of(view)))

    def sent_late(self, view: Mapping[str, Any]) -> Answer:
        """Return the answer for a request of which it is not known in time whether it arrived."""
        language = self._language_of(view)
        return self._once_more(word("form_failed", language), language, view)

    async def send(self, view: Mapping[str, Any], sender: Sender) -> tuple[Answer, str]:
        """Send what was confirmed; return the answer, and what to repeat in the conversation when it worked."""
        name = _draft_name(view, sender)
        slots = await asyncio.to_thread(self._inbox.draft, name)
        if slots is None:
            return self._message(word("form_gone", sender.language), sender.language), ""
        try:
            outcome = await call_action(self._engine, SENDS, name, CHANNEL, {**slots, "confirmed": True})
        except ActionUnavailable:
            return self._once_more(word("form_failed", sender.language), sender.language, view), ""
        opened = next((one for one in outcome.said if one.fields.get("ticket")), None)
        if opened is None:
            return await self._not_sent(outcome, slots, sender, name, view), ""
        ticket = opened.fields["ticket"]
        request = KnownRequest(ticket["reference"], ticket["kind"], ticket["due"], str(slots["email"]))
        await asyncio.to_thread(self._inbox.remember_request, sender.person, request)
        text = opened.text(self._engine, sender.language)
        return self._message(text, sender.language), text

    async def _read_fields(
        self, given: Mapping[str, str], sender: Sender, name: str
    ) -> tuple[dict[str, str], dict[str, Any]]:
        masked = {name: self._masked(given[name], sender.language) for name in WRITTEN}
        written = {name: text for name, (text, _) in masked.items()}
        kinds = dict.fromkeys(kind for _, found in masked.values() for kind in found)
        slots: dict[str, Any] = {
            "ticket_kind": given["kind"],
            "request_id": str(uuid.uuid5(NAMESPACE, name)),
            "relationship": given["relationship"],
            "language": sender.language,
            "masked": list(kinds),
        }
        texts = {"description": written["description"], "email": written["email"]}
        if given["kind"] == "complaint" and written["country"]:
            texts["country"] = written["country"]
        # One after the other would cost the sum of their times, and Slack waits three seconds in all.
        read = await asyncio.gather(*(self._step(step, text, slots, name) for step, text in texts.items()))
        errors: dict[str, str] = {}
        for (step, text), outcome in zip(texts.items(), read, strict=True):
            error = self._problem(step, text, outcome, sender.language)
            if error:
                errors[step] = error
            slots[step] = outcome.slots.get(step)
        slots["name"] = written["name"]
        slots.setdefault("country", "")
        slots["marks"] = next((outcome.slots["marks"] for outcome in read if outcome.slots.get("marks")), None)
        return errors, slots

    async def _step(self, step: str, text: str, slots: Mapping[str, Any], name: str) -> Outcome:
        """Have one field read as if it had been asked for in the conversation."""
        known = {**slots, "requested_slot": step, "attempts": 0}
        if not text:
            return await call_action(self._engine, READS, name, CHANNEL, known, "/skip", "skip")
        return await call_action(self._engine, READS, name, CHANNEL, known, text)

    def _problem(self, step: str, text: str, outcome: Outcome, language: str) -> str | None:
        """Return why a field was not understood, in the conversation's own words."""
        if outcome.slots.get("pending") or outcome.slots.get(step) is None:
            said = [one.text(self._engine, language) for one in outcome.said]
            return clamped(" ".join(said), 300) or word("form_failed", language)
        return None

    async def _summary(self, slots: Mapping[str, Any], sender: Sender, name: str) -> View:
        outcome = await call_action(self._engine, READS_BACK, name, CHANNEL, slots)
        texts = [one.text(self._engine, sender.language) for one in outcome.said]
        if slots.get("masked"):
            texts.insert(0, self._told(tuple(slots["masked"]), sender.language))
        return self._modal(
            sender.language,
            CONFIRM,
            [section(marked_up(text)) for text in texts if text],
            word("form_send", sender.language),
            name,
        )

    async def _not_sent(
        self, outcome: Outcome, slots: dict[str, Any], sender: Sender, name: str, view: Mapping[str, Any]
    ) -> Answer:
        """Say why it was not sent: the desk did not answer, or the same request exists already."""
        if outcome.slots.get("asking") not in {"similar", "failed"}:
            said = " ".join(one.text(self._engine, sender.language) for one in outcome.said)
            return self._once_more(said or word("form_failed", sender.language), sender.language, view)
        told = {**slots, "asking": outcome.slots["asking"]}
        if outcome.slots.get("similar_told"):
            told["similar_told"] = outcome.slots["similar_told"]
        await asyncio.to_thread(self._inbox.keep_draft, name, {**told, "asking": None})
        try:
            return {"response_action": "update", "view": await self._summary(told, sender, name)}
        except ActionUnavailable:
            return self._once_more(word("form_failed", sender.language), sender.language, view)

    def _once_more(self, text: str, language: str, view: Mapping[str, Any]) -> Answer:
        """Show why it did not work; what was filled in is kept, and sending again makes one request."""
        name = str(view.get("private_metadata") or "")
        blocks = [section(marked_up(text))]
        return {
            "response_action": "update",
            "view": self._modal(language, CONFIRM, blocks, word("form_send", language), name),
        }

    def _message(self, text: str, language: str) -> Answer:
        return {"response_action": "update", "view": self._modal(language, CONFIRM, [section(marked_up(text))])}

    def _modal(
        self, language: str, name: str, blocks: list[dict[str, Any]], submit: str | None = None, draft: str = ""
    ) -> View:
        view: View = {
            "type": "modal",
            "callback_id": name,
            "title": plain(word("form_title", language), 24),
            "close": plain(word("form_close" if submit else "form_done", language), 24),
            "private_metadata": draft,
            "blocks": blocks,
        }
        return {**view, "submit": plain(submit, 24)} if submit else view

    def _fields(self, language: str, description: str) -> list[dict[str, Any]]:
        flows = self._engine.words.catalogue.flows
        kinds = [_option(flows[kind][language], kind) for kind in TICKET_FLOWS]
        related = [_option(word(f"form_relationship_{one}", language), one) for one in RELATIONSHIPS]
        text = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_DESCRIPTION}
        if description:
            text["initial_value"] = description[:LONGEST_DESCRIPTION]
        line = {"type": "plain_text_input", "max_length": LONGEST_SHORT_TEXT}
        hint = word("form_description_hint", language)
        return [
            _input("kind", word("form_kind", language), {"type": "static_select", "options": kinds}),
            _input("description", word("form_description", language), text, optional=True, hint=hint),
            _input("relationship", word("form_relationship", language), {"type": "static_select", "options": related}),
            _input("email", word("form_email", language), {**line, "max_length": 320}),
            _input("name", word("form_name", language), line, optional=True),
            _input("country", word("form_country", language), line, optional=True),
        ]

    def _language_of(self, view: Mapping[str, Any]) -> str:
        """Return the language that a page is written in."""
        title = str((view.get("title") or {}).get("text") or "")
        return next((one for one in LANGUAGES if word("form_title", one) == title), DEFAULT_LANGUAGE)

    def _masked(self, text: str, language: str) -> tuple[str, tuple[str, ...]]:
        masked = mask(visible(text), language)
        return masked.text, masked.kinds

    def _told(self, kinds: tuple[str, ...], language: str) -> str:
        names = ", ".join(KINDS[kind].title[language] for kind in kinds if kind in KINDS)
        return str(self._engine.words.say(MASKED, language, kinds=names).get("text") or "")


def sender_of(team: str, user: str, language: str | None) -> Sender:
    """Return who sends a form."""
    return Sender(f"{team}:{user}", language or DEFAULT_LANGUAGE)


def _draft_name(view: Mapping[str, Any], sender: Sender) -> str:
    """Name the draft by the window it is filled in, which nobody else can send."""
    return f"{sender.person}:form:{view.get('root_view_id') or view.get('id')}"


def _given(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what was filled in, field by field."""
    values = (view.get("state") or {}).get("values") or {}
    given = dict.fromkeys(("kind", "description", "relationship", "email", "name", "country"), "")
    for field, actions in values.items():
        for action in actions.values():
            chosen = (action.get("selected_option") or {}).get("value")
            given[field] = str(chosen if chosen is not None else action.get("value") or "").strip()
    given["kind"] = given["kind"] if given["kind"] in TICKET_FLOWS else "inquiry"
    given["relationship"] = given["relationship"] if given["relationship"] in RELATIONSHIPS else "unsure"
    return given


def _wrong(field: str, text: str) -> Answer:
    return {"response_action": "errors", "errors": {field: clamped(text, 300)}}


def _option(title: str, value: str) -> dict[str, Any]:
    return {"text": plain(title), "value": value}


def _input(
    name: str, label: str, element: Mapping[str, Any], optional: bool = False, hint: str | None = None
) -> dict[str, Any]:
    block = {
        "type": "input",
        "block_id": name,
        "label": plain(label, 2000),
        "optional": optional,
        "element": {**element, "action_id": name},
    }
    return {**block, "hint": plain(hint, 2000)} if hint else block
