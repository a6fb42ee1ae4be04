"""Issues and checks the token that is all a visitor needs, and the only way, to continue a conversation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from bot.channels.errors import ChannelError

VERSION = "v1"
PURPOSE = b"webchat session token"


@dataclass(frozen=True)
class Session:
    """What a token says: which conversation, until when, and the language the visitor's browser asked for."""

    conversation: str
    expires: int
    language: str | None
    began: int = 0
    """When the token was issued, in seconds since 1970."""


class SessionExpired(ChannelError):
    """A token of ours whose time is over; whose it was is known, so that they can be told what became of it."""

    def __init__(self, session: Session) -> None:
        """Keep the session."""
        super().__init__(401, "session_expired", "The session has expired. Please start a new one.")
        self.session = session


class Tokens:
    """Signs sessions with the secret of the settings; nothing about a token is kept on the server."""

    def __init__(self, secret: str, hours: int) -> None:
        """Derive a key of its own, so that the secret may serve other purposes without mixing them up."""
        self._key = hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest()
        self._lifetime = hours * 3600

    def issue(self, language: str | None) -> tuple[str, Session]:
        """Start a session with a random conversation id nobody can guess."""
        now = int(time.time())
        session = Session(secrets.token_urlsafe(18), now + self._lifetime, language, now)
        claims = {"c": session.conversation, "e": session.expires, "l": session.language}
        body = _encoded(json.dumps(claims, separators=(",", ":")).encode())
        return f"{VERSION}.{body}.{_encoded(self._signature(body))}", session

    def check(self, token: str) -> Session:
        """Return the session of a token, or say why it cannot be used."""
        parts = token.split(".")
        if len(parts) != 3 or parts[0] != VERSION or not token.isascii():
            raise _invalid()
        if not hmac.compare_digest(_encoded(self._signature(parts[1])), parts[2]):
            raise _invalid()
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        except (binascii.Error, ValueError):
            raise _invalid() from None
        session = Session(claims["c"], claims["e"], claims["l"], claims["e"] - self._lifetime)
        if session.expires <= time.time():
            raise SessionExpired(session)
        return session

    def _signature(self, body: str) -> bytes:
        return hmac.new(self._key, f"{VERSION}.{body}".encode(), hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _invalid() -> ChannelError:
    return ChannelError(401, "invalid_token", "The session token is not valid. Please start a new session.")
