"""Templates and what every one of them may use: words, figures in the reader's way of writing, our own static files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from desk.web.said import forget_said
from desk.web.translations import has_text, translate
from desk.web.visit import Visit

HERE = Path(__file__).parent
STATIC = HERE / "static"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        # A name that a page forgot to give is a mistake that has to show, not an empty place.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["initials"] = initials
    environment.globals.update(static=static_url, has_text=has_text)
    return environment


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """Give a static file's address with its content's hash in it, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def initials(name: str) -> str:
    """Shorten a name to one or two letters."""
    parts = [part for part in name.replace("@", " ").replace(".", " ").split() if part[:1].isalpha()]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "·"


def render(visit: Visit, template: str, values: Mapping[str, Any] | None = None, status: int = 200) -> HTMLResponse:
    """Turn a template into an answer in the reader's language."""
    page = _environment().get_template(template)
    html = page.render(
        visit=visit,
        t=partial(translate, visit.language),
        f=visit.formats,
        **(values or {}),
    )
    response = HTMLResponse(html, status_code=status)
    if visit.said is not None:
        forget_said(response)
    return response


def wants_fragment(request: Request) -> bool:
    """Tell whether the page's script asks for a part of it rather than the browser for all of it."""
    return request.headers.get("hx-request") == "true"
