"""What every answer carries, what a failing database looks like, and that odd input is never a failure of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import desk.web
from desk.application import Desk
from desk.domain.errors import DeskUnavailable
from tests.desk.web.browsing import Browser

TEMPLATES = sorted((Path(desk.web.__file__).parent / "templates").glob("*.html"))


@pytest.mark.parametrize("path", ["/sign-in", "/queue", "/nothing", "/health", "/static/x/desk.css"])
def test_every_answer_forbids_foreign_and_inline_code(officer: Browser, path: str) -> None:
    policy = officer.get(path).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert officer.get(path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_code_or_style_inside(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_the_token(template: Path) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', template.read_text(encoding="utf-8"), re.S):
        assert "parts.csrf()" in form, form[:120]


def test_pages_with_people_on_them_are_kept_nowhere(officer: Browser) -> None:
    assert officer.get("/queue").headers["cache-control"] == "no-store"


def test_static_files_are_kept_for_ever_under_an_address_of_their_content(browser: Browser) -> None:
    page = browser.get("/sign-in").text
    path = re.search(r"/static/[0-9a-f]{12}/desk\.css", page)
    assert path
    assert "immutable" in browser.get(path[0]).headers["cache-control"]


def test_without_its_database_the_desk_says_so_and_changes_nothing(
    officer: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DeskUnavailable("away")

    monkeypatch.setattr(desk, "read", away)
    response = officer.get("/queue")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert "The database is not answering" in response.text or "Die Datenbank antwortet" in response.text


def test_health_tries_the_database(browser: Browser, desk: Desk, tmp_path: Path) -> None:
    assert browser.get("/health").status_code == 200
    desk.engine.dispose()
    (tmp_path / "desk.db").write_bytes(b"this is not a database" * 1000)
    assert browser.get("/health").status_code == 503


def test_metrics_are_for_this_machine_only(browser: Browser) -> None:
    assert browser.get("/metrics").status_code == 404
    browser.client = type(browser.client)(browser.client.app, base_url="http://localhost", client=("127.0.0.1", 9))
    here = browser.get("/metrics")
    assert here.status_code == 200
    assert "desk_overdue_tickets" in here.text
    assert "desk_outbox_failing" in here.text
    assert browser.get("/metrics", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 404


def test_with_a_token_metrics_are_for_who_holds_it(browser: Browser) -> None:
    browser.client.app.state.metrics_token = "a-long-token"  # type: ignore[attr-defined]
    assert browser.get("/metrics", Authorization="Bearer a-long-token").status_code == 200
    assert browser.get("/metrics", Authorization="Bearer another").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/tickets/PR-0000-0000",
        "/tickets/%00",
        "/tickets/..%2f..%2fetc",
        "/tickets/' OR 1=1 --",
        "/queue?view=mine&after=%F0%9F%92%A9",
        "/queue?person=%C3%28",
        "/tickets/PR-0000-0000/letters/nothing",
        "/static/../settings.py",
        "/static/x/../../app.py",
    ],
)
def test_odd_addresses_are_never_a_failure(officer: Browser, path: str) -> None:
    assert officer.get(path).status_code in {200, 303, 404, 422}
