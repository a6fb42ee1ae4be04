"""Messages over slow, broken and refusing lines: none is lost and none is doubled."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit
from tests.browser.lines import Line, Trouble
from tests.browser.visitor import Visitor

MESSAGES = "POST /webhooks/webchat/messages"
SESSIONS = "POST /webhooks/webchat/sessions"
QUESTIONS = ["Welche Cookies verwenden Sie?", "Verkaufen Sie meine Daten?", "Welche Rechte habe ich?"]


def _visitor(new_visitor: Visit, line: Line) -> Visitor:
    return new_visitor().visit(f"{line.url}/webhooks/website/de/").open()


def _same_on_both_sides(product: Product, visitor: Visitor, said: list[str]) -> None:
    """Check that the page and the assistant hold the same conversation, each message once."""
    (kept,) = [json.loads(text) for text in visitor.stored()["session"].values()]
    history = product.said_in(kept["session"]["token"])
    assert visitor.turns() == said
    assert [message["text"] for message in history if message["from"] == "visitor"] == said
    shown = visitor.widget.locator("li.reply .text").all_inner_texts()
    # The page begins with a greeting of its own, in place of the assistant's.
    assert len(shown) == len([message for message in history if message["from"] == "assistant"])


@pytest.mark.parametrize("path", [SESSIONS, MESSAGES])
@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Trouble(drop=True), id="dropped"),
        pytest.param(Trouble(cut_after=0), id="answer lost"),
        pytest.param(Trouble(cut_after=60), id="cut in the middle"),
        pytest.param(Trouble(refuse=429), id="429"),
        pytest.param(Trouble(refuse=500), id="500"),
        pytest.param(Trouble(refuse=502), id="502"),
    ],
)
def test_message_arrives_once_when_the_line_fails_twice(
    product: Product, new_visitor: Visit, line: Line, path: str, trouble: Trouble
) -> None:
    visitor = _visitor(new_visitor, line)
    line.trouble_once(path, trouble, times=2)
    for question in QUESTIONS[:2]:
        visitor.say(question)

    assert line.troubles == 2
    _same_on_both_sides(product, visitor, QUESTIONS[:2])


def test_visitor_is_told_while_a_message_waits(new_visitor: Visit, line: Line) -> None:
    visitor = _visitor(new_visitor, line)
    line.trouble_once(SESSIONS, Trouble(refuse=500), times=3)
    visitor.field.fill(QUESTIONS[0])
    visitor.field.press("Enter")

    expect(visitor.widget.get_by_text("Noch nicht gesendet. Wir versuchen es weiter.")).to_be_visible()
    line.choose = lambda head: None
    visitor.widget.get_by_role("button", name="Jetzt senden").click()
    visitor.answer()
    expect(visitor.widget.locator(".aside")).to_have_count(0)


def test_messages_typed_offline_are_sent_in_order_when_the_connection_is_back(
    product: Product, new_visitor: Visit, line: Line
) -> None:
    visitor = _visitor(new_visitor, line)
    visitor.say(QUESTIONS[0])
    visitor.page.context.set_offline(True)
    for question in QUESTIONS[1:]:
        visitor.field.fill(question)
        visitor.field.press("Enter")
    expect(visitor.widget.get_by_text("Keine Verbindung.").first).to_be_visible()
    visitor.page.context.set_offline(False)
    visitor.answer()

    _same_on_both_sides(product, visitor, QUESTIONS)


def test_message_in_flight_survives_a_reload(product: Product, new_visitor: Visit, line: Line) -> None:
    visitor = _visitor(new_visitor, line)
    visitor.say(QUESTIONS[0])
    line.delay_seconds = 2
    visitor.field.fill(QUESTIONS[1])
    visitor.field.press("Enter")
    visitor.page.wait_for_timeout(300)
    line.delay_seconds = 0
    visitor.page.reload()
    expect(visitor.panel).to_be_visible()
    visitor.answer()

    _same_on_both_sides(product, visitor, QUESTIONS[:2])


def test_first_message_survives_a_reload_before_there_is_a_session(
    product: Product, new_visitor: Visit, line: Line
) -> None:
    visitor = _visitor(new_visitor, line)
    line.trouble_once(SESSIONS, Trouble(drop=True), times=1)
    visitor.field.fill(QUESTIONS[0])
    visitor.field.press("Enter")
    visitor.page.wait_for_timeout(200)
    visitor.page.reload()
    visitor.answer()

    _same_on_both_sides(product, visitor, QUESTIONS[:1])


def test_slow_proxy_only_makes_it_slow(product: Product, new_visitor: Visit, line: Line) -> None:
    visitor = _visitor(new_visitor, line)
    line.bytes_a_second = 600
    line.delay_seconds = 0.4
    visitor.field.fill(QUESTIONS[0])
    visitor.field.press("Enter")
    expect(visitor.widget.locator(".typing")).to_be_visible()
    visitor.answer()

    _same_on_both_sides(product, visitor, QUESTIONS[:1])


def test_conversation_over_a_line_that_often_fails_is_whole(product: Product, new_visitor: Visit, line: Line) -> None:
    visitor = _visitor(new_visitor, line)
    line.trouble_often(0.3)
    said = [f"{question} ({number})" for number, question in enumerate(QUESTIONS * 3)]
    for text in said:
        visitor.say(text)

    assert line.troubles > 0
    line.choose = lambda head: None
    _same_on_both_sides(product, visitor, said)


def test_expired_session_is_said_and_the_message_goes_into_a_new_one(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.say(QUESTIONS[0])
    visitor.page.evaluate(
        """() => {
          const [key, text] = Object.entries(sessionStorage)[0];
          const kept = JSON.parse(text);
          kept.session.token = kept.session.token.slice(0, -4) + "AAAA";
          sessionStorage.setItem(key, JSON.stringify(kept));
        }"""
    )
    visitor.page.reload()
    expect(visitor.widget.get_by_text("Das frühere Gespräch ist abgelaufen.")).to_be_visible()
    visitor.say(QUESTIONS[1])

    _same_on_both_sides(product, visitor, QUESTIONS[1:2])
