"""Keep the product's processes running: start them together, restart one that dies, stop them together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

#: Seconds between a death and the next start; the last one counts for every further death.
BACK_OFF = (1, 2, 4, 8, 15, 30)
#: A process that lived this long (seconds) has recovered, and its next death is counted as the first.
RECOVERED_AFTER = 60
#: So many deaths before the first sign of health mean that starting is hopeless.
HOPELESS_AFTER = 3
GRACE = 15


class HopelessError(Exception):
    """A process keeps dying before it ever answered; the message says which, and the last it said."""


@dataclass
class Process:
    """One process of the product and what is known of it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    health: str | None = None
    child: asyncio.subprocess.Process | None = None
    deaths: int = 0
    was_healthy: bool = False
    started: float = field(default=0.0)

    async def start(self) -> None:
        """Start it, with its output appended to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.child = await asyncio.create_subprocess_exec(
                *self.command,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                # A session of its own keeps Ctrl-C from it, so that the supervisor decides the order of the end.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self.started = time.monotonic()

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self.child is None or self.child.returncode is not None:
            return
        self.child.terminate()
        try:
            await asyncio.wait_for(self.child.wait(), GRACE)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            await self.child.wait()

    def last_words(self) -> str:
        """Give the last line of its log, which mostly says why it died."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def is_healthy(self, client: httpx.AsyncClient) -> bool:
        """Ask it whether it works; a process without an address is well as long as it lives."""
        alive = self.child is not None and self.child.returncode is None
        if not alive or self.health is None:
            return alive
        try:
            return (await client.get(self.health)).status_code == 200
        except httpx.HTTPError:
            return False


class Supervisor:
    """Several processes, started, watched and stopped together."""

    def __init__(self, processes: Sequence[Process], say: Callable[[str], None]) -> None:
        self.processes = processes
        self.say = say
        self._watchers: list[asyncio.Task[None]] = []

    async def start(self, processes: Sequence[Process] | None = None) -> None:
        """Start all of them, or those named, and watch each from now on."""
        for process in self.processes if processes is None else processes:
            await process.start()
            self._watchers.append(asyncio.create_task(self._watch(process)))

    async def wait_until_healthy(self) -> None:
        """Wait until every process answers; raise HopelessError when one keeps dying instead."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            waiting = list(self.processes)
            while waiting:
                self._raise_if_hopeless()
                health = await asyncio.gather(*(process.is_healthy(client) for process in waiting))
                for process, healthy in zip(waiting, health, strict=True):
                    process.was_healthy |= healthy
                waiting = [process for process, healthy in zip(waiting, health, strict=True) if not healthy]
                await asyncio.sleep(0.3)

    async def stop(self) -> None:
        """Stop watching, then stop all of them."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self.processes))

    async def _watch(self, process: Process) -> None:
        while True:
            assert process.child is not None
            code = await process.child.wait()
            lived = time.monotonic() - process.started
            process.deaths = 1 if lived > RECOVERED_AFTER else process.deaths + 1
            pause = BACK_OFF[min(process.deaths, len(BACK_OFF)) - 1]
            self.say(f"{process.name} ended ({_how(code)}); starting it again in {pause} s. Its log: {process.log}")
            await asyncio.sleep(pause)
            await process.start()

    def _raise_if_hopeless(self) -> None:
        for process in self.processes:
            if process.deaths >= HOPELESS_AFTER and not process.was_healthy:
                raise HopelessError(f"{process.name} does not start: {process.last_words()} (its log: {process.log})")


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _die_with_parent() -> None:
    # A supervisor that is killed outright cannot stop anybody; Linux then ends its children (PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
