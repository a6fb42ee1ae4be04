"""A line to the assistant that behaves as badly as real ones: slow, cut in the middle, refusing for a while."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

REFUSALS = {
    429: b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n",
    500: b"HTTP/1.1 500 Internal Server Error\r\n",
    502: b"HTTP/1.1 502 Bad Gateway\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n",
}
PIECE = 512


@dataclass
class Trouble:
    """What happens to one request: it is refused, or its answer is cut after so many bytes, or it never gets there."""

    refuse: int | None = None
    cut_after: int | None = None
    drop: bool = False


@dataclass
class Line:
    """Passes connections on to the assistant and does to them what a test asks for.

    One request a connection, so that each can be treated on its own; the body of the answer is what is cut, after the
    assistant has done its work: the worst moment for whoever must not lose or double a message.
    """

    target: int
    choose: Callable[[bytes], Trouble | None] = lambda head: None
    bytes_a_second: int | None = None
    delay_seconds: float = 0.0
    port: int = 0
    requests: list[str] = field(default_factory=list)
    troubles: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> Line:
        """Listen in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """Return where the line begins."""
        return f"http://127.0.0.1:{self.port}"

    def trouble_once(self, path: str, trouble: Trouble, times: int = 1) -> None:
        """Do something to the next requests for a path, such as `POST /webhooks/webchat/messages`."""
        left = [times]

        def choose(head: bytes) -> Trouble | None:
            if left[0] <= 0 or not head.startswith(path.encode()):
                return None
            left[0] -= 1
            return trouble

        self.choose = choose

    def trouble_often(self, share: float, seed: int = 7) -> None:
        """Cut or drop a share of all requests."""
        chance = random.Random(seed)

        def choose(_: bytes) -> Trouble | None:
            if chance.random() >= share:
                return None
            return chance.choice(
                [Trouble(drop=True), Trouble(cut_after=0), Trouble(cut_after=chance.randrange(1, 400))]
            )

        self.choose = choose

    def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Python 3.11 keeps no strong hold on these tasks, and one that waits could be collected.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            await self._request(reader, writer)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        self.requests.append(head.split(b" HTTP")[0].decode())
        await asyncio.sleep(self.delay_seconds)
        trouble = self.choose(head)
        self.troubles += trouble is not None
        if trouble and trouble.drop:
            writer.transport.abort()
            return
        if trouble and trouble.refuse:
            await self._refuse(head, trouble.refuse, writer)
            return
        await self._pass_on(head, body, writer, trouble.cut_after if trouble else None)

    async def _refuse(self, head: bytes, status: int, writer: asyncio.StreamWriter) -> None:
        writer.write(REFUSALS[status] + _allowing(head) + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def _pass_on(self, head: bytes, body: bytes, writer: asyncio.StreamWriter, cut: int | None) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        back.write(_closing(head) + body)
        answer = _closing(await there.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        sent = 0
        while piece := await there.read(PIECE):
            if cut is not None and sent + len(piece) > cut:
                # The rest is read, so that the assistant finishes; the browser sees the connection reset.
                writer.write(piece[: cut - sent])
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                await there.read(-1)
                writer.transport.abort()
                break
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            if self.bytes_a_second:
                await asyncio.sleep(len(piece) / self.bytes_a_second)
        back.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def _closing(head: bytes) -> bytes:
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _allowing(head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"origin:"):
            origin = line.split(b":", 1)[1].strip()
            return b"Access-Control-Allow-Origin: " + origin + b"\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
    return b""
