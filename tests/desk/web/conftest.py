"""A desk of its own for the web tests, with one account per role and a few ways to fill it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from desk.application import VISITOR, Desk
from desk.domain.kinds import Kind, Relationship, Role
from desk.services import accounts
from desk.services.opening import Line, NewTicket, open_ticket
from desk.web.app import create_app
from tests.desk.conftest import make_settings
from tests.desk.web.browsing import PASSWORD, Browser
from tests.servers import PostgresqlServer


@pytest.fixture(scope="session", autouse=True)
def _quick_hashing() -> Iterator[None]:
    """Hash test passwords with little work; the real cost is what makes the real thing slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        accounts._some_hash.cache_clear()
        yield


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a fresh database: SQLite, or PostgreSQL where a test asks for it.

    The services are tested on both one by one; the pages need only be walked once on the second.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "desk.db")
        yield f"sqlite:///{tmp_path / 'desk.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    name = f"web_{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('migrated_postgresql')}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with its tables and one account for each role."""
    desk = Desk(make_settings(tmp_path, database_url, desk_url="http://localhost"))
    with desk.work("command-line") as work:
        for role in Role:
            accounts.create_user(work, f"{role}@example.org", f"{role.value.title()} Example", role, "en", PASSWORD)
    yield desk
    desk.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    """Give the web application over that desk."""
    return create_app(desk, {})


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    """Give a browser that is not signed in."""
    return Browser(app)


@pytest.fixture
def signed_in(app: FastAPI) -> Callable[[Role], Browser]:
    """Give browsers that are signed in."""

    def sign_in(role: Role) -> Browser:
        browser = Browser(app)
        assert browser.sign_in(f"{role}@example.org").status_code == 303
        return browser

    return sign_in


@pytest.fixture
def officer(signed_in: Callable[[Role], Browser]) -> Browser:
    """Give the browser of somebody who works on tickets."""
    return signed_in(Role.OFFICER)


@pytest.fixture
def open_one(desk: Desk) -> Callable[..., str]:
    """Open a ticket as the assistant would and give its reference."""
    counter = iter(range(1_000_000))

    def open_one(
        kind: Kind = Kind.ACCESS,
        *,
        days_ago: int = 0,
        language: str = "en",
        email: str = "person@example.com",
        description: str = "Which data do you hold about me?",
    ) -> str:
        at = datetime.now(UTC) - timedelta(days=days_ago)
        new = NewTicket(
            f"test-{next(counter)}",
            kind,
            "de" if language == "de" else "en",
            description,
            email,
            Relationship.DIRECT,
            "Emily Carter",
            "Ireland",
            "webchat",
            (),
            (Line("visitor", description, at), Line("assistant", "Which address can we reach you at?", at)),
        )
        with desk.work(VISITOR, at) as work:
            return open_ticket(work, new).ticket.reference

    return open_one
