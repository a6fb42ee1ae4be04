"""Writes what is kept about a person as a page for that person: in their language, with words instead of codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from desk.services import letters

_FOLDER = Path(__file__).resolve().parents[1] / "letters"
_KILOBYTE = 1024


@dataclass(frozen=True)
class Line:
    """One entry of a list: what stands out, and the text below it."""

    head: str
    text: str = ""


@dataclass(frozen=True)
class Reader:
    """Whom the page is for: language and time zone."""

    language: str
    zone: ZoneInfo

    def word(self, name: str, group: str = "person_page") -> str:
        """Give a word, or its code where there is none."""
        entry = letters.catalogue()[group].get(name)
        return str(entry[self.language]) if entry else name

    def day(self, iso: str) -> str:
        """Write a day."""
        moment = datetime.fromisoformat(iso)
        return letters.long_date(moment.astimezone(self.zone).date() if moment.tzinfo else moment.date(), self.language)

    def moment(self, iso: str) -> str:
        """Write a day and a time."""
        locale = "de_DE" if self.language == "de" else "en_GB"
        moment = datetime.fromisoformat(iso).astimezone(self.zone)
        return str(
            format_datetime(moment, "d. MMMM y, HH:mm" if self.language == "de" else "d MMMM y, HH:mm", locale=locale)
        )


def as_page(exported: dict[str, Any], language: str, zone: ZoneInfo) -> str:
    """Write an export of `persons.export` as one page of HTML that any browser shows and prints."""
    reader = Reader(language, zone)
    return _template().render(
        language=language,
        title=letters.fill(reader.word("title"), {"email": exported["email"]}),
        made=letters.fill(
            reader.word("made"), {"day": reader.day(exported["exported_at"]), "count": str(len(exported["tickets"]))}
        ),
        none=reader.word("none"),
        tickets=[_ticket(reader, ticket) for ticket in exported["tickets"]],
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    # What people wrote goes in as text, whatever it looks like.
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("person.html")


def _ticket(reader: Reader, ticket: dict[str, Any]) -> dict[str, Any]:
    facts = ((reader.word(name), value) for name, value in _facts(reader, ticket))
    return {
        "kind": reader.word(ticket["kind"], "kinds"),
        "reference": ticket["reference"],
        "facts": [(name, value) for name, value in facts if value],
        "description_title": reader.word("description"),
        "description": ticket["description"],
        "parts": [(reader.word(name), list(lines)) for name, lines in _parts(reader, ticket)],
    }


def _facts(reader: Reader, ticket: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield "received", reader.moment(ticket["received"])
    yield "channel", reader.word(ticket["channel"], "channels")
    yield "due", reader.day(ticket["due"])
    yield "state", reader.word(ticket["state"], "states")
    yield "closed", reader.day(ticket["closed"]) if ticket["closed"] else None
    yield "kept", _kept(reader, ticket["kept"])
    yield "name", ticket["name"]
    yield "email", ticket["email"]
    yield "confirmed", reader.day(ticket["address_confirmed"]) if ticket["address_confirmed"] else None
    yield "country", ticket["country"]
    yield "language", reader.word(ticket["language"], "languages")
    yield "relationship", reader.word(ticket["relationship"], "relationships")
    yield "escalated", _escalated_to(reader, ticket["escalated_to"])


def _escalated_to(reader: Reader, to: str | None) -> str | None:
    if to is None or to in letters.catalogue()["escalations"]:
        return reader.word(to, "escalations") if to else None
    # The assistant notes the place of the authority that it named.
    return f"{reader.word('authority', 'escalations')} ({to})"


def _kept(reader: Reader, kept: dict[str, Any]) -> str:
    if kept["legal_hold"]:
        return reader.word("kept_on_hold")
    if kept["until"]:
        until: date = date.fromisoformat(kept["until"])
        return letters.fill(reader.word("kept_until"), {"day": letters.long_date(until, reader.language)})
    return letters.fill(reader.word("kept_after"), {"months": str(kept["months_after_closing"])})


def _parts(reader: Reader, ticket: dict[str, Any]) -> Iterator[tuple[str, Iterator[Line]]]:
    yield "conversation", (_said(reader, line) for line in ticket["conversation"])
    yield "letters", (_letter(reader, letter) for letter in ticket["letters"])
    yield "notes", (Line(reader.moment(note["at"]), note["text"]) for note in ticket["notes"])
    yield "files", (Line(f"{file['name']}, {_size(reader, file['size'])}") for file in ticket["files"])
    known = letters.catalogue()["events"]
    events = (event for event in ticket["history"] if event["action"] in known)
    yield "history", (Line(f"{reader.moment(one['at'])}: {reader.word(one['action'], 'events')}") for one in events)


def _said(reader: Reader, line: dict[str, str]) -> Line:
    author = reader.word(line.get("author", ""), "authors")
    return Line(f"{author}, {reader.moment(line['at'])}" if line.get("at") else author, line.get("text", ""))


def _letter(reader: Reader, letter: dict[str, str]) -> Line:
    head = f"{reader.word(letter['direction'], 'authors')}, {reader.moment(letter['at'])}"
    return Line(f"{head}: {letter['subject']}" if letter["subject"] else head, letter["text"])


def _size(reader: Reader, size: int) -> str:
    return f"{format_decimal(max(1, round(size / _KILOBYTE)), locale=reader.language)} kB"
