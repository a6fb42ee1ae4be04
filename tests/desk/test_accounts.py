"""Colleagues' accounts: who gets in, how often one may guess, and how everything ends when it should."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from desk.application import Desk
from desk.domain.errors import InvalidInput, NotFound
from desk.domain.kinds import Role
from desk.services import accounts, api_tokens
from desk.storage.models import ApiToken, OutboxMessage, SignInSession, User
from tests.desk.conftest import MONDAY

PASSWORD = "richtig-langes-passwort"
HERE = "192.0.2.1"


@pytest.fixture
def olga(desk: Desk) -> User:
    with desk.work("test", MONDAY) as work:
        return accounts.create_user(work, "Olga@Example.org", "Olga", Role.OFFICER, password=PASSWORD)


def test_first_admin_is_made_once(desk: Desk) -> None:
    with desk.work("start") as work:
        password = accounts.create_first_admin(work)
        assert password is not None
        assert accounts.create_first_admin(work) is None
    signed_in = accounts.sign_in(desk, "admin@localhost", password, HERE)
    assert signed_in.user is not None
    assert (signed_in.user.role, signed_in.user.must_change_password) == (Role.ADMIN, True)


def test_first_admin_is_made_although_colleagues_without_passwords_exist(desk: Desk, officer: User) -> None:
    with desk.work("start") as work:
        assert accounts.create_first_admin(work) is not None


def test_right_password_opens_and_wrong_ones_do_not(desk: Desk, olga: User) -> None:
    assert accounts.sign_in(desk, "olga@example.ORG", PASSWORD, HERE).user is not None
    for email, password in (("olga@example.org", "falsch"), ("nobody@example.org", PASSWORD), ("", "")):
        assert accounts.sign_in(desk, email, password, HERE) == accounts.SignIn()


def test_password_is_hashed_with_argon2(olga: User) -> None:
    assert olga.password_hash is not None
    assert olga.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("weak", ["", "kurz", "x" * 11, "a" * 30, "abab" * 5, "x1" * 101])
def test_weak_passwords_are_refused(desk: Desk, olga: User, weak: str) -> None:
    with desk.work("test") as work, pytest.raises(InvalidInput):
        accounts.set_password(work, accounts.get_user(work, olga.id), weak)


def test_guessing_is_slowed_down_and_the_right_password_waits_too(desk: Desk, olga: User) -> None:
    for _ in range(5):
        assert accounts.sign_in(desk, "olga@example.org", "falsch", HERE, MONDAY).wait_seconds == 0
    locked = accounts.sign_in(desk, "olga@example.org", PASSWORD, "192.0.2.2", MONDAY)
    assert (locked.user, locked.wait_seconds) == (None, 2)
    later = accounts.sign_in(desk, "olga@example.org", PASSWORD, HERE, MONDAY + timedelta(seconds=3))
    assert later.user is not None
    with desk.read(MONDAY) as work:
        assert accounts.wait_seconds(work, "account:olga@example.org") == 0, "the right password forgives"


def test_waiting_grows_up_to_a_quarter_of_an_hour(desk: Desk) -> None:
    waits = []
    for _ in range(20):
        with desk.work("test", MONDAY) as work:
            accounts.note_failure(work, "account:x")
            waits.append(accounts.wait_seconds(work, "account:x"))
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert max(waits) == 900
    with desk.read(MONDAY + timedelta(hours=25)) as work:
        assert accounts.wait_seconds(work, "account:x") == 0


def test_many_accounts_from_one_address_are_slowed_down(desk: Desk) -> None:
    for number in range(50):
        accounts.sign_in(desk, f"user{number}@example.org", "falsch", HERE, MONDAY)
    assert accounts.sign_in(desk, "another@example.org", "falsch", HERE, MONDAY).wait_seconds > 0
    assert accounts.sign_in(desk, "another@example.org", "falsch", "192.0.2.9", MONDAY).wait_seconds == 0


def test_session_opens_until_it_is_idle_or_revoked(desk: Desk, olga: User) -> None:
    with desk.work("test", MONDAY) as work:
        token = accounts.start_session(work, olga, "Firefox")
        other = accounts.start_session(work, olga)
    with desk.read(MONDAY + timedelta(hours=11)) as work:
        found = accounts.find_session(work, token)
        assert found is not None
        assert found.user.id == olga.id
        assert accounts.needs_touch(work, found)
        assert accounts.find_session(work, token + "x") is None
        assert work.session.scalars(select(SignInSession.token_hash)).all() != [token.encode()]
    with desk.work("test", MONDAY + timedelta(hours=11)) as work:
        accounts.touch_session(work, token)
    with desk.read(MONDAY + timedelta(hours=13)) as work:
        assert accounts.find_session(work, token) is not None
        assert accounts.find_session(work, other) is None, "idle for longer than DESK_SESSION_HOURS"
    with desk.work("test", MONDAY) as work:
        accounts.revoke_session(work, token)
    with desk.read(MONDAY + timedelta(hours=12)) as work:
        assert accounts.find_session(work, token) is None


def test_deactivating_and_new_passwords_end_all_sessions(desk: Desk, olga: User) -> None:
    with desk.work("test") as work:
        token = accounts.start_session(work, olga)
        accounts.set_password(work, accounts.get_user(work, olga.id), "ein-ganz-neues-passwort")
    with desk.read() as work:
        assert accounts.find_session(work, token) is None
    with desk.work("test") as work:
        token = accounts.start_session(work, olga)
        accounts.set_active(work, accounts.get_user(work, olga.id), active=False)
    with desk.read() as work:
        assert accounts.find_session(work, token) is None
    assert accounts.sign_in(desk, "olga@example.org", "ein-ganz-neues-passwort", HERE).user is None


def test_last_admin_stays(desk: Desk, olga: User) -> None:
    with desk.work("test") as work:
        admin = accounts.create_user(work, "a@example.org", "A", Role.ADMIN)
        with pytest.raises(InvalidInput):
            accounts.set_role(work, admin, Role.VIEWER)
        with pytest.raises(InvalidInput):
            accounts.set_active(work, admin, active=False)
        accounts.set_role(work, accounts.get_user(work, olga.id), Role.ADMIN)
        accounts.set_role(work, admin, Role.VIEWER)


def test_second_factor_opens_once_for_each_code(desk: Desk, olga: User) -> None:
    secret = accounts.new_totp_secret()
    code = pyotp.TOTP(secret).at(MONDAY)
    with desk.work("test", MONDAY) as work:
        user = accounts.get_user(work, olga.id)
        assert not accounts.enable_totp(work, user, secret, "000000" if code != "000000" else "111111")
        assert accounts.enable_totp(work, user, secret, code)
        assert not accounts.check_totp(work, user, code), "a code that was seen once is used up"
    assert accounts.sign_in(desk, "olga@example.org", PASSWORD, HERE).needs_second_factor
    later = MONDAY + timedelta(seconds=30)
    with desk.work("test", later) as work:
        user = accounts.get_user(work, olga.id)
        assert accounts.check_totp(work, user, pyotp.TOTP(secret).at(later))
    for _ in range(5):
        with desk.work("test", later) as work:
            assert not accounts.check_totp(work, accounts.get_user(work, olga.id), "12345")
    much_later = later + timedelta(seconds=1)
    with desk.work("test", much_later) as work:
        user = accounts.get_user(work, olga.id)
        assert not accounts.check_totp(work, user, pyotp.TOTP(secret).at(much_later + timedelta(seconds=30)))


def link_of(desk: Desk) -> str:
    with desk.read() as work:
        message = work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
        assert message is not None
        assert message.payload is not None
        found = re.search(r"/password/(\S+)", message.payload["text"])
        assert found is not None
        return found[1]


def test_invitation_sets_the_first_password_once(desk: Desk) -> None:
    with desk.work("test", MONDAY) as work:
        user = accounts.create_user(work, "neu@example.org", "Neu", Role.VIEWER, "en")
        accounts.invite(work, user)
    token = link_of(desk)
    with desk.work("visitor", MONDAY + timedelta(days=8)) as work, pytest.raises(NotFound):
        accounts.redeem(work, token, PASSWORD)
    with desk.work("visitor", MONDAY) as work:
        accounts.redeem(work, token, PASSWORD)
    with desk.work("visitor", MONDAY) as work, pytest.raises(NotFound):
        accounts.redeem(work, token, PASSWORD)
    assert accounts.sign_in(desk, "neu@example.org", PASSWORD, HERE).user is not None


def test_reset_says_nothing_about_who_exists_and_floods_nobody(desk: Desk, olga: User) -> None:
    for _ in range(10):
        with desk.work("visitor", MONDAY) as work:
            accounts.request_reset(work, "olga@example.org")
            accounts.request_reset(work, "nobody@example.org")
    with desk.read() as work:
        assert len(work.session.scalars(select(OutboxMessage)).all()) == 5
    token = link_of(desk)
    with desk.work("visitor", MONDAY + timedelta(hours=1)) as work:
        accounts.redeem(work, token, "mein-neues-passwort")
    assert accounts.sign_in(desk, "olga@example.org", "mein-neues-passwort", HERE).user is not None


def test_two_accounts_never_share_an_address(desk: Desk, olga: User) -> None:
    with desk.work("test") as work, pytest.raises(InvalidInput):
        accounts.create_user(work, "OLGA@example.org", "Andere", Role.VIEWER)


def test_tokens_of_programs(desk: Desk, make_token: Callable[..., tuple[ApiToken, str]]) -> None:
    row, token = make_token(expires_at=MONDAY + timedelta(days=1))
    assert token.startswith("pdt_")
    with desk.read(MONDAY) as work:
        found = api_tokens.find(work, token)
        assert found is not None
        assert found.scopes == ["tickets:read"]
        assert api_tokens.find(work, token[:-1]) is None
    with desk.read(MONDAY + timedelta(days=1)) as work:
        assert api_tokens.find(work, token) is None
    with desk.work("test", MONDAY) as work:
        api_tokens.revoke(work, row.id)
    with desk.read(MONDAY) as work:
        assert api_tokens.find(work, token) is None


@pytest.mark.parametrize("scopes", [[], ["everything"], ["tickets:read", "x"]])
def test_tokens_need_known_scopes(desk: Desk, scopes: list[str]) -> None:
    with desk.work("test") as work, pytest.raises(InvalidInput):
        api_tokens.create(work, "x", scopes)


@pytest.fixture
def make_token(desk: Desk) -> Callable[..., tuple[ApiToken, str]]:
    def make(**more: object) -> tuple[ApiToken, str]:
        with desk.work("test", MONDAY) as work:
            return api_tokens.create(work, "Auswertung", ["tickets:read"], **more)  # type: ignore[arg-type]

    return make
