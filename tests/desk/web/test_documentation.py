"""What docs/web-desk.md says is what the desk does: its calls, its settings, its roles and its keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import desk.web
from desk.domain.kinds import Role
from desk.services.webhooks import EVENTS, signature
from desk.settings import ROOT
from desk.web import app, oidc
from desk.web.api.routes import api

PAGE = (ROOT / "docs" / "web-desk.md").read_text(encoding="utf-8")


def test_every_call_is_listed_with_its_scope() -> None:
    listed = set(re.findall(r"^\| `([A-Z]+) (\S+)` \| `(\S+)` \|$", PAGE, re.M))
    assert listed == {(one.method, one.path, one.scope) for one in api.declared}


def test_every_setting_of_the_web_desk_is_explained() -> None:
    sources = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in (app, oidc))
    used = set(re.findall(r'"((?:OIDC|DESK)_[A-Z_]+)"', sources))
    assert used
    assert used <= set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.M))


def test_every_event_of_webhooks_is_listed_and_the_example_checks_their_signatures() -> None:
    assert set(EVENTS) == set(re.findall(r"`(ticket\.[a-z-]+)`", PAGE))
    [example] = re.findall(r"```python\n(import hashlib.*?)```", PAGE, re.S)
    names: dict[str, Any] = {}
    exec(example, names)
    body = b'{"event":"ticket.opened"}'
    headers = {"Webhook-Timestamp": "1789", "Webhook-Signature": signature("secret", "1789", body)}
    assert names["is_genuine"]("secret", headers, body)
    assert not names["is_genuine"]("secret", headers, body + b" ")
    assert not names["is_genuine"]("secret", {**headers, "Webhook-Timestamp": "1790"}, body)
    assert not names["is_genuine"]("other", headers, body)


def test_every_role_and_key_is_explained() -> None:
    script = (Path(desk.web.__file__).parent / "static" / "desk.js").read_text(encoding="utf-8")
    keys = set(re.findall(r'^  "?([a-z/?])"?: ', script, re.M))
    assert len(keys) == 10
    assert keys <= set(re.findall(r"`(.)`", PAGE))
    assert all(f"| {role} |" in PAGE for role in Role)
