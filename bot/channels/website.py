"""Serves the widget's files to every website that embeds it, and a demonstration website that does."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, raw

from bot.settings import Settings
from bot.widget.build import current_manifest

BOT = Path(__file__).resolve().parents[1]
PAGES = BOT / "website"
WIDGET = BOT / "widget"
SCRIPT = "privacy-assistant.js"
#: Where the widget is found when nobody pinned a version.
LATEST = "latest"
A_YEAR = "public, max-age=31536000, immutable"
ASK_EVERY_TIME = "no-cache"
COMPRESSIBLE = {"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"}
#: What the pages may do: load what is ours, run no script that is not a file of ours, and never turn text into markup.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-src 'self'; frame-ancestors {ancestors}; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)

SHARED_WITH_EVERYBODY = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True)
class File:
    """Something to send: its bytes in the forms browsers take, and how long they may keep it."""

    body: bytes
    kind: str
    keep: str
    brotli: bytes | None = None

    @property
    def tag(self) -> str:
        """Return the entity tag, which changes with the content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


class WebsiteInput(InputChannel):
    """The channel named in credentials.yml; it takes no messages, it only brings routes."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Remember which sites may show the frame page."""
        origins = (settings or Settings.from_environment()).webchat_origins
        self._ancestors = " ".join(["'self'", *(origin for origin in origins if origin != "*")])
        if "*" in origins:
            self._ancestors = "*"

    @classmethod
    def name(cls) -> str:
        """Return the name that is part of the address."""
        return "website"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes."""
        blueprint = Blueprint("website")
        ancestors = self._ancestors

        @blueprint.route("/widget/<path:path>", methods=["GET", "HEAD"])
        async def widget(request: Request, path: str) -> HTTPResponse:
            """Send a file of the widget; every site may load it, which integrity checks need to be told."""
            return _answer(request, widget_file(path), SHARED_WITH_EVERYBODY)

        @blueprint.route("/<path:path>", methods=["GET", "HEAD"])
        async def site(request: Request, path: str) -> HTTPResponse:
            """Send a page of the demonstration website; only the frame page may stand in other sites."""
            if not path:
                return _to_preferred_language(request)
            allowed = ancestors if path.endswith("/frame") else "'none'"
            return _answer(request, page(path), {"Content-Security-Policy": PAGE_POLICY.format(ancestors=allowed)})

        return blueprint


def _to_preferred_language(request: Request) -> HTTPResponse:
    language = preferred_language(request.headers.get("accept-language", ""))
    return empty(302, {"Location": f"{request.path.rstrip('/')}/{language}/", "Vary": "Accept-Language"})


def preferred_language(accepted: str) -> str:
    """Return German or English, whichever the browser names first; English when it names neither."""
    wishes = re.findall(r"\b(de|en)\b(?:-\w+)*(?:\s*;\s*q=([\d.]+))?", accepted.lower())
    ranked = sorted(wishes, key=lambda wish: -float(wish[1] or 1))
    return ranked[0][0] if ranked else "en"


def page(path: str) -> File | None:
    """Return a page or a file of the demonstration website."""
    name = f"{path}index" if path.endswith("/") or path == "" else path
    file = _inside(PAGES, name if "." in name else f"{name}.html")
    if file is None:
        return None
    body = file.read_bytes()
    if file.suffix == ".html":
        body = body.replace(b"{{widget}}", script_attributes().encode())
    return File(body, _kind(file), ASK_EVERY_TIME)


def script_attributes() -> str:
    """Return the attributes of the script tag; relative to a page one folder deep, so that any prefix will do."""
    manifest = current_manifest()
    if manifest is None:
        return f'src="../widget/{LATEST}/{SCRIPT}"'
    return f'src="../widget/{manifest["file"]}" integrity="{manifest["integrity"]}" crossorigin="anonymous"'


def widget_file(path: str) -> File | None:
    """Return a built version, the latest one, what there is to know about it, or the source it is made from."""
    if path.startswith(f"{LATEST}/"):
        return _latest(path.removeprefix(f"{LATEST}/"))
    file = _inside(WIDGET / "dist", path)
    if file is None or file.suffix not in {".js", ".json"}:
        return None
    compressed = file.with_suffix(".js.br")
    keep = A_YEAR if file.suffix == ".js" else ASK_EVERY_TIME
    return File(file.read_bytes(), _kind(file), keep, compressed.read_bytes() if compressed.is_file() else None)


def _latest(name: str) -> File | None:
    manifest = current_manifest()
    if name == SCRIPT and manifest is not None:
        built = widget_file(manifest["file"])
        return File(built.body, built.kind, ASK_EVERY_TIME, built.brotli) if built else None
    file = WIDGET / "unbundled.js" if name == SCRIPT else _inside(WIDGET, name)
    allowed = file is not None and (name == SCRIPT or (name.startswith("source/") and file.suffix == ".js"))
    return File(file.read_bytes(), _kind(file), ASK_EVERY_TIME) if file is not None and allowed else None


def _inside(folder: Path, name: str) -> Path | None:
    """Return the file of that name if it really lies in the folder."""
    file = (folder / name).resolve()
    return file if file.is_relative_to(folder) and file.is_file() else None


def _kind(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return "text/javascript" if kind == "application/javascript" else kind


def _answer(request: Request, file: File | None, headers: dict[str, str]) -> HTTPResponse:
    status = 200 if file else 404
    file = file or File(b"Not found.\n", "text/plain", "no-store")
    headers = {
        **headers,
        "Cache-Control": file.keep,
        "ETag": file.tag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if request.headers.get("if-none-match") == file.tag:
        return empty(304, headers)
    encoding, body = _encoded(file, request.headers.get("accept-encoding", ""))
    if encoding:
        headers["Content-Encoding"] = encoding
    charset = "; charset=utf-8" if file.kind in COMPRESSIBLE or file.kind == "text/plain" else ""
    return raw(body, status, headers, content_type=file.kind + charset)


def _encoded(file: File, accepted: str) -> tuple[str | None, bytes]:
    wishes = {wish.split(";")[0].strip() for wish in accepted.split(",")}
    if file.brotli is not None and "br" in wishes:
        return "br", file.brotli
    if "gzip" in wishes and file.kind in COMPRESSIBLE:
        return "gzip", _gzipped(file.body)
    return None, file.body


@lru_cache(maxsize=64)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
