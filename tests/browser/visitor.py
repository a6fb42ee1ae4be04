"""A visitor in a browser: what tests do with the widget, in the words of people who use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

GERMAN = {"launcher": "Fragen zum Datenschutz", "close": "Schließen", "delete": "Gespräch löschen", "yes": "Löschen"}
ENGLISH = {"launcher": "Privacy questions", "close": "Close", "delete": "Delete conversation", "yes": "Delete"}
WORDS = {"de": GERMAN, "en": ENGLISH}
#: A turn with a custom action on a busy machine.
PATIENCE = 20_000


@dataclass
class Visitor:
    """One page, and everything that went wrong or over the network on it."""

    page: Page
    language: str = "de"
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the beginning."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", lambda request: self.requests.append(request))

    def _note(self, message: ConsoleMessage) -> None:
        # What the network does is the test's doing; everything else on the console is a fault.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    @property
    def widget(self) -> Locator:
        """Return the element; playwright looks into its open shadow root."""
        return self.page.locator("privacy-assistant")

    @property
    def words(self) -> dict[str, str]:
        """Return what the buttons say."""
        return WORDS[self.language]

    @property
    def launcher(self) -> Locator:
        """Return the button that opens the panel."""
        return self.widget.locator(".launcher")

    @property
    def panel(self) -> Locator:
        """Return the panel."""
        return self.widget.locator("dialog.panel")

    @property
    def field(self) -> Locator:
        """Return what the visitor writes in."""
        return self.widget.locator("textarea:visible, input:visible")

    @property
    def said(self) -> Locator:
        """Return the visitor's own messages."""
        return self.widget.locator("li.said .text")

    @property
    def replies(self) -> Locator:
        """Return the assistant's messages, the greeting among them."""
        return self.widget.locator("li.reply")

    @property
    def choices(self) -> Locator:
        """Return the quick replies that can be used now."""
        return self.widget.locator(".choice")

    def visit(self, url: str) -> Visitor:
        """Open a page and wait for the widget."""
        self.page.goto(url)
        expect(self.panel.or_(self.launcher).first).to_be_attached()
        return self

    def open(self) -> Visitor:
        """Open the panel."""
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    def say(self, text: str) -> str:
        """Send a message and return what is answered."""
        before = self.said.count()
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.said).to_have_count(before + 1)
        return self.answer()

    def choose(self, title: str) -> str:
        """Press a quick reply and return what is answered."""
        self.choices.get_by_text(title, exact=True).click()
        return self.answer()

    def answer(self) -> str:
        """Wait for the reply to the last message and return all of it."""
        answered = self.widget.locator("li.said").last.locator("xpath=following-sibling::li[contains(@class,'reply')]")
        expect(answered.first).to_be_visible(timeout=PATIENCE)
        self.settle()
        return "\n".join(answered.all_inner_texts())

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        expect(self.widget.locator(".typing")).to_be_hidden(timeout=PATIENCE)
        self.page.wait_for_function(
            """() => {
              const kept = Object.entries(sessionStorage).find(([key]) => key.startsWith("privacy-assistant"));
              return !kept || JSON.parse(kept[1]).unsent.length === 0;
            }""",
            timeout=PATIENCE,
        )

    def delete(self) -> None:
        """Delete the conversation."""
        self.widget.get_by_role("button", name=self.words["delete"], exact=True).click()
        self.widget.get_by_role("button", name=self.words["yes"], exact=True).click()
        expect(self.said).to_have_count(0)

    def turns(self) -> list[str]:
        """Return what the visitor said, in order."""
        return self.said.all_inner_texts()

    def stored(self) -> dict[str, object]:
        """Return everything the browser keeps for the page."""
        stored: dict[str, object] = self.page.evaluate(
            """async () => ({
              session: {...sessionStorage}, local: {...localStorage}, cookie: document.cookie,
              databases: (await indexedDB.databases?.() ?? []).map(({name}) => name),
              caches: window.caches ? await caches.keys() : [],
            })"""
        )
        return stored

    def origins(self) -> set[str]:
        """Return where requests went."""
        parts = [urlsplit(request.url) for request in self.requests]
        return {f"{part.scheme}://{part.netloc}" for part in parts if part.scheme not in {"data", "blob"}}


NOTHING = {"session": {}, "local": {}, "cookie": "", "databases": [], "caches": []}
