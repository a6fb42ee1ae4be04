"""Everything can be done without a mouse, and the focus is always where somebody expects it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit
from tests.browser.lines import Line


def test_walk_with_the_keyboard_alone(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/")
    keys = visitor.page.keyboard
    for _ in range(40):
        keys.press("Tab")
        if visitor.launcher.evaluate("(node) => node.getRootNode().activeElement === node"):
            break
    keys.press("Enter")
    expect(visitor.field).to_be_focused()

    keys.type("Which cookies do you use?")
    keys.press("Enter")
    visitor.answer()
    expect(visitor.field).to_be_focused()

    keys.press("Shift+Tab")
    expect(visitor.choices.last).to_be_focused()
    chosen = visitor.choices.last.inner_text()
    keys.press("Space")
    visitor.answer()
    expect(visitor.said.last).to_have_text(chosen)
    expect(visitor.field).to_be_focused()

    keys.press("Tab")
    expect(visitor.widget.get_by_role("button", name="Send")).to_be_focused()
    for name in ["Privacy", "Save transcript", "Delete conversation"]:
        keys.press("Tab")
        expect(visitor.widget.get_by_text(name, exact=True)).to_be_focused() if name != "Privacy" else None
    keys.press("Enter")
    expect(visitor.widget.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Escape")
    expect(visitor.panel).to_be_visible()
    expect(visitor.widget.get_by_role("button", name="Delete conversation")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    expect(visitor.said).to_have_count(0)
    expect(visitor.field).to_be_focused()

    keys.press("Escape")
    expect(visitor.panel).to_be_hidden()
    expect(visitor.launcher).to_be_focused()


def test_arriving_messages_never_take_the_focus(new_visitor: Visit, line: Line) -> None:
    visitor = new_visitor("en").visit(f"{line.url}/webhooks/website/en/").open()
    line.delay_seconds = 1
    visitor.field.fill("Which cookies do you use?")
    visitor.field.press("Enter")
    link = visitor.page.get_by_role("link", name="Home")
    link.focus()
    visitor.answer()
    expect(link).to_be_focused()


def test_panel_that_is_open_again_after_a_reload_leaves_the_focus_alone(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.say("Which cookies do you use?")
    visitor.page.reload()
    expect(visitor.panel).to_be_visible()
    visitor.settle()
    assert visitor.page.evaluate("document.activeElement === document.body")


def test_shift_enter_makes_a_line_and_enter_while_composing_sends_nothing(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.page.keyboard.type("one")
    visitor.page.keyboard.press("Shift+Enter")
    visitor.page.keyboard.type("two")
    visitor.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(visitor.field).to_have_value("one\ntwo")
    expect(visitor.said).to_have_count(0)


def test_phone_keeps_the_focus_inside_the_full_screen_panel(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en", viewport={"width": 390, "height": 760}).visit(f"{product.website}/en/").open()
    places = set()
    for _ in range(25):
        visitor.page.keyboard.press("Tab")
        places.add(visitor.page.evaluate("document.activeElement?.localName ?? 'none'"))
    assert places <= {"privacy-assistant", "body"}
    visitor.page.keyboard.press("Escape")
    expect(visitor.launcher).to_be_focused()


def test_field_fits_what_is_expected(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.say("I would like to see the data you hold about me.")
    seen: dict[str, list[str | None]] = {}
    answers = {"email": "john.sample@example.org", "name": "John Sample", "country": "Ireland"}
    for _ in range(6):
        kind = visitor.field.get_attribute("name")
        seen[kind] = [visitor.field.get_attribute(name) for name in ("type", "autocomplete", "inputmode")]
        label = visitor.field.get_attribute("placeholder")
        if label == "Confirm or write":
            break
        if label == "Choose or write":
            visitor.choose("Customer, partner or contact")
        else:
            visitor.say(answers.get(kind, "It is about my newsletter."))
    assert seen["message"][0] is None
    assert seen["email"] == ["email", "email", "email"]
    assert seen["name"] == ["text", "name", "text"]
