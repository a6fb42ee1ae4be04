"""What every answer tells the browser: run and load nothing but ours, show us in nobody's frame, keep no copy."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Charts and the QR code are documents of their own, with their colours inside; they may do nothing but style
# themselves.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then send no origin with forms either, and the origin is checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}


class SafeHeaders:
    """Add the headers to every answer; a page may set its own caching, but nothing can loosen the rest."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders) -> None:
        drawing = headers.get("Content-Type", "").startswith("image/svg+xml")
        headers["Content-Security-Policy"] = DRAWING_POLICY if drawing else CONTENT_SECURITY_POLICY
        headers.setdefault("Cache-Control", "no-store")
        if self.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        for name, value in _ALWAYS.items():
            headers[name] = value
