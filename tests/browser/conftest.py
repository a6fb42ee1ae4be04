"""Starts the whole product once, as people run it, and gives tests browsers, websites and bad lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bot.widget.build import current_manifest, ensure_widget
from tests.browser.hosts import Host
from tests.browser.lines import Line
from tests.browser.visitor import Visitor
from tests.conversations.house import House, free_port

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Product(House):
    """The house with its desk and worker, as `make run` starts them."""

    desk_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        """Add what the desk needs, and let other websites embed the widget."""
        super().__post_init__()
        self.environment["DESK_PORT"] = str(self.desk_port)
        self.environment["DESK_URL"] = f"http://127.0.0.1:{self.desk_port}"
        self.environment["WEBCHAT_ORIGINS"] = "*"

    @property
    def website(self) -> str:
        """Return the demonstration website's address."""
        return f"http://127.0.0.1:{self.assistant_port}/webhooks/website"

    @property
    def script(self) -> str:
        """Return the address of the widget's file."""
        manifest = current_manifest()
        return f"{self.website}/widget/{manifest['file'] if manifest else 'latest/privacy-assistant.js'}"

    def open_desk(self) -> None:
        """Start what the team works with."""
        environment = {name: value for name, value in self.environment.items() if not name.startswith("WEBCHAT_")}
        self._start("desk", [sys.executable, "-m", "desk.web"], environment)
        self._start("worker", [sys.executable, "-m", "desk.worker"], environment)
        self._wait("desk", f"http://127.0.0.1:{self.desk_port}/health")

    def said_in(self, token: str) -> list[dict[str, Any]]:
        """Return a conversation as the assistant has it."""
        import httpx

        answer = httpx.get(f"{self.url}/messages", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        answer.raise_for_status()
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Build the widget and open the house with everything in it."""
    said = ensure_widget()
    assert current_manifest(), said
    product = Product(Path(tmp_path_factory.mktemp("product")))
    try:
        product.open()
        product.open_desk()
        yield product
    finally:
        product.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the browser once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


Visit = Callable[..., Visitor]


@pytest.fixture
def new_visitor(chromium: Browser) -> Iterator[Visit]:
    """Give visitors, each in a browser profile of their own unless told which; what went wrong fails the test."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def visit(language: str = "de", context: BrowserContext | None = None, **options: Any) -> Visitor:
            if context is None:
                options = {"viewport": {"width": 1280, "height": 800}, "locale": language, **options}
                context = chromium.new_context(**options)
                stack.callback(context.close)
            page: Page = context.new_page()
            visitors.append(Visitor(page, language))
            return visitors[-1]

        yield visit
        complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
        assert complaints == []


@pytest.fixture
def host() -> Iterator[Host]:
    """Give another website."""
    with Host() as host:
        yield host


@pytest.fixture
def line(product: Product) -> Iterator[Line]:
    """Give a bad line to the assistant."""
    with Line(product.assistant_port) as line:
        yield line
