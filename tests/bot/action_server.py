"""An action server that does what a test tells it to: answer, be slow, fail, or be gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ActionServer:
    """Remembers the calls and answers each as told."""

    def __init__(self) -> None:
        """Answer with nothing to say."""
        self.calls: list[dict[str, Any]] = []
        self.connections: set[tuple[str, int]] = set()
        self.status = 200
        self.body: Any = {"events": [], "responses": []}
        self.seconds = 0.0
        self.url = ""


@contextmanager
def action_server(port: int = 0) -> Iterator[ActionServer]:
    """Run the server until the block ends."""
    state = ActionServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            state.calls.append(json.loads(self.rfile.read(size)))
            state.connections.add(self.client_address)
            time.sleep(state.seconds)
            body = state.body if isinstance(state.body, bytes) else json.dumps(state.body).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
