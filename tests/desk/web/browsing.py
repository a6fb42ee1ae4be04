"""A client that behaves like a person's browser, for the web tests."""

from __future__ import annotations

import re

from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

PASSWORD = "correct horse battery staple"
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class Browser:
    """A client that takes the form token from the page it looks at, like a person's browser does."""

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, base_url="http://localhost", follow_redirects=False)
        self.client.headers["Accept-Language"] = "en-GB,en;q=0.9"
        self.page = ""

    def get(self, path: str, **headers: str) -> Response:
        """Open a page."""
        response = self.client.get(path, headers=headers)
        self.page = response.text
        return response

    def post(self, path: str, data: dict[str, object] | None = None, **more: object) -> Response:
        """Send a form of ours, with the token that belongs to this browser."""
        form = {"csrf": self.token(), **(data or {})}
        return self.client.post(path, data=form, **more)  # type: ignore[arg-type]

    def follow(self, response: Response) -> str:
        """Go where a redirect leads and give the page there."""
        assert response.status_code == 303, response.text
        return self.get(response.headers["location"]).text

    def token(self) -> str:
        """Give the form token of the last page."""
        found = _TOKEN.search(self.page)
        return found[1] if found else ""

    def sign_in(self, email: str, password: str = PASSWORD) -> Response:
        """Come in by the front door."""
        self.get("/sign-in")
        response = self.post("/sign-in", {"email": email, "password": password})
        if response.status_code == 303:
            self.get("/account")
        return response
