"""Starts the parts once for all conversations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversations.house import House


@pytest.fixture(scope="session")
def opened_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Open the house for the session; this process reads the same desk as the action server."""
    house = House(Path(tmp_path_factory.mktemp("house")))
    before = dict(os.environ)
    os.environ.update(house.environment)
    from desk.application import use_desk
    from desk.settings import current_settings

    current_settings.cache_clear()
    use_desk(None)
    try:
        house.open()
        yield house
    finally:
        house.close()
        os.environ.clear()
        os.environ.update(before)
        current_settings.cache_clear()
        use_desk(None)


@pytest.fixture
def house(opened_house: House) -> Iterator[House]:
    """Give every test all parts running, whatever the one before did to them."""
    opened_house.ensure_running()
    yield opened_house
    opened_house.unlock_desk()
