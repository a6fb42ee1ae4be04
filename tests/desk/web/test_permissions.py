"""Every route without, with too little and with the right permission; and no route that was declared without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from desk.domain.kinds import Role
from desk.web.api.routes import api
from desk.web.api.routes import pages as api_pages
from desk.web.pages import ALL
from desk.web.permissions import Permission, allows
from desk.web.routing import Declared
from tests.desk.web.browsing import Browser

DECLARED = [declared for pages in (*ALL, api_pages) for declared in pages.declared]
_FILLED = {
    "{reference}": "PR-0000-0000",
    "{letter}": "answer",
    "{number}": "1",
    "{token}": "nothing",
    "{name}": "received",
    "{ending}": "csv",
}


def _path(declared: Declared) -> str:
    path = declared.path
    for name, value in _FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in _FILLED what stands for the parameters of {path}"
    return path


def _call(browser: Browser, declared: Declared) -> int:
    if declared.method == "GET":
        return browser.get(_path(declared)).status_code
    return browser.post(_path(declared)).status_code


def _routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    todo = list(app.routes)
    while todo:
        route = todo.pop()
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if isinstance(route, Route | APIRoute):
            for method in route.methods or ():
                yield method, route.path
        elif inner and not isinstance(route, Mount):
            todo.extend(inner)


def test_every_route_of_the_application_was_declared_with_a_permission(app: FastAPI) -> None:
    served = {(method, path) for method, path in _routes(app) if method not in {"HEAD", "OPTIONS"}}
    declared = {(one.method, one.path) for one in (*DECLARED, *api.declared)}
    assert len(served) > 30, "the walk over the application's routes finds too few of them"
    assert served - declared == set()


def test_nobody_enters_without_signing_in(browser: Browser) -> None:
    for declared in DECLARED:
        browser.get("/sign-in")
        response = browser.client.request(declared.method, _path(declared), data={"csrf": browser.token()})
        goal = response.headers.get("location", "")
        if declared.needs is Permission.PUBLIC:
            assert not goal.startswith("/sign-in?"), declared
            continue
        assert response.status_code == 303, declared
        assert goal.startswith("/sign-in"), declared


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_exactly_what_its_permissions_allow(signed_in: Callable[[Role], Browser], role: Role) -> None:
    browser = signed_in(role)
    for declared in DECLARED:
        if browser.get("/account").status_code != 200:
            browser = signed_in(role)
        status = _call(browser, declared)
        if allows(role, declared.needs):
            assert status not in {401, 403, 500}, f"{declared.method} {declared.path} gave {status} to {role}"
        else:
            assert status == 403, f"{declared.method} {declared.path} gave {status} to {role}"


def test_no_form_is_taken_from_a_page_that_is_not_ours(signed_in: Callable[[Role], Browser]) -> None:
    browser = signed_in(Role.ADMIN)
    foreign = ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"})
    for declared in (one for one in DECLARED if one.method == "POST"):
        assert browser.client.post(_path(declared), data={}).status_code == 403, declared
        for headers in foreign:
            assert browser.post(_path(declared), headers=headers).status_code == 403, declared
    assert browser.get("/account").status_code == 200, "a forged form must not have signed anybody out"
