"""The floor: messages kept apart from training must be understood at least as well as they have been."""

import collections
from pathlib import Path
from typing import Any

import pytest

from bot.nlu.labels import OUT_OF_SCOPE, outcome
from bot.nlu.phrases import read_cases
from bot.nlu.understanding import Understanding

DEVELOPMENT = sorted((Path(__file__).parents[3] / "benchmarks" / "development").glob("*.jsonl"))
LANGUAGE_FLOOR = 0.94
NOT_COVERED_FLOOR = 0.85
OUT_OF_SCOPE_FLOOR = 0.9
SLOWEST_MEDIAN = 25.0


@pytest.fixture(scope="module")
def verdicts(understanding: Understanding) -> list[tuple[dict[str, Any], bool]]:
    """Ask every message of the development set."""
    cases = [case for path in DEVELOPMENT for case in read_cases(path)]
    return [(case, _right(case, understanding.understand(case["text"]).label)) for case in cases]


def _right(case: dict[str, Any], label: str) -> bool:
    if label.startswith("not-covered/") and case.get("detail"):
        return label == f"not-covered/{case['detail']}"
    return outcome(label) in case["accept"]


def _share(marks: list[bool]) -> float:
    return sum(marks) / len(marks)


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_language_is_understood(verdicts: list[tuple[dict[str, Any], bool]], language: str) -> None:
    marks = [right for case, right in verdicts if case["lang"] == language]
    assert len(marks) > 100
    assert _share(marks) >= LANGUAGE_FLOOR


def test_what_the_statement_does_not_say_is_recognised(verdicts: list[tuple[dict[str, Any], bool]]) -> None:
    marks = [right for case, right in verdicts if case["accept"][0] == "topic:not-covered"]
    assert _share(marks) >= NOT_COVERED_FLOOR


def test_what_has_nothing_to_do_with_privacy_is_recognised(verdicts: list[tuple[dict[str, Any], bool]]) -> None:
    marks = [right for case, right in verdicts if case["accept"] == [f"topic:{OUT_OF_SCOPE}"]]
    assert _share(marks) >= OUT_OF_SCOPE_FLOOR


def test_no_topic_fails_altogether(verdicts: list[tuple[dict[str, Any], bool]]) -> None:
    marks: dict[str, list[bool]] = collections.defaultdict(list)
    for case, right in verdicts:
        marks[case["accept"][0]].append(right)
    assert [name for name, those in marks.items() if len(those) >= 3 and _share(those) < 0.5] == []
