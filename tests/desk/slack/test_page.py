"""The page that plays workspace, in a real browser: a colleague takes a ticket on it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect, sync_playwright

from desk.application import utc_now
from desk.services import tickets
from desk.storage.models import Ticket, User
from tests.desk.slack.conftest import Team


def test_a_colleague_takes_a_ticket_on_the_page(
    served: Team, opened: Callable[..., Ticket], colleague: Callable[..., User]
) -> None:
    user, ticket = colleague(), opened(utc_now())
    served.catch_up()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{served.slack.url}/")
        page.get_by_label("You are").select_option("U0OLGA")
        page.get_by_role("button", name="# privacy-team").click()
        expect(page.get_by_role("log")).to_contain_text(ticket.reference)
        page.get_by_role("button", name="Take").click()
        expect(page.get_by_role("log")).to_contain_text(f"{ticket.reference} is assigned to you now.")
        expect(page.get_by_role("log")).to_contain_text("Only visible to you")
        page.get_by_role("textbox", name="Message").fill("<b>hello</b> & goodbye")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("log")).to_contain_text("<b>hello</b> & goodbye")
        browser.close()
    assert problems == []
    with served.desk.read() as work:
        assert tickets.get(work, ticket.reference).assignee_id == user.id
