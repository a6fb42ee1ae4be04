"""Cleans what people type before anything else sees it: one normal form, nothing invisible that reorders or hides."""

from __future__ import annotations

import unicodedata

from bot.channels.errors import ChannelError

MAXIMUM_CHARACTERS = 2000
# Overrides and isolates change the order in which what follows is shown; the two marks and joiners that real text in
# right-to-left scripts and emoji need (U+200E, U+200F, U+200D) stay.
_REORDERING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_KEPT_CONTROLS = frozenset("\n\t")
# Rasa takes a message that begins with a slash as a command; this one looks the same and is only a character.
PLAIN_SLASH = "\u2215"


def cleaned(text: str) -> str:
    """Return the text in NFC without control characters and reordering marks; raise when nothing can be sent."""
    if len(text) > 4 * MAXIMUM_CHARACTERS:
        raise _too_long()
    shown = visible(text)
    if not shown or not any(_says_something(character) for character in shown):
        raise ChannelError(400, "empty_text", "The message holds no text.")
    if len(shown) > MAXIMUM_CHARACTERS:
        raise _too_long()
    return shown


def visible(text: str) -> str:
    """Return the text in one normal form, without what cannot be seen."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_character(character) for character in normal.translate(_REORDERING)).strip()


def as_plain_text(text: str) -> str:
    """Return the text so that Rasa does not read it as a command."""
    rest = text.lstrip("/")
    return PLAIN_SLASH * (len(text) - len(rest)) + rest


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if category in {"Cc", "Cn", "Co"} and character not in _KEPT_CONTROLS:
        return ""
    return character


def _says_something(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM"


def _too_long() -> ChannelError:
    return ChannelError(413, "text_too_long", f"A message may have at most {MAXIMUM_CHARACTERS} characters.")
