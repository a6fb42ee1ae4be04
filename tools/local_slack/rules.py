"""What real Slack refuses: the documented limits of blocks, views and messages, as a table and a walk over it.

Sources: docs.slack.dev, "Block Kit reference" (blocks, block elements, composition objects), "Views" and the pages of
chat.postMessage and views.open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 40_000
PRIVATE_METADATA = 3000
IDENTIFIER = 255
VIEW_WORDS = 24
SELECT_OPTIONS = 100

#: For each block type: the parts that hold text and how long each may be.
TEXTS: Mapping[str, Mapping[str, int]] = {
    "header": {"text": 150},
    "section": {"text": 3000},
    "context": {},
    "divider": {},
    "actions": {},
    "input": {"label": 2000, "hint": 2000},
    "button": {"text": 75},
    "static_select": {"placeholder": 150},
    "plain_text_input": {"placeholder": 150},
    "option": {"text": 75, "description": 75},
}
#: Plain strings and how long each may be, wherever they stand.
STRINGS: Mapping[str, int] = {"block_id": IDENTIFIER, "action_id": IDENTIFIER, "url": 3000}
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
SECTION_FIELDS = 10
FIELD_TEXT = 2000
BUTTON_VALUE = 2000
OPTION_VALUE = 150
INPUT_TEXT = 3000
IN_ACTIONS = frozenset({"button", "static_select"})
IN_INPUT = frozenset({"static_select", "plain_text_input"})
PLAIN_ONLY = frozenset({"header", "button", "static_select", "plain_text_input", "option", "input"})
WHERE: Mapping[str, frozenset[str]] = {
    "message": frozenset({"header", "section", "context", "divider", "actions"}),
    "home": frozenset({"header", "section", "context", "divider", "actions"}),
    "modal": frozenset({"header", "section", "context", "divider", "actions", "input"}),
}


def message_problems(blocks: Any, text: Any) -> list[str]:
    """Say what is wrong with a message."""
    if text is not None and len(str(text)) > MESSAGE_TEXT:
        return ["msg_too_long"]
    if not blocks:
        return [] if text else ["no_text"]
    return list(_blocks(blocks, "message", MESSAGE_BLOCKS))


def view_problems(view: Any) -> list[str]:
    """Say what is wrong with a modal or a home tab."""
    if not isinstance(view, Mapping) or view.get("type") not in {"modal", "home"}:
        return ["type must be modal or home"]
    return list(_view(view))


def _view(view: Node) -> Iterator[str]:
    kind = str(view["type"])
    if len(str(view.get("private_metadata") or "")) > PRIVATE_METADATA:
        yield "private_metadata is too long"
    if len(str(view.get("callback_id") or "")) > IDENTIFIER:
        yield "callback_id is too long"
    if kind == "modal":
        if "title" not in view:
            yield "title is missing"
        for name in ("title", "submit", "close"):
            if name in view:
                yield from _text(view[name], name, VIEW_WORDS, plain=True)
        has_input = any(
            isinstance(block, Mapping) and block.get("type") == "input" for block in view.get("blocks") or ()
        )
        if has_input and "submit" not in view:
            yield "submit is missing, and there are inputs"
    yield from _blocks(view.get("blocks"), kind, VIEW_BLOCKS)


def _blocks(blocks: Any, where: str, most: int) -> Iterator[str]:
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= most:
        yield f"there must be 1 to {most} blocks"
        return
    names = [block.get("block_id") for block in blocks if isinstance(block, Mapping) and block.get("block_id")]
    if len(names) != len(set(names)):
        yield "block_id is not unique"
    for place, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, Mapping) else None
        if kind not in WHERE[where]:
            yield f"blocks/{place}: {kind} is not allowed in a {where}"
            continue
        yield from (f"blocks/{place}: {problem}" for problem in _block(block))


def _block(block: Node) -> Iterator[str]:
    yield from _common(block)
    check = _BY_TYPE.get(str(block["type"]))
    if check:
        yield from check(block)


def _common(node: Node) -> Iterator[str]:
    kind = str(node.get("type") or "option")
    for name, most in STRINGS.items():
        if name in node and not 1 <= len(str(node[name])) <= most:
            yield f"{name} must have 1 to {most} characters"
    for name, most in TEXTS.get(kind, {}).items():
        if name in node:
            yield from _text(node[name], name, most, plain=kind in PLAIN_ONLY)


def _text(text: Any, name: str, most: int, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, Mapping) or text.get("type") not in {"plain_text", "mrkdwn"}:
        yield f"{name} is not a text object"
        return
    if plain and text["type"] != "plain_text":
        yield f"{name} must be plain_text"
    if not 1 <= len(str(text.get("text") or "")) <= most:
        yield f"{name} must have 1 to {most} characters"


def _header(block: Node) -> Iterator[str]:
    if "text" not in block:
        yield "text is missing"


def _section(block: Node) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "text or fields is missing"
    fields = block.get("fields") or []
    if len(fields) > SECTION_FIELDS:
        yield f"more than {SECTION_FIELDS} fields"
    for field in fields:
        yield from _text(field, "fields", FIELD_TEXT)
    if "accessory" in block:
        yield from _element(block["accessory"], IN_ACTIONS)


def _context(block: Node) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= CONTEXT_ELEMENTS:
        yield f"there must be 1 to {CONTEXT_ELEMENTS} elements"
    for element in elements:
        yield from _text(element, "elements", 3000)


def _actions(block: Node) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= ACTIONS_ELEMENTS:
        yield f"there must be 1 to {ACTIONS_ELEMENTS} elements"
    names = [element.get("action_id") for element in elements]
    if len(names) != len(set(names)):
        yield "action_id is not unique"
    for element in elements:
        yield from _element(element, IN_ACTIONS)


def _input(block: Node) -> Iterator[str]:
    if "label" not in block:
        yield "label is missing"
    yield from _element(block.get("element") or {}, IN_INPUT)


def _element(element: Node, allowed: frozenset[str]) -> Iterator[str]:
    kind = element.get("type")
    if kind not in allowed:
        yield f"{kind} is not allowed here"
        return
    yield from _common(element)
    if kind == "button":
        yield from _button(element)
    elif kind == "static_select":
        yield from _select(element)
    elif len(str(element.get("initial_value") or "")) > int(element.get("max_length") or INPUT_TEXT):
        yield "initial_value is too long"
    elif int(element.get("max_length") or 1) > INPUT_TEXT:
        yield "max_length is too large"


def _button(button: Node) -> Iterator[str]:
    if "text" not in button:
        yield "text is missing"
    if len(str(button.get("value") or "")) > BUTTON_VALUE:
        yield "value is too long"
    if button.get("style") not in {None, "primary", "danger"}:
        yield "style must be primary or danger"


def _select(select: Node) -> Iterator[str]:
    options = select.get("options") or []
    if not 1 <= len(options) <= SELECT_OPTIONS:
        yield f"there must be 1 to {SELECT_OPTIONS} options"
    values = [option.get("value") for option in options]
    if len(values) != len(set(values)):
        yield "option values are not unique"
    for option in options:
        yield from _common(option)
        if not 1 <= len(str(option.get("value") or "")) <= OPTION_VALUE:
            yield f"an option's value must have 1 to {OPTION_VALUE} characters"
    if "initial_option" in select and select["initial_option"] not in options:
        yield "initial_option is none of the options"


_BY_TYPE: Mapping[str, Callable[[Node], Iterator[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
}
