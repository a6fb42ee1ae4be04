"""For who runs the desk: is it well, how does it do; and the static files of the pages."""

from __future__ import annotations

import hmac
import ipaddress
import logging

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, RedirectResponse, Response

from desk import health as desk_health
from desk.domain.errors import NotFound
from desk.web.metrics import DeskCollector
from desk.web.permissions import Permission
from desk.web.routing import Pages
from desk.web.visiting import desk_of

pages = Pages()
_ESSENTIAL = frozenset({"database", "tables", "keys"})
log = logging.getLogger(__name__)


@pages.get("/", Permission.SIGNED_IN)
def home() -> Response:
    """Begin with the queue."""
    return RedirectResponse("/queue", status_code=303)


@pages.get("/health", Permission.PUBLIC)
def health(request: Request) -> Response:
    """Say whether the desk can work: every part is tried, the database by a real write."""
    result = desk_health.check(desk_of(request))
    failing = {check.name for check in result.checks if not check.ok}
    for check in result.checks:
        if not check.ok:
            log.warning("unhealthy: %s: %s", check.name, check.says)
    # A late worker or a mail server that is away is no reason to take the desk itself out of service.
    status = "unavailable" if failing & _ESSENTIAL else "degraded" if failing else "ok"
    body = {"status": status, "checks": {check.name: "ok" if check.ok else "failing" for check in result.checks}}
    return JSONResponse(body, 503 if status == "unavailable" else 200)


@pages.get("/metrics", Permission.PUBLIC)
def metrics(request: Request) -> Response:
    """Give figures to a monitoring system on this machine, or to one that holds the token."""
    if not _may_measure(request):
        # Who may not see it need not know that it is here.
        raise NotFound("There is nothing here.")
    registry = CollectorRegistry()
    registry.register(DeskCollector(desk_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _may_measure(request: Request) -> bool:
    token: str | None = request.app.state.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is not None:
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy on the same machine everybody seems to be local; a forwarded request is therefore never local.
    if "x-forwarded-for" in request.headers or request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
