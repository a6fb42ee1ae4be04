"""Other people's websites for tests: a server that answers with the pages a test writes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Host:
    """A website on an origin of its own."""

    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def __enter__(self) -> Host:
        """Listen in a thread of its own."""
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                html, headers = pages.get(self.path.split("?")[0], ("", {}))
                body = html.encode()
                self.send_response(200 if html else 404)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return the website's origin."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def page(self, html: str, headers: dict[str, str] | None = None, path: str = "/") -> str:
        """Put a page there and return its address."""
        self.pages[path] = (html, headers or {})
        return self.url + path
