"""What the website channel serves: the visitor's language first, and the widget's source where there is no Node."""

from __future__ import annotations

import json

import pytest

from bot.channels import website
from bot.widget import build


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,de;q=0.3,en;q=0.2", "de"),
        ("en;q=0.1, de;q=0.2", "de"),
        ("fr", "en"),
        ("", "en"),
        ("\x00;q=,,;q=de", "de"),
    ],
)
def test_language_that_the_browser_names_first_is_taken(accepted: str, language: str) -> None:
    assert website.preferred_language(accepted) == language


def test_without_a_build_pages_load_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(website, "current_manifest", lambda: None)
    assert website.script_attributes() == 'src="../widget/latest/privacy-assistant.js"'
    script = website.widget_file("latest/privacy-assistant.js")
    assert script is not None
    assert b"source/start.js" in script.body
    assert website.widget_file("latest/source/start.js") is not None


def test_build_of_an_older_source_is_not_taken(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MANIFEST", tmp_path / "manifest.json")  # type: ignore[operator]
    build.MANIFEST.write_text(json.dumps({"file": "source/main.js", "sources": "of yesterday"}))
    assert build.current_manifest() is None
    build.MANIFEST.write_text("not json")
    assert build.current_manifest() is None


@pytest.mark.parametrize(
    "path", ["../settings.py", "de/../../settings", "../credentials.yml", "/etc/passwd", "..", "de/"]
)
def test_only_pages_of_the_website_are_sent(path: str) -> None:
    file = website.page(path)
    assert file is None or file.kind == "text/html"


def test_every_page_has_its_counterpart_in_the_other_language() -> None:
    names = {
        language: sorted(path.name.replace("datenschutz", "privacy") for path in (website.PAGES / language).iterdir())
        for language in ("de", "en")
    }
    assert names["de"] == names["en"] == ["frame.html", "index.html", "privacy.html"]
