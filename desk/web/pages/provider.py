"""The way in through the company's own sign-in service; accounts are made here by invitation, never by the service."""

from __future__ import annotations

import json

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from desk.application import Desk, Work, staff
from desk.domain.errors import NotFound
from desk.services import accounts
from desk.storage.crypto import Unreadable, Vault
from desk.storage.models import User
from desk.web.oidc import Attempt, Identity, Provider, ProviderTrouble
from desk.web.pages.doors import own_path, start
from desk.web.permissions import Permission
from desk.web.routing import Pages
from desk.web.said import go
from desk.web.visiting import cookies_of, desk_of

pages = Pages()
ATTEMPT = "desk_attempt"
_SEALED_FOR = "provider-attempt"
_SECONDS = 10 * 60


@pages.get("/sign-in/provider", Permission.PUBLIC)
def leave(request: Request, next: str = "") -> Response:
    """Send the browser to the sign-in service; a link and no form, for our forms may be sent nowhere else."""
    provider, desk = _provider(request), desk_of(request)
    try:
        address, attempt = provider.begin()
    except ProviderTrouble:
        return go("/sign-in", "sign_in.provider_trouble", tone="bad")
    response = RedirectResponse(address, status_code=303)
    kept = json.dumps([attempt.state, attempt.nonce, attempt.verifier, own_path(next)]).encode()
    cookies_of(request).keep(response, ATTEMPT, Vault(desk.settings.keys).seal(kept, _SEALED_FOR).hex(), _SECONDS)
    return response


@pages.get("/sign-in/provider/back", Permission.PUBLIC)
def come_back(request: Request, state: str = "", code: str = "") -> Response:
    """Let somebody in whom the service knows and who has an account here."""
    provider, desk = _provider(request), desk_of(request)
    kept = _attempt(request, desk)
    if kept is None:
        return go("/sign-in", "sign_in.provider_trouble", tone="bad")
    attempt, wanted = kept
    try:
        identity = provider.finish(attempt, state, code)
    except ProviderTrouble:
        return go("/sign-in", "sign_in.provider_trouble", tone="bad")
    user = _account(desk, identity)
    if user is None:
        return go("/sign-in", "sign_in.provider_unknown", tone="bad")
    # Whether a second factor is asked for is the service's own affair; it knows its people better than we do.
    response = start(request, user, RedirectResponse(wanted, status_code=303), second_factor=True)
    response.delete_cookie(ATTEMPT, path="/")
    return response


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound("No sign-in service is set.")
    return provider


def _attempt(request: Request, desk: Desk) -> tuple[Attempt, str] | None:
    try:
        sealed = bytes.fromhex(request.cookies.get(ATTEMPT, ""))
        state, nonce, verifier, wanted = json.loads(Vault(desk.settings.keys).open(sealed, _SEALED_FOR))
    except (ValueError, Unreadable, IndexError):
        return None
    return Attempt(state, nonce, verifier), own_path(wanted)


def _account(desk: Desk, identity: Identity) -> User | None:
    with desk.read() as work:
        user = _known(work, identity)
        number = user.id if user is not None and user.active else None
    if number is None:
        return None
    with desk.work(staff(number)) as work:
        user = accounts.get_user(work, number)
        # From the first sign-in on the service's own name counts, for an address may be given to somebody else one day.
        user.oidc_subject, user.must_change_password, user.last_sign_in_at = identity.subject, False, work.now
        work.record("user.signed-in", None, user=user.id)
        return user


def _known(work: Work, identity: Identity) -> User | None:
    user = accounts.by_oidc_subject(work, identity.subject)
    if user is not None or identity.email is None:
        return user
    user = accounts.by_email(work, identity.email)
    return user if user is not None and user.oidc_subject is None else None
