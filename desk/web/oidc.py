"""Signing in with the company's own sign-in service (OpenID Connect), when settings name one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from httpx import HTTPError, get
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from desk.settings import Settings, SettingsError

_TIMEOUT_SECONDS = 10
_SCOPE = "openid email profile"
_ALGORITHMS = ["RS256", "ES256", "PS256"]


class ProviderTrouble(Exception):
    """The sign-in service does not answer, or what it says cannot be trusted."""


@dataclass(frozen=True)
class OidcSettings:
    """Which service, and how this desk is known there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "SSO"


@dataclass(frozen=True)
class Attempt:
    """What is remembered in the browser between leaving for the service and coming back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who the service says it is."""

    subject: str
    email: str | None


def oidc_settings(values: Mapping[str, str]) -> OidcSettings | None:
    """Read the settings; None when there is no such service, an error when half of them are missing."""
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    given = [values.get(name, "").strip() for name in names]
    if not any(given):
        return None
    if not all(given):
        raise SettingsError(f"To sign in with OpenID Connect, {', '.join(names)} must be set together.")
    return OidcSettings(given[0].rstrip("/"), given[1], given[2], values.get("OIDC_NAME", "").strip() or "SSO")


class Provider:
    """The sign-in service; what it publishes about itself is asked for when somebody signs in."""

    def __init__(self, oidc: OidcSettings, settings: Settings) -> None:
        self.oidc = oidc
        self.callback = f"{settings.desk_url}/sign-in/provider/back"

    def begin(self) -> tuple[str, Attempt]:
        """Give the address to leave for, and what to remember until the browser is back."""
        attempt = Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        with self._client() as client:
            address, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address), attempt

    def finish(self, attempt: Attempt, state: str, code: str) -> Identity:
        """Check what the browser brought back and give who it is."""
        if not secrets.compare_digest(attempt.state.encode(), state.encode()):
            raise ProviderTrouble("The answer belongs to another attempt.")
        metadata = self._metadata()
        try:
            with self._client() as client:
                token = client.fetch_token(
                    metadata["token_endpoint"],
                    code=code,
                    code_verifier=attempt.verifier,
                    grant_type="authorization_code",
                )
            return self._identity(token, metadata, attempt)
        except (OAuthError, HTTPError, JoseError, KeyError, ValueError) as error:
            raise ProviderTrouble(type(error).__name__) from error

    def _identity(self, token: Mapping[str, Any], metadata: Mapping[str, Any], attempt: Attempt) -> Identity:
        keys = KeySet.import_key_set(self._read(metadata["jwks_uri"]))  # type: ignore[arg-type]
        decoded = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": self.oidc.client_id},
        }
        claims = CodeIDToken(
            decoded.claims, decoded.header, options, {"nonce": attempt.nonce, "client_id": self.oidc.client_id}
        )
        claims.validate(leeway=60)
        # An address that the service did not check could be anybody's, so it finds no account.
        email = claims.get("email") if claims.get("email_verified") is True else None
        return Identity(f"{claims['iss']}#{claims['sub']}"[:300], email)

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self.oidc.client_id,
            self.oidc.client_secret,
            scope=_SCOPE,
            redirect_uri=self.callback,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )

    def _metadata(self) -> dict[str, Any]:
        metadata = self._read(f"{self.oidc.issuer}/.well-known/openid-configuration")
        if metadata.get("issuer", "").rstrip("/") != self.oidc.issuer:
            raise ProviderTrouble("The service gives another name than the settings.")
        return metadata

    @staticmethod
    def _read(address: str) -> dict[str, Any]:
        try:
            answer = get(address, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (HTTPError, ValueError) as error:
            raise ProviderTrouble(type(error).__name__) from error
        return found
