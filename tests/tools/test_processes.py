"""The supervisor is tried on real processes: they die, hang, and refuse to start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tools import processes
from tools.processes import HopelessError, Process, Supervisor

SLEEPER = "import time\nprint('up', flush=True)\ntime.sleep(60)"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"
BROKEN = "import sys\nsys.exit('DESK_KEYS must be set')"


def process(tmp_path: Path, code: str, name: str = "desk", health: str | None = None) -> Process:
    return Process(name, [sys.executable, "-c", code], dict(os.environ), tmp_path / f"{name}.log", health)


async def until(condition, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 — what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def test_a_process_that_dies_is_started_again_and_a_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "BACK_OFF", (0.05, 0.1))
    said: list[str] = []
    sleeper = process(tmp_path, SLEEPER)
    supervisor = Supervisor([sleeper], said.append)
    await supervisor.start()
    try:
        first = sleeper.child.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: sleeper.child.pid != first)
        assert "desk ended (signal SIGKILL); starting it again" in said[0]
    finally:
        await supervisor.stop()
    assert sleeper.child.returncode is not None


async def test_every_further_death_waits_longer(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "BACK_OFF", (0.01, 0.02, 0.03))
    said: list[str] = []
    supervisor = Supervisor([process(tmp_path, BROKEN)], said.append)
    await supervisor.start()
    await until(lambda: len(said) >= 4)
    await supervisor.stop()
    assert [line.split("again in ")[1].split(". ")[0] for line in said[:4]] == ["0.01 s", "0.02 s", "0.03 s", "0.03 s"]


async def test_a_process_that_never_comes_up_is_given_up_with_its_own_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "BACK_OFF", (0.01,))
    broken = process(tmp_path, BROKEN, health="http://127.0.0.1:9/health")
    supervisor = Supervisor([broken], lambda line: None)
    await supervisor.start()
    with pytest.raises(HopelessError, match="desk does not start: DESK_KEYS must be set"):
        await supervisor.wait_until_healthy()
    await supervisor.stop()


async def test_a_process_deaf_to_the_request_to_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    deaf = process(tmp_path, DEAF)
    supervisor = Supervisor([deaf], lambda line: None)
    await supervisor.start()
    await until(lambda: b"up" in deaf.log.read_bytes())
    await supervisor.stop()
    assert deaf.child.returncode == -signal.SIGKILL


async def test_a_supervisor_that_is_killed_takes_its_processes_with_it(tmp_path):
    script = f"""
import asyncio, os, sys, pathlib
from tools.processes import Process, Supervisor
async def main():
    log = pathlib.Path({str(tmp_path / "desk.log")!r})
    child = Process("desk", [sys.executable, "-c", {SLEEPER!r}], dict(os.environ), log)
    await Supervisor([child], print).start()
    print(child.child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    child = int(await supervisor.stdout.readline())
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not _runs(child))


def _runs(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
