"""Coming in and going out: password, second factor, a forgotten password, an invitation."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from desk.application import staff
from desk.domain.errors import InvalidInput, NotFound
from desk.services import accounts
from desk.storage.models import User
from desk.web.oidc import Provider
from desk.web.permissions import Permission
from desk.web.rendering import render
from desk.web.routing import CurrentVisit, Pages
from desk.web.said import go
from desk.web.translations import LANGUAGES
from desk.web.visit import Visit
from desk.web.visiting import LANGUAGE, SESSION, cookies_of, desk_of, pending_user

pages = Pages()

_SECONDS_A_MINUTE = 60
Secret = Annotated[str, Form(max_length=1000)]
Address = Annotated[str, Form(max_length=320)]


@pages.get("/sign-in", Permission.PUBLIC)
def sign_in_page(request: Request, visit: CurrentVisit, next: str = "") -> Response:
    """Show the door; who is in already goes straight on."""
    if visit.account is not None:
        return RedirectResponse(own_path(next), status_code=303)
    return _door(request, visit, next=own_path(next))


@pages.post("/sign-in", Permission.PUBLIC)
def sign_in(
    request: Request, visit: CurrentVisit, email: Address, password: Secret, next: Annotated[str, Form()] = ""
) -> Response:
    """Check the password and open the door, or the second one behind it."""
    desk = desk_of(request)
    address = request.client.host if request.client else "unknown"
    result = accounts.sign_in(desk, email, password, address)
    if result.wait_seconds:
        minutes = max(1, -(-result.wait_seconds // _SECONDS_A_MINUTE))
        problem = visit.say("sign_in.throttled", count=minutes)
        response = _door(request, visit, next, email, problem, status=429)
        response.headers["Retry-After"] = str(result.wait_seconds)
        return response
    if result.user is None:
        return _door(request, visit, next, email, visit.say("sign_in.wrong"), status=401)
    goal = "/sign-in/code" if result.needs_second_factor else own_path(next)
    return start(request, result.user, RedirectResponse(goal, status_code=303))


@pages.get("/sign-in/code", Permission.PUBLIC)
def code_page(request: Request, visit: CurrentVisit) -> Response:
    """Ask for the second factor."""
    if pending_user(desk_of(request), request.cookies.get(SESSION)) is None:
        return RedirectResponse("/sign-in", status_code=303)
    return render(visit, "code.html", {"problem": None, "next": ""})


@pages.post("/sign-in/code", Permission.PUBLIC)
def enter_code(request: Request, visit: CurrentVisit, code: Annotated[str, Form(max_length=20)]) -> Response:
    """Check the second factor; guessing is slowed down like guessing passwords."""
    desk, token = desk_of(request), request.cookies.get(SESSION)
    user = pending_user(desk, token)
    if user is None or token is None:
        return RedirectResponse("/sign-in", status_code=303)
    with desk.work(staff(user.id)) as work:
        fresh = accounts.get_user(work, user.id)
        right = accounts.check_totp(work, fresh, code)
        if right:
            accounts.confirm_second_factor(work, token)
    if right:
        return RedirectResponse("/queue", status_code=303)
    return render(visit, "code.html", {"problem": visit.say("sign_in.code.wrong"), "next": ""}, 401)


@pages.post("/sign-out", Permission.SIGNED_IN)
def sign_out(request: Request, visit: CurrentVisit) -> Response:
    """End this session; its cookie opens nothing any more, wherever it was copied to."""
    with desk_of(request).work(staff(visit.user.id)) as work:
        accounts.revoke_session(work, request.cookies[SESSION])
    response = go("/sign-in", "sign_in.signed_out")
    response.delete_cookie(SESSION, path="/")
    return response


@pages.post("/language", Permission.PUBLIC)
def choose_language(
    request: Request, visit: CurrentVisit, language: Annotated[str, Form()], back: Annotated[str, Form()] = "/"
) -> Response:
    """Show the pages before sign-in in the other language."""
    if language not in LANGUAGES:
        raise InvalidInput("The desk speaks German and English.")
    response = RedirectResponse(own_path(back), status_code=303)
    cookies_of(request).keep_wish(response, LANGUAGE, language)
    return response


@pages.get("/forgotten", Permission.PUBLIC)
def forgotten_page(visit: CurrentVisit) -> Response:
    """Ask which account it is."""
    return render(visit, "forgotten.html")


@pages.post("/forgotten", Permission.PUBLIC)
def forgotten(request: Request, email: Address) -> Response:
    """Send a link if there is such an account; the page says the same either way."""
    with desk_of(request).work("sign-in") as work:
        accounts.request_reset(work, email)
    return go("/sign-in", "sign_in.reset.sent", tone="info")


@pages.get("/password", Permission.SIGNED_IN)
def password_page(visit: CurrentVisit) -> Response:
    """Let somebody who is signed in choose another password."""
    return _password_sheet(visit, "/password")


@pages.post("/password", Permission.SIGNED_IN)
def change_password(
    request: Request, visit: CurrentVisit, new: Secret, again: Secret, current: Secret = ""
) -> Response:
    """Change the password; every other session of the account ends."""
    desk = desk_of(request)
    with desk.read() as work:
        user = accounts.get_user(work, visit.user.id)
    if user.password_hash is not None and not accounts.password_matches(user, current):
        return _password_sheet(visit, "/password", visit.say("sign_in.password_page.wrong_current"))
    if new != again:
        return _password_sheet(visit, "/password", visit.say("sign_in.password_page.differ"))
    try:
        with desk.work(staff(user.id)) as work:
            user = accounts.get_user(work, user.id)
            accounts.set_password(work, user, new)
    except InvalidInput:
        return _password_sheet(visit, "/password", _weak(visit))
    # The sessions ended with the old password; this browser gets a new one and has shown its second factor before.
    return start(request, user, go("/queue", "sign_in.password_page.done"), second_factor=visit.user.has_second_factor)


@pages.get("/password/{token}", Permission.PUBLIC)
def redeem_page(request: Request, visit: CurrentVisit, token: str) -> Response:
    """Show the sheet behind an invitation's or a reset's link."""
    with desk_of(request).read() as work:
        if accounts.find_one_time_token(work, token) is None:
            return go("/forgotten", "sign_in.password_page.expired", tone="bad")
    return _password_sheet(visit, f"/password/{token}", by_link=True)


@pages.post("/password/{token}", Permission.PUBLIC)
def redeem(request: Request, visit: CurrentVisit, token: str, new: Secret, again: Secret) -> Response:
    """Set the password and use the link up; signing in with it comes next, second factor and all."""
    if new != again:
        return _password_sheet(visit, f"/password/{token}", visit.say("sign_in.password_page.differ"), by_link=True)
    try:
        with desk_of(request).work("sign-in") as work:
            accounts.redeem(work, token, new)
    except NotFound:
        return go("/forgotten", "sign_in.password_page.expired", tone="bad")
    except InvalidInput:
        return _password_sheet(visit, f"/password/{token}", _weak(visit), by_link=True)
    return go("/sign-in", "sign_in.password_page.done")


def start(request: Request, user: User, response: Response, *, second_factor: bool = False) -> Response:
    """Begin a session and give its cookie to the browser; an older one of this browser ends."""
    desk, old = desk_of(request), request.cookies.get(SESSION)
    with desk.work(staff(user.id)) as work:
        if old:
            accounts.revoke_session(work, old)
        token = accounts.start_session(work, user, request.headers.get("user-agent"), second_factor=second_factor)
    cookies_of(request).keep(response, SESSION, token)
    return response


def _door(
    request: Request, visit: Visit, next: str = "/queue", email: str = "", problem: str | None = None, status: int = 200
) -> Response:
    provider: Provider | None = request.app.state.provider
    name = provider.oidc.name if provider else None
    return render(visit, "sign_in.html", {"next": next, "email": email, "problem": problem, "provider": name}, status)


def _password_sheet(visit: Visit, action: str, problem: str | None = None, *, by_link: bool = False) -> Response:
    forced = visit.account is not None and visit.account.must_change_password and not by_link
    values = {
        "action": action,
        "problem": problem,
        "forced": forced,
        "ask_current": not by_link and visit.user.has_password,
        "length": accounts.SHORTEST_PASSWORD,
    }
    return render(visit, "password.html", values, 422 if problem else 200)


def _weak(visit: Visit) -> str:
    return visit.say("sign_in.password_page.weak", length=accounts.SHORTEST_PASSWORD)


def own_path(wanted: str) -> str:
    """Give an address of ours to go to; anything else becomes the queue."""
    # Only a path of ours: a link to the sign-in page must not send anybody to another site afterwards.
    parts = urlsplit(wanted)
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if safe and wanted.isprintable() else "/queue"
