"""Slack's way to the buttons: a signed request to the web desk, or a socket for who has no public address."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_bolt.adapter.starlette.handler import to_starlette_response
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from desk.application import Desk
from desk.slack.actions import make_app

_LOG = logging.getLogger(__name__)
PATH = "/slack/events"
_LARGEST_BODY = 256 * 1024


def mount_slack(app: FastAPI, desk: Desk) -> None:
    """Add the way in that the settings ask for; without settings there is none."""
    settings = desk.settings
    if not settings.slack_team_is_on:
        return
    slack = make_app(desk)
    if settings.slack_team_signing_secret:
        # Without a secret a request could not be told from a forged one, so there is no route then.
        app.add_api_route(PATH, _route(slack), methods=["POST"], include_in_schema=False, response_model=None)
    if settings.slack_team_app_token:
        _keep_socket(app, slack, settings.slack_team_app_token)


def _route(slack: App) -> Callable[[Request], Awaitable[Response]]:
    async def events(request: Request) -> Response:
        """Take a press of a button; what it does may wait for the database, so it has a thread of its own."""
        body = await request.body()
        if len(body) > _LARGEST_BODY:
            return Response(status_code=413)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Response(status_code=400)
        asked = BoltRequest(body=text, query=request.url.query, headers=dict(request.headers))
        return to_starlette_response(await run_in_threadpool(slack.dispatch, asked))

    return events


def _keep_socket(app: FastAPI, slack: App, token: str) -> None:
    """Open a socket with the server and close it with it."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        handler = SocketModeHandler(slack, token, web_client=slack.client)
        await run_in_threadpool(handler.connect)
        try:
            async with inner(served):
                yield
        finally:
            await run_in_threadpool(handler.close)

    app.router.lifespan_context = lifespan
