"""Finds out who visits, from the cookies the browser brings; the only place that reads the session cookie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from desk.application import Desk
from desk.services import accounts
from desk.storage.models import User
from desk.web.csrf import token_for
from desk.web.formats import Formats
from desk.web.said import read_said
from desk.web.translations import LANGUAGES, Language
from desk.web.visit import THEMES, Account, Theme, Visit

SESSION = "desk_session"
BROWSER = "desk_browser"
LANGUAGE = "desk_language"
THEME = "desk_theme"
SHORTCUTS = "desk_shortcuts"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class CookieRules:
    """How cookies are set here; the browser keeps them off plain connections when the desk's address is https."""

    https: bool

    def keep(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie that no script reads and that no other site's form brings along."""
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self.https, path="/")

    def keep_wish(self, response: Response, name: str, value: str) -> None:
        """Remember a wish about how pages look on this device."""
        self.keep(response, name, value, _YEAR)


def desk_of(request: Request) -> Desk:
    """Give the desk behind this application."""
    desk: Desk = request.app.state.desk
    return desk


def cookies_of(request: Request) -> CookieRules:
    """Give the rules for cookies of this application."""
    return CookieRules(desk_of(request).settings.desk_url.startswith("https://"))


def current_visit(request: Request) -> Visit:
    """Give the visit this request belongs to; who has not shown the second factor yet is not signed in yet."""
    desk, token = desk_of(request), request.cookies.get(SESSION)
    account = _account_of(desk, token) if token else None
    visit = _visit(request, account)
    request.state.visit = visit
    return visit


def plain_visit(request: Request) -> Visit:
    """Give the visit as far as it is known, without asking the database, which may be what has failed."""
    known: Visit | None = getattr(request.state, "visit", None)
    return known or _visit(request, None)


def pending_user(desk: Desk, token: str | None) -> User | None:
    """Give whose password was right but whose second factor is still to come."""
    if token is None:
        return None
    with desk.read() as work:
        session = accounts.find_session(work, token)
        return session.user if session is not None and _is_pending(session) else None


def cookie_to_bind(request: Request) -> str:
    """Give the cookie that a page's forms are bound to; a browser without any gets one before it sees a form."""
    browser: str = request.state.browser
    return request.cookies.get(SESSION) or browser


def new_browser_cookie() -> str:
    """Draw a name for a browser that is not signed in; it only serves to bind forms to it."""
    return secrets.token_urlsafe(24)


def _account_of(desk: Desk, token: str) -> Account | None:
    with desk.read() as work:
        session = accounts.find_session(work, token)
        if session is None or _is_pending(session):
            return None
        stale = accounts.needs_touch(work, session)
    if stale:
        with desk.work("session") as work:
            accounts.touch_session(work, token)
    return _account(session.user)


def _is_pending(session: accounts.Session) -> bool:
    return session.user.totp_secret is not None and not session.row.second_factor


def _account(user: User) -> Account:
    return Account(
        user.id,
        user.name,
        user.email,
        user.role,
        user.language,
        user.must_change_password,
        user.totp_secret is not None,
        user.password_hash is not None,
    )


def _visit(request: Request, account: Account | None) -> Visit:
    settings = desk_of(request).settings
    language = _language(request, account)
    return Visit(
        account=account,
        language=language,
        formats=Formats(language, settings.timezone),
        theme=_theme(request.cookies.get(THEME)),
        shortcuts=request.cookies.get(SHORTCUTS) != "off",
        csrf=token_for(settings.index_key, cookie_to_bind(request)),
        path=request.url.path,
        said=read_said(request, language),
    )


def _language(request: Request, account: Account | None) -> Language:
    wanted = account.language if account else request.cookies.get(LANGUAGE)
    for language in LANGUAGES:
        if wanted == language:
            return language
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "de"


def _theme(wanted: str | None) -> Theme:
    return next((theme for theme in THEMES if theme == wanted), "system")
