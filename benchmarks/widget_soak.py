"""Let visitors talk through the widget over a line that fails now and then, for as long as asked, and count messages.

Every conversation is compared between page and assistant: a message that is missing, doubled or in another order makes
the run end with 1. `python -m benchmarks.widget_soak --minutes 120 --share 0.02`.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bot.widget.build import ensure_widget
from tests.browser.conftest import CHROMIUM, QUIET, Product
from tests.browser.lines import Line
from tests.browser.visitor import Visitor

QUESTIONS = (
    "Welche Cookies verwenden Sie?", "Verkaufen Sie meine Daten?", "Which data do you collect?", "What are my rights?",
    "Wie kann ich Werbung abbestellen?", "Who do you share my data with?", "Wer betreibt diese Website?", "Danke",
)  # fmt: skip
MESSAGES_A_CONVERSATION = 12


@dataclass
class Count:
    """What happened so far."""

    conversations: int = 0
    messages: int = 0
    reloads: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was lost, doubled or out of order."""
        return not (self.lost or self.doubled or self.disordered)


def main() -> int:
    """Run and print what was counted."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--share", type=float, default=0.02, help="share of the requests that fail")
    options.add_argument("--pause", type=float, default=0, help="seconds a visitor thinks before the next message")
    chosen = options.parse_args()
    print(ensure_widget())
    count = Count()
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder))
        try:
            product.open()
            with Line(product.assistant_port) as line, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                _talk(browser, product, line, count, chosen)
                browser.close()
                print(f"Requests: {len(line.requests)}, of which failed on purpose: {line.troubles}")
        finally:
            product.close()
    print(count)
    return 0 if count.is_whole and count.messages else 1


def _talk(browser: Browser, product: Product, line: Line, count: Count, chosen: argparse.Namespace) -> None:
    until = time.monotonic() + chosen.minutes * 60
    chance = random.Random(11)
    line.trouble_often(chosen.share)
    failing = line.choose
    while time.monotonic() < until:
        line.choose = lambda head: None
        context = browser.new_context(locale="de")
        visitor = Visitor(context.new_page()).visit(f"{line.url}/webhooks/website/de/").open()
        line.choose = failing
        said = []
        for number in range(MESSAGES_A_CONVERSATION):
            text = f"{chance.choice(QUESTIONS)} ({number})"
            said.append(text)
            visitor.field.fill(text)
            visitor.field.press("Enter")
            if chance.random() < 0.1:
                line.choose = lambda head: None
                visitor.page.reload()
                line.choose = failing
                count.reloads += 1
            visitor.answer()
            time.sleep(chosen.pause)
        _compare(product, visitor, said, count)
        context.close()
        if count.conversations % 10 == 0:
            print(f"{(until - time.monotonic()) / 60:.0f} min left: {count}", flush=True)


def _compare(product: Product, visitor: Visitor, said: list[str], count: Count) -> None:
    (kept,) = [json.loads(text) for text in visitor.stored()["session"].values()]  # type: ignore[attr-defined]
    history = product.said_in(kept["session"]["token"])
    for turns in (visitor.turns(), [message["text"] for message in history if message["from"] == "visitor"]):
        count.lost += len(set(said) - set(turns))
        count.doubled += len(turns) - len(set(turns))
        count.disordered += turns != said
    count.conversations += 1
    count.messages += len(said)


if __name__ == "__main__":
    raise SystemExit(main())
