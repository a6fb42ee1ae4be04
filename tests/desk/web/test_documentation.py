"""What docs/web-desk.md says is what the desk does: its calls, its settings, its roles and its keys."""

from __future__ import annotations

import re
from pathlib import Path

import desk.web
from desk.domain.kinds import Role
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


def test_every_role_and_key_is_explained() -> None:
    script = (Path(desk.web.__file__).parent / "static" / "desk.js").read_text(encoding="utf-8")
    keys = set(re.findall(r'^  "?([a-z/?])"?: ', script, re.M))
    assert len(keys) == 10
    assert keys <= set(re.findall(r"`(.)`", PAGE))
    assert all(f"| {role} |" in PAGE for role in Role)
