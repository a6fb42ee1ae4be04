"""What the tests of the assistant share: a tiny trained model and a running assistant."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
# Rasa loads components and channels by their module's name, from the project's root.
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
warnings.filterwarnings("ignore")

from tests.bot.assistant import (  # noqa: E402
    Assistant,
    Visitor,
    free_port,
    running_assistant,
    trained_tiny_model,
)
from tests.servers import PostgresqlServer, running_postgresql, running_redis  # noqa: E402


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """Return the folder of the tiny model."""
    return trained_tiny_model()


@pytest.fixture(scope="module")
def assistant(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Return an assistant without an action server, shared by the tests of a file."""
    with running_assistant(tmp_path_factory.mktemp("var"), tiny_model) as running:
        yield running


@pytest.fixture
def visitor(assistant: Assistant) -> Visitor:
    """Return somebody who has just opened the chat in English."""
    return assistant.visitor("en")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Return a running PostgreSQL server."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the address of a running Redis."""
    with running_redis(free_port()) as server:
        yield server.url
