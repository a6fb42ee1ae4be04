"""The one place where things that go wrong become a status and a sentence, for pages and for programs alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.orm.exc import StaleDataError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from desk.domain import errors
from desk.web.api.calls import NoToken, ScopeMissing
from desk.web.csrf import ForeignForm
from desk.web.frame import page
from desk.web.routing import NotPermitted, PasswordChangeNeeded, SignInNeeded
from desk.web.said import go
from desk.web.translations import translate
from desk.web.visiting import plain_visit

log = logging.getLogger(__name__)

# The more special kind stands first, because the first that fits is taken.
_STATUS: Mapping[type[Exception], tuple[int, str]] = {
    errors.NotFound: (404, "not_found"),
    errors.Conflict: (409, "conflict"),
    errors.TransitionNotAllowed: (409, "transition"),
    errors.ReasonRequired: (422, "reason"),
    errors.ExtensionNotAllowed: (409, "extension"),
    errors.SuspensionNotAllowed: (409, "suspension"),
    errors.AlreadyAnonymised: (409, "anonymised"),
    errors.OnLegalHold: (409, "hold"),
    errors.AttachmentNotAllowed: (422, "attachment"),
    errors.InvalidInput: (422, "input"),
    errors.DeskUnavailable: (503, "unavailable"),
    StaleDataError: (409, "conflict"),
    NoToken: (401, "no_token"),
    ScopeMissing: (403, "scope"),
    NotPermitted: (403, "forbidden"),
    ForeignForm: (403, "foreign_form"),
}
_BY_STATUS = {403: "forbidden", 404: "not_found", 405: "not_found", 413: "too_large", 422: "input"}
_MORE = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}


def install(app: FastAPI) -> None:
    """Have the application answer every failure through this module."""
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(PasswordChangeNeeded, _change_password)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    for kind in (errors.DeskError, StaleDataError, NotPermitted, ForeignForm, NoToken, ScopeMissing):
        app.add_exception_handler(kind, _known)


def status_and_code(error: Exception) -> tuple[int, str]:
    """Give the status and the name of what went wrong."""
    for kind, answer in _STATUS.items():
        if isinstance(error, kind):
            return answer
    return 500, "unexpected"


def failure(request: Request, status: int, code: str) -> Response:
    """Say what went wrong, as a page or as JSON, whichever was asked for."""
    headers = _MORE.get(status, {})
    if request.url.path.startswith("/api/"):
        return problem(status, code, headers)
    visit = plain_visit(request)
    response = page(request, visit, "error.html", {"text": visit.say(f"error.{code}")}, status)
    response.headers.update(headers)
    return response


def problem(status: int, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Say what went wrong to a program; the words are English, the code is the contract."""
    body = {"error": {"code": code.replace("_", "-"), "message": translate("en", f"error.{code}")}}
    return JSONResponse(body, status, headers=dict(headers or {}))


async def _sign_in(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request") == "true":
        # A part of a page cannot hold the sign-in page; the whole page has to go there.
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    if request.method != "GET" or request.url.path == "/":
        return RedirectResponse("/sign-in", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go(f"/sign-in?next={quote(wanted, safe='')}", "sign_in.needed", tone="info")


async def _change_password(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/password", status_code=303)


async def _known(request: Request, error: Exception) -> Response:
    status, code = status_and_code(error)
    return await run_in_threadpool(failure, request, status, code)


async def _invalid(request: Request, _error: Exception) -> Response:
    return await run_in_threadpool(failure, request, 422, "input")


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    # A body that is no JSON at all and one that is the wrong JSON are the same mistake to who called.
    status = 422 if status == 400 else status
    response = await run_in_threadpool(failure, request, status, _BY_STATUS.get(status, "unexpected"))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _unexpected(request: Request, error: Exception) -> Response:
    # The path names no person, and the error's own text might; so only its kind and place are written down.
    log.error("unexpected failure at %s %s", request.method, request.url.path, exc_info=error)
    return await run_in_threadpool(failure, request, 500, "unexpected")
