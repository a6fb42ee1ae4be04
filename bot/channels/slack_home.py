"""The app's home tab: the person's requests with their due dates, as the desk knows them at this moment."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.action_calls import ActionUnavailable, Outcome, call_action
from bot.channels.slack_blocks import button, clamped, context, section
from bot.channels.slack_form import CHANNEL
from bot.channels.slack_inbox import Inbox, KnownRequest
from bot.channels.slack_markup import escaped, marked_up
from bot.channels.slack_words import said_date, word
from bot.engine import Engine

NEW_REQUEST = "new-request"
TELLS_STATUS = "action_tell_ticket_status"
NAMES = Path(__file__).resolve().parents[2] / "data" / "reading" / "names.yml"
MOST_SHOWN = 25


async def home_view(engine: Engine, inbox: Inbox, person: str, language: str) -> dict[str, Any]:
    """Return the tab for a person."""
    requests = (await asyncio.to_thread(inbox.requests_of, person))[:MOST_SHOWN]
    states = await asyncio.gather(*(_state(engine, one, person, language) for one in requests))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": word("home_title", language)}},
        section(word("home_intro", language)),
        {"type": "actions", "elements": [button(word("home_new", language), NEW_REQUEST, "new", style="primary")]},
        {"type": "divider"},
        section(f"*{word('home_requests', language)}*"),
    ]
    if not requests:
        blocks.append(section(word("home_none", language)))
    if any(state is None for state in states):
        blocks.append(context(word("home_unsure", language)))
    for request, state in zip(requests, states, strict=True):
        blocks += _shown(request, state, language)
    return {"type": "home", "blocks": blocks}


async def _state(engine: Engine, request: KnownRequest, person: str, language: str) -> Outcome | None:
    """Ask the desk how a request stands; None when it does not say."""
    slots = {"reference": request.reference, "email": request.email, "language": language}
    try:
        outcome = await call_action(engine, TELLS_STATUS, f"{person}:home", CHANNEL, slots)
    except ActionUnavailable:
        return None
    return outcome if any(one.fields.get("ticket") for one in outcome.said) else None


def _shown(request: KnownRequest, state: Outcome | None, language: str) -> list[dict[str, Any]]:
    due, lines = request.due, []
    if state is not None:
        told = next(one for one in state.said if one.fields.get("ticket"))
        due = str(told.fields["ticket"]["due"])
        lines.append(word("home_state", language, state=str(told.values.get("state_name", ""))))
    title = f"*{escaped(request.reference)}* · {escaped(kind_name(request.kind, language))}"
    said = word("home_due", language, due=said_date(due, language))
    return [section("\n".join([title, said, *(clamped(marked_up(line), 500) for line in lines)]))]


def kind_name(kind: str, language: str) -> str:
    """Return what a kind of request is called."""
    names = _names().get(kind)
    return names[language] if names else kind


@lru_cache(maxsize=1)
def _names() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(NAMES.read_text(encoding="utf-8"))["kinds"]
    return loaded
