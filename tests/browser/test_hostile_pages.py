"""Pages that do their worst: styles that hide everything, two scripts, elements that come and go, no storage."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit
from tests.browser.hosts import Host
from tests.browser.visitor import Visitor

STRICT = {
    "Content-Security-Policy": "default-src 'none'; script-src {assistant}; connect-src {assistant}; "
    "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'"
}
HOSTILE_STYLES = {
    "all unset": "* { all: unset }",
    "buttons gone": "button, dialog, textarea { display: none !important }",
    "everything moved": "body { filter: none } * { position: static !important; float: left !important }",
    "invisible": "body * { visibility: hidden !important; opacity: 0 !important; font-size: 0 !important }",
    "tiny root": "html { font-size: 3px; line-height: 9; letter-spacing: 2em; text-transform: uppercase }",
}
QUESTION = "Which cookies do you use?"


def _page(product: Product, head: str = "", body: str = "<h1>Shop</h1>", attributes: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>Shop</title>{head}'
        f'<script src="{product.script}" defer {attributes}></script></head><body>{body}</body></html>'
    )


def _holds_a_conversation(visitor: Visitor) -> None:
    visitor.open()
    box = visitor.panel.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 400
    expect(visitor.launcher).to_be_hidden()
    visitor.say(QUESTION)
    expect(visitor.widget.locator(".source")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.launcher).to_be_visible()


@pytest.mark.parametrize("style", HOSTILE_STYLES)
def test_styles_of_the_page_do_not_reach_the_widget(
    product: Product, new_visitor: Visit, host: Host, style: str
) -> None:
    html = _page(product, f"<style>{HOSTILE_STYLES[style]}</style>")
    visitor = new_visitor("en").visit(host.page(html))
    size = visitor.launcher.evaluate("(node) => getComputedStyle(node).fontSize")
    assert size == "15px"
    assert visitor.launcher.evaluate(
        "(node) => node.checkVisibility({opacityProperty: true, visibilityProperty: true})"
    )
    _holds_a_conversation(visitor)


def test_strictest_policy_is_never_broken(product: Product, new_visitor: Visit, host: Host) -> None:
    assistant = f"http://127.0.0.1:{product.assistant_port}"
    headers = {name: value.format(assistant=assistant) for name, value in STRICT.items()}
    visitor = new_visitor("en")
    visitor.page.add_init_script(
        """window.violations = [];
           addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));"""
    )
    visitor.visit(host.page(_page(product), headers))
    _holds_a_conversation(visitor)
    visitor.open()
    with visitor.page.expect_download():
        visitor.widget.get_by_role("button", name="Save transcript").click()
    visitor.delete()
    assert visitor.page.evaluate("violations") == []


def test_script_that_is_there_twice_makes_one_widget(product: Product, new_visitor: Visit, host: Host) -> None:
    again = f'<script src="{product.script}" defer></script><privacy-assistant></privacy-assistant>'
    visitor = new_visitor("en").visit(host.page(_page(product, again)))
    visitor.page.evaluate("document.body.append(document.createElement('privacy-assistant'))")
    expect(visitor.page.locator(".launcher")).to_have_count(1)
    _holds_a_conversation(visitor)


def test_element_that_is_removed_and_put_back_goes_on(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en").visit(host.page(_page(product)))
    visitor.open()
    visitor.say(QUESTION)
    visitor.page.evaluate(
        """async () => {
          const element = document.querySelector("privacy-assistant");
          for (let time = 0; time < 3; time += 1) {
            element.remove();
            await new Promise((resolve) => setTimeout(resolve, 50));
            document.body.append(element);
          }
        }"""
    )
    expect(visitor.said).to_have_count(1)
    visitor.say("Do you sell my data?")
    expect(visitor.said).to_have_count(2)


def test_page_that_forbids_storage_has_a_widget_that_works(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en")
    visitor.page.add_init_script(
        """for (const name of ["sessionStorage", "localStorage", "BroadcastChannel"])
             Object.defineProperty(window, name, {get() { throw new DOMException("No", "SecurityError"); }});
           delete Navigator.prototype.locks;
           delete Crypto.prototype.randomUUID;"""
    )
    visitor.visit(host.page(_page(product)))
    visitor.open()
    visitor.field.fill(QUESTION)
    visitor.field.press("Enter")
    expect(visitor.widget.locator(".source")).to_be_visible(timeout=20_000)


def test_sandboxed_frame_without_an_origin_works(product: Product, new_visitor: Visit, host: Host) -> None:
    host.page(_page(product), path="/inner")
    visitor = new_visitor("en")
    visitor.page.goto(host.page('<iframe src="/inner" sandbox="allow-scripts" width="500" height="700"></iframe>'))
    inside = visitor.page.frame_locator("iframe").locator("privacy-assistant")
    inside.locator(".launcher").click()
    inside.locator("textarea").fill(QUESTION)
    inside.locator("textarea").press("Enter")
    expect(inside.locator(".source")).to_be_visible(timeout=20_000)


def test_page_from_right_to_left_has_the_launcher_on_its_other_side(
    product: Product, new_visitor: Visit, host: Host
) -> None:
    html = _page(product).replace('<html lang="en">', '<html lang="ar" dir="rtl">')
    visitor = new_visitor("en", locale="en").visit(host.page(html))
    box = visitor.launcher.bounding_box()
    assert box is not None
    assert box["x"] < 100
    visitor.open()
    visitor.say("ما هي حقوقي؟")
    assert visitor.said.last.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
    assert visitor.replies.last.locator("p").first.evaluate("(node) => getComputedStyle(node).direction") == "ltr"


def test_page_with_a_changed_builtin_hears_no_word_of_the_conversation_in_events(
    product: Product, new_visitor: Visit, host: Host
) -> None:
    visitor = new_visitor("en")
    visitor.page.add_init_script(
        """window.heard = [];
           for (const name of ["open", "close", "message", "ticket", "delete", "language"])
             document.addEventListener(`privacy-assistant:${name}`,
                                       (event) => heard.push([name, JSON.stringify(event.detail)]));"""
    )
    visitor.visit(host.page(_page(product)))
    visitor.open()
    visitor.say("My name is Erika Beispiel, which cookies do you use?")
    heard = visitor.page.evaluate("heard")
    assert ["open", "{}"] in heard
    assert "Erika" not in str(heard)
    assert {name for name, _ in heard} == {"open", "message"}
