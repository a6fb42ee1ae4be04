"""Reads who is writing: their name, their age, whether for somebody else, and how they are connected to the company."""

from __future__ import annotations

import re

from actions.reading.message import Message
from actions.reading.spelling import folded
from actions.reading.words import pattern, word_set

LONGEST_NAME = 80
LONGEST_NAME_IN_WORDS = 6

# People answer a question with three choices by number too.
_NUMBERED = {"1": "direct", "2": "customer-user", "3": "unsure"}
_WORD = r"[^\W\d_][^\W\d_'’.-]*(?:[-'’.][^\W\d_]+)*\.?"
_END_OF_NAME = re.compile(
    r"\s+(?:und|and|aber|but|meine|mein|my|ich|i|aus|from|bin|am|wohne|live|hier|here|bitte|please|mit|with|e-?mail|mail)\b.*$|\s*[,;:!?()\n].*$|(?<!Dr)(?<!Prof)(?<!Mag)(?<!Ing)(?<!Mr)(?<!Ms)(?<!Mrs)(?<!\b[A-Z])\.\s.*$",
    re.IGNORECASE | re.DOTALL,
)
_STATED = re.compile(
    r"\b(?:ich\s+hei(?:ß|ss)e|mein\s+(?:voller\s+|richtiger\s+)?name\s+(?:ist|lautet)|der\s+(?:richtige\s+)?name\s+(?:ist|lautet)|name\s*[:=]|"
    r"my\s+(?:full\s+|real\s+|correct\s+)?name(?:\s+is|'s|’s)|the\s+(?:correct\s+|right\s+)?name\s+is|i\s+am\s+called|call\s+me|"
    r"name\s+(?:is|ist)|schreibt\s+sich)\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_INTRODUCED = re.compile(
    r"^(?:hallo|hi|hello|guten tag|guten morgen|moin|servus|gruezi|also|na ja|gut|ok|okay|sure|ja|yes)?[,.!\s]*"
    r"(?:ich\s+bin(?:\s+(?:der|die))?|hier\s+(?:ist|schreibt)|i\s+am|i['’]m|it['’]?s|this\s+is|das\s+ist|nur|just)\s+(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_NAME = re.compile(rf"^{_WORD}(?:\s+{_WORD}){{0,{LONGEST_NAME_IN_WORDS - 1}}}$")
# Words that are no part of a name, so that "keine Ahnung" or "what do you mean" is not taken for one.
_NOT_IN_NAMES = word_set("never-in-names")


def stated_name(text: str) -> str | None:
    """Return the name a text states outright, as in "ich heiße …" or "my name is …"."""
    found = _STATED.search(text)
    return _as_name(found.group(1)) if found else None


def plain_name(text: str) -> str | None:
    """Return the name given in answer to the question for it."""
    stated = stated_name(text)
    if stated:
        return stated
    introduced = _INTRODUCED.match(text.strip())
    return _as_name(introduced.group(1) if introduced else text)


def _as_name(text: str) -> str | None:
    candidate = _END_OF_NAME.sub("", text.strip()).strip(" .\"'„“”")
    if not candidate or len(candidate) > LONGEST_NAME or not _NAME.match(candidate):
        return None
    words = folded(candidate).split()
    if words[:1] in (["das"], ["der"], ["die"]) or any(word in _NOT_IN_NAMES for word in words):
        return None
    return candidate


_OLD = r"(?:jahre?\s+(?:alt|jung)|years?\s+(?:old|of\s+age)|yrs?\s+old|y/?o\b)"
_AGE = re.compile(
    # "im 15. Stock" and "ich bin 17 Jahre Kunde" are no ages: the shorter the words, the clearer must be what follows.
    rf"\b(?:ich\s+bin|i\s+am|i['’]m)\s+(?:erst\s+|gerade\s+|only\s+|just\s+|noch\s+)?(\d{{1,2}})(?!\d)\s*"
    rf"(?:{_OLD}|(?:jahre?|years?)?\s*(?:$|[.,!;](?!\d)|und\b|and\b))|"
    rf"\b(?:bin|im)\s+(?:erst\s+|only\s+|just\s+)?(\d{{1,2}})\s*{_OLD}",
    re.IGNORECASE,
)
ADULT = 18
YOUNGEST_WHO_WRITES = 5
RELATIONSHIPS = ("direct", "customer-user", "unsure")


def is_under_age(text: str) -> bool:
    """Tell whether somebody says that they are under 18 themselves."""
    if pattern("under-age").search(text):
        return True
    found = _AGE.search(text)
    return found is not None and YOUNGEST_WHO_WRITES <= int(found.group(1) or found.group(2)) < ADULT


def writes_for_another(text: str) -> bool:
    """Tell whether somebody writes for another person, whose authorisation then has to be shown later."""
    return bool(pattern("for-another").search(text))


def is_in_danger(text: str) -> bool:
    """Tell whether somebody describes a danger to themselves, so that the ticket is marked urgent."""
    return bool(pattern("danger").search(text))


def mentions_special_category(text: str) -> bool:
    """Tell whether a text touches what the statement asks people not to send, such as health or religion."""
    return bool(pattern("special-category").search(text))


def read_relationship(message: Message) -> str | None:
    """Return how somebody is connected to the company, from a button or in their own words."""
    chosen = message.choice.get("relationship")
    if chosen in RELATIONSHIPS:
        return chosen
    if message.is_button:
        return None
    if message.text.strip() in _NUMBERED:
        return _NUMBERED[message.text.strip()]
    for meaning in ("unsure", "customer-user", "direct"):
        if pattern(f"relationship-{meaning}").search(message.text):
            return meaning
    return None
