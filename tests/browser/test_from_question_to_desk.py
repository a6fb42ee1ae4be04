"""A German complaint and an English access request, typed into the demonstration page, arrive where they should."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import holidays
import pytest
from babel.dates import format_date
from dateutil.relativedelta import relativedelta
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, Visit
from tests.browser.visitor import Visitor
from tests.conversations.house import ROOT

REFERENCE = re.compile(r"PR-[0-9A-Z]{4}-[0-9A-Z]{4}")
PASSWORD = "a long password for tests"
#: What is typed or pressed under each name the field can have; a name in bold letters is a quick reply.
CASES = {
    "de": {
        "first": "Ich möchte mich beschweren.",
        "Ihre Nachricht": "Ich habe der Werbung widersprochen und bekomme sie trotzdem.",
        "Wählen oder schreiben": ["Kunde, Partner oder Kontakt"],
        "Ihre E-Mail-Adresse": "erika.beispiel@example.org",
        "Ihr Name": "Erika Beispiel",
        "Land oder Ort": "Österreich",
        "Bestätigen oder schreiben": ["Ja, absenden"],
        "kind": "Beschwerde",
        "words": "Werbung widersprochen",
    },
    "en": {
        "first": "I would like to see the data you hold about me.",
        "Your message": "It is about my newsletter account.",
        "Choose or write": ["Customer, partner or contact"],
        "Your e-mail address": "john.sample@example.org",
        "Your name": "John Sample",
        "Country or place": "Ireland",
        "Confirm or write": ["Yes, send it"],
        "kind": "Auskunft",
        "words": "newsletter account",
    },
}


@pytest.mark.parametrize("language", ["de", "en"])
def test_request_typed_on_the_page_ends_in_the_desk(product: Product, new_visitor: Visit, language: str) -> None:
    case = CASES[language]
    visitor = new_visitor(language).visit(f"{product.website}/{language}/").open()

    reference = _go_through(visitor, case)

    due = _due_date()
    expect(visitor.widget.locator(".ticket time")).to_have_attribute("datetime", due.isoformat())
    colleague = new_visitor("de")
    _sign_in(product, colleague.page, f"colleague-{language}@example.org")
    colleague.page.goto(f"http://127.0.0.1:{product.desk_port}/tickets/{reference}")
    page = colleague.page.locator("main")
    expect(page).to_contain_text(case["kind"])
    expect(page).to_contain_text(case["words"])
    expect(page).to_contain_text(_german(due))
    email = case["Ihre E-Mail-Adresse" if language == "de" else "Your e-mail address"]
    assert reference in _mail_to(product, email).get_body(("plain",)).get_content()


def _go_through(visitor: Visitor, case: dict[str, str | list[str]]) -> str:
    """Answer what is asked until there is a reference, and return it."""
    visitor.say(case["first"])
    for _ in range(10):
        tickets = visitor.widget.locator(".ticket .number")
        if tickets.count():
            return REFERENCE.fullmatch(tickets.last.inner_text()).group()
        answer = case[visitor.field.get_attribute("placeholder")]
        if isinstance(answer, list):
            visitor.choose(answer[0])
        else:
            visitor.say(answer)
    raise AssertionError("There is no reference after ten answers.")


def _due_date() -> datetime.date:
    """Return the day a month from now that is a working day, counted here in another way than in the desk."""
    day = datetime.datetime.now(ZoneInfo("Europe/Berlin")).date() + relativedelta(months=1)
    free = holidays.country_holidays("DE", subdiv="BY")
    while day.weekday() >= 5 or day in free:
        day += datetime.timedelta(days=1)
    return day


def _german(day: datetime.date) -> str:
    return format_date(day, "d. MMMM y", locale="de")


def _sign_in(product: Product, page: Page, email: str) -> None:
    command = [sys.executable, "-m", "desk.cli", "users", "add", email, "--name", "Kollegin", "--role", "officer"]
    said = subprocess.run(command, cwd=ROOT, env=product.environment, capture_output=True, text=True, check=True)
    password = said.stdout.split()[-1]
    page.goto(f"http://127.0.0.1:{product.desk_port}/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("form[action='/sign-in'] button").click()
    expect(page.locator("#new")).to_be_visible()
    if page.locator("#current").count():
        page.locator("#current").fill(password)
    page.locator("#new").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator("#new ~ button, form:has(#new) button").last.click()
    expect(page.locator("#new")).to_have_count(0)


def _mail_to(product: Product, email: str) -> EmailMessage:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for path in sorted((product.folder / "mail").glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if email in str(mail["To"]):
                return mail
        time.sleep(0.3)
    raise AssertionError(f"No mail went to {email}.")
