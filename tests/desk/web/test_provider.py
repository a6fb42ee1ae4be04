"""Signing in through a sign-in service: a real one on this machine, small but with real keys and signatures."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from fastapi import FastAPI, Form
from joserfc import jwt
from joserfc.jwk import RSAKey

from desk.application import Desk
from desk.services import accounts
from desk.settings import SettingsError
from desk.web.app import create_app
from desk.web.oidc import OidcSettings, Provider, oidc_settings
from tests.desk.web.browsing import Browser


@dataclass
class Service:
    """What the sign-in service knows and says."""

    url: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    claims: dict[str, Any] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    signer: RSAKey | None = None

    def app(self) -> FastAPI:
        """Build the service."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def configuration() -> dict[str, str]:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        def token(code: str = Form(), code_verifier: str = Form()) -> dict[str, Any]:
            assert code == "the-code"
            assert len(code_verifier) > 42
            now = int(time.time())
            claims = {"iss": self.url, "aud": "desk", "iat": now, "exp": now + 60, "sub": "42", **self.claims}
            signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signer or self.key)
            return {"access_token": "x", "token_type": "Bearer", "id_token": signed}

        return app


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Run the service on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Service(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(service.app(), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield service
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def visitor(desk: Desk, service: Service) -> Browser:
    """Give a browser at a desk that trusts the service."""
    service.claims, service.signer = {}, None
    app = create_app(desk, {})
    app.state.provider = Provider(OidcSettings(service.url, "desk", "secret", "Company"), desk.settings)
    return Browser(app)


def _come_back(visitor: Browser, service: Service, **changes: str) -> str:
    visitor.get("/sign-in")
    leaving = visitor.get("/sign-in/provider?next=/queue%3Fview%3Dmine").headers["location"]
    assert leaving.startswith(f"{service.url}/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving).query).items()}
    assert asked["code_challenge_method"] == "S256"
    service.claims.setdefault("nonce", asked["nonce"])
    state = changes.get("state", asked["state"])
    location = visitor.get(f"/sign-in/provider/back?code=the-code&state={state}").headers["location"]
    return str(location)


def test_a_colleague_with_a_checked_address_comes_in(visitor: Browser, service: Service, desk: Desk) -> None:
    service.claims = {"email": "officer@example.org", "email_verified": True}
    assert _come_back(visitor, service) == "/queue?view=mine"
    assert visitor.get("/queue").status_code == 200
    with desk.read() as work:
        user = accounts.by_email(work, "officer@example.org")
    assert user is not None
    assert user.oidc_subject == f"{service.url}#42"


def test_afterwards_the_services_own_name_counts_and_not_the_address(
    visitor: Browser, service: Service, desk: Desk
) -> None:
    service.claims = {"email": "officer@example.org", "email_verified": True}
    _come_back(visitor, service)
    visitor.get("/queue")
    visitor.post("/sign-out")
    service.claims = {"email": "officer@example.org", "email_verified": True, "sub": "somebody-else"}
    assert _come_back(visitor, service) == "/sign-in"
    service.claims = {"email": "renamed@example.org", "email_verified": True}
    assert _come_back(visitor, service) == "/queue?view=mine"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "officer@example.org"},
        {"email": "officer@example.org", "email_verified": False},
        {"email": "stranger@example.org", "email_verified": True},
        {"email": "officer@example.org", "email_verified": True, "nonce": "another"},
        {"email": "officer@example.org", "email_verified": True, "aud": "another"},
        {"email": "officer@example.org", "email_verified": True, "iss": "https://another.example"},
        {"email": "officer@example.org", "email_verified": True, "exp": 1},
    ],
    ids=["unchecked", "not verified", "unknown", "nonce", "audience", "issuer", "expired"],
)
def test_who_is_not_surely_a_colleague_stays_outside(
    visitor: Browser, service: Service, claims: dict[str, Any]
) -> None:
    service.claims = dict(claims)
    assert _come_back(visitor, service) == "/sign-in"
    assert visitor.get("/queue").status_code == 303


def test_a_token_signed_by_somebody_else_opens_nothing(visitor: Browser, service: Service) -> None:
    service.claims = {"email": "officer@example.org", "email_verified": True}
    service.signer = RSAKey.generate_key(2048, {"kid": "one"})
    assert _come_back(visitor, service) == "/sign-in"


def test_an_answer_to_another_attempt_opens_nothing(visitor: Browser, service: Service) -> None:
    service.claims = {"email": "officer@example.org", "email_verified": True}
    assert _come_back(visitor, service, state="forged") == "/sign-in"
    fresh = Browser(visitor.client.app)  # type: ignore[arg-type]
    assert fresh.get("/sign-in/provider/back?code=the-code&state=x").headers["location"] == "/sign-in"


def test_a_locked_account_stays_outside(visitor: Browser, service: Service, desk: Desk) -> None:
    with desk.work("test") as work:
        user = accounts.by_email(work, "officer@example.org")
        assert user is not None
        accounts.set_active(work, user, active=False)
    service.claims = {"email": "officer@example.org", "email_verified": True}
    assert _come_back(visitor, service) == "/sign-in"


def test_a_service_that_is_away_is_said(desk: Desk) -> None:
    app = create_app(desk, {})
    app.state.provider = Provider(OidcSettings("http://127.0.0.1:9", "desk", "secret"), desk.settings)
    browser = Browser(app)
    assert "did not work" in browser.follow(browser.get("/sign-in/provider"))


def test_half_of_the_settings_is_an_error_that_says_so() -> None:
    assert oidc_settings({}) is None
    with pytest.raises(SettingsError, match="OIDC_CLIENT_SECRET"):
        oidc_settings({"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "desk"})


def test_without_a_service_there_is_no_such_door(browser: Browser, signed_in: Callable[..., Browser]) -> None:
    assert "/sign-in/provider" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == 404
