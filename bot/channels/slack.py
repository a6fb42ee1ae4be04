"""Slack's way in for visitors: messages, mentions, threads, /privacy, a shortcut and the home tab."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty
from slack_bolt.adapter.sanic import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack_events import Arrivals
from bot.channels.slack_form import ASK, CHANNEL, CONFIRM, Form, sender_of
from bot.channels.slack_home import NEW_REQUEST
from bot.channels.slack_inbox import Inbox
from bot.channels.slack_markup import unwrapped
from bot.channels.slack_runner import Runner
from bot.channels.slack_turns import Turns
from bot.engine import Engine, engine_of
from bot.nlg import DEFAULT_LANGUAGE
from bot.settings import Settings

logger = logging.getLogger(__name__)

COMMAND = "/privacy"
SHORTCUT = "privacy_request_from_message"
ANYTHING = re.compile(".*", re.DOTALL)
API_SECONDS = 10
RETRIES = 3
# Slack waits three seconds for the answer to a form; what is left is for the way there and back.
FORM_SECONDS = 2.2


class SlackInput(InputChannel):
    """The channel named in credentials.yml; without settings for Slack it brings no routes."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Remember the settings; everything else begins with the server."""
        self._settings = settings or Settings.from_environment()
        self._parts: Parts | None = None
        self._socket: AsyncSocketModeHandler | None = None

    @classmethod
    def name(cls) -> str:
        """Return the name that is part of the address."""
        return CHANNEL

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the one route that Slack calls; messages go through the engine and not through Rasa's callback."""
        blueprint = Blueprint(CHANNEL)
        if not self._settings.slack_is_on:
            return blueprint
        blueprint.listener("after_server_start")(self._begin)
        blueprint.listener("before_server_stop")(self._end)
        if self._settings.slack_visitor_signing_secret:
            # Without a secret a request could not be told from a forged one, so there is no route then.
            blueprint.add_route(self._handler(), "/events", methods=["POST"])
        return blueprint

    def _handler(self) -> Callable[[Request], Awaitable[HTTPResponse]]:
        async def events(request: Request) -> HTTPResponse:
            """Take whatever Slack sends."""
            if self._parts is None:
                return empty(503, {"Retry-After": "5"})
            if not _makes_sense(request):
                return empty(400)
            return await AsyncSlackRequestHandler(self._parts.app).handle(request)

        return events

    async def _begin(self, app: Sanic, loop: Any) -> None:
        self._parts = Parts(engine_of(app), self._settings)
        self._parts.runner.start()
        if self._settings.slack_visitor_app_token:
            self._socket = AsyncSocketModeHandler(
                self._parts.app, self._settings.slack_visitor_app_token, web_client=self._parts.client
            )
            await self._socket.connect_async()

    async def _end(self, app: Sanic, loop: Any) -> None:
        if self._socket is not None:
            await self._socket.close_async()
        if self._parts is not None:
            await self._parts.runner.stop()


class Parts:
    """Everything that lives while the server does, and what answers each kind of request."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Build the parts over the engine."""
        self.client = web_client(settings)
        self.inbox = Inbox(engine.store.engine)
        self.turns = Turns(engine, self.inbox, self.client)
        self.form = Form(engine, self.inbox)
        self.runner = Runner(self.inbox, self.turns.work, settings.tracker_retention_days)
        self.arrivals = Arrivals(self.inbox, self.client, self.turns.language_of)
        self.app = self._bolt(settings)

    def _bolt(self, settings: Settings) -> AsyncApp:
        """Build slack_bolt's app; it checks signatures and answers Slack's challenge.

        Everything is written down before it is acknowledged, hence `process_before_response`: what takes time runs
        from the inbox, not from here.
        """
        app = AsyncApp(
            logger=_sdk_log(),
            signing_secret=settings.slack_visitor_signing_secret or "",
            # Without a token of its own: bolt takes that from `authorize`, and warns of a second one.
            client=AsyncWebClient(base_url=settings.slack_visitor_api_url, logger=_sdk_log()),
            authorize=_authorize(settings.slack_visitor_bot_token or ""),
            process_before_response=True,
            ignoring_self_events_enabled=False,
        )
        app.event(ANYTHING)(self._event)
        app.action(NEW_REQUEST)(ack=_acknowledge, lazy=[self._open_from_home])
        app.action(ANYTHING)(self._action)
        app.command(COMMAND)(ack=_acknowledge, lazy=[self._open_from_command])
        app.shortcut(SHORTCUT)(ack=_acknowledge, lazy=[self._open_from_message])
        app.view(ASK)(self._first_page)
        app.view(CONFIRM)(self._second_page)
        return app

    async def _event(self, body: dict[str, Any]) -> None:
        if await self.arrivals.event(body):
            self.runner.wake()

    async def _action(self, body: dict[str, Any], ack: Any) -> None:
        if await self.arrivals.click(body):
            self.runner.wake()
        await ack()

    async def _open_from_command(self, body: dict[str, Any]) -> None:
        await self._open(str(body["team_id"]), str(body["user_id"]), body, unwrapped(str(body.get("text") or "")))

    async def _open_from_home(self, body: dict[str, Any]) -> None:
        await self._open(str(body["team"]["id"]), str(body["user"]["id"]), body, "")

    async def _open_from_message(self, body: dict[str, Any]) -> None:
        text = unwrapped(str((body.get("message") or {}).get("text") or ""))
        await self._open(str(body["team"]["id"]), str(body["user"]["id"]), body, text)

    async def _open(self, team: str, user: str, body: dict[str, Any], text: str) -> None:
        """Open the form; Slack allows it for three seconds, so a slow look at the language is not waited for."""
        language = None
        with contextlib.suppress(asyncio.TimeoutError):
            language = await asyncio.wait_for(self.turns.language_of(team, user), 1.0)
        view = self.form.first_page(language or DEFAULT_LANGUAGE, text)
        try:
            await self.client.views_open(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as error:
            logger.warning("The form could not be opened: %s.", error.response.get("error"))

    async def _first_page(self, body: dict[str, Any], ack: Any) -> None:
        await ack(**await self._in_time(self._read(body), lambda: self.form.read_late(body["view"])))

    async def _second_page(self, body: dict[str, Any], ack: Any) -> None:
        if not body["view"].get("submit"):
            await ack()
            return
        await ack(**await self._in_time(self._send(body), lambda: self.form.sent_late(body["view"])))

    async def _in_time(
        self, work: Coroutine[Any, Any, dict[str, Any]], late: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what the work answers, or what to say when Slack cannot wait; the work goes on all the same."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.wait_for(asyncio.shield(task), FORM_SECONDS)
        except asyncio.TimeoutError:
            task.add_done_callback(_take_notice)
            return late()

    async def _read(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self.form.read(body["view"], await self._sender(body))

    async def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send the request; that it was received is also told in the messages, even when the form could not wait."""
        answer, text = await self.form.send(body["view"], await self._sender(body))
        if text and await self.arrivals.opened(body, text):
            self.runner.wake()
        return answer

    async def _sender(self, body: dict[str, Any]) -> Any:
        team, user = str(body["team"]["id"]), str(body["user"]["id"])
        return sender_of(team, user, await self.turns.language_of(team, user))


def web_client(settings: Settings) -> AsyncWebClient:
    """Return the way to Slack, which waits when it is told to and tries again when Slack fails."""
    return AsyncWebClient(
        settings.slack_visitor_bot_token,
        base_url=settings.slack_visitor_api_url,
        timeout=API_SECONDS,
        logger=_sdk_log(),
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=RETRIES),
            AsyncRateLimitErrorRetryHandler(max_retry_count=RETRIES),
            AsyncServerErrorRetryHandler(max_retry_count=RETRIES),
        ],
    )


def _take_notice(task: asyncio.Future[Any]) -> None:
    """Log why late work failed; nobody waits for it any more."""
    if not task.cancelled() and task.exception() is not None:
        logger.error("A form could not be handled.", exc_info=task.exception())


def _sdk_log() -> logging.Logger:
    """Return the log of Slack's libraries, which write down whole messages at DEBUG and therefore never get there."""
    log = logging.getLogger("slack_sdk.visitors")
    log.setLevel(max(logging.INFO, logging.getLogger().getEffectiveLevel()))
    return log


def _makes_sense(request: Request) -> bool:
    """Tell whether the body has a shape that slack_bolt can read; it fails on every other."""
    try:
        body = request.body.decode("utf-8")
        if request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json":
            return isinstance(json.loads(body), dict)
        fields = dict(parse_qsl(body))
        return "payload" not in fields or isinstance(json.loads(fields["payload"]), dict)
    except (ValueError, RecursionError):
        return False


async def _acknowledge(ack: Any) -> None:
    await ack()


def _authorize(token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Return who we are without asking Slack: an app in one workspace knows, and asking would lose events when away."""

    async def authorize(enterprise_id: str | None, team_id: str | None, **_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize
