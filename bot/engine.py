"""Takes a visitor's message through one turn of the conversation; every channel stands on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import LockError
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.events import BotUttered

from bot.channels.errors import ChannelError, unavailable
from bot.channels.messages import Message, identified, of_stored_reply, rendered
from bot.channels.texts import as_plain_text
from bot.nlg import DEFAULT_LANGUAGE, AnswerGenerator
from bot.tracker_store import ConversationStore, StoredTurn

logger = logging.getLogger(__name__)

GREETING = "utter_greeting"
FAILURE = "utter_failure"
GREETING_TURN = "greeting"


@dataclass(frozen=True)
class Incoming:
    """A message as a channel hands it over: cleaned, and known to belong to the conversation."""

    conversation: str
    text: str
    message_id: str
    channel: str
    language: str | None = None


class Engine:
    """Runs turns one after the other within a conversation, each message once."""

    def __init__(self, current_agent: Callable[[], Agent | None]) -> None:
        """Take how to find the agent, because Rasa loads it after the channels are set up."""
        self._current_agent = current_agent

    @property
    def agent(self) -> Agent:
        """Return the agent, or fail as unavailable while no model is loaded."""
        agent = self._current_agent()
        if agent is None or not agent.is_ready():
            raise unavailable("No model is loaded yet. Please try again.")
        _fail_loudly(agent)
        return agent

    @property
    def store(self) -> ConversationStore:
        """Return the tracker store, past Rasa's wrapper."""
        store = self.agent.tracker_store
        if not isinstance(store, ConversationStore):
            raise unavailable("The conversations' store is not configured.")
        return store

    @property
    def words(self) -> AnswerGenerator:
        """Return the generator of the assistant's words."""
        generator = self.agent.nlg
        if not isinstance(generator, AnswerGenerator):
            raise unavailable("The assistant's words are not configured.")
        return generator

    def greeting(self, language: str | None) -> list[Message]:
        """Return what a conversation begins with; it costs no turn."""
        response = self.words.say(GREETING, language or DEFAULT_LANGUAGE)
        return identified(rendered(response), GREETING_TURN, 0)

    async def handle(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        """Answer a message; each reply goes to the sink as it comes.

        The turn runs to its end even when whoever asked has gone, so that a repeated request finds its replies.
        """
        turn = asyncio.ensure_future(self._turn(incoming, sink))
        await asyncio.shield(turn)

    async def erase(self, conversation: str) -> None:
        """Delete everything of the conversation, after the turn that may be running."""
        async with self.agent.lock_store.lock(conversation):
            self.store.erase(conversation)

    def history(self, conversation: str, language: str | None) -> list[Message]:
        """Return the conversation from the greeting on, each message with who said it."""
        messages = [{**message, "from": "assistant"} for message in self.greeting(language)]
        for turn in self.store.turns(conversation):
            messages.append(_visitors(turn))
            messages.extend({**message, "from": "assistant"} for message in self._replies(turn))
        return messages

    async def _turn(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        agent, store = self.agent, self.store
        try:
            async with agent.lock_store.lock(incoming.conversation):
                self._refuse_erased(incoming.conversation)
                stored = store.turn(incoming.conversation, incoming.message_id)
                if stored is None:
                    await self._run(agent, incoming, sink)
                    return
        except LockError:
            raise unavailable("An earlier message is still being answered. Please try again.") from None
        for message in self._replies(stored):
            sink(message)

    def _refuse_erased(self, conversation: str) -> None:
        if self.store.is_erased(conversation):
            raise ChannelError(401, "session_erased", "This conversation was erased. Please start a new one.")

    def _replies(self, turn: StoredTurn) -> list[Message]:
        said = [message for reply in turn.replies for message in of_stored_reply(reply)]
        return identified(said, str(turn.user.get("message_id")), 0)

    async def _run(self, agent: Agent, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        output = TurnOutput(incoming, sink)
        text, title = self._as_allowed(incoming)
        metadata: dict[str, Any] = {"language": incoming.language} if incoming.language else {}
        if title is not None:
            metadata["title"] = title
        message = UserMessage(
            text, output, incoming.conversation, None, incoming.channel, incoming.message_id, metadata
        )
        await agent.processor.handle_message(message)
        if output.said == 0:
            await self._admit_failure(agent, incoming, output)

    def _as_allowed(self, incoming: Incoming) -> tuple[str, str | None]:
        """Return the text for Rasa, and the button's title when it is a payload that was offered."""
        if not incoming.text.startswith("/"):
            return incoming.text, None
        for message in self._offering(incoming):
            for button in message.get("buttons", []):
                if button["payload"] == incoming.text:
                    return incoming.text, button["title"]
        return as_plain_text(incoming.text), None

    def _offering(self, incoming: Incoming) -> Iterator[Message]:
        """Return what was said in the conversation from the latest back to the greeting."""
        for reply in self.store.replies_newest_first(incoming.conversation):
            yield from of_stored_reply(reply)
        yield from self.greeting(incoming.language)

    async def _admit_failure(self, agent: Agent, incoming: Incoming, output: TurnOutput) -> None:
        """Say that it did not work when a turn said nothing, and keep that with the conversation."""
        tracker = await self.store.retrieve(incoming.conversation)
        language = incoming.language or DEFAULT_LANGUAGE
        response = self.words.say(FAILURE, language)
        text = response.pop("text", "")
        event = BotUttered(text, {"buttons": response.pop("buttons", None)}, response)
        if tracker is not None:
            tracker.update(event)
            await self.store.save(tracker)
        await output.send_response(incoming.conversation, event.message())


class TurnOutput(OutputChannel):
    """Receives what Rasa says during one turn and passes it on as messages."""

    def __init__(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        """Number the messages from the turn's beginning."""
        self._incoming = incoming
        self._sink = sink
        self.said = 0

    def name(self) -> str:  # type: ignore[override]
        """Return the channel's name, by which responses can be told apart."""
        return self._incoming.channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Pass a response on whole; Rasa's own splitting by paragraphs and kinds does not fit the contract."""
        for part in identified(rendered(message), self._incoming.message_id, self.said):
            self.said += 1
            self._sink(part)


def _visitors(turn: StoredTurn) -> Message:
    user = turn.user
    shown = (user.get("metadata") or {}).get("title") or user.get("text") or ""
    return {"id": str(user.get("message_id")), "text": shown, "from": "visitor"}


def _fail_loudly(agent: Agent) -> None:
    """Take away the wrapper that makes Rasa go on in memory, unnoticed, when its tracker store fails.

    Holds for Rasa 3.6.21 (rasa/core/agent.py, `_create_tracker_store`); Rasa offers no setting for it.
    """
    wrapper = agent.tracker_store
    if not isinstance(wrapper, FailSafeTrackerStore):
        return
    agent.tracker_store = wrapper._tracker_store
    if agent.processor is not None:
        agent.processor.tracker_store = wrapper._tracker_store
