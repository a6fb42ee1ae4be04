"""The sentence about what was just done, carried over the redirect in a cookie that names a text, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.web.translations import Language, UnknownText, translate

COOKIE = "desk_said"
Tone = Literal["good", "bad", "soon", "info"]
_TONES: dict[str, Tone] = {"good": "good", "bad": "bad", "soon": "soon", "info": "info"}


@dataclass(frozen=True)
class Said:
    """A sentence and how it is meant."""

    tone: Tone
    text: str


def go(url: str, key: str | None = None, tone: Tone = "good", **values: object) -> RedirectResponse:
    """Send the browser on by GET, and have the next page say what was done."""
    response = RedirectResponse(url, status_code=303)
    if key is not None:
        pairs = {"key": key, "tone": tone, **{f"v.{name}": str(value) for name, value in values.items()}}
        response.set_cookie(COOKIE, urlencode(pairs), max_age=60, httponly=True, samesite="lax")
    return response


def read_said(request: Request, language: Language) -> Said | None:
    """Give the sentence that the last answer left, if it names a text there really is."""
    pairs = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    key = pairs.get("key")
    if not key:
        return None
    values = {name[2:]: value for name, value in pairs.items() if name.startswith("v.")}
    try:
        return Said(_TONES.get(pairs.get("tone", ""), "info"), translate(language, key, **values))
    except (UnknownText, KeyError, ValueError, IndexError, AttributeError):
        # Somebody changed the cookie by hand; there is nothing to say then.
        return None


def forget_said(response: Response) -> None:
    """Have the sentence said once only."""
    response.delete_cookie(COOKIE)
