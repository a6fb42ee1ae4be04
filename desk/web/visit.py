"""One visit to a page: who it is, in which language, with which wishes; made once per request, read by everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from desk.domain.kinds import Role
from desk.web.formats import Formats
from desk.web.permissions import Permission, allows
from desk.web.said import Said
from desk.web.translations import Language, translate

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")


@dataclass(frozen=True)
class Account:
    """What pages need to know of who is signed in."""

    id: int
    name: str
    email: str
    role: Role
    language: str
    must_change_password: bool
    has_second_factor: bool
    has_password: bool


@dataclass(frozen=True)
class Visit:
    """The reader and the reader's wishes."""

    account: Account | None
    language: Language
    formats: Formats
    theme: Theme
    shortcuts: bool
    csrf: str
    path: str
    said: Said | None

    def may(self, permission: Permission) -> bool:
        """Tell whether this reader may use what needs the permission."""
        return allows(self.account.role if self.account else None, permission)

    def say(self, key: str, /, **values: object) -> str:
        """Give a text in the reader's language."""
        return translate(self.language, key, **values)

    @property
    def user(self) -> Account:
        """Give who is signed in, where a route has made sure that somebody is."""
        if self.account is None:
            raise RuntimeError("A page for signed-in people was reached without an account.")
        return self.account
