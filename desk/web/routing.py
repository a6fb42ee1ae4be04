"""How pages are declared: every one names the permission it needs, so that none is left open by mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk.web.csrf import SAFE_METHODS, require_own_form
from desk.web.permissions import Permission
from desk.web.visit import Visit
from desk.web.visiting import current_visit

P = ParamSpec("P")
R = TypeVar("R")
CurrentVisit = Annotated[Visit, Depends(current_visit)]


class SignInNeeded(Exception):
    """Nobody is signed in, and the page is not for everybody."""


class PasswordChangeNeeded(Exception):
    """The account still has the password that somebody else made."""


class NotPermitted(Exception):
    """Somebody is signed in whose role does not allow this."""


@dataclass(frozen=True)
class Declared:
    """A route as it was declared, for the test that walks all of them."""

    method: str
    path: str
    needs: Permission


class Pages:
    """A group of pages; declaring one without a permission is not possible."""

    def __init__(self) -> None:
        self.router = APIRouter()
        self.declared: list[Declared] = []

    def get(self, path: str, needs: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare a page that shows something."""
        return self._declare("GET", path, needs)

    def post(self, path: str, needs: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare what a form is sent to; the form must come from a page of ours."""
        return self._declare("POST", path, needs)

    def _declare(self, method: str, path: str, needs: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
        self.declared.append(Declared(method, path, needs))

        def add(handler: Callable[P, R]) -> Callable[P, R]:
            self.router.add_api_route(
                path,
                handler,
                methods=[method],
                dependencies=[Depends(_guard(needs))],
                response_class=Response,
                response_model=None,
                include_in_schema=False,
            )
            return handler

        return add


# Pages that somebody who still has to choose a password may reach.
_BEFORE_PASSWORD = frozenset({"/password", "/sign-out", "/language"})


def _guard(needs: Permission) -> Callable[..., Any]:
    async def guard(request: Request, visit: CurrentVisit) -> None:
        if needs is not Permission.PUBLIC and visit.account is None:
            raise SignInNeeded
        if not visit.may(needs):
            raise NotPermitted
        if (
            visit.account
            and visit.account.must_change_password
            and needs is not Permission.PUBLIC
            and request.url.path not in _BEFORE_PASSWORD
        ):
            raise PasswordChangeNeeded
        if request.method not in SAFE_METHODS:
            await require_own_form(request, visit.csrf)

    return guard
