"""Encryption of personal fields at rest, and the keyed hash that finds an e-mail address without reading it.

AES-256-GCM from `cryptography` rather than Fernet: its associated data ties every value to its column, so that
somebody who can write to the database cannot move a value to where it would be shown to others, and a value costs
33 bytes more than its text instead of a third more.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desk.domain.errors import DeskUnavailable

_VERSION = b"\x01"
_KEY_ID_LENGTH = 4
_NONCE_LENGTH = 12
_KEY_LENGTH = 32
_HEADER_LENGTH = len(_VERSION) + _KEY_ID_LENGTH


class Unreadable(DeskUnavailable):
    """A sealed value cannot be opened: its key is not in DESK_KEYS any more, or it was changed."""


def derive(secret: str, purpose: str, length: int = _KEY_LENGTH) -> bytes:
    """Make a key for one purpose from a secret of the settings, so that no key serves two purposes."""
    return HKDF(SHA256(), length, salt=None, info=b"privacy-desk/" + purpose.encode()).derive(secret.encode())


class Vault:
    """Seals and opens values; the first key seals, every key opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("A vault needs at least one key.")
        self._ciphers: dict[bytes, AESGCM] = {}
        for key in keys:
            self._ciphers[derive(key, "vault-key-id", _KEY_ID_LENGTH)] = AESGCM(derive(key, "vault-key"))
        self._current = next(iter(self._ciphers))

    def seal(self, plain: bytes, column: str) -> bytes:
        """Encrypt a value for one column."""
        nonce = secrets.token_bytes(_NONCE_LENGTH)
        header = _VERSION + self._current
        return header + nonce + self._ciphers[self._current].encrypt(nonce, plain, header + column.encode())

    def open(self, sealed: bytes, column: str) -> bytes:
        """Decrypt a value of one column."""
        header = sealed[:_HEADER_LENGTH]
        cipher = self._ciphers.get(header[len(_VERSION) :])
        if header[: len(_VERSION)] != _VERSION or cipher is None:
            raise Unreadable(f"No key in DESK_KEYS opens this value of {column}.")
        nonce_end = _HEADER_LENGTH + _NONCE_LENGTH
        nonce = sealed[_HEADER_LENGTH:nonce_end]
        try:
            return cipher.decrypt(nonce, sealed[nonce_end:], header + column.encode())
        except InvalidTag:
            raise Unreadable(f"A value of {column} was changed outside the desk.") from None

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a value was sealed with the key that seals today."""
        return sealed[:_HEADER_LENGTH] == _VERSION + self._current

    @property
    def current_header(self) -> bytes:
        """Give the first bytes of everything sealed today, by which rotation finds what is older."""
        return _VERSION + self._current


class KeyedHash:
    """Hashes that only this desk can compute: for finding e-mail addresses and for proving its own records."""

    def __init__(self, index_key: str) -> None:
        self._email_key = derive(index_key, "email-index")
        self._seal_key = derive(index_key, "audit-head")
        self._fingerprint = derive(index_key, "fingerprint", 8).hex()

    def email(self, address: str) -> bytes:
        """Hash an e-mail address so that the same one, however it was typed, gives the same hash."""
        return hmac.digest(self._email_key, normalise_email(address).encode(), "sha256")

    def seal(self, text: str) -> str:
        """Prove that a record was written by who holds the key."""
        return hmac.digest(self._seal_key, text.encode(), "sha256").hex()

    @property
    def fingerprint(self) -> str:
        """Name the key without telling it, so that a changed key is noticed before it breaks searching."""
        return self._fingerprint


def normalise_email(address: str) -> str:
    """Bring an address to one form; mailboxes that differ only in upper and lower case do not exist in practice."""
    return unicodedata.normalize("NFKC", address).strip().strip("<>").casefold()


def new_token() -> str:
    """Draw a token that nobody guesses, safe in addresses and subjects."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Hash a token that is random already, so that the database alone opens no door."""
    return hashlib.sha256(token.encode()).digest()
