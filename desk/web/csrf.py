"""Proof that a form came from our own page: a token bound to the browser's cookie, and the origin the browser names."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

FIELD = "csrf"
HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignForm(Exception):
    """The form was not sent from a page of this desk, or the page is older than the session."""


def token_for(secret: str, cookie: str) -> str:
    """Give the token that belongs to a cookie; who cannot read the page cannot compute it."""
    return hmac.new(secret.encode(), b"form:" + cookie.encode(), hashlib.sha256).hexdigest()


async def require_own_form(request: Request, expected: str) -> None:
    """Raise unless the request carries the token of its own cookie and names no foreign origin."""
    if _is_foreign(request):
        raise ForeignForm
    sent = request.headers.get(HEADER) or await _sent_in_form(request)
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise ForeignForm


async def _sent_in_form(request: Request) -> str:
    value = (await request.form()).get(FIELD)
    return value if isinstance(value, str) else ""


def _is_foreign(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
