"""Renders a turn's messages as one Block Kit post within Slack's documented limits, and a post after its click."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.channels.messages import Message
from bot.channels.slack_markup import marked_up
from bot.channels.slack_words import said_date, word

Block = dict[str, Any]

SECTION_TEXT = 3000
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
OPTION_VALUE = 150
MOST_BUTTONS = 25
MOST_OPTIONS = 100
MOST_BLOCKS = 50
NOTIFICATION_TEXT = 3000
ANSWER = "answer"
MENU = "answer-menu"
CONTINUE = "continue-in-private"


def post(messages: Iterable[Message], language: str | None) -> dict[str, Any]:
    """Return text and blocks of the one post that a turn becomes."""
    said = list(messages)
    blocks: list[Block] = []
    for message in said:
        blocks += _sections(message["text"])
        blocks += _source(message, language)
    choices = _once(button for message in said for button in message.get("buttons", []))
    offered = _choices(choices, language)
    text = clamped(marked_up("\n\n".join(message["text"] for message in said)), NOTIFICATION_TEXT)
    return {"text": text.strip() or "…", "blocks": [*blocks[: MOST_BLOCKS - len(offered)], *offered]}


def offer_private(text: str, language: str | None, title: str | None = None) -> dict[str, Any]:
    """Return the offer to go on where nobody else reads; the button carries what was wanted."""
    wanted = json.dumps({"text": text, "title": title}, ensure_ascii=False)
    if len(wanted) > BUTTON_VALUE:
        # What does not fit in a button is asked for once more.
        wanted = json.dumps({"text": "", "title": None})
    offer = word("private_offer", language)
    go = button(word("private_go", language), CONTINUE, wanted, style="primary")
    return {"text": offer, "blocks": [section(offer), {"type": "actions", "elements": [go]}]}


def after_choice(blocks: Iterable[Mapping[str, Any]], chosen: str) -> dict[str, Any]:
    """Return the post as it stays once something was chosen: with the choice, without anything to press."""
    kept = [dict(block) for block in blocks if block.get("type") != "actions"][: MOST_BLOCKS - 1]
    texts = [str((block.get("text") or {}).get("text") or "") for block in kept if block.get("type") == "section"]
    text = clamped("\n\n".join([*texts, chosen]), NOTIFICATION_TEXT)
    return {"text": text, "blocks": [*kept, context(chosen)]}


def section(text: str) -> Block:
    """Return a block of text in Slack's markup."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": clamped(text, SECTION_TEXT)}}


def context(text: str) -> Block:
    """Return a small grey line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": clamped(text, SECTION_TEXT)}]}


def plain(text: str, most: int = BUTTON_TEXT) -> dict[str, Any]:
    """Return a text object without markup."""
    return {"type": "plain_text", "text": clamped(text, most) or "…", "emoji": False}


def button(title: str, action: str, value: str, style: str | None = None) -> Block:
    """Return a button."""
    element = {"type": "button", "text": plain(title), "action_id": action, "value": value}
    return {**element, "style": style} if style else element


def clamped(text: str, most: int) -> str:
    """Return the text, cut where it is too long and saying so; a link is never cut in two."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    return cut.rstrip() + "…"


def _sections(text: str) -> list[Block]:
    """Return a text as few sections as it takes, divided between paragraphs."""
    parts: list[str] = []
    for paragraph in (marked_up(one) for one in text.split("\n\n") if one.strip()):
        if parts and len(parts[-1]) + 2 + len(paragraph) <= SECTION_TEXT:
            parts[-1] += "\n\n" + paragraph
        else:
            parts += _pieces(paragraph)
    return [section(part) for part in parts]


def _pieces(paragraph: str) -> list[str]:
    pieces = []
    while len(paragraph) > SECTION_TEXT:
        place = max(paragraph.rfind("\n", 1, SECTION_TEXT), paragraph.rfind(" ", 1, SECTION_TEXT))
        place = place if place > 0 else SECTION_TEXT
        pieces.append(paragraph[:place])
        paragraph = paragraph[place:].lstrip() or "…"
    return [*pieces, paragraph]


def _source(message: Message, language: str | None) -> list[Block]:
    source = message.get("source") or {}
    if "statement_date" not in source:
        return []
    section_title = source.get("section_title")
    date = said_date(str(source["statement_date"]), language)
    if section_title:
        return [context(word("source", language, section=marked_up(section_title), date=date))]
    return [context(word("source_plain", language, date=date))]


def _once(buttons: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return list({button["payload"]: button for button in buttons if button.get("payload")}.values())


def _choices(choices: list[Mapping[str, str]], language: str | None) -> list[Block]:
    """Return buttons, or a menu where there are more than Slack allows in a row."""
    if len(choices) > MOST_BUTTONS and all(len(choice["payload"]) <= OPTION_VALUE for choice in choices):
        return [{"type": "actions", "block_id": ANSWER, "elements": [_menu(choices[:MOST_OPTIONS], language)]}]
    elements = [
        button(choice["title"], f"{ANSWER}:{number}", clamped(choice["payload"], BUTTON_VALUE))
        for number, choice in enumerate(choices[:MOST_OPTIONS])
    ]
    rows = [elements[first : first + MOST_BUTTONS] for first in range(0, len(elements), MOST_BUTTONS)]
    return [{"type": "actions", "block_id": f"{ANSWER}:{number}", "elements": row} for number, row in enumerate(rows)]


def _menu(choices: list[Mapping[str, str]], language: str | None) -> Block:
    options = [{"text": plain(choice["title"]), "value": choice["payload"]} for choice in choices]
    placeholder = plain(word("menu", language), 150)
    return {"type": "static_select", "action_id": MENU, "placeholder": placeholder, "options": options}
