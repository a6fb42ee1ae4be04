"""The team's accounts, tokens for programs and webhooks; what is secret is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from desk.application import Work, staff
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Role
from desk.services import accounts, api_tokens, webhooks
from desk.storage.models import User
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()


def _new_role(work: Work, user: User, form: dict[str, str]) -> None:
    accounts.set_role(work, user, Role(form["role"]))


def _lock(work: Work, user: User, _form: dict[str, str]) -> None:
    accounts.set_active(work, user, active=False)


def _unlock(work: Work, user: User, _form: dict[str, str]) -> None:
    accounts.set_active(work, user, active=True)


def _reset(work: Work, user: User, _form: dict[str, str]) -> None:
    accounts.request_reset(work, user.email)


def _remove_factor(work: Work, user: User, _form: dict[str, str]) -> None:
    accounts.disable_totp(work, user)
    accounts.revoke_all_sessions(work, user)


def _sign_out(work: Work, user: User, _form: dict[str, str]) -> None:
    accounts.revoke_all_sessions(work, user)


def _slack(work: Work, user: User, form: dict[str, str]) -> None:
    accounts.set_slack_id(work, user, form["slack"].strip() or None)


_CHANGES: dict[str, Callable[[Work, User, dict[str, str]], None]] = {
    "role": _new_role,
    "lock": _lock,
    "unlock": _unlock,
    "reset": _reset,
    "factor": _remove_factor,
    "sign_out": _sign_out,
    "slack": _slack,
}


@pages.get("/people", Permission.MANAGE_PEOPLE)
def show(request: Request, visit: CurrentVisit) -> Response:
    """Show accounts, tokens and webhooks."""
    return _show(request, visit)


@pages.post("/people", Permission.MANAGE_PEOPLE)
def invite(
    request: Request,
    visit: CurrentVisit,
    email: Annotated[str, Form(max_length=320)],
    name: Annotated[str, Form(max_length=200)],
    role: Annotated[Role, Form()],
    language: Annotated[str, Form(pattern="de|en")],
) -> Response:
    """Make an account and send its owner the link to choose a password."""
    try:
        with desk_of(request).work(staff(visit.user.id)) as work:
            accounts.invite(work, accounts.create_user(work, email, name, role, language))
    except InvalidInput:
        return go("/people", "people.problem", tone="bad")
    return go("/people", "people.invite.done", name=name.strip())


@pages.post("/people/{number}", Permission.MANAGE_PEOPLE)
def change(
    request: Request,
    visit: CurrentVisit,
    number: int,
    action: Annotated[str, Form(max_length=20)],
    role: Annotated[str, Form(pattern="|".join(Role))] = Role.VIEWER,
    slack: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Change something about a colleague's account."""
    if action not in _CHANGES:
        raise InvalidInput("There is no such change.")
    try:
        with desk_of(request).work(staff(visit.user.id)) as work:
            _CHANGES[action](work, accounts.get_user(work, number), {"role": role, "slack": slack})
    except InvalidInput:
        return go("/people", "people.problem", tone="bad")
    return go("/people", f"people.done.{action}")


@pages.post("/tokens", Permission.MANAGE_PEOPLE)
def create_token(
    request: Request,
    visit: CurrentVisit,
    name: Annotated[str, Form(max_length=200)],
    days: Annotated[int, Form(ge=0, le=3650)] = 365,
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a token and show it, this once; it is in no address and no cookie."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        expires = work.now + timedelta(days=days) if days else None
        _, token = api_tokens.create(work, name, scopes or [], expires)
    return _show(request, visit, token=token)


@pages.post("/tokens/{number}/revoke", Permission.MANAGE_PEOPLE)
def revoke_token(request: Request, visit: CurrentVisit, number: int) -> Response:
    """Make a token void."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        api_tokens.revoke(work, number)
    return go("/people#h-tokens", "people.tokens.done")


@pages.post("/webhooks", Permission.MANAGE_PEOPLE)
def add_webhook(
    request: Request,
    visit: CurrentVisit,
    url: Annotated[str, Form(max_length=500)],
    events: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Add a webhook and show the secret of its signatures, this once."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        _, secret = webhooks.add_webhook(work, url, events or [])
    return _show(request, visit, secret=secret)


@pages.post("/webhooks/{number}/remove", Permission.MANAGE_PEOPLE)
def remove_webhook(request: Request, visit: CurrentVisit, number: int) -> Response:
    """Tell a system nothing any more."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        webhooks.remove_webhook(work, number)
    return go("/people#h-hooks", "people.hooks.done")


def _show(request: Request, visit: Visit, token: str | None = None, secret: str | None = None) -> Response:
    with desk_of(request).read() as work:
        values = {
            "people": accounts.all_users(work),
            "tokens": api_tokens.all_tokens(work),
            "hooks": webhooks.all_webhooks(work),
            "roles": list(Role),
            "scopes": api_tokens.SCOPES,
            "events": webhooks.EVENTS,
            "token": token,
            "secret": secret,
        }
        return page(request, visit, "people.html", values)
