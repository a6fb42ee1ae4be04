"""Finds an e-mail address in a message and questions one that looks mistyped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actions.reading.spelling import distance

PROVIDERS = Path(__file__).resolve().parent.parent.parent / "data" / "reading" / "email-providers.yml"
LONGEST_ADDRESS = 254
_UNWRAPPED = re.compile(r"<?mailto:([^|>\s]+)(?:\|[^>]*)?>?", re.IGNORECASE)
_SPELLED_OUT = re.compile(r"\s*[\(\[]\s*(at|ät|klammeraffe)\s*[\)\]]\s*", re.IGNORECASE)
_SPELLED_AT = re.compile(r"(?<=\w)\s+(?:at|ät)\s+(?=[\w-]+(?:\.|\s+(?:dot|punkt)\s+)\w)", re.IGNORECASE)
_SPELLED_AT_PROVIDER = r"(?<=\w)\s+(?:at|ät)\s+(?=(?:{names})\W*$)"
_SPELLED_DOT = re.compile(r"\s*[\(\[]\s*(dot|punkt)\s*[\)\]]\s*|(?<=\w)\s+(?:dot|punkt)\s+(?=\w)", re.IGNORECASE)
_COMMA = re.compile(r"(?<=\w),(?=[\w.]+@)|(?<=\w),(?=(?:com|de|net|org|at|ch)\b)")
_SPACED = re.compile(r"(?<=\w)\s*@\s*(?=\w)")
_ADDRESS = re.compile(
    r"(?<![\w.+@-])([\w.!#$%&'*+/=?^`{|}~-]+)@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?![\w@-])"
)
# Providers that are found under one ending only, so that another ending is an error however different it is.
_ONE_ENDING = frozenset({"gmail", "googlemail", "icloud"})
_ATTEMPT = re.compile(r"\S*@\S*|\bwww\.\S+|\S+\.(?:de|com|net|org|at|ch|co\.uk)\b", re.IGNORECASE)


@dataclass(frozen=True)
class EmailReading:
    """What a message says about an e-mail address."""

    address: str | None = None
    suggestion: str | None = None
    """The address that was probably meant, when the one given looks mistyped."""
    attempted: bool = False
    """Whether something that wants to be an address stands there."""


@cache
def _known() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(PROVIDERS.read_text(encoding="utf-8"))
    return loaded


def find_email(text: str) -> EmailReading:
    """Return the first usable address in a text, and what was probably meant where it looks mistyped."""
    plain = _plain(text)
    for found in reversed(list(_ADDRESS.finditer(plain))):
        local, domain = found.group(1).strip("'"), found.group(2).lower()
        if not _is_local_part(local) or len(local) + len(domain) >= LONGEST_ADDRESS:
            continue
        address = f"{local}@{domain}"
        meant = meant_domain(domain)
        return EmailReading(address, f"{local}@{meant}" if meant else None, attempted=True)
    return _without_ending(plain)


def _plain(text: str) -> str:
    """Undo what chat programs and careful people do to addresses."""
    text = _UNWRAPPED.sub(r"\1", text)
    text = _SPELLED_OUT.sub("@", text)
    text = _at_provider().sub("@", _SPELLED_AT.sub("@", text))
    if "@" in text:
        text = _SPELLED_DOT.sub(".", text)
    return _COMMA.sub(".", _SPACED.sub("@", text))


@cache
def _at_provider() -> re.Pattern[str]:
    """Return what "at" looks like before a provider that is called by its name alone, as in "john at gmail"."""
    names = "|".join(sorted({re.escape(provider.split(".")[0]) for provider in _known()["providers"]}))
    return re.compile(_SPELLED_AT_PROVIDER.format(names=names), re.IGNORECASE)


def _is_local_part(local: str) -> bool:
    return 0 < len(local) <= 64 and not local.startswith(".") and not local.endswith(".") and ".." not in local


def _without_ending(plain: str) -> EmailReading:
    """Complete "max@gmail" where only one provider is meant; else say that something was tried."""
    found = re.search(r"([\w.+-]+)@([\w-]+)(?![\w.@-])", plain)
    if found and _is_local_part(found.group(1)):
        name = found.group(2).lower()
        endings = [provider for provider in _known()["providers"] if provider.split(".")[0] == name]
        if endings:
            return EmailReading(None, f"{found.group(1)}@{endings[0]}", attempted=True)
    return EmailReading(attempted=bool(_ATTEMPT.search(plain)))


def meant_domain(domain: str) -> str | None:
    """Return the provider that was probably meant, or nothing when the domain looks right."""
    providers: list[str] = _known()["providers"]
    if domain in providers or domain in _known()["alike"]:
        return None
    name, _, ending = domain.rpartition(".")
    mended = _known()["endings"].get(ending)
    if mended:
        candidate = f"{name}.{mended}"
        return meant_domain(candidate) or candidate
    if name in _ONE_ENDING:
        return f"{name}.com"
    close = [(distance(domain, provider), provider) for provider in providers if _comparable(domain, provider)]
    fewest = min(close, default=(9, ""))
    # Short domains lie close to one another: "gmx.dk" is more likely somebody's own than "gmx.de" mistyped twice.
    allowed = 1 if len(domain) < 9 else 2
    return fewest[1] if fewest[0] <= allowed else None


def _comparable(domain: str, provider: str) -> bool:
    """Leave out pairs whose names are short and differ: they are other people's domains."""
    name, ending = domain.split(".", 1)
    known, known_ending = provider.split(".", 1)
    if abs(len(domain) - len(provider)) > 2 or len(known) < 3:
        return False
    if name == known:
        return len(name) >= 4 and distance(ending, known_ending) == 1
    if ending != known_ending:
        return False
    return len(known) > 3 or (len(name) == 4 and distance(name, known) == 1) or sorted(name) == sorted(known)
