"""Every page once more over a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from desk.application import Desk
from desk.domain.kinds import Role
from tests.desk.conftest import WITHOUT_POSTGRESQL
from tests.desk.web.browsing import Browser
from tests.desk.web.furnishing import PAGES, furnish

pytestmark = [
    pytest.mark.skipif(WITHOUT_POSTGRESQL, reason="DESK_TESTS_WITHOUT_POSTGRESQL is set"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


def test_every_page_is_shown(desk: Desk, signed_in: Callable[[Role], Browser], open_one: Callable[..., str]) -> None:
    names = furnish(desk, open_one, "en")
    admin = signed_in(Role.ADMIN)
    for path in PAGES:
        expected = 404 if path == "/nothing-here" else 200
        assert admin.get(path.format(**names)).status_code == expected, path
    for path in ("/queue?kind=access&due=week&mark=unverified", "/insight/charts/received.svg", "/records/file.pdf"):
        assert admin.get(path).status_code == 200, path
    admin.client = TestClient(admin.client.app, client=("127.0.0.1", 9))
    assert "desk_open_tickets" in admin.get("/metrics").text


def test_work_is_done(desk: Desk, signed_in: Callable[[Role], Browser], open_one: Callable[..., str]) -> None:
    officer, reference = signed_in(Role.OFFICER), open_one()
    officer.get(f"/tickets/{reference}")
    assert "The ticket is yours now." in officer.follow(officer.post(f"/tickets/{reference}/take"))
    location = officer.post("/search", {"text": "person@example.com"}).headers["location"]
    assert reference in officer.get(location).text
