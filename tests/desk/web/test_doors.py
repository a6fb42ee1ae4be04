"""Coming in and going out: what opens the door, what keeps it shut, and what a cookie is worth afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import delete, select, update

from desk.application import Desk
from desk.domain.kinds import Role
from desk.services import accounts
from desk.storage.models import SignInSession, User
from desk.web.__main__ import welcome
from desk.web.app import create_app
from tests.desk.web.browsing import PASSWORD, Browser


def test_the_right_password_opens_the_queue(browser: Browser) -> None:
    response = browser.sign_in("officer@example.org")
    assert response.headers["location"] == "/queue"
    assert browser.get("/queue").status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(browser: Browser) -> None:
    wrong = browser.sign_in("officer@example.org", "not this one at all")
    unknown = browser.sign_in("nobody@example.org", "not this one at all")
    assert wrong.status_code == unknown.status_code == 401
    assert "The e-mail address or the password is not right." in wrong.text
    assert _without(wrong.text, "officer@example.org") == _without(unknown.text, "nobody@example.org")


def test_guessing_is_slowed_down_and_says_how_long_to_wait(browser: Browser) -> None:
    for _ in range(5):
        assert browser.sign_in("officer@example.org", "wrong wrong wrong").status_code == 401
    response = browser.sign_in("officer@example.org")
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    header = browser.sign_in("officer@example.org").headers["set-cookie"]
    assert "HttpOnly" in header
    assert "samesite=lax" in header.lower()
    assert "secure" not in header.lower()


def test_over_https_every_cookie_is_secure(desk: Desk) -> None:
    object.__setattr__(desk.settings, "desk_url", "https://desk.example.org")
    secure = Browser(create_app(desk, {}))
    secure.client.base_url = "https://localhost"  # type: ignore[assignment]
    response = secure.sign_in("officer@example.org")
    assert response.status_code == 303
    assert all("secure" in header.lower() for header in response.headers.get_list("set-cookie"))
    assert "max-age" in response.headers["strict-transport-security"]


def test_signing_out_makes_a_copied_cookie_worthless(officer: Browser) -> None:
    stolen = officer.client.cookies["desk_session"]
    officer.post("/sign-out")
    officer.client.cookies.set("desk_session", stolen)
    assert officer.get("/queue").status_code == 303


def test_a_new_sign_in_gets_a_new_session(officer: Browser) -> None:
    before = officer.client.cookies["desk_session"]
    officer.post("/sign-out")
    officer.sign_in("officer@example.org")
    assert officer.client.cookies["desk_session"] != before


def test_an_idle_session_ends(officer: Browser, desk: Desk) -> None:
    with desk.work("test") as work:
        work.session.execute(update(SignInSession).values(last_seen_at=datetime.now(UTC) - timedelta(hours=13)))
    assert officer.get("/queue").status_code == 303


def test_a_deactivated_colleague_is_out_at_once(officer: Browser, desk: Desk) -> None:
    with desk.work("test") as work:
        user = accounts.by_email(work, "officer@example.org")
        assert user is not None
        accounts.set_active(work, user, active=False)
    assert officer.get("/queue").status_code == 303
    assert officer.sign_in("officer@example.org").status_code == 401


def test_after_signing_in_one_continues_where_one_was(browser: Browser) -> None:
    response = browser.get("/queue?view=mine")
    assert response.headers["location"] == "/sign-in?next=%2Fqueue%3Fview%3Dmine"
    browser.get(response.headers["location"])
    done = browser.post("/sign-in", {"email": "officer@example.org", "password": PASSWORD, "next": "/queue?view=mine"})
    assert done.headers["location"] == "/queue?view=mine"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y"]
)
def test_the_door_never_leads_to_another_site(browser: Browser, target: str) -> None:
    browser.get("/sign-in")
    done = browser.post("/sign-in", {"email": "officer@example.org", "password": PASSWORD, "next": target})
    assert done.headers["location"] == "/queue"


def test_with_a_second_factor_the_password_alone_opens_nothing(browser: Browser, desk: Desk) -> None:
    secret = accounts.new_totp_secret()
    with desk.work("test") as work:
        work.session.execute(update(User).where(User.email == "officer@example.org").values(totp_secret=secret))
    response = browser.sign_in("officer@example.org")
    assert response.headers["location"] == "/sign-in/code"
    assert browser.get("/queue").status_code == 303
    browser.get("/sign-in/code")
    assert browser.post("/sign-in/code", {"code": "000000"}).status_code == 401
    done = browser.post("/sign-in/code", {"code": pyotp.TOTP(secret).now()})
    assert done.headers["location"] == "/queue"
    assert browser.get("/queue").status_code == 200


def test_a_second_factor_is_set_up_with_an_app(officer: Browser) -> None:
    page = officer.get("/account/second-factor").text
    secret = page.split('<span class="mono">')[1].split("</span>")[0].replace(" ", "")
    picture = officer.client.get("/account/second-factor/picture.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert officer.post("/account/second-factor", {"code": "000000"}).status_code == 422
    done = officer.post("/account/second-factor", {"code": pyotp.TOTP(secret).now()})
    assert "The second factor is on." in officer.follow(done)
    wrong = officer.post("/account/second-factor/off", {"password": "wrong"})
    assert "The current password is not right." in officer.follow(wrong)
    off = officer.post("/account/second-factor/off", {"password": PASSWORD})
    assert "The second factor is off." in officer.follow(off)


def test_other_sessions_can_be_ended(officer: Browser, signed_in: Callable[[Role], Browser]) -> None:
    other = signed_in(Role.OFFICER)
    officer.get("/account")
    officer.post("/account/sessions/end", {"session": "others"})
    assert other.get("/queue").status_code == 303
    assert officer.get("/queue").status_code == 200


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(
    officer: Browser, signed_in: Callable[[Role], Browser]
) -> None:
    other = signed_in(Role.OFFICER)
    officer.get("/password")
    new = "a much better sentence"
    assert officer.post("/password", {"current": "wrong", "new": new, "again": new}).status_code == 422
    assert officer.post("/password", {"current": PASSWORD, "new": new, "again": new + "x"}).status_code == 422
    assert officer.post("/password", {"current": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    done = officer.post("/password", {"current": PASSWORD, "new": new, "again": new})
    assert "The new password is valid from now on." in officer.follow(done)
    assert other.get("/queue").status_code == 303


def test_the_first_account_is_made_and_shown_once_and_must_choose_a_password(
    desk: Desk, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk.work("test") as work:
        work.session.execute(delete(User))
    welcome(desk)
    printed = capsys.readouterr().out
    welcome(desk)
    assert capsys.readouterr().out == ""
    password = printed.split("with the password ")[1].split(" ")[0]
    assert browser.sign_in("admin@localhost", password).status_code == 303
    assert browser.get("/queue").headers["location"] == "/password"
    browser.get("/password")
    new = "a much better sentence"
    done = browser.post("/password", {"current": password, "new": new, "again": new})
    assert done.headers["location"] == "/queue"
    assert browser.get("/queue").status_code == 200


def test_a_forgotten_password_is_reset_by_a_link_that_works_once(browser: Browser, desk: Desk) -> None:
    browser.get("/forgotten")
    known = browser.post("/forgotten", {"email": "officer@example.org"})
    unknown = browser.post("/forgotten", {"email": "nobody@example.org"})
    assert browser.follow(known)
    assert known.headers["location"] == unknown.headers["location"]
    link = _link_in_outbox(desk)
    assert browser.get(link).status_code == 200
    new = "a much better sentence"
    assert browser.post(link, {"new": new, "again": new}).headers["location"] == "/sign-in"
    assert browser.get(link).headers["location"] == "/forgotten"
    assert browser.sign_in("officer@example.org", new).status_code == 303


def _link_in_outbox(desk: Desk) -> str:
    from desk.storage.models import OutboxMessage

    with desk.read() as work:
        payload = work.session.scalars(select(OutboxMessage.payload).order_by(OutboxMessage.id.desc())).first()
    assert payload is not None
    return "/password/" + payload["text"].split("/password/")[1].split()[0]


def _without(page: str, address: str) -> str:
    return re.sub(r'value="[0-9a-f]{64}"', "", page.replace(address, ""))
