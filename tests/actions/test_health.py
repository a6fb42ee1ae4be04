"""The action server's health is that of its parts: where no ticket can be opened, it says so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret for tests that is long enough to be taken"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {"VAR_DIR": str(tmp_path), "DESK_KEYS": SECRET, "DESK_INDEX_KEY": SECRET, "ACTIONS_PORT": port}
    return {**os.environ, **own, "DATABASE_URL": f"sqlite:///{tmp_path / 'desk.db'}"}


@pytest.fixture
def address(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    subprocess.run([sys.executable, "-m", "desk.storage.migrate"], cwd=ROOT, env=environment, check=True)
    with (tmp_path / "actions.log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-m", "actions"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{environment['ACTIONS_PORT']}/health"
    try:
        _wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            requests.get(url, timeout=10)
            return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("The action server did not start.")


def test_it_is_well_with_a_database_and_ill_without_its_tables(address: str, tmp_path: Path) -> None:
    assert requests.get(address, timeout=30).json() == {"status": "ok"}
    for file in tmp_path.glob("desk.db*"):
        file.write_bytes(b"this is not a database" * 1000)
    reply = requests.get(address, timeout=60)
    assert (reply.status_code, reply.json()) == (503, {"status": "failing"})
