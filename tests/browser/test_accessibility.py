"""Nothing that axe can find, in every state, both languages, light, dark, forced colours and on a 320 px phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, Visit
from tests.browser.lines import Line, Trouble
from tests.browser.visitor import Visitor
from tests.conversations.house import ROOT

AXE = ROOT / "bot/widget/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True},
}
COMPLAIN = {"de": "Ich möchte mich beschweren.", "en": "I want to complain."}
ASK = {"de": "Welche Cookies verwenden Sie?", "en": "Which cookies do you use?"}
AUTHORITY = {"de": "Welche Behörde ist für Hamburg zuständig?", "en": "Which authority is responsible in Ireland?"}


def _walk(visitor: Visitor, line: Line) -> Iterator[str]:
    """Go through every state the widget can be in, and name it."""
    yield "closed"
    visitor.open()
    yield "open"
    visitor.say(ASK[visitor.language])
    expect(visitor.widget.locator(".source")).to_be_visible()
    yield "an answer with its source"
    visitor.say(AUTHORITY[visitor.language])
    expect(visitor.widget.locator(".card")).to_be_visible()
    yield "an authority"
    visitor.say(COMPLAIN[visitor.language])
    visitor.say("Newsletter Newsletter Newsletter")
    yield "in a flow"
    visitor.say(ASK["en" if visitor.language == "de" else "de"])
    expect(visitor.widget.locator("li[lang=de]").first).to_be_attached()
    expect(visitor.widget.locator("li[lang=en]").first).to_be_attached()
    yield "both languages"
    visitor.widget.locator(".foot button").last.click()
    expect(visitor.widget.get_by_role("alertdialog")).to_be_visible()
    yield "asked about deleting"
    visitor.page.keyboard.press("Escape")
    line.delay_seconds = 4
    visitor.field.fill(ASK[visitor.language])
    visitor.field.press("Enter")
    expect(visitor.widget.locator(".typing")).to_be_visible()
    yield "typing"
    visitor.page.keyboard.press("Escape")
    expect(visitor.widget.locator(".badge")).to_be_visible(timeout=15_000)
    yield "unread"
    visitor.open()
    line.delay_seconds = 0
    line.trouble_once("POST", Trouble(refuse=500), times=99)
    visitor.field.fill(ASK[visitor.language])
    visitor.field.press("Enter")
    expect(visitor.widget.locator(".aside button")).to_be_visible()
    yield "not sent"
    visitor.page.context.set_offline(True)
    visitor.widget.locator(".aside button").click()
    expect(
        visitor.widget.get_by_text({"de": "Keine Verbindung", "en": "No connection"}[_panel_language(visitor)])
    ).to_be_visible()
    yield "offline"


def _panel_language(visitor: Visitor) -> str:
    return visitor.widget.locator(".root").get_attribute("lang") or ""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("language", ["de", "en"])
def test_axe_finds_nothing_in_any_state(new_visitor: Visit, line: Line, language: str, look: str) -> None:
    visitor = new_visitor(language, reduced_motion="reduce", **LOOKS[look])
    visitor.visit(f"{line.url}/webhooks/website/{language}/")
    # The page's policy forbids inline scripts; the browser's own debugging line may still evaluate one.
    visitor.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = {state: _violations(visitor.page) for state in _walk(visitor, line)}
    visitor.page.context.set_offline(False)
    assert len(found) == 11
    assert {state: problems for state, problems in found.items() if problems} == {}


@pytest.mark.parametrize("page", ["de/datenschutz", "en/privacy"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_statements_page(product: Product, new_visitor: Visit, page: str, scheme: str) -> None:
    visitor = new_visitor(color_scheme=scheme).visit(f"{product.website}/{page}")
    visitor.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert _violations(visitor.page) == []


def test_one_polite_announcer_and_the_list_stays_a_list(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.say(ASK["de"])

    announcers = visitor.widget.locator(
        "[role=log], [role=status], [role=alert], [aria-live=polite], [aria-live=assertive], output"
    )
    expect(announcers).to_have_count(1)
    assert announcers.evaluate("(node) => node.localName") == "div"
    expect(visitor.widget.get_by_role("log").get_by_role("list").first).to_be_visible()
    assert visitor.widget.get_by_role("log").locator(":scope > ol[role]").count() == 0


def test_every_message_is_added_once_and_never_touched_again(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.widget.get_by_role("log").evaluate(
        """(log) => {
          window.announced = [];
          new MutationObserver((changes) => {
            for (const {addedNodes} of changes)
              for (const node of addedNodes) if (node.localName === "li") announced.push(node.textContent);
          }).observe(log.querySelector("ol"), {childList: true});
        }"""
    )
    visitor.say(ASK["de"])
    visitor.say("Verkaufen Sie meine Daten?")

    announced = visitor.page.evaluate("announced")
    assert len(announced) == len(set(announced)) == 4


def test_parts_in_the_other_language_say_so(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("de").visit(f"{product.website}/de/").open()
    expect(visitor.widget.get_by_role("button", name="English")).to_have_attribute("lang", "en")
    visitor.say(ASK["en"])
    expect(visitor.widget.locator("li.said").last).to_have_attribute("lang", "en")
    expect(visitor.replies.last).to_have_attribute("lang", "en")
    expect(visitor.replies.first).to_have_attribute("lang", "de")
    expect(visitor.widget.locator(".root")).to_have_attribute("lang", "en")


def test_targets_are_at_least_44_pixels(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("de", viewport={"width": 320, "height": 640}, reduced_motion="reduce").visit(
        f"{product.website}/de/"
    )
    small = [_small_targets(visitor)]
    visitor.open()
    small.append(_small_targets(visitor))
    visitor.say(AUTHORITY["de"])
    small.append(_small_targets(visitor))
    visitor.widget.get_by_role("button", name="Gespräch löschen").click()
    small.append(_small_targets(visitor))
    assert small == [[], [], [], []]


def _small_targets(visitor: Visitor) -> list[str]:
    """Return buttons and fields that are too small; links within a text are as high as its lines."""
    return visitor.widget.evaluate(
        """(element) => [...element.shadowRoot.querySelectorAll("button, input, textarea, .foot a")]
          .filter((node) => node.checkVisibility({visibilityProperty: true}))
          .filter((node) => { const box = node.getBoundingClientRect(); return box.width < 44 || box.height < 44; })
          .map((node) => node.outerHTML)"""
    )


def _violations(page: Page) -> list[Any]:
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
