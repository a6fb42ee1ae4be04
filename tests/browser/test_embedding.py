"""Embedding: one script tag and its attributes, the small programming interface, frames, versions, and the size."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import expect

from bot.widget.build import current_manifest
from tests.browser.conftest import Product, Visit
from tests.browser.hosts import Host
from tests.browser.visitor import Visitor
from tests.conversations.house import ROOT

LIMIT = 15_000
QUESTION = "Which cookies do you use?"
SECTIONS = [
    "introduction", "collection-and-use", "sharing", "transfers", "security", "technical-data", "cookies", "children",
    "external-links", "rights", "changes", "contact",
]  # fmt: skip

OUTSIDE = [
    "latest/build.mjs",
    "latest/source/../package.json",
    "latest/..%2f..%2fsettings.py",
    "../../settings.py",
    "latest/node_modules/esbuild/package.json",
    "1.0.0/nothing.js",
]


def _page(script: str, attributes: str = "", body: str = "", lang: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><title>Shop</title>'
        f'<script src="{script}" defer {attributes}></script></head>'
        f"<body><h1>Shop</h1>{body}</body></html>"
    )


def test_file_is_small() -> None:
    manifest = current_manifest()
    assert manifest is not None
    built = (ROOT / "bot/widget/dist" / manifest["file"]).read_bytes()
    assert len(gzip.compress(built, 9)) <= LIMIT


def test_types_of_the_source_are_right() -> None:
    outcome = subprocess.run(
        [shutil.which("npx") or "npx", "--no-install", "tsc", "--project", "."],
        cwd=ROOT / "bot/widget",
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stdout


def test_version_is_immutable_shared_and_checked(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en")
    answer = visitor.page.request.get(product.script, headers={"Accept-Encoding": "gzip"})
    headers = answer.headers
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    manifest = current_manifest()
    assert manifest is not None
    integrity = f'integrity="{manifest["integrity"]}" crossorigin="anonymous"'
    visitor.visit(host.page(_page(product.script, integrity)))
    visitor.open().say(QUESTION)

    changed = new_visitor("en")
    changed.page.goto(host.page(_page(product.script, integrity.replace("sha384-", "sha384-AAAA")), path="/changed"))
    changed.page.wait_for_timeout(300)
    expect(changed.widget).to_have_count(0)
    changed.complaints.clear()


def test_attributes_of_the_script_say_how_it_looks(product: Product, new_visitor: Visit, host: Host) -> None:
    attributes = (
        'data-language="de" data-theme="dark" data-position="left" data-label="Datenfragen" '
        'data-greeting="Hallo und willkommen." data-notice="/datenschutz#{section}"'
    )
    visitor = new_visitor("de", color_scheme="light").visit(host.page(_page(product.script, attributes)))
    expect(visitor.launcher).to_have_accessible_name("Datenfragen")
    box = visitor.launcher.bounding_box()
    assert box is not None
    assert box["x"] < 100
    visitor.open()
    expect(visitor.replies.first).to_contain_text("Hallo und willkommen.")
    assert visitor.panel.evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(18, 24, 27)"
    visitor.say("Welche Cookies verwenden Sie?")
    expect(visitor.widget.locator(".source a")).to_have_attribute("href", f"{host.url}/datenschutz#cookies")


def test_custom_properties_of_the_page_give_it_the_pages_colours(
    product: Product, new_visitor: Visit, host: Host
) -> None:
    style = (
        "<style>privacy-assistant{--privacy-assistant-accent:rgb(120, 20, 90);--privacy-assistant-radius:0px}</style>"
    )
    visitor = new_visitor("en").visit(host.page(_page(product.script, body=style)))
    assert visitor.launcher.evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(120, 20, 90)"
    visitor.open()
    assert visitor.panel.evaluate("(node) => getComputedStyle(node).borderRadius") == "0px"


def test_programming_interface(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en").visit(host.page(_page(product.script)))
    visitor.page.evaluate(
        """() => { window.heard = []; for (const name of ["open", "close", "message"])
             window[`off_${name}`] = PrivacyAssistant.on(name, () => heard.push(name)); PrivacyAssistant.open(); }"""
    )
    expect(visitor.panel).to_be_visible()
    visitor.page.evaluate("(text) => PrivacyAssistant.send(text)", QUESTION)
    visitor.answer()
    visitor.page.evaluate("PrivacyAssistant.close()")
    expect(visitor.panel).to_be_hidden()
    visitor.page.evaluate("() => { off_open(); PrivacyAssistant.open(); }")
    assert visitor.page.evaluate("heard") == ["open", "message", "close"]


def test_tag_manager_that_adds_the_script_later(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en")
    visitor.page.goto(host.page("<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>"))
    visitor.page.evaluate(
        """(address) => { const script = document.createElement("script");
             script.src = address; script.dataset.language = "de"; document.head.append(script); }""",
        product.script,
    )
    expect(visitor.launcher).to_have_accessible_name("Fragen zum Datenschutz")
    visitor.open().say("Welche Cookies verwenden Sie?")


def test_single_page_app_places_the_element_itself(product: Product, new_visitor: Visit, host: Host) -> None:
    visitor = new_visitor("en")
    visitor.page.goto(host.page(_page(product.script, "data-manual")))
    expect(visitor.widget).to_have_count(0)
    visitor.page.evaluate(
        """() => { const element = document.createElement("privacy-assistant");
             element.setAttribute("position", "inline"); document.body.append(element); }"""
    )
    expect(visitor.panel).to_be_visible()
    expect(visitor.launcher).to_have_count(0)
    visitor.say(QUESTION)


def test_frame_holds_a_conversation(product: Product, new_visitor: Visit, host: Host) -> None:
    frame = f'<iframe title="Privacy" src="{product.website}/en/frame" width="420" height="640"></iframe>'
    visitor = new_visitor("en")
    visitor.page.goto(host.page(f"<!doctype html><html lang=en><title>Shop</title>{frame}"))
    inside = visitor.page.frame_locator("iframe").locator("privacy-assistant")
    inside.locator("textarea").fill(QUESTION)
    inside.locator("textarea").press("Enter")
    expect(inside.locator(".source")).to_be_visible(timeout=20_000)
    box = inside.locator("dialog.panel").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (420, 640)


def test_page_without_the_built_file_loads_the_source(product: Product, new_visitor: Visit, host: Host) -> None:
    page = _page(f"{product.website}/unbuilt/latest/privacy-assistant.js")
    visitor = new_visitor("en")
    unbundled = (ROOT / "bot/widget/unbundled.js").read_text(encoding="utf-8")
    allowed = {"Access-Control-Allow-Origin": "*"}
    visitor.page.route(
        "**/unbuilt/latest/privacy-assistant.js",
        lambda route: route.fulfill(body=unbundled, content_type="text/javascript", headers=allowed),
    )
    visitor.page.route(
        "**/unbuilt/latest/source/*",
        lambda route: route.fulfill(
            response=route.fetch(url=route.request.url.replace("/unbuilt/", "/widget/")),
            headers={**allowed, "Content-Type": "text/javascript"},
        ),
    )
    visitor.visit(host.page(page))
    visitor.open().say(QUESTION)
    assert len([request for request in visitor.requests if "/latest/source/" in request.url]) > 8


def test_files_outside_the_widget_are_not_served(product: Product, new_visitor: Visit) -> None:
    request = new_visitor().page.request
    for path in OUTSIDE:
        assert request.get(f"{product.website}/widget/{path}").status == 404, path
    assert request.get(f"{product.website}/%2e%2e/%2e%2e/settings.py").status == 404


@pytest.mark.parametrize(("language", "page"), [("de", "datenschutz"), ("en", "privacy")])
def test_each_section_of_the_statement_can_be_asked_about(
    product: Product, new_visitor: Visit, language: str, page: str
) -> None:
    visitor = new_visitor(language).visit(f"{product.website}/{language}/{page}")
    sections = visitor.page.locator(".sections section")
    assert [section.get_attribute("id") for section in sections.all()] == SECTIONS
    answered = {}
    for section in sections.all():
        asked = section.locator(".ask")
        question = asked.get_attribute("data-privacy-ask")
        asked.click()
        expect(visitor.panel).to_be_visible()
        expect(visitor.said.last).to_have_text(question)
        visitor.answer()
        address = visitor.replies.last.locator(".source a").get_attribute("href")
        answered[section.get_attribute("id")] = re.sub(r".*#", "", address or "")
        visitor.page.keyboard.press("Escape")
    assert answered == {section: section for section in SECTIONS}


def test_every_attribute_and_method_is_documented() -> None:
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    source = (ROOT / "bot/widget/source/start.js").read_text(encoding="utf-8")
    style = (ROOT / "bot/widget/source/style.js").read_text(encoding="utf-8")
    options = json.loads(re.search(r"const OPTIONS = (\[.*?\]);", source).group(1))
    wanted = [f"data-{name}" for name in [*options, "manual", "privacy-ask"]]
    wanted += sorted(set(re.findall(r"--privacy-assistant-[a-z-]+", style)))
    wanted += [f"privacy-assistant:{name}" for name in ("open", "close", "message", "ticket", "language", "delete")]
    wanted += [f"PrivacyAssistant.{name}" for name in ("open", "close", "send", "on")]
    assert [name for name in wanted if name not in text] == []


def test_demonstration_says_that_it_is_one(product: Product, new_visitor: Visit) -> None:
    for path, words in {"de/": "Vorführseite", "en/": "demonstration page"}.items():
        visitor: Visitor = new_visitor().visit(f"{product.website}/{path}")
        expect(visitor.page.locator("footer.bottom")).to_contain_text(words)
