"""The website widget's way in: sessions, messages, history and erasure over HTTP, as docs and widget know it."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response

from bot.answers import LANGUAGES
from bot.channels.errors import ChannelError, erased, unavailable
from bot.channels.limits import Limits
from bot.channels.messages import Message
from bot.channels.stream import stream_messages
from bot.channels.texts import cleaned
from bot.channels.tokens import Session, SessionExpired, Tokens
from bot.engine import Engine, Incoming, engine_of
from bot.health import Health
from bot.retention import keep_forgetting
from bot.settings import Settings, SettingsError
from bot.topic_reports import keep_reporting, report_once

logger = logging.getLogger(__name__)

NAME = "webchat"
PREFIX = f"/webhooks/{NAME}"
# Room for the longest message with every character escaped, and not more.
MAXIMUM_BODY_BYTES = 64 * 1024
MAXIMUM_ID_LENGTH = 128
SECONDS_TO_STOP = 2.0

Handler = Callable[[Request], Awaitable[Any]]


class WebchatInput(InputChannel):
    """The channel named in credentials.yml."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Prepare tokens and limits; the agent comes later."""
        self._settings = settings or Settings.from_environment()
        if self._settings.webchat_secret is None:
            raise SettingsError(
                "WEBCHAT_SECRET is not set. `make run` generates one; else put 32 random characters into .env."
            )
        self._tokens = Tokens(self._settings.webchat_secret, self._settings.webchat_session_hours)
        self._limits = Limits(self._settings.webchat_rate_limit, self._settings.redis_url)

    @classmethod
    def name(cls) -> str:
        """Return the name that is part of the address."""
        return NAME

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; messages go through the engine and not through Rasa's callback, which has no reply."""
        blueprint = WebchatBlueprint(NAME, self._settings.webchat_origins)
        blueprint.add_route(_route(self.start_session), "/sessions", methods=["POST"])
        blueprint.add_route(_route(self.post_message), "/messages", methods=["POST"])
        blueprint.add_route(_route(self.get_messages), "/messages", methods=["GET"], name="history")
        blueprint.add_route(_route(self.delete_session), "/session", methods=["DELETE"])
        blueprint.add_route(_route(self.get_health), "/health", methods=["GET"])
        blueprint.listener("after_server_start")(self._begin)
        blueprint.listener("before_server_stop")(self._end)
        return blueprint

    async def start_session(self, request: Request) -> HTTPResponse:
        """Issue a token and greet."""
        await self._limits.check_address(self._address(request))
        language = _language(_json_body(request))
        greeting = _engine(request).greeting(language)
        token, session = self._tokens.issue(language)
        return json_response(
            {"token": token, "expires_at": _timestamp(session.expires), "messages": greeting}, status=201
        )

    async def post_message(self, request: Request) -> HTTPResponse | None:
        """Answer a message, as one JSON document or as a stream."""
        session = await self._session(request)
        incoming = _incoming(_json_body(request), session)
        await self._limits.check_conversation(session.conversation)
        engine = _engine(request)
        if "text/event-stream" in request.headers.get("accept", ""):
            await stream_messages(request, lambda sink: engine.handle(incoming, sink))
            return None
        messages: list[Message] = []
        await engine.handle(incoming, messages.append)
        return json_response({"messages": messages})

    async def get_messages(self, request: Request) -> HTTPResponse:
        """Return the conversation so far, oldest first."""
        session = await self._kept_session(request)
        messages = await _engine(request).history(session.conversation, session.language, session.began)
        return json_response({"messages": messages})

    async def delete_session(self, request: Request) -> HTTPResponse:
        """Erase the conversation; its token is worth nothing afterwards."""
        session = await self._kept_session(request)
        await _engine(request).erase(session.conversation)
        return empty()

    async def get_health(self, request: Request) -> HTTPResponse:
        """Say whether every part works, after trying each."""
        await self._limits.check_address(self._address(request))
        context = request.app.ctx
        if not hasattr(context, "conversation_health"):
            context.conversation_health = Health(_engine(request))
        parts = await context.conversation_health.parts()
        if set(parts.values()) == {"ok"}:
            return json_response({"status": "ok", "parts": parts})
        return json_response({**unavailable().body(), "status": "failing", "parts": parts}, status=503)

    async def _begin(self, app: Sanic, loop: Any) -> None:
        app.ctx.forgetting = asyncio.ensure_future(keep_forgetting(engine_of(app), self._settings))
        app.ctx.reporting = asyncio.ensure_future(keep_reporting(engine_of(app)))

    async def _end(self, app: Sanic, loop: Any) -> None:
        app.ctx.forgetting.cancel()
        app.ctx.reporting.cancel()
        await report_once(engine_of(app), seconds=SECONDS_TO_STOP)
        await engine_of(app).close()

    async def _session(self, request: Request) -> Session:
        await self._limits.check_address(self._address(request))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ChannelError(401, "missing_token", "Send the session's token as Authorization: Bearer.")
        try:
            session = self._tokens.check(token.strip())
        except SessionExpired as expired:
            expired.message = _engine(request).words_of_ended_session(expired.session.language)
            raise
        return session

    async def _kept_session(self, request: Request) -> Session:
        """Return the session unless it was erased; a message's turn finds that out by itself."""
        session = await self._session(request)
        if _engine(request).store.is_erased(session.conversation):
            raise erased()
        return session

    def _address(self, request: Request) -> str:
        """Return who asks; a forwarded address counts only when a proxy of ours vouches for it."""
        address = request.ip
        forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        for hop in reversed(forwarded):
            if not self._is_trusted(address):
                break
            address = hop
        return address[:64]

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._settings.trusted_proxies)


class WebchatBlueprint(Blueprint):
    """Routes that answer every error in the shape of the contract and know which origins may ask."""

    def __init__(self, name: str, origins: tuple[str, ...]) -> None:
        """Remember the allowed origins."""
        super().__init__(name)
        self.ctx.origins = origins

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Add what must hold for the whole prefix, unknown addresses included, at the app."""
        super().register(app, options)
        app.config.REQUEST_MAX_SIZE = max(MAXIMUM_BODY_BYTES, 1024 * 1024)
        app.error_handler.add(Exception, self._answer_error)
        app.register_middleware(self._preflight, "request")
        app.register_middleware(self._add_headers, "response")

    def _answer_error(self, request: Request, error: Exception) -> HTTPResponse:
        response = json_response(_as_channel_error(error).body(), status=_as_channel_error(error).status)
        response.headers.update(_as_channel_error(error).headers)
        return response

    async def _preflight(self, request: Request) -> HTTPResponse | None:
        if request.method != "OPTIONS" or not request.path.startswith(PREFIX):
            return None
        return empty(
            headers={
                "Access-Control-Allow-Methods": "GET, POST, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
                "Access-Control-Max-Age": "600",
            }
        )

    async def _add_headers(self, request: Request, response: HTTPResponse) -> None:
        if not request.path.startswith(PREFIX):
            return
        response.headers.update(cors_headers(request, self.ctx.origins))
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"


def _route(method: Callable[[Request], Awaitable[HTTPResponse | None]]) -> Handler:
    """Return the method as a plain function; Sanic writes attributes on handlers, which methods do not take."""

    @functools.wraps(method)
    async def handler(request: Request) -> HTTPResponse | None:
        return await method(request)

    return handler


def cors_headers(request: Request, origins: tuple[str, ...]) -> dict[str, str]:
    """Return what lets the browser of an allowed origin read the answer."""
    origin = request.headers.get("origin")
    if origin is None or not ("*" in origins or origin in origins):
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
    }


def _as_channel_error(error: Exception) -> ChannelError:
    if isinstance(error, ChannelError):
        return error
    if isinstance(error, SanicException):
        status = getattr(error, "status_code", None) or 500
        codes = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 400: "bad_request"}
        return ChannelError(status, codes.get(status, "error"), str(error)[:200] or "Error.")
    logger.exception("A request failed.", exc_info=error)
    return unavailable()


def _engine(request: Request) -> Engine:
    return engine_of(request.app)


def _json_body(request: Request) -> dict[str, Any]:
    body = request.body
    if len(body) > MAXIMUM_BODY_BYTES:
        raise ChannelError(413, "body_too_large", f"A request may have at most {MAXIMUM_BODY_BYTES} bytes.")
    if not body:
        return {}
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise ChannelError(415, "not_json", "Send the request as application/json.")
    try:
        document = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise ChannelError(400, "invalid_utf8", "The request is not valid UTF-8.") from None
    except (ValueError, RecursionError):
        raise ChannelError(400, "invalid_json", "The request is not valid JSON.") from None
    if not isinstance(document, dict):
        raise ChannelError(400, "invalid_json", "The request must be a JSON object.")
    return document


def _language(document: dict[str, Any]) -> str | None:
    language = document.get("language")
    if language is not None and language not in LANGUAGES:
        raise ChannelError(400, "invalid_language", 'The language must be "de", "en" or null.')
    return language


def _incoming(document: dict[str, Any], session: Session) -> Incoming:
    text = document.get("text")
    if not isinstance(text, str):
        raise ChannelError(400, "missing_text", "The field text is missing or not a string.")
    message_id = document.get("id")
    if message_id is None:
        message_id = uuid.uuid4().hex
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAXIMUM_ID_LENGTH or not message_id.isprintable():
        raise ChannelError(400, "invalid_id", f"The field id must be a string of 1 to {MAXIMUM_ID_LENGTH} characters.")
    return Incoming(
        session.conversation, cleaned(text), message_id, NAME, session.language, session_began=session.began
    )


def _timestamp(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
