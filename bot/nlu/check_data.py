"""Checks the training phrases: doubles, contradictions, labels missing or unknown, and messages kept for measuring; and
that the lexicon takes no way of writing for two words.

    python -m bot.nlu.check_data [--kept-apart FOLDER_OR_FILE …] [--fewest 20]

Prints one line for each finding and exits with 1 when there is any that must not be.
"""

import argparse
import collections
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.labels import catalogue
from bot.nlu.lexicon import LEXICON
from bot.nlu.phrases import LANGUAGES, PHRASES, Phrase, read_cases, read_phrases
from bot.nlu.text import fold, tokens

DEVELOPMENT = Path(__file__).parents[2] / "benchmarks" / "development"


def normal(text: str) -> str:
    """Bring a phrase into the form in which doubles are compared."""
    return " ".join(token for token in tokens(text) if token != "?")


def find_doubles(phrases: Sequence[Phrase]) -> Iterable[str]:
    """Find phrases that say the same, within a label (a double) or in two labels (a contradiction)."""
    places: dict[str, list[Phrase]] = collections.defaultdict(list)
    for phrase in phrases:
        places[normal(phrase.text)].append(phrase)
    for same in places.values():
        labels = sorted({phrase.label for phrase in same})
        files = ", ".join(sorted({phrase.file for phrase in same}))
        if len(labels) > 1:
            yield f"contradiction: {same[0].text!r} is {' and '.join(labels)} ({files})"
        elif len(same) > len({phrase.language for phrase in same}):
            yield f"double: {same[0].text!r} stands {len(same)} times in {labels[0]} ({files})"


def find_label_troubles(phrases: Sequence[Phrase], labels: Sequence[str], fewest: int) -> Iterable[str]:
    """Find labels nobody knows and labels with too few phrases in a language."""
    counts = collections.Counter((phrase.label, phrase.language) for phrase in phrases)
    for label in sorted({phrase.label for phrase in phrases} - set(labels)):
        files = ", ".join(sorted({phrase.file for phrase in phrases if phrase.label == label}))
        yield f"unknown label: {label} ({files})"
    for label in labels:
        for language in LANGUAGES:
            if counts[label, language] < fewest:
                yield f"too few: {label} has {counts[label, language]} phrases in {language}, not {fewest}"


def find_kept_apart(phrases: Sequence[Phrase], kept_apart: Iterable[Path]) -> Iterable[str]:
    """Find training phrases that are messages kept apart for measuring."""
    known = {normal(phrase.text): phrase for phrase in phrases}
    for path in kept_apart:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            for case in read_cases(file):
                phrase = known.get(normal(case["text"]))
                # A short question is put the same way by anybody; being the same there proves nothing.
                if phrase and len(normal(case["text"]).split()) > 8:
                    yield f"kept apart for measuring ({file.name} {case['id']}): {phrase.text!r} ({phrase.file})"


def find_double_variants(content: Mapping[str, Any]) -> Iterable[str]:
    """Find ways of writing that the lexicon takes for two words, of which only the later would count."""
    for language, entries in content.get("variants", {}).items():
        words: dict[str, list[str]] = collections.defaultdict(list)
        for word, many in entries.items():
            for variant in dict.fromkeys(fold(variant) for variant in str(many).split()):
                words[variant].append(str(word))
        for variant, meant in words.items():
            if len(meant) > 1:
                yield f"lexicon: {variant!r} stands for {' and '.join(meant)} in {language}"


def main() -> None:
    """Print the findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=Path, default=PHRASES)
    parser.add_argument("--lexicon", type=Path, default=LEXICON)
    parser.add_argument("--kept-apart", type=Path, nargs="*", default=[])
    parser.add_argument("--fewest", type=int, default=20)
    options = parser.parse_args()
    phrases = read_phrases(options.phrases)
    kept_apart = [path for path in (DEVELOPMENT, *options.kept_apart) if path.exists()]
    findings = [
        *find_doubles(phrases),
        *find_label_troubles(phrases, catalogue(), options.fewest),
        *find_kept_apart(phrases, kept_apart),
        *find_double_variants(yaml.safe_load(options.lexicon.read_text(encoding="utf-8"))),
    ]
    for finding in findings:
        sys.stdout.write(finding + "\n")
    sys.stdout.write(f"{len(phrases)} phrases, {len(findings)} findings\n")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
