"""What messages can carry, shown whole and never run: text, links, buttons and cards that mean harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from playwright.sync_api import Route, expect

from tests.browser.conftest import Product, Visit
from tests.browser.visitor import Visitor
from tests.conversations.house import ROOT

CORPUS = [
    "<script>window.harmed = 1</script>",
    "<img src=x onerror=window.harmed=1>",
    "<svg onload=window.harmed=1>",
    "<a href=javascript:window.harmed=1>x</a>",
    "[click](javascript:window.harmed=1)",
    "[click](JaVaScRiPt:window.harmed=1)",
    "[click](\tjavascript:window.harmed=1)",
    "[click](data:text/html,<script>window.harmed=1</script>)",
    "[click](vbscript:window.harmed=1)",
    "[click](blob:https://example.org/1)",
    "[click](//example.org/relative)",
    "[click](/relative)",
    '[click](https://example.org/" onclick="window.harmed=1)',
    "[<img src=x onerror=window.harmed=1>](https://example.org/)",
    "{{constructor.constructor('window.harmed=1')()}}",
    "${window.harmed=1}",
    "</textarea></dialog><script>window.harmed=1</script>",
    "<style>*{display:none}</style>",
    "<template shadowrootmode=open><script>window.harmed=1</script></template>",
]
SAFE = {
    "[page](https://example.org/a?b=c#d)": "https://example.org/a?b=c#d",
    "[page](http://example.org/)": "http://example.org/",
    "[mail](mailto:dpo@mimecast.com)": "mailto:dpo@mimecast.com",
    "[call](tel:+16173937050)": "tel:+16173937050",
}


def _answering(visitor: Visitor, message: dict[str, Any]) -> None:
    """Have the assistant answer with a message of the test's making; only here is it not the real one."""

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent = json.loads(route.request.post_data or "{}")
            route.fulfill(json={"messages": [{"id": f"{sent['id']}:0", **message}]})
        else:
            route.fulfill(json={"messages": []})

    visitor.page.route("**/webhooks/webchat/messages", answer)


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_in_a_message_runs_or_becomes_markup(product: Product, new_visitor: Visit, text: str) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    message = {
        "text": text,
        "buttons": [{"title": text, "payload": "/x"}],
        "source": {"topic": text, "section": text, "section_title": text, "statement_date": text},
        "ticket": {"reference": text, "kind": text, "due": text},
        "authority": {"place": text, "name": text, "website": text},
        "flow": {"kind": text, "step": text, "status": text},
        "expects": text,
    }
    _answering(visitor, message)
    visitor.say(text)
    visitor.choices.last.click()
    visitor.page.wait_for_timeout(100)

    assert visitor.page.evaluate("window.harmed") is None
    assert visitor.widget.locator("script, img, iframe, style, template, object, embed").count() == 0
    expect(visitor.said.first).to_have_text(text.strip())
    links = visitor.widget.locator("li a").evaluate_all("(nodes) => nodes.map((node) => node.protocol)")
    assert set(links) <= {"https:", "http:"}


@pytest.mark.parametrize("text", SAFE)
def test_safe_links_lead_where_they_say(product: Product, new_visitor: Visit, text: str) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    _answering(visitor, {"text": f"See {text} please."})
    visitor.say("Hello")
    link = visitor.widget.locator("li.reply").last.locator("a")
    expect(link).to_have_attribute("href", SAFE[text])
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    opens = link.get_attribute("target")
    assert opens == ("_blank" if SAFE[text].startswith("http") else None)


def test_ticket_card_has_reference_due_date_and_a_copy_button(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en", permissions=["clipboard-read", "clipboard-write"])
    visitor.visit(f"{product.website}/en/").open()
    _answering(
        visitor,
        {"text": "It is done.", "ticket": {"reference": "PR-7K3M-9QXW", "kind": "access", "due": "2026-12-22"}},
    )
    visitor.say("Hello")
    card = visitor.widget.locator(".ticket")
    expect(card).to_contain_text("PR-7K3M-9QXW")
    expect(card).to_contain_text("22 December 2026")
    card.get_by_role("button", name="Copy reference").click()
    expect(card.get_by_role("button")).to_have_text("Copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == "PR-7K3M-9QXW"


def test_quick_reply_becomes_what_the_visitor_said(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("de").visit(f"{product.website}/de/").open()
    visitor.choose("Welche Rechte habe ich?")
    expect(visitor.said).to_have_text(["Welche Rechte habe ich?"])
    offered = visitor.choices.all_inner_texts()
    assert offered
    visitor.choose(offered[0])
    expect(visitor.said).to_have_text(["Welche Rechte habe ich?", offered[0]])
    assert visitor.widget.locator("li.reply:has(+ li.said) .choice").count() == 0


def test_transcript_holds_the_conversation(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    answer = visitor.say("How can I contact the data protection officer?")
    with visitor.page.expect_download() as download:
        visitor.widget.get_by_role("button", name="Save transcript").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert download.value.suggested_filename == "privacy-conversation.txt"
    assert "You: How can I contact the data protection officer?" in text
    assert "dpo@mimecast.com" in text
    assert answer.splitlines()[1][:20] in text
    assert "](" not in text


def test_language_switch_before_and_during_a_conversation(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("de").visit(f"{product.website}/de/").open()
    visitor.widget.get_by_role("button", name="English").click()
    expect(visitor.replies.first).to_contain_text("Hello.")
    assert "sells" in visitor.say("Do you sell my data?") or "sold" in visitor.replies.last.inner_text()
    visitor.widget.get_by_role("button", name="Deutsch").click()
    expect(visitor.said.last).to_have_text("Auf Deutsch, bitte.")
    visitor.answer()
    expect(visitor.replies.last).to_have_attribute("lang", "de")
    expect(visitor.widget.get_by_role("button", name="English")).to_be_visible()


def test_long_text_is_counted_and_never_cut_silently(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/").open()
    visitor.field.fill("a" * 1990)
    expect(visitor.widget.get_by_text("10 characters left")).to_be_visible()
    visitor.field.press("End")
    visitor.page.keyboard.type("b" * 20)
    expect(visitor.widget.get_by_text("0 characters left")).to_be_visible()
    assert len(visitor.field.input_value()) == 2000


def _everything_said() -> list[tuple[str, str]]:
    """Return the assistant's texts of four words and more, each with its language."""
    said: list[tuple[str, str]] = []
    for path in sorted((ROOT / "data/answers").glob("*.yml")):
        _collect(yaml.safe_load(path.read_text(encoding="utf-8")), said)
    for path in sorted((ROOT / "bot/domain").glob("*.yml")):
        for variations in (yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}).values():
            for variation in variations:
                languages = [one["value"] for one in variation.get("condition", []) if one["name"] == "language"]
                said += [(language, variation.get("text") or "") for language in languages]
    return [(language, text) for language, text in said if len(text.split()) >= 4]


def _collect(part: Any, said: list[tuple[str, str]]) -> None:
    if isinstance(part, dict) and isinstance(part.get("text"), dict):
        said += list(part["text"].items())
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
        _collect(inner, said)


def test_language_of_everything_the_assistant_says_is_recognised(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor("en").visit(f"{product.website}/en/")
    said = _everything_said()
    assert len(said) > 300
    taken = visitor.page.evaluate(
        """async (said) => {
          const { languageOf } = await import("../widget/latest/source/text.js");
          return said.map(([language, text]) => languageOf(text, language === "de" ? "en" : "de"));
        }""",
        said,
    )
    wrong = [text for (language, text), found in zip(said, taken, strict=True) if language != found]
    assert wrong == []
