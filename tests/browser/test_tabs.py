"""Two tabs of one site hold one conversation and agree about it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit
from tests.browser.lines import Line

FIRST, SECOND, THIRD = "Which cookies do you use?", "Do you sell my data?", "What are my rights?"


def test_second_tab_takes_up_the_conversation_of_the_first(product: Product, new_visitor: Visit) -> None:
    one = new_visitor("en").visit(f"{product.website}/en/").open()
    one.say(FIRST)
    two = new_visitor("en", one.page.context).visit(f"{product.website}/en/privacy").open()
    expect(two.said).to_have_text([FIRST])
    two.say(SECOND)
    expect(one.said).to_have_text([FIRST, SECOND])
    expect(one.widget.locator("li.reply .text")).to_have_text(two.widget.locator("li.reply .text").all_text_contents())


def test_both_tabs_begin_at_once_and_end_with_one_conversation(product: Product, new_visitor: Visit) -> None:
    one = new_visitor("en").visit(f"{product.website}/en/").open()
    two = new_visitor("en", one.page.context).visit(f"{product.website}/en/").open()
    for visitor, text in ((one, FIRST), (two, SECOND)):
        visitor.field.fill(text)
    for visitor in (one, two):
        visitor.field.press("Enter")
    for visitor in (one, two):
        expect(visitor.said).to_have_count(2)
        visitor.answer()
    expect(one.said).to_have_text(two.turns())
    sessions = [request for visitor in (one, two) for request in visitor.requests if request.url.endswith("/sessions")]
    assert len(sessions) == 1


def test_message_of_a_tab_that_closes_is_sent_by_the_other(product: Product, new_visitor: Visit, line: Line) -> None:
    url = f"{line.url}/webhooks/website/en/"
    one = new_visitor("en").visit(url).open()
    one.say(FIRST)
    two = new_visitor("en", one.page.context).visit(url).open()
    expect(two.said).to_have_count(1)
    line.delay_seconds = 3
    one.field.fill(SECOND)
    one.field.press("Enter")
    expect(two.said).to_have_count(2)
    one.page.close(run_before_unload=True)
    line.delay_seconds = 0
    assert two.answer()
    expect(two.said).to_have_text([FIRST, SECOND])


def test_deleting_in_one_tab_deletes_in_both(product: Product, new_visitor: Visit) -> None:
    one = new_visitor("en").visit(f"{product.website}/en/").open()
    one.say(FIRST)
    two = new_visitor("en", one.page.context).visit(f"{product.website}/en/").open()
    expect(two.said).to_have_count(1)
    one.delete()
    expect(two.said).to_have_count(0)
    assert two.stored()["session"] == {}
    assert one.stored()["session"] == {}


@pytest.mark.parametrize("where", ["closed panel", "open panel"])
def test_badge_counts_only_what_arrives_while_the_panel_is_closed(new_visitor: Visit, line: Line, where: str) -> None:
    visitor = new_visitor("en").visit(f"{line.url}/webhooks/website/en/").open()
    line.delay_seconds = 0.8
    visitor.field.fill(THIRD)
    visitor.field.press("Enter")
    if where == "closed panel":
        visitor.field.press("Escape")
        expect(visitor.launcher).to_have_accessible_name("Privacy questions (1 new message)", timeout=15_000)
        visitor.open()
    visitor.answer()
    visitor.page.keyboard.press("Escape")
    expect(visitor.widget.locator(".badge")).to_be_hidden()
