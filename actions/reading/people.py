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
    r"my\s+(?:full\s+|real\s+|correct\s+)?name(?:\s+is|'s|’s|\?\s+it['’]?s)|the\s+(?:correct\s+|right\s+)?name\s+is|i\s+am\s+called|call\s+me|"
    r"name\s+(?:is|ist)|schreibt\s+sich)\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_INTRODUCED = re.compile(
    r"^(?:hallo|hi|hello|guten tag|guten morgen|moin|servus|gruezi|also|na ja|gut|ok|okay|sure|ja|yes)?[,.!\s]*"
    r"(?:ich\s+bin(?:\s+(?:der|die))?|hier\s+(?:ist|schreibt)|i\s+am|i['’]m|it['’]?s|this\s+is|das\s+ist|nur|just)\s+(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LEAD_IN = re.compile(r"^(?:also|na\s+ja|naja|gut|okay|ok|sure|ja|yes|hallo|hi)[,.!]*\s+(?=\w)", re.IGNORECASE)
_PRESENTED = re.compile(
    r"\b(?i:this\s+is|i\s+am|i['’]m|hier\s+(?:schreibt|spricht))\s+((?:[A-ZÄÖÜ][\w'’-]+\s+){1,3}[A-ZÄÖÜ][\w'’-]+)"
)
# "… jane@example.org, Jane Roe": a signature.
_SIGNED = re.compile(r"\S@\S+[,;]?\s+((?:[A-ZÄÖÜ][\w'’-]+\s+){1,3}[A-ZÄÖÜ][\w'’-]+)(?:\s*$|\s*[,;.]|\s+(?:aus|from)\s)")
_NAME = re.compile(rf"^{_WORD}(?:\s+{_WORD}){{0,{LONGEST_NAME_IN_WORDS - 1}}}$")
# Words that are no part of a name, so that "keine Ahnung" or "what do you mean" is not taken for one.
_NOT_IN_NAMES = word_set("never-in-names")


def stated_name(text: str) -> str | None:
    """Return the name a text states outright, as in "ich heiße …", "my name is …" or behind an e-mail address."""
    found = _STATED.search(text) or _PRESENTED.search(text) or _SIGNED.search(text)
    return _as_name(found.group(1)) if found else None


def plain_name(text: str) -> str | None:
    """Return the name given in answer to the question for it."""
    stated = stated_name(text)
    if stated:
        return stated
    introduced = _INTRODUCED.match(text.strip())
    return _as_name(introduced.group(1) if introduced else _LEAD_IN.sub("", text.strip()))


def is_written_as_name(text: str) -> bool:
    """Tell whether a text is written as names are, with capitals first and last, and holds nothing else."""
    words = text.split()
    return bool(words) and words[0][:1].isupper() and words[-1][:1].isupper() and plain_name(text) is not None


def _as_name(text: str) -> str | None:
    candidate = _END_OF_NAME.sub("", text.strip()).strip(" .\"'„“”")
    if not candidate or len(candidate) > LONGEST_NAME or not _NAME.match(candidate):
        return None
    # "Will" is a name as well, and "will" a word that is in none.
    words = folded(candidate.removeprefix("Will ")).split()
    if words[:1] in (["das"], ["der"], ["die"]) or any(word in _NOT_IN_NAMES for word in words):
        return None
    return candidate


_AGES = (
    "zehn ten|elf eleven|zwölf zwoelf twelve|dreizehn thirteen|vierzehn fourteen|fünfzehn fuenfzehn fifteen|"
    "sechzehn sixteen|siebzehn seventeen"
)
_AGES_IN_WORDS = {word: age for age, words in enumerate(_AGES.split("|"), start=10) for word in words.split()}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(_AGES_IN_WORDS)})(?!\d)"
_OLD = r"(?:jahre?\s+(?:alt|jung)|j(?:ä|ae)hrig\w*|years?[-\s]+(?:old|of\s+age)|yrs?\s+old|y/?o\b)"
_I_AM = r"\b(?:ich\s+bin|bin|i\s+am|i['’]?m)\s+(?:(?:erst|gerade|noch|ja|auch|eine?|only|just|still|also|an?)\s+){0,3}"
# "ich bin 17 Jahre Kunde", "im 15. Stock" and "I am 10 minutes late" are no ages.
_NO_UNIT = (
    r"(?!\s*(?:[.,:/-]?\d|%|[.]\s*\w|(?:jahr|year|monat|month|woche|week|tag|day|stunde|hour|minute|mal|time|km|"
    r"kilom|mile|meter|euro|prozent|percent|uhr|of|von)))"
)
_AGE = re.compile(
    rf"{_I_AM}{_NUMBER}(?:[-\s]*{_OLD}|\s*(?:jahre?|years?)\s*(?:$|[.,!;?](?!\d)|(?:und|and|but|aber)\b)|{_NO_UNIT}\b)|"
    rf"\bi\s+(?:have\s+)?(?:just\s+|only\s+)?turned\s+{_NUMBER}|"
    rf"\b(?:als|as\s+an?)\s+{_NUMBER}[-\s]*(?:j(?:ä|ae)hrig|years?[-\s]+old)|"
    rf"\b(?:schüler(?:in)?|mädchen|junge|pupil|girl|boy)\b\W{{1,3}}{_NUMBER}\s*(?:jahre|j\b|years)",
    re.IGNORECASE,
)
_COMING_OF_AGE = re.compile(
    r"\b(?:ich\s+werde|i\s+turn|i['’]?ll\s+be|i\s+will\s+be|i['’]?ll\s+turn|i['’]?m\s+turning)\s+(?:\w+\s+){0,3}?(?:18|achtzehn|eighteen)\b",
    re.IGNORECASE,
)
ADULT = 18
YOUNGEST_WHO_WRITES = 5
RELATIONSHIPS = ("direct", "customer-user", "unsure")


def is_under_age(text: str) -> bool:
    """Tell whether somebody says that they are under 18 themselves."""
    if pattern("under-age").search(text) or _COMING_OF_AGE.search(text):
        return True
    said = (next(number for number in found.groups() if number) for found in _AGE.finditer(text))
    return any(YOUNGEST_WHO_WRITES <= _age(number) < ADULT for number in said)


def _age(number: str) -> int:
    return int(number) if number.isdigit() else _AGES_IN_WORDS[number.lower()]


def writes_for_another(text: str) -> bool:
    """Tell whether somebody writes for another person, whose authorisation then has to be shown later."""
    return bool(pattern("for-another").search(text))


def is_in_danger(text: str) -> bool:
    """Tell whether somebody describes a danger to themselves, so that the ticket is marked urgent."""
    return bool(pattern("danger").search(text) or pattern("weary-of-life").search(text))


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
    if message.is_narrative:
        return stated_relationship(message.text)
    for meaning in ("unsure", "customer-user", "direct"):
        if pattern(f"relationship-{meaning}").search(message.text):
            return meaning
    return None


def stated_relationship(text: str) -> str | None:
    """Return the connection that somebody states in passing, as in "I am a customer of yours"."""
    return next((meaning for meaning in ("customer-user", "direct") if pattern(f"states-{meaning}").search(text)), None)
