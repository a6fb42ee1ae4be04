"""The report on understanding shows what moved since the last one, also where new phrases came from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.evaluate import measure, write
from bot.nlu.phrases import Phrase, read_phrases

LABELS = ("faq/cookies", "faq/recipients", "erasure", "out-of-scope", "unclear")
REVIEWED = [Phrase(f"wer kriegt denn den ganzen {thing}", "faq/recipients", "de", "de/reviewed.yml") for thing in "abc"]


@pytest.fixture(scope="module")
def phrases() -> list[Phrase]:
    """Return some phrases of a few labels, for this is about the report and not about being good."""
    every = [phrase for phrase in read_phrases() if phrase.label in LABELS]
    return every[::8]


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """Return a file with two labelled messages, one of which is mistaken on purpose."""
    cases = [
        {"id": "1", "text": "Setzen Sie Cookies?", "lang": "de", "accept": ["topic:cookies"]},
        {"id": "2", "text": "delete <b>my</b> data", "lang": "en", "accept": ["topic:cookies"]},
    ]
    path = tmp_path / "messages.jsonl"
    path.write_text("\n".join(json.dumps(case) for case in cases), encoding="utf-8")
    return path


def test_the_second_report_shows_what_changed(phrases: list[Phrase], messages: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "understanding"
    write(measure(phrases, [messages], 2), out)
    first = out.with_suffix(".html").read_text(encoding="utf-8")
    assert "What changed" not in first
    assert "reviewed.yml" not in first
    write(measure([*phrases, *REVIEWED], [messages], 2), out)
    second = out.with_suffix(".html").read_text(encoding="utf-8")
    figures = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert "What changed against " + figures["before"] in second
    assert figures["origins"]["reviewed.yml"] == {"de": 3}
    assert re.search(r"<td[^>]*>reviewed.yml</td><td[^>]*>3</td><td[^>]*>\+3</td>", second)
    found = {label: languages["de"]["phrases"] for label, languages in figures["by label"].items()}
    assert set(found) == set(LABELS)
    assert "<b>my</b>" not in second
