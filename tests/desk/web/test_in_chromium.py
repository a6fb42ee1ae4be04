"""The desk in a real browser: a day in the life, the keyboard alone, live update, and no barrier on any page."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import update

from desk.application import Desk
from desk.domain.kinds import Kind, Role
from desk.services import sending, tickets
from desk.storage.models import User
from desk.web.app import create_app
from tests.desk.web.browsing import PASSWORD
from tests.desk.web.furnishing import PAGES, furnish

_RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
DOORS = ("/sign-in", "/forgotten", "/confirm/some-link")


@dataclass(frozen=True)
class Running:
    """A desk that answers on a port of its own."""

    url: str
    desk: Desk


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give a real browser."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("These tests need Chromium (Debian: apt-get install chromium).", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def running(desk: Desk) -> Iterator[Running]:
    """Serve the desk as it is served for real, only on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(desk, {}), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    yield Running(f"http://127.0.0.1:{port}", desk)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Give a browser profile without any history."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", accept_downloads=True)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page on which nothing may be blocked and no script may fail."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message.text) else None)
    yield page
    assert complaints == []


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "Refused to" in text or "Uncaught" in text


def _sign_in(page: Page, running: Running, role: Role = Role.OFFICER, language: str = "en") -> None:
    with running.desk.work("test") as work:
        work.session.execute(update(User).values(language=language))
    page.goto(f"{running.url}/sign-in")
    page.locator("#email").fill(f"{role}@example.org")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/queue")


def _send(page: Page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_visible()
    page.get_by_role("button", name="Send now").click()


def test_a_day_in_the_life(page: Page, running: Running, open_one: Callable[..., str]) -> None:
    access, erasure = open_one(days_ago=20), open_one(Kind.ERASURE, email="other@example.com")
    _sign_in(page, running, Role.ADMIN)

    page.locator("#search").fill(access.lower().replace("-", " "))
    page.locator("#search").press("Enter")
    page.wait_for_url(f"**/tickets/{access}")
    expect(page.get_by_role("heading", name=access)).to_be_visible()

    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_text("The ticket is yours now.")).to_be_visible()

    page.get_by_label("New internal note").fill("Asked the sales team for the contract.")
    page.get_by_role("button", name="File the note").click()
    expect(page.locator(".notes")).to_contain_text("Asked the sales team")

    page.get_by_role("link", name="Ask for identity").click()
    page.locator("#message").fill("Please tell us your customer number.")
    page.locator("#doubt").fill("The address is not the one in the contract.")
    _send(page)
    expect(page.locator(".law")).to_contain_text("Art. 12(6) GDPR")
    page.get_by_role("button", name="Resume the clock").click()
    expect(page.get_by_text("The clock is running again.")).to_be_visible()

    before = page.locator(".clock time").first.get_attribute("datetime")
    page.get_by_role("link", name="Extend").click()
    page.locator("#message").fill("Your data lies in several systems.")
    _send(page)
    expect(page.get_by_text("The period is extended and the person notified.")).to_be_visible()
    assert page.locator(".clock time").first.get_attribute("datetime") > before

    page.locator("#file").set_input_files({"name": "copy.csv", "mimeType": "text/csv", "buffer": b"name\nEmily\n"})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".files")).to_contain_text("copy.csv")

    page.locator(".toolbar").get_by_role("link", name="Reply").click()
    page.locator("#message").fill("Please find attached the copy of your data.")
    page.get_by_label("copy.csv").check()
    page.get_by_label("Close the ticket as resolved with this answer").check()
    _send(page)
    expect(page.locator(".ticket-head")).to_contain_text("Resolved")

    page.goto(f"{running.url}/tickets/{erasure}")
    page.get_by_role("link", name="Refuse").click()
    page.locator("#message").fill("We are bound by law to keep the invoices for eight years.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".sheet")).to_contain_text("judicial remedy")
    page.get_by_role("button", name="Send now").click()
    expect(page.locator(".ticket-head")).to_contain_text("Refused")

    page.goto(f"{running.url}/person")
    page.get_by_label("E-mail address", exact=True).fill("person@example.com")
    page.get_by_role("button", name="Look up").click()
    page.get_by_label("Machine-readable (JSON)").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert access in download.value.path().read_text(encoding="utf-8")

    page.goto(f"{running.url}/tickets/{access}")
    page.locator("summary", has_text="Anonymise").click()
    page.get_by_label("Type the reference to confirm").fill(access)
    page.get_by_role("button", name="Anonymise for good").click()
    expect(page.get_by_text("The person was removed from this ticket.").first).to_be_visible()
    assert "Emily" not in page.content()

    page.goto(f"{running.url}/logs")
    page.get_by_role("button", name="Check the trail").click()
    expect(page.get_by_text(re.compile("The audit trail is whole"))).to_be_visible()

    assert sending.send_waiting(running.desk) > 0
    mails = [file.read_bytes().decode() for file in running.desk.settings.mail_dir.glob("*.eml")]
    assert not any("Asked the sales team" in mail for mail in mails)
    assert any("judicial remedy" in mail for mail in mails)


def test_the_keyboard_alone_is_enough(page: Page, running: Running, open_one: Callable[..., str]) -> None:
    first, second = open_one(days_ago=10), open_one(days_ago=2)
    _sign_in(page, running)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f'[data-row="{second}"] [data-open]')).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_contain_text("1 chosen")
    page.keyboard.press("k")
    page.keyboard.press("o")
    page.wait_for_url(f"**/tickets/{first}")
    page.keyboard.press("a")
    expect(page.get_by_text("The ticket is yours now.")).to_be_visible()
    page.keyboard.press("r")
    page.wait_for_url("**/letters/answer")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("jk ar/? are letters here.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet")).to_contain_text("jk ar/? are letters here.")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_a_and_r_in_the_list_mean_the_row_the_keyboard_stands_on(
    page: Page, running: Running, open_one: Callable[..., str]
) -> None:
    first, second = open_one(days_ago=10), open_one(days_ago=2)
    _sign_in(page, running)
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text("All open")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("1 ticket was changed.")).to_be_visible()
    expect(page.locator(f'[data-row="{second}"]')).to_contain_text("Officer Example")
    expect(page.locator(f'[data-row="{first}"]')).to_contain_text("Nobody")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.wait_for_url(f"**/tickets/{first}/letters/answer")


def test_single_keys_do_nothing_when_they_are_turned_off(
    page: Page, running: Running, open_one: Callable[..., str]
) -> None:
    open_one()
    _sign_in(page, running)
    page.goto(f"{running.url}/account")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"{running.url}/queue")
    page.keyboard.press("j")
    expect(page.locator("[data-open]").first).not_to_be_focused()


def test_a_new_ticket_appears_without_a_reload_and_what_was_chosen_stays(
    page: Page, running: Running, open_one: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.web.pages.queue.POLL_SECONDS", 1)
    old = open_one(days_ago=3)
    _sign_in(page, running)
    page.evaluate("window.stayed = true")
    page.locator(f'[data-row="{old}"] input').check()
    page.locator(f'[data-row="{old}"] [data-open]').focus()
    new = open_one()
    expect(page.locator(f'[data-row="{new}"]')).to_be_visible()
    expect(page.locator(f'[data-row="{old}"] input')).to_be_checked()
    expect(page.locator(f'[data-row="{old}"] [data-open]')).to_be_focused()
    assert page.evaluate("window.stayed")


def test_every_letter_is_printed_also_one_that_is_folded(
    page: Page, running: Running, open_one: Callable[..., str]
) -> None:
    reference = open_one()
    with running.desk.work("command-line") as work:
        ticket = tickets.get(work, reference)
        for text in ("The first letter.", "The second letter."):
            tickets.reply(work, ticket, "free", text)
    _sign_in(page, running)
    page.goto(f"{running.url}/tickets/{reference}")
    expect(page.get_by_text("The first letter.")).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for text in ("The first letter.", "The second letter."):
        expect(page.get_by_text(text)).to_be_visible()
    expect(page.locator(".toolbar")).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.get_by_text("The first letter.")).to_be_hidden()


def test_a_view_of_ones_own_is_saved_and_deleted_with_the_keyboard(
    page: Page, running: Running, open_one: Callable[..., str]
) -> None:
    open_one(Kind.ERASURE)
    _sign_in(page, running)
    page.goto(f"{running.url}/queue?kind=erasure")
    page.locator(".keep summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Erasures in May")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Erasures in May")
    view = page.get_by_role("link", name="Erasures in May")
    expect(view).to_have_attribute("aria-current", "page")
    page.goto(f"{running.url}/insight")
    view.press("Enter")
    page.wait_for_url("**kind=erasure")
    page.get_by_role("button", name="Delete this view").press("Enter")
    expect(page.get_by_text("The view is deleted.")).to_be_visible()
    expect(view).to_have_count(0)


def test_without_script_the_desk_still_works(chromium: Browser, running: Running, open_one: Callable[..., str]) -> None:
    reference = open_one(Kind.ERASURE)
    plain = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = plain.new_page()
    _sign_in(page, running)
    page.locator("#f-kind").select_option("erasure")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Erasure").click()
    page.wait_for_url(f"**/tickets/{reference}")
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_text("The ticket is yours now.")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("path", ["/queue", "/tickets/{open}", "/insight", "/people"])
def test_nothing_is_cut_off_on_a_narrow_screen(
    context: BrowserContext, page: Page, running: Running, open_one: Callable[..., str], path: str
) -> None:
    reference = open_one()
    _sign_in(page, running, Role.ADMIN)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(running.url + path.replace("{open}", reference))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_page_has_a_barrier(
    context: BrowserContext, page: Page, running: Running, open_one: Callable[..., str], language: str, theme: str
) -> None:
    names = furnish(running.desk, open_one, language)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    context.add_cookies([{"name": "desk_language", "value": language, "url": running.url}])
    found: list[str] = []
    for path in DOORS:
        page.goto(running.url + path)
        found += _barriers(page, path)
    _sign_in(page, running, Role.ADMIN, language)
    for path in PAGES:
        page.goto(running.url + path.format(**names))
        assert page.locator("html").get_attribute("lang") == language
        page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
        found += _barriers(page, path)
    page.goto(f"{running.url}/tickets/{names['open']}/letters/refuse")
    page.locator("#message").fill("…")
    page.locator("button[value=preview]").click()
    found += _barriers(page, "preview")
    page.goto(f"{running.url}/queue")
    page.keyboard.press("?")
    found += _barriers(page, "shortcuts")
    assert found == []


def _barriers(page: Page, where: str) -> list[str]:
    result = Axe().run(page, options=_RULES)
    return [
        f"{where}: {violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
    ]
