"""Holds one scripted conversation over the real webchat channel and checks every reply."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from desk.application import current_desk
from desk.services import tickets
from desk.storage.models import Ticket
from tests.conversations.house import House

Message = dict[str, Any]
Expectation = dict[str, Any]


@dataclass
class Conversation:
    """A visitor with a token, and what was said so far."""

    house: House
    language: str
    token: str = ""
    last: list[Message] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    tickets_before: int = 0

    def __post_init__(self) -> None:
        """Begin with an address that nobody else in the run has."""
        self.values.setdefault("email", f"visitor-{uuid.uuid4().hex[:12]}@example.org")
        self.tickets_before = len(all_tickets())
        self.begin()

    def begin(self) -> None:
        """Open a session."""
        reply = self._post("/sessions", {"language": self.language})
        self.token, self.last = reply["token"], reply["messages"]

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Go through the steps in order."""
        for number, step in enumerate(steps, 1):
            for action, argument in step.items():
                try:
                    getattr(self, f"do_{action}")(argument)
                except AssertionError as error:
                    raise AssertionError(f"step {number} ({action}: {argument}): {error}\n{self._heard()}") from None

    # What a step can do

    def do_say(self, text: str) -> None:
        """Type a message."""
        self._send(self._filled(text))

    def do_button(self, wanted: str) -> None:
        """Press a button that was offered, named by its title or payload."""
        offered = [button for message in self.last for button in message.get("buttons", [])]
        chosen = next((b for b in offered if wanted in (b["title"], b["payload"])), None)
        assert chosen, f"no button {wanted!r} among {[b['title'] + ' ' + b['payload'] for b in offered]}"
        self._send(chosen["payload"])

    def do_expect(self, expected: Expectation) -> None:
        """Check the last reply."""
        check_messages(self.last, {key: self._filled_deep(value) for key, value in expected.items()})

    def do_desk(self, expected: Expectation) -> None:
        """Check what stands in the ticket database since the conversation began."""
        check_tickets(all_tickets()[self.tickets_before :], self._filled_deep(expected))

    def do_kill(self, what: str) -> None:
        """Kill a part."""
        self.house.kill(what)

    def do_start(self, what: str) -> None:
        """Start a part again."""
        self.house.start(what)

    def do_pause(self, what: str) -> None:
        """Let a part hang."""
        assert what == "actions", what
        self.house.pause_actions()

    def do_resume(self, what: str) -> None:
        """Let a part go on."""
        assert what == "actions", what
        self.house.resume_actions()

    def do_database(self, state: str) -> None:
        """Lock the desk's database or let it go."""
        {"locked": self.house.lock_desk, "free": self.house.unlock_desk}[state]()

    def do_close_ticket(self, state: str) -> None:
        """Answer the ticket in the desk, as the team would."""
        desk = current_desk()
        with desk.work("worker") as work:
            ticket = tickets.get(work, self.values["reference"])
            tickets.change_state(work, ticket, type(ticket.state)("in-progress"))
            tickets.change_state(work, ticket, type(ticket.state)(state))

    def do_new_conversation(self, language: str | None) -> None:
        """Come as a new visitor, with what the old one wrote down."""
        self.language = language or self.language
        self.begin()

    def do_reload(self, _: object) -> None:
        """Load the conversation anew, as a page does after a reload; the last reply must be there as it was."""
        history = self.history()
        said = [message for message in history if message.get("from") == "assistant"][-len(self.last) :]
        bare = [{key: value for key, value in message.items() if key != "from"} for message in said]
        assert bare == self.last, f"after a reload: {bare}"

    def do_open_again(self, expected: Expectation) -> None:
        """Open the page again after a while and check what stands beneath the history; its buttons can be pressed."""
        self.last = [message for message in self.history() if message["id"].startswith("return:")]
        self.do_expect(expected)

    def do_pass_time(self, seconds: int) -> None:
        """Let time pass for everything said so far, by dating it back in the conversations' store."""
        pass_time(self.house, seconds)

    def do_not_stored(self, texts: list[str]) -> None:
        """Check that something stands neither in the conversations' store nor in the tickets nor in a log."""
        places = {"store": stored_conversations(self.house), "logs": self.house.logs(), "tickets": stored_tickets()}
        for text in self._filled_deep(texts):
            for place, content in places.items():
                assert text not in content, f"{text!r} stands in the {place}"

    # The channel

    def _send(self, text: str) -> None:
        self.send(text, uuid.uuid4().hex)

    def send(self, text: str, message_id: str) -> None:
        """Send a message under an id of the client's own, which may be one that was sent before."""
        self.last = self._post("/messages", {"text": text, "id": message_id})["messages"]
        for message in self.last:
            if "ticket" in message:
                self.values["reference"] = message["ticket"]["reference"]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.token and path != "/sessions":
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.house.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    def history(self) -> list[Message]:
        """Return the conversation as a page that is loaded anew gets it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.house.url + "/messages", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            messages: list[Message] = json.load(reply)["messages"]
            return messages

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(email|reference)\}", lambda found: self.values.get(found.group(1), found.group(0)), text)

    def _filled_deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._filled(value)
        if isinstance(value, list):
            return [self._filled_deep(part) for part in value]
        if isinstance(value, dict):
            return {key: self._filled_deep(part) for key, part in value.items()}
        return value

    def _heard(self) -> str:
        lines = []
        for message in self.last:
            extra = {key: value for key, value in message.items() if key not in {"id", "text"}}
            lines.append(f"  {message['text']}\n    {json.dumps(extra, ensure_ascii=False)}")
        return "the assistant said:\n" + "\n".join(lines)


def check_messages(messages: list[Message], expected: Expectation) -> None:
    """Check a reply against what a step expects of it."""
    text = "\n".join(message["text"] for message in messages)
    flows = [message["flow"] for message in messages if "flow" in message]
    found = {
        "first_flow": flows[0]["kind"] if flows else None,
        "flow": flows[-1]["kind"] if flows else None,
        "step": flows[-1]["step"] if flows else None,
        "status": flows[-1]["status"] if flows else None,
        "ticket": next((message["ticket"]["kind"] for message in messages if "ticket" in message), None),
        "topic": next((message["source"]["topic"] for message in messages if "source" in message), None),
        "detail": next((message["source"].get("detail") for message in messages if "source" in message), None),
        "authority": next((message["authority"]["place"] for message in messages if "authority" in message), None),
        "expects": next((message["expects"] for message in reversed(messages) if "expects" in message), None),
        "messages": len(messages),
    }
    for key, wanted in expected.items():
        if key == "says_any":
            assert any(part in text for part in wanted), f"none of {wanted} was said"
        elif key == "says_all":
            missing = [part for part in wanted if part not in text]
            assert not missing, f"{missing} was not said"
        elif key == "says_none":
            said = [part for part in wanted if part.lower() in text.lower()]
            assert not said, f"{said} was said"
        elif key == "buttons":
            offered = {button["payload"] for message in messages for button in message.get("buttons", [])}
            assert set(wanted) <= offered, f"the buttons are {sorted(offered)}"
        elif key == "topics":
            asked = [message["source"]["topic"] for message in messages if "source" in message]
            assert asked == wanted, f"the topics are {asked}"
        else:
            assert key in found, f"nobody knows how to check {key!r}"
            assert found[key] == wanted, f"{key} is {found[key]!r} and not {wanted!r}"


def all_tickets() -> list[Ticket]:
    """Return every ticket with what the person told, oldest first."""
    with current_desk().read() as work:
        found = list(work.session.scalars(select(Ticket).order_by(Ticket.id)))
        for ticket in found:
            _ = ticket.content
        return found


def check_tickets(found: list[Ticket], expected: Expectation) -> None:
    """Check how many tickets were made, and what stands in the latest."""
    if "tickets" in expected:
        assert len(found) == expected["tickets"], f"{len(found)} tickets were made"
    if len(expected) == ("tickets" in expected):
        return
    ticket = found[-1]
    content = ticket.content
    assert content is not None
    values = {
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "language": ticket.language,
        "relationship": ticket.relationship_.value,
        "escalated": ticket.escalated,
        "marks": list(ticket.marks),
        "email": content.email,
        "name": content.name,
        "country": content.country,
        "description": content.description,
    }
    for key, wanted in expected.items():
        if key == "description_has":
            missing = [part for part in wanted if part not in content.description]
            assert not missing, f"the description lacks {missing}: {content.description!r}"
        elif key == "description_lacks":
            there = [part for part in wanted if part in content.description]
            assert not there, f"the description holds {there}: {content.description!r}"
        elif key != "tickets":
            assert values[key] == wanted, f"the ticket's {key} is {values[key]!r} and not {wanted!r}"


def stored_tickets() -> str:
    """Return everything readable in the tickets."""
    parts = []
    for ticket in all_tickets():
        content = ticket.content
        if content is not None:
            parts.append(json.dumps([content.email, content.name, content.description, content.transcript]))
    return "\n".join(parts)


def stored_conversations(house: House) -> str:
    """Return the conversations' store as raw text."""
    with sqlite3.connect(house.folder / "tracker.sqlite3") as store:
        return "\n".join(store.iterdump())


def pass_time(house: House, seconds: int) -> None:
    """Date every stored event back."""
    with sqlite3.connect(house.folder / "tracker.sqlite3", timeout=20) as store:
        for number, data in store.execute("SELECT id, data FROM events").fetchall():
            event = json.loads(data)
            event["timestamp"] = float(event["timestamp"]) - seconds
            store.execute(
                "UPDATE events SET data = ?, timestamp = ? WHERE id = ?",
                (json.dumps(event), event["timestamp"], number),
            )
