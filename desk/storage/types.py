"""Column types: instants that are always UTC, words from a fixed list, and texts that are sealed on the way in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, String, TypeDecorator

from desk.storage.crypto import Vault

# SQLite only numbers rows by itself when the column is called INTEGER; its integers are 64 bits wide all the same.
RowId = BigInteger().with_variant(Integer(), "sqlite")

# Each engine has a dialect object of its own, so two desks with different keys in one process do not mix them up.
_VAULTS: WeakKeyDictionary[Dialect, Vault] = WeakKeyDictionary()


def use_vault(dialect: Dialect, vault: Vault) -> None:
    """Give an engine the keys that its sealed columns are read and written with."""
    _VAULTS[dialect] = vault


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Only instants with a time zone are kept.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One of a fixed list of words, kept as text so that a new one needs no migration."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class Sealed(TypeDecorator[Any]):
    """A value that is encrypted in the database; `column` ties it to its place."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def to_bytes(self, value: Any) -> bytes:
        """Turn a value into what is encrypted."""
        return str(value).encode()

    def from_bytes(self, plain: bytes) -> Any:
        """Turn what was encrypted back into the value."""
        return plain.decode()

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else _VAULTS[dialect].seal(self.to_bytes(value), self.column)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else self.from_bytes(_VAULTS[dialect].open(bytes(value), self.column))


class SealedJson(Sealed):
    """A sealed value with structure."""

    cache_ok = True

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def from_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)


class SealedBytes(Sealed):
    """A sealed file."""

    cache_ok = True

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def from_bytes(self, plain: bytes) -> Any:
        return plain
