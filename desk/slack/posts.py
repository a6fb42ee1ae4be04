"""What a ticket looks like in the team's channel: made from a handful of facts, none of which is about the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from desk.application import Work
from desk.services import letters, tickets
from desk.storage.models import NEVER, Ticket, User

Block = dict[str, Any]

TAKE, OPEN, REMIND = "take", "open", "remind"
REMINDERS = ("tomorrow", "three-days", "before-due")
MOST_IN_DIGEST = 20
#: Slack's documented limit of a section's text.
_SECTION_TEXT = 3000
_FILE = Path(__file__).resolve().parent / "words.yml"


@dataclass(frozen=True)
class TicketFacts:
    """All that Slack may know of a ticket."""

    reference: str
    url: str
    kind: str
    language: str
    state: str
    due: date
    clock_stands: bool
    is_open: bool
    overdue: bool
    escalated: bool
    extended: bool
    has_assignee: bool
    assignee: str | None
    """The Slack user of the colleague, where known; never a name."""


def facts_of(work: Work, ticket: Ticket) -> TicketFacts:
    """Take from a ticket what Slack may know."""
    user = work.session.get(User, ticket.assignee_id) if ticket.assignee_id else None
    return TicketFacts(
        reference=ticket.reference,
        url=work.settings.ticket_url(ticket.reference),
        kind=ticket.kind.value,
        language=ticket.language,
        state=ticket.state.value,
        due=ticket.due_on,
        clock_stands=ticket.queue_on == NEVER,
        is_open=ticket.open,
        overdue=tickets.is_overdue(work, ticket),
        escalated=ticket.escalated,
        extended=ticket.extended,
        has_assignee=user is not None,
        assignee=user.slack_id if user is not None else None,
    )


def ticket_post(facts: TicketFacts, language: str) -> dict[str, Any]:
    """Write the post of a ticket."""
    kind = letters.word("kinds", facts.kind, language)
    title = f"*<{facts.url}|{facts.reference}>* · {kind}"
    details = [
        word("state", language, state=word(f"state_{facts.state}", language)),
        word("standing", language)
        if facts.clock_stands
        else word("due", language, due=letters.long_date(facts.due, language)),
        word("language", language, name=word(f"language_{facts.language}", language)),
        word("assignee", language, who=_assignee(facts, language)),
    ]
    blocks = [_section("\n".join([title, " · ".join(details)]))]
    marks = [name for name in ("overdue", "escalated", "extended") if getattr(facts, name)]
    if marks:
        blocks.append(_context(" · ".join(f"*{word(mark, language)}*" for mark in marks)))
    text = word("ticket", language, reference=facts.reference, kind=kind)
    return {"text": f"{text} · {details[0]}", "blocks": [*blocks, _buttons(facts, language)]}


def digest_post(overdue: Sequence[TicketFacts], count: int, language: str) -> dict[str, Any]:
    """Write what the team finds in the morning: which tickets are overdue."""
    title = word("digest", language, count=str(count))
    lines = [
        word(
            "digest_line",
            language,
            link=f"<{facts.url}|{facts.reference}>",
            kind=letters.word("kinds", facts.kind, language),
            due=letters.long_date(facts.due, language),
        )
        for facts in overdue[:MOST_IN_DIGEST]
    ]
    if count > len(lines):
        lines.append(word("digest_more", language, count=str(count - len(lines))))
    return {"text": title, "blocks": [_section(text) for text in _packed([f"*{title}*", *lines])]}


def word(key: str, language: str, **values: str) -> str:
    """Give a text of the words' file with its placeholders filled."""
    return letters.fill(_words()[key][language], values)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, str]]:
    loaded: Mapping[str, Mapping[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def _assignee(facts: TicketFacts, language: str) -> str:
    if facts.assignee:
        return f"<@{facts.assignee}>"
    return word("somebody" if facts.has_assignee else "nobody", language)


def _buttons(facts: TicketFacts, language: str) -> Block:
    elements: list[Block] = []
    if facts.is_open and not facts.has_assignee:
        elements.append({**_button(TAKE, word("take", language), facts.reference), "style": "primary"})
    elements.append({**_button(OPEN, word("open", language), facts.reference), "url": facts.url})
    if facts.is_open:
        elements.append(_menu(facts.reference, language))
    return {"type": "actions", "block_id": "ticket", "elements": elements}


def _button(action: str, title: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": title}, "value": value}


def _menu(reference: str, language: str) -> Block:
    options = [
        {"text": {"type": "plain_text", "text": word(f"remind_{when}", language)}, "value": f"{reference}:{when}"}
        for when in REMINDERS
    ]
    placeholder = {"type": "plain_text", "text": word("remind", language)}
    return {"type": "static_select", "action_id": REMIND, "placeholder": placeholder, "options": options}


def _packed(lines: Sequence[str]) -> list[str]:
    """Put lines together in as few texts as a section's length allows; a desk's address may be a long one."""
    texts = [""]
    for line in lines:
        if len(texts[-1]) + len(line) + 1 > _SECTION_TEXT:
            texts.append("")
        texts[-1] = f"{texts[-1]}\n{line}" if texts[-1] else line
    return texts


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}
