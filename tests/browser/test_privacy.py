"""What the widget stores, sends and lets others see: nothing before the first message, nothing after deleting."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Product, Visit
from tests.browser.hosts import Host
from tests.browser.visitor import NOTHING
from tests.conversations.house import ROOT

QUESTION = "Welche Cookies verwenden Sie?"


def test_nothing_is_stored_or_sent_before_the_first_message(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.field.fill("Ich überlege noch")
    visitor.widget.get_by_role("button", name="English").click()
    visitor.widget.get_by_role("button", name="Close").click()
    visitor.page.wait_for_timeout(500)

    assert visitor.stored() == NOTHING
    assert [request.url for request in visitor.requests if "/webchat" in request.url] == []
    assert visitor.page.context.cookies() == []


def test_after_a_message_there_is_a_session_in_this_tab_and_never_a_cookie(
    product: Product, new_visitor: Visit
) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.say(QUESTION)

    stored = visitor.stored()
    assert {**stored, "session": {}} == NOTHING
    (kept,) = [json.loads(text) for text in stored["session"].values()]
    assert kept["until"] == kept["session"]["expires"]
    assert QUESTION not in json.dumps(kept)
    assert visitor.page.context.cookies() == []


def test_what_is_kept_is_forgotten_when_its_time_is_over(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.say(QUESTION)
    visitor.page.evaluate(
        """() => {
          const [key, text] = Object.entries(sessionStorage)[0];
          sessionStorage.setItem(key, JSON.stringify({...JSON.parse(text), until: Date.now() - 1}));
        }"""
    )
    visitor.page.reload()
    visitor.page.wait_for_timeout(300)

    assert visitor.stored() == NOTHING
    expect(visitor.said).to_have_count(0)


def test_nothing_is_left_after_deleting(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/").open()
    visitor.say(QUESTION)
    token = json.loads(next(iter(visitor.stored()["session"].values())))["session"]["token"]
    visitor.delete()

    assert visitor.stored() == NOTHING
    assert (
        visitor.page.request.get(f"{product.url}/messages", headers={"Authorization": f"Bearer {token}"}).status == 401
    )
    expect(visitor.widget.get_by_text("Das Gespräch ist gelöscht.")).to_be_visible()
    expect(visitor.field).to_be_focused()


def test_only_the_assistant_is_talked_to_and_no_page_address_is_told(product: Product, new_visitor: Visit) -> None:
    visitor = new_visitor().visit(f"{product.website}/de/datenschutz?secret=page").open()
    visitor.say(QUESTION)
    visitor.widget.get_by_role("button", name="Verlauf speichern").click()
    visitor.delete()

    own = urlsplit(product.website)
    assert visitor.origins() == {f"{own.scheme}://{own.netloc}"}
    to_the_channel = [request for request in visitor.requests if "/webchat/" in request.url]
    assert len(to_the_channel) == 3
    for request in to_the_channel:
        headers = request.all_headers()
        assert "referer" not in headers
        assert "cookie" not in headers
        assert "secret" not in json.dumps(headers) + (request.post_data or "")


def test_session_recorders_do_not_see_what_is_typed(product: Product, new_visitor: Visit, host: Host) -> None:
    recorder = (ROOT / "bot/widget/node_modules/rrweb/dist/rrweb.umd.min.cjs").read_text(encoding="utf-8")
    visitor = new_visitor()
    visitor.page.add_init_script(recorder)
    visitor.visit(
        host.page(f"<!doctype html><title>Shop</title><p>Visible</p><script src='{product.script}'></script>")
    )
    visitor.page.evaluate("window.recorded = []; rrweb.record({emit: (event) => recorded.push(event)})")
    visitor.open()
    visitor.say("Meine Adresse ist erika.beispiel@example.org")
    visitor.page.wait_for_timeout(500)

    recorded = json.dumps(visitor.page.evaluate("recorded"))
    assert "Visible" in recorded
    assert "erika" not in recorded
