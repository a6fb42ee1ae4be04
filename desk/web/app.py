"""Builds the web desk: pages, interface for programs, static files and the safety around them, over one desk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

from desk.application import Desk, current_desk
from desk.settings import read_environment
from desk.slack.endpoint import mount_slack
from desk.web import failures
from desk.web.api import routes as api_routes
from desk.web.headers import SafeHeaders
from desk.web.oidc import Provider, oidc_settings
from desk.web.pages import ALL
from desk.web.rendering import STATIC
from desk.web.static import LastingStatic
from desk.web.visiting import BROWSER, cookies_of, new_browser_cookie

_FORM_BYTES = 1024 * 1024


def create_app(desk: Desk | None = None, values: Mapping[str, str] | None = None) -> FastAPI:
    """Build the application; without a desk and settings it takes those of this process."""
    desk = desk or current_desk()
    app = FastAPI(
        title="Privacy desk",
        version="1",
        description="Tickets, letters and figures of the data protection team, for programs.",
        docs_url=None,
        redoc_url=None,
        # The description of the interface is a route of its own, declared like all others.
        openapi_url=None,
        lifespan=_lifespan,
        # A file and the form around it; more is turned away while it is still coming in.
        max_body_size=desk.settings.attachment_bytes + _FORM_BYTES,
    )
    app.state.desk = desk
    values = read_environment() if values is None else values
    app.state.metrics_token = values.get("DESK_METRICS_TOKEN") or None
    oidc = oidc_settings(values)
    app.state.provider = Provider(oidc, desk.settings) if oidc else None
    for pages in (*ALL, api_routes.pages):
        app.include_router(pages.router)
    app.include_router(api_routes.api.router)
    mount_slack(app, app.state.desk)
    app.mount("/static", LastingStatic(directory=STATIC), name="static")
    app.middleware("http")(_bind_browser)
    app.add_middleware(SafeHeaders, https=desk.settings.desk_url.startswith("https://"))
    failures.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.desk.close()


async def _bind_browser(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Give every browser a name of its own, so that the forms it gets can be told from anybody else's."""
    known = request.cookies.get(BROWSER)
    request.state.browser = known or new_browser_cookie()
    response = await call_next(request)
    if known is None and request.method == "GET" and response.headers.get("content-type", "").startswith("text/html"):
        cookies_of(request).keep(response, BROWSER, request.state.browser)
    return response
