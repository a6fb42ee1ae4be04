"""Takes Slack's markup off what people write, and puts it on what the assistant says."""

from __future__ import annotations

import re

# <http://a.b|a.b>, <mailto:a@b.c|a@b.c>, <@U1|erika>, <#C1|general>, <!here>, <!date^…|yesterday>
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s()]+|mailto:[^\s()]+|tel:[^\s()]+)\)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unwrapped(text: str, own_user: str | None = None) -> str:
    """Return what a person typed: addresses and links as typed, names of channels, without the mention of us."""
    plain = _MARKED.sub(lambda match: _plain(match.group(1), match.group(2), own_user), text)
    for entity, character in _ENTITIES:
        plain = plain.replace(entity, character)
    return re.sub(r"[ \t]{2,}", " ", plain).strip()


def _plain(target: str, label: str | None, own_user: str | None) -> str:
    if target.startswith("@"):
        return "" if target[1:] == own_user else f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or "@" + target[1:].split("^")[0]
    if target.startswith(("mailto:", "tel:")):
        address = target.split(":", 1)[1]
        # The label of an address is what was typed; anything else it says would hide where it leads.
        return label if label and label in {address, target} else address
    if label is None or target.removeprefix("https://").removeprefix("http://").rstrip("/") == label.rstrip("/"):
        return label or target
    return f"{label} ({target})"


def escaped(text: str) -> str:
    """Return text that Slack shows as it is; the three characters are all that its documentation asks for."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def marked_up(text: str) -> str:
    """Return a message of the assistant with its links as Slack writes them."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        parts += [_unformatted(text[end : match.start()]), _link(match.group(1), match.group(2))]
        end = match.end()
    return "".join([*parts, _unformatted(text[end:])])


def _link(label: str, target: str) -> str:
    # An upright line would end the address or the label too early.
    return f"<{escaped(target).replace('|', '%7C')}|{escaped(label).replace('|', '¦')}>"


def _unformatted(text: str) -> str:
    """Escape, and keep asterisks and the like from becoming formatting: answers are plain text."""
    return re.sub(r"(?<!\w)([*_~`])(?=\S)", "\u200b\\1", escaped(text))
