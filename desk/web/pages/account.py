"""One's own account: language, look, keyboard, password, second factor, and where one is signed in."""

from __future__ import annotations

import hmac
import io
import secrets
from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import Form, Request
from starlette.responses import Response

from desk.application import staff
from desk.domain.errors import InvalidInput
from desk.services import accounts
from desk.storage.crypto import Unreadable, Vault, token_hash
from desk.web.frame import page
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.visit import THEMES
from desk.web.visiting import SESSION, SHORTCUTS, THEME, cookies_of, desk_of

pages = Pages()

# The secret of an authenticator app that is being set up, sealed, because it counts only once a code was given.
SETTING_UP = "desk_second_factor"
_SEALED_FOR = "second-factor-set-up"
_MINUTES = 15 * 60


@pages.get("/account", Permission.SIGNED_IN)
def show(request: Request, visit: CurrentVisit) -> Response:
    """Show one's own account."""
    current = token_hash(request.cookies[SESSION])
    with desk_of(request).read() as work:
        user = accounts.get_user(work, visit.user.id)
        sessions = [
            {
                "id": row.token_hash.hex(),
                "agent": browser_name(row.agent),
                "seen": row.last_seen_at,
                "since": row.created_at,
            }
            | {"current": hmac.compare_digest(row.token_hash, current)}
            for row in accounts.sessions_of(work, user)
        ]
    return page(request, visit, "account.html", {"sessions": sessions, "themes": THEMES})


@pages.post("/account/wishes", Permission.SIGNED_IN)
def wishes(
    request: Request,
    visit: CurrentVisit,
    language: Annotated[str, Form()],
    theme: Annotated[str, Form()],
    shortcuts: Annotated[str, Form()] = "off",
) -> Response:
    """Keep the language with the account, and look and keyboard with this device."""
    if theme not in THEMES:
        raise InvalidInput("There is no such look.")
    with desk_of(request).work(staff(visit.user.id)) as work:
        accounts.set_language(work, accounts.get_user(work, visit.user.id), language)
    response = go("/account", "account.wishes.done")
    cookies = cookies_of(request)
    cookies.keep_wish(response, THEME, theme)
    cookies.keep_wish(response, SHORTCUTS, "on" if shortcuts == "on" else "off")
    return response


@pages.post("/account/sessions/end", Permission.SIGNED_IN)
def end_session(
    request: Request, visit: CurrentVisit, session: Annotated[str, Form(pattern="[0-9a-f]{64}|others")]
) -> Response:
    """End one session of one's own, or all but this one."""
    current = token_hash(request.cookies[SESSION])
    with desk_of(request).work(staff(visit.user.id)) as work:
        user = accounts.get_user(work, visit.user.id)
        chosen = (
            [bytes.fromhex(session)]
            if session != "others"
            else [row.token_hash for row in accounts.sessions_of(work, user)]
        )
        for hashed in chosen:
            if hashed != current:
                accounts.revoke_session_by_hash(work, hashed, user)
    return go("/account", "account.sessions.done")


@pages.get("/account/second-factor", Permission.SIGNED_IN)
def second_factor(request: Request, visit: CurrentVisit) -> Response:
    """Show the picture that an authenticator app reads."""
    secret = _secret_of(request) or accounts.new_totp_secret()
    return _set_up(request, visit, secret)


@pages.get("/account/second-factor/picture.svg", Permission.SIGNED_IN)
def picture(request: Request, visit: CurrentVisit) -> Response:
    """Draw the picture; it is never kept anywhere."""
    secret = _secret_of(request)
    if secret is None:
        raise InvalidInput("Nothing is being set up.")
    with desk_of(request).read() as work:
        uri = accounts.totp_uri(accounts.get_user(work, visit.user.id), secret)
    drawing = io.BytesIO()
    segno.make(uri, error="m").save(drawing, kind="svg", scale=4, border=2, light="white", xmldecl=False)
    return Response(drawing.getvalue(), media_type="image/svg+xml")


@pages.post("/account/second-factor", Permission.SIGNED_IN)
def enable(request: Request, visit: CurrentVisit, code: Annotated[str, Form(max_length=20)]) -> Response:
    """Switch the second factor on once the app shows the right code."""
    secret = _secret_of(request)
    if secret is None:
        return go("/account/second-factor", "account.second_factor.expired", tone="soon")
    with desk_of(request).work(staff(visit.user.id)) as work:
        done = accounts.enable_totp(work, accounts.get_user(work, visit.user.id), secret, code)
        if done:
            accounts.confirm_second_factor(work, request.cookies[SESSION])
    if not done:
        return _set_up(request, visit, secret, visit.say("sign_in.code.wrong"))
    response = go("/account", "account.second_factor.on")
    response.delete_cookie(SETTING_UP, path="/account")
    return response


@pages.post("/account/second-factor/off", Permission.SIGNED_IN)
def disable(request: Request, visit: CurrentVisit, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Switch the second factor off; the password is asked for, because an open screen must not be enough."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        user = accounts.get_user(work, visit.user.id)
        right = accounts.password_matches(user, password)
        if right:
            accounts.disable_totp(work, user)
    if not right:
        return go("/account", "sign_in.password_page.wrong_current", tone="bad")
    return go("/account", "account.second_factor.off")


def browser_name(agent: str | None) -> str:
    """Name a browser and its system in two words, as far as it says so."""
    agent = agent or ""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    found = [next((name for sign, name in signs if sign in agent), "") for signs in (browsers, systems)]
    return " · ".join(name for name in found if name)


def _set_up(request: Request, visit: CurrentVisit, secret: str, problem: str | None = None) -> Response:
    values = {"secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)), "problem": problem}
    # The picture's address changes with each secret, or a browser could show an older one.
    values["picture"] = f"/account/second-factor/picture.svg?{quote(secrets.token_hex(4))}"
    response = page(request, visit, "second_factor.html", values, 422 if problem else 200)
    sealed = Vault(desk_of(request).settings.keys).seal(secret.encode(), _SEALED_FOR).hex()
    response.set_cookie(
        SETTING_UP, sealed, _MINUTES, path="/account", httponly=True, samesite="lax", secure=cookies_of(request).https
    )
    return response


def _secret_of(request: Request) -> str | None:
    try:
        sealed = bytes.fromhex(request.cookies.get(SETTING_UP, ""))
        return Vault(desk_of(request).settings.keys).open(sealed, _SEALED_FOR).decode() if sealed else None
    except (ValueError, Unreadable):
        return None
