"""Turns the questions that the team placed in the desk into training phrases; the middle of `make review`.

    privacy-desk review export | python -m tools.review [--phrases data/nlu] | privacy-desk review done

Reads a JSON object a line (number, language, label, text), appends the phrases to LANGUAGE/reviewed.yml and writes the
numbers of those that are learned, one a line; what was left out, and why, goes to standard error. Doing it again
changes nothing: what stands there already counts as learned.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.nlu.check_data import DEVELOPMENT, find_kept_apart, normal
from bot.nlu.labels import catalogue
from bot.nlu.phrases import LANGUAGES, PHRASES, Phrase, read_phrases

FILE = "reviewed.yml"
_HEAD = """\
# Visitors’ questions that the assistant could not place and the data protection team did; `make review` appends more.
version: "3.1"
nlu:
"""
# What was masked says nothing about the meaning, and brackets would mark entities in a training phrase.
_MASKED = re.compile(r"\[[^\]\n]*(?:…|entfernt|removed)\]")
_BRACKETS = str.maketrans("[]{}", "()()")


@dataclass(frozen=True)
class Assignment:
    """A question as the desk hands it over."""

    number: int
    language: str
    label: str
    text: str

    @property
    def phrase(self) -> Phrase:
        """The training phrase it becomes, on one line."""
        shown = _MASKED.sub(" ", self.text).translate(_BRACKETS)
        return Phrase(" ".join(shown.split()).lstrip("- "), self.label, self.language, f"{self.language}/{FILE}")


@dataclass
class Outcome:
    """What becomes of the assignments: phrases to write, numbers that are learned, and what is left out and why."""

    new: list[Phrase] = field(default_factory=list)
    learned: list[int] = field(default_factory=list)
    left_out: list[tuple[Assignment, str]] = field(default_factory=list)


def main() -> int:
    """Take the assignments from standard input and say on standard output which ones are learned."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=Path, default=PHRASES)
    options = parser.parse_args()
    assignments = [Assignment(**json.loads(line)) for line in sys.stdin if line.strip()]
    found = sort_out(assignments, read_phrases(options.phrases), catalogue())
    for language in LANGUAGES:
        append(options.phrases / language / FILE, [phrase for phrase in found.new if phrase.language == language])
    print("\n".join(_report(found)), file=sys.stderr)
    for number in found.learned:
        print(number)
    return 0


def sort_out(assignments: Sequence[Assignment], phrases: Sequence[Phrase], labels: Collection[str]) -> Outcome:
    """Tell new phrases from doubles and from what must not become a phrase."""
    meanings: dict[str, set[str]] = collections.defaultdict(set)
    for phrase in (*phrases, *(assignment.phrase for assignment in assignments)):
        meanings[normal(phrase.text)].add(phrase.label)
    known = {_key(phrase) for phrase in phrases}
    found = Outcome()
    for assignment in assignments:
        phrase = assignment.phrase
        trouble = _trouble(phrase, meanings[normal(phrase.text)], labels)
        if trouble:
            found.left_out.append((assignment, trouble))
            continue
        found.learned.append(assignment.number)
        if _key(phrase) not in known:
            known.add(_key(phrase))
            found.new.append(phrase)
    return found


def _key(phrase: Phrase) -> tuple[str, str, str | None]:
    return normal(phrase.text), phrase.label, phrase.language


def _trouble(phrase: Phrase, meanings: set[str], labels: Collection[str]) -> str | None:
    """Say why an assignment cannot become a phrase, if so."""
    if phrase.language not in LANGUAGES or phrase.label not in labels:
        return f"there is no label {phrase.label} in {phrase.language!r}"
    if not normal(phrase.text):
        return "there is no word in it"
    if len(meanings) > 1:
        return f"it is also taught or placed as {' and '.join(sorted(meanings - {phrase.label}))}"
    kept_apart = [DEVELOPMENT] if DEVELOPMENT.exists() else []
    return next((f"it is {finding.split(':')[0]}" for finding in find_kept_apart([phrase], kept_apart)), None)


def append(path: Path, new: Sequence[Phrase]) -> None:
    """Add phrases under their labels; the file is written anew, its order kept."""
    if not new:
        return
    by_label: dict[str, list[str]] = collections.defaultdict(list)
    here = [phrase for phrase in read_phrases(path.parents[1]) if phrase.file == f"{path.parent.name}/{FILE}"]
    for phrase in [*here, *new]:
        by_label[phrase.label].append(phrase.text)
    blocks = (_block(label, texts) for label, texts in sorted(by_label.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_HEAD + "".join(blocks), encoding="utf-8")


def _block(label: str, texts: Iterable[str]) -> str:
    return f"- intent: {label}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)


def _report(found: Outcome) -> Iterable[str]:
    doubles = len(found.learned) - len(found.new)
    yield f"{len(found.new)} new phrases, {doubles} known already, {len(found.left_out)} left out"
    for assignment, trouble in found.left_out:
        yield f"left out: {assignment.phrase.text!r} as {assignment.label}: {trouble}. Take it back in the desk."
    if found.new:
        yield f"Read the new phrases ({FILE} in each language), then: make train, make evaluate"


if __name__ == "__main__":
    sys.exit(main())
