"""A visitor as the widget is one: a message is sent again under its id until it was answered to the end."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

Message = dict[str, Any]

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.2
#: A question, a complaint with a question in its middle, and a question afterwards; `>` presses the first button.
TALKS = {
    "de": (
        "Welche Daten erheben Sie?",
        "Setzen Sie Cookies ein?",
        "Ich möchte mich beschweren",
        "Sie schicken mir seit Wochen Newsletter, obwohl ich mich abgemeldet habe.",
        ">",
        "Wie lange speichern Sie Daten?",
        "{email}",
        "Anna Muster",
        "Österreich",
        "ja",
        "Verkaufen Sie meine Daten?",
        "Danke",
    ),
    "en": (
        "What data do you collect?",
        "Do you use cookies?",
        "I want to make a complaint",
        "You have been sending me newsletters for weeks although I unsubscribed.",
        ">",
        "How long do you keep data?",
        "{email}",
        "Anna Smith",
        "Ireland",
        "yes",
        "Do you sell my data?",
        "Thank you",
    ),
}


class NotAnswered(Exception):
    """A request got no answer, or one that asks to come again."""


@dataclass
class Talker:
    """Somebody with an address of their own on the internet, and what was said so far."""

    url: str
    number: int
    streams: bool = False
    token: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)
    heard: list[list[Message]] = field(default_factory=list)
    repeated: int = 0

    def __post_init__(self) -> None:
        """Open the line; nginx hears of the address from the proxy before it."""
        self.language = "de" if self.number % 2 else "en"
        self.email = f"visitor-{self.number}@example.org"
        self._line = requests.Session()
        self._line.trust_env = False
        self._line.headers["X-Forwarded-For"] = f"198.51.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def tickets(self) -> list[str]:
        """Return the references that were told."""
        return [message["ticket"]["reference"] for reply in self.heard for message in reply if "ticket" in message]

    def begin(self) -> None:
        """Open a session."""
        self.token = self._until_answered(lambda: self._json("POST", "/sessions", {"language": self.language}))["token"]

    def talk(self) -> None:
        """Hold the whole conversation."""
        for text in TALKS[self.language]:
            self.say(self.heard[-1][-1]["buttons"][0]["payload"] if text == ">" else text.format(email=self.email))

    def say(self, text: str) -> list[Message]:
        """Send a message until it is answered."""
        message_id = uuid.uuid4().hex
        self.sent.append((message_id, text))
        self.heard.append(self._until_answered(lambda: self.send(message_id, text)))
        return self.heard[-1]

    def send(self, message_id: str, text: str, url: str | None = None) -> list[Message]:
        """Send a message once, through nginx or to one assistant itself, and return the replies."""
        body = {"id": message_id, "text": text}
        if self.streams:
            return self._streamed(body, url or self.url)
        replies: list[Message] = self._json("POST", "/messages", body, url)["messages"]
        return replies

    def history(self, url: str | None = None) -> list[Message]:
        """Return the conversation so far as the assistant has it."""
        messages: list[Message] = self._json("GET", "/messages", None, url)["messages"]
        return messages

    def _until_answered(self, ask: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except (NotAnswered, requests.RequestException):
                assert time.monotonic() < deadline, f"visitor {self.number} was not answered"
                self.repeated += 1
                time.sleep(PAUSE_SECONDS)

    def _json(self, method: str, path: str, body: Any, url: str | None = None) -> Any:
        with self._request(method, (url or self.url) + path, body) as answer:
            return answer.json()

    def _streamed(self, body: Any, url: str) -> list[Message]:
        replies: list[Message] = []
        with self._request("POST", f"{url}/messages", body, Accept="text/event-stream") as answer:
            for event in answer.content.decode().split("\n\n"):
                name, _, data = event.partition("\ndata: ")
                if name == "event: message":
                    replies.append(json.loads(data))
                if name == "event: done":
                    return replies
                if name == "event: error":
                    break
        raise NotAnswered("The stream broke off.")

    def _request(self, method: str, address: str, body: Any, **headers: str) -> requests.Response:
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self._line.request(method, address, json=body, headers=headers, timeout=100)
        if answer.status_code >= 429:
            raise NotAnswered(f"{answer.status_code} {answer.text[:200]}")
        assert answer.ok, (answer.status_code, answer.text)
        return answer
