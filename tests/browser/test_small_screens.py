"""Phones, small windows and large zoom: everything can be reached and nothing is cut off."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit

PHONE = {"is_mobile": True, "has_touch": True, "reduced_motion": "reduce"}
QUESTION = "Which cookies do you use?"


def test_panel_fills_a_phone(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en", viewport={"width": 390, "height": 760}, **PHONE).visit(f"{product.website}/en/")
    visitor.launcher.tap()
    box = visitor.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 760}
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_panel_stays_above_the_keyboard(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en", viewport={"width": 390, "height": 760}, **PHONE).visit(f"{product.website}/en/")
    visitor.launcher.tap()
    # Chromium has no keyboard here; what iOS does is make the visual viewport smaller and move it.
    visitor.page.evaluate(
        """() => {
          Object.defineProperty(visualViewport, "height", {get: () => 420});
          Object.defineProperty(visualViewport, "offsetTop", {get: () => 36});
          visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )
    assert visitor.panel.bounding_box() == {"x": 0, "y": 36, "width": 390, "height": 420}
    field = visitor.field.bounding_box()
    assert field is not None
    assert field["y"] + field["height"] < 36 + 420


def test_320_pixels_and_400_percent_hold_a_conversation(product: Product, new_visitor: Visit) -> None:
    for height in (640, 256):
        visitor = new_visitor("en", viewport={"width": 320, "height": height}).visit(f"{product.website}/en/").open()
        visitor.say(QUESTION)
        assert visitor.panel.evaluate("(node) => node.scrollWidth <= node.clientWidth")
        for name in ("Send", "Delete conversation", "Close"):
            button = visitor.widget.get_by_role("button", name=name)
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=0.9)
        log = visitor.widget.get_by_role("log").bounding_box()
        assert log is not None
        assert log["height"] > 100


def test_window_that_becomes_small_and_large_again_keeps_the_panel(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.field.fill("not sent yet")
    for width, height in ((390, 760), (1280, 800), (390, 300), (1280, 800)):
        visitor.page.set_viewport_size({"width": width, "height": height})
        visitor.page.wait_for_timeout(100)
        expect(visitor.panel).to_be_visible()
        expect(visitor.field).to_have_value("not sent yet")
        expect(visitor.field).to_be_focused()


def test_text_spacing_that_readers_choose_cuts_nothing_off(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.say(QUESTION)
    cut = visitor.widget.evaluate(
        """(element) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(
            "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
          );
          element.shadowRoot.adoptedStyleSheets.push(sheet);
          return [...element.shadowRoot.querySelectorAll("button, .text, .source, .head")]
            .filter((node) => node.checkVisibility({visibilityProperty: true}))
            .filter((node) => node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1)
            .map((node) => node.outerHTML.slice(0, 120));
        }"""
    )
    assert cut == []


def test_motion_is_left_out_when_asked(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en", reduced_motion="reduce").visit(f"{product.website}/en/").open()
    running = visitor.widget.evaluate("(element) => element.shadowRoot.getAnimations({subtree: true}).length")
    assert running == 0
    assert visitor.panel.evaluate("(node) => getComputedStyle(node).animationName") == "none"
