"""Socket mode: the small part of the WebSocket protocol (RFC 6455) that is needed to speak with Slack's own clients."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any

from tools.local_slack.deliveries import Deliveries

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Socket:
    """One open socket of an app."""

    def __init__(self, handler: BaseHTTPRequestHandler, patience: float) -> None:
        self.handler = handler
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[threading.Event, list[Any]]] = {}

    def deliver(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Send something and wait until the app says that it has it; None when it does not."""
        envelope = str(uuid.uuid4())
        arrived, answer = threading.Event(), []
        self._waiting[envelope] = (arrived, answer)
        frame = {
            "envelope_id": envelope,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        self.send(TEXT, json.dumps(frame).encode())
        if not arrived.wait(self._patience):
            return None
        return answer[0] or {}

    def send(self, opcode: int, data: bytes) -> None:
        """Send a frame."""
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        with self._lock:
            self.handler.wfile.write(head + data)
            self.handler.wfile.flush()

    def read(self) -> None:
        """Read frames until the other side goes."""
        while True:
            opcode, data = self._frame()
            if opcode == CLOSE:
                return
            if opcode == PING:
                self.send(PONG, data)
            elif opcode == TEXT:
                self._acknowledged(json.loads(data))

    def _acknowledged(self, message: dict[str, Any]) -> None:
        arrived, answer = self._waiting.pop(str(message.get("envelope_id")), (None, None))
        if arrived is not None and answer is not None:
            answer.append(message.get("payload"))
            arrived.set()

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        mask = self._exactly(4) if second & 0x80 else b"\0\0\0\0"
        data = self._exactly(size)
        return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))

    def _exactly(self, size: int) -> bytes:
        data = self.handler.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("The other side has gone.")
        return data


def serve_socket(handler: BaseHTTPRequestHandler, app: str, deliveries: Deliveries) -> None:
    """Shake hands, say hello and deliver through this socket until it closes."""
    key = handler.headers.get("Sec-WebSocket-Key", "")
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    handler.send_response(101, "Switching Protocols")
    for name, value in {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}.items():
        handler.send_header(name, value)
    handler.end_headers()
    socket = Socket(handler, deliveries.patience)
    socket.send(TEXT, json.dumps({"type": "hello", "num_connections": 1}).encode())
    deliveries.sockets[app] = socket.deliver
    try:
        socket.read()
    except (ConnectionError, OSError):
        pass
    finally:
        if deliveries.sockets.get(app) == socket.deliver:
            del deliveries.sockets[app]
