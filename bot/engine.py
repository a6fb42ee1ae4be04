"""Takes a visitor's message through one turn of the conversation; every channel stands on it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import LockError
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Sanic
from sqlalchemy.exc import SQLAlchemyError

from bot.actions_endpoint import ActionsEndpoint, watching_actions
from bot.channels.errors import erased, unavailable
from bot.channels.messages import Message, identified, of_stored_reply, rendered
from bot.channels.texts import as_plain_text
from bot.guard import mask
from bot.guard.kinds import KINDS
from bot.metrics import measured_turn
from bot.nlg import DEFAULT_LANGUAGE, AnswerGenerator, language_of
from bot.overrides import remove_silent_fallback
from bot.settings import Settings
from bot.tracker_store import ConversationErased, ConversationStore, StoredTurn

logger = logging.getLogger(__name__)

GREETING = "utter_greeting"
FAILURE = "utter_failure"
MASKED = "utter_masked"
FORGOTTEN = "utter_forgotten"
WELCOME_BACK = "utter_welcome_back_open"
SESSION_EXPIRED = "utter_session_expired"
SECONDS_AFTER_WHICH_SOMEBODY_COMES_BACK = 60 * 60
DAY = 86400.0
GREETING_TURN = "greeting"


@dataclass(frozen=True)
class Incoming:
    """A message as a channel hands it over: cleaned, and known to belong to the conversation."""

    conversation: str
    text: str
    message_id: str
    channel: str
    language: str | None = None
    title: str | None = None
    """What the button said, when the text is the payload of one that was offered.

    A channel sets it only where the payload cannot have been typed, as in a click that Slack has signed.
    """
    masked: tuple[str, ...] = ()
    """Which kinds of numbers the guard took out of the text."""
    notice_language: str | None = None
    session_began: int = 0
    """When the visitor's session began, in seconds since 1970; 0 where a channel has no sessions."""
    forgotten: bool = False
    """Whether what was said before, if anything, has been forgotten because its time was over."""

    def metadata(self) -> dict[str, Any]:
        """Return what is kept with the message beside its text."""
        parts = {
            "language": self.language,
            "title": self.title,
            "masked": list(self.masked),
            "notice_language": self.notice_language,
            "forgotten": self.forgotten,
        }
        return {name: value for name, value in parts.items() if value}


class Engine:
    """Runs turns one after the other within a conversation, each message once."""

    def __init__(self, current_agent: Callable[[], Agent | None], settings: Settings) -> None:
        """Take how to find the agent, because Rasa loads it after the channels are set up."""
        self._current_agent = current_agent
        self._settings = settings

    @property
    def agent(self) -> Agent:
        """Return the agent, or fail as unavailable while no model is loaded."""
        agent = self._current_agent()
        if agent is None or not agent.is_ready():
            raise unavailable("No model is loaded yet. Please try again.")
        self._prepare(agent)
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
        turn.add_done_callback(_take_notice)
        await asyncio.shield(turn)

    async def erase(self, conversation: str) -> None:
        """Delete everything of the conversation, after the turn that may be running."""
        async with self.agent.lock_store.lock(conversation):
            self.store.erase(conversation)

    async def history(self, conversation: str, language: str | None, began: int = 0) -> list[Message]:
        """Return the conversation from the greeting on, each message with who said it."""
        messages = [{**message, "from": "assistant"} for message in self.greeting(language)]
        turns = self.store.turns(conversation)
        for turn in turns:
            messages.append(_visitors(turn))
            messages.extend({**message, "from": "assistant"} for message in self._replies(turn))
        said = await self._on_return(conversation, turns[-1]) if turns else self._on_loss(language, began)
        return [*messages, *({**message, "from": "assistant"} for message in said)]

    def words_of_ended_session(self, language: str | None) -> str:
        """Return what becomes of a conversation whose token is worth nothing any more."""
        return str(self.words.say(SESSION_EXPIRED, language or DEFAULT_LANGUAGE)["text"])

    async def _on_return(self, conversation: str, latest: StoredTurn) -> list[Message]:
        """Tell somebody who comes back in the middle of a request what is still there; it is not part of the talk."""
        tracker = await self.store.retrieve(conversation) if _is_long_ago(latest.user) else None
        if tracker is None or not tracker.active_loop_name:
            return []
        response = self.words.say(WELCOME_BACK, language_of(tracker), **_open_flow(tracker))
        return identified(rendered(response), f"return:{latest.user.get('message_id')}", 0)

    def _on_loss(self, language: str | None, began: int) -> list[Message]:
        """Tell the holder of an old token that what may have been said is forgotten, rather than only greet."""
        if not self._may_have_forgotten(began):
            return []
        return identified(rendered(self.words.say(FORGOTTEN, language or DEFAULT_LANGUAGE)), "forgotten", 0)

    def _may_have_forgotten(self, began: int) -> bool:
        return 0 < began < time.time() - self._settings.tracker_retention_days * DAY

    async def close(self) -> None:
        """Let go of the connection to the action server."""
        agent = self._current_agent()
        endpoint = agent.processor.action_endpoint if agent is not None and agent.processor is not None else None
        if isinstance(endpoint, ActionsEndpoint):
            await endpoint.close()

    def _prepare(self, agent: Agent) -> None:
        """Put our parts in the agent's places that endpoints.yml does not reach."""
        remove_silent_fallback(agent)
        processor = agent.processor
        if isinstance(processor.action_endpoint, ActionsEndpoint):
            return
        processor.action_endpoint = ActionsEndpoint(
            self._settings.actions_url,
            self._settings.actions_timeout_seconds,
            agent.domain,
            lambda conversation: self.store.said(conversation),
        )

    async def _turn(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        agent, store = self.agent, self.store
        with measured_turn(incoming.channel) as measured:
            try:
                async with agent.lock_store.lock(incoming.conversation):
                    stored = store.turn(incoming.conversation, incoming.message_id)
                    if stored is None:
                        if not await self._run(agent, incoming, sink):
                            measured.kind = "failure"
                        return
            except LockError:
                raise unavailable("An earlier message is still being answered. Please try again.") from None
            except ConversationErased:
                raise erased() from None
            measured.kind = "repeat"
            for message in self._replies(stored):
                sink(message)

    async def _run(self, agent: Agent, incoming: Incoming, sink: Callable[[Message], None]) -> bool:
        """Answer a new message and return whether that went well; if not, the visitor was told."""
        if self._may_have_forgotten(incoming.session_began) and not self.store.is_known(incoming.conversation):
            incoming = replace(incoming, forgotten=True)
        incoming = await self._guarded(self._allowed(incoming))
        output = TurnOutput(incoming, sink)
        for message in self._notice(incoming.metadata()):
            output.send(message)
        message = UserMessage(
            incoming.text,
            output,
            incoming.conversation,
            None,
            incoming.channel,
            incoming.message_id,
            incoming.metadata(),
        )
        with watching_actions() as watch:
            crashed = await _crashed(agent, message)
        if crashed:
            await self._keep_message(incoming)
        failed = crashed or watch.failed or not output.has_answered
        if failed and not output.has_admitted_failure:
            await self._admit_failure(incoming, output)
        return not (failed or output.has_admitted_failure)

    def _allowed(self, incoming: Incoming) -> Incoming:
        """Let a payload through when it was offered in this conversation; else what looks like one is only text."""
        if incoming.title is not None or not incoming.text.startswith("/"):
            return incoming
        for message in self._offering(incoming):
            for button in message.get("buttons", []):
                if button["payload"] == incoming.text:
                    return replace(incoming, title=button["title"])
        return replace(incoming, text=as_plain_text(incoming.text))

    def _offering(self, incoming: Incoming) -> Iterator[Message]:
        """Return what was said in the conversation from the latest back to the greeting."""
        for place, reply in enumerate(self.store.replies_newest_first(incoming.conversation)):
            if place == 0 and _is_long_ago(reply):
                nothing = {"ticket_kind": "", "open_step": ""}
                yield from rendered(self.words.say(WELCOME_BACK, incoming.language or DEFAULT_LANGUAGE, **nothing))
            yield from of_stored_reply(reply)
        yield from self.greeting(incoming.language)

    async def _guarded(self, incoming: Incoming) -> Incoming:
        """Take out numbers nobody should send; from here on nothing knows them any more."""
        if incoming.title is not None or not mask(incoming.text, DEFAULT_LANGUAGE).kinds:
            return incoming
        tracker = await self.store.retrieve(incoming.conversation)
        language = _language(tracker, incoming)
        masked = mask(incoming.text, language)
        return replace(incoming, text=masked.text, masked=masked.kinds, notice_language=language)

    def _notice(self, metadata: dict[str, Any]) -> list[Message]:
        """Return what is said before the answer: that earlier talk is gone, and about numbers that were taken out."""
        language = metadata.get("notice_language") or metadata.get("language") or DEFAULT_LANGUAGE
        lost = rendered(self.words.say(FORGOTTEN, language)) if metadata.get("forgotten") else []
        kinds = [kind for kind in metadata.get("masked") or [] if kind in KINDS]
        if not kinds:
            return lost
        names = ", ".join(KINDS[kind].title[language] for kind in kinds)
        return [*lost, *rendered(self.words.say(MASKED, language, kinds=names))]

    def _replies(self, turn: StoredTurn) -> list[Message]:
        said = [message for reply in turn.replies for message in of_stored_reply(reply)]
        notice = self._notice(turn.user.get("metadata") or {})
        return identified([*notice, *said], str(turn.user.get("message_id")), 0)

    async def _keep_message(self, incoming: Incoming) -> None:
        """Store a message whose turn broke off, so that what was typed is not lost."""
        tracker = await self.store.get_or_create_tracker(incoming.conversation)
        if self.store.turn(incoming.conversation, incoming.message_id) is not None:
            return
        tracker.update(
            UserUttered(
                incoming.text,
                input_channel=incoming.channel,
                message_id=incoming.message_id,
                metadata=incoming.metadata(),
            )
        )
        await self.store.save(tracker)

    async def _admit_failure(self, incoming: Incoming, output: TurnOutput) -> None:
        """Say that it did not work, and keep that with the conversation as if a rule had said it."""
        tracker = await self.store.get_or_create_tracker(incoming.conversation)
        response = self.words.say(FAILURE, _language(tracker, incoming))
        event = BotUttered(
            response.pop("text", ""), {"buttons": response.pop("buttons", None)}, {**response, "utter_action": FAILURE}
        )
        if FAILURE in (self.agent.domain.action_names_or_texts if self.agent.domain else ()):
            tracker.update(ActionExecuted(FAILURE))
        tracker.update(event)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        await self.store.save(tracker)
        await output.send_response(incoming.conversation, event.message())


class TurnOutput(OutputChannel):
    """Receives what Rasa says during one turn and passes it on as messages."""

    def __init__(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        """Number the messages from the turn's beginning."""
        self._incoming = incoming
        self._sink = sink
        self._sent = 0
        self.has_answered = False
        self.has_admitted_failure = False

    def name(self) -> str:  # type: ignore[override]
        """Return the channel's name, by which responses can be told apart."""
        return self._incoming.channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Pass a response on whole; Rasa's own splitting by paragraphs and kinds does not fit the contract."""
        self.has_answered = True
        self.has_admitted_failure |= str(message.get("utter_action", "")).startswith(FAILURE)
        for part in rendered(message):
            self.send(part)

    def send(self, message: Message) -> None:
        """Pass on a message with its number."""
        (numbered,) = identified([message], self._incoming.message_id, self._sent)
        self._sent += 1
        self._sink(numbered)


def engine_of(app: Sanic) -> Engine:
    """Return the app's one engine, which all channels share."""
    context = app.ctx
    if not hasattr(context, "conversation_engine"):
        context.conversation_engine = Engine(lambda: getattr(context, "agent", None), Settings.from_environment())
    engine: Engine = context.conversation_engine
    return engine


async def _crashed(agent: Agent, message: UserMessage) -> bool:
    """Run the turn and tell whether it broke off; a database that is away is another matter and is raised."""
    try:
        await agent.processor.handle_message(message)
    except SQLAlchemyError:
        raise
    except Exception:
        # Whatever went wrong inside Rasa, the visitor is told the truth and the log tells where.
        logger.exception("A turn broke off.")
        return True
    return False


def _language(tracker: DialogueStateTracker | None, incoming: Incoming) -> str:
    if tracker is None:
        return incoming.language or DEFAULT_LANGUAGE
    spoken = tracker.slots["language"].value if "language" in tracker.slots else None
    return language_of(tracker) if spoken else incoming.language or DEFAULT_LANGUAGE


def _is_long_ago(event: Mapping[str, Any]) -> bool:
    """Tell whether something was said so long ago that who goes on from there has come back."""
    return time.time() - float(event.get("timestamp") or 0) > SECONDS_AFTER_WHICH_SOMEBODY_COMES_BACK


def _open_flow(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Return the values that tell which flow is open at which step."""
    slots = tracker.current_slot_values()
    pending = slots.get("pending") or {}
    return {"ticket_kind": slots.get("ticket_kind"), "open_step": pending.get("step") or slots.get("requested_slot")}


def _visitors(turn: StoredTurn) -> Message:
    user = turn.user
    shown = (user.get("metadata") or {}).get("title") or user.get("text") or ""
    return {"id": str(user.get("message_id")), "text": shown, "from": "visitor"}


def _take_notice(turn: asyncio.Future[None]) -> None:
    """Look at a turn's error when nobody waits for it any more, so that Python does not complain about it."""
    if not turn.cancelled():
        turn.exception()
