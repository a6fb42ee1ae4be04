"""Writes the report on understanding: a page to look at and the figures as JSON; this is `make evaluate`.

    python -m benchmarks.evaluate [FILE.jsonl …] [--folds 3] [--out benchmarks/results/understanding]

Files of labelled messages given besides are measured like the development set.
"""

import argparse
import collections
import dataclasses
import datetime
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks import understanding_measures as measures
from benchmarks.understanding_page import page
from bot.nlu.component import settings_of
from bot.nlu.labels import ANSWERS, CARE, CONTROLS, FLOWS, group
from bot.nlu.phrases import Phrase, read_cases, read_phrases
from bot.nlu.understanding import Understanding

OUT = Path(__file__).parent / "results" / "understanding"
_CHANGED = 0.01
# What a wrong answer costs, where a right one is worth 1.
_COSTS = (0.25, 0.33, 0.5)


def main() -> None:
    """Measure, compare with the last report, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    phrases = read_phrases()
    report = measure(phrases, [*sorted(measures.DEVELOPMENT.glob("*.jsonl")), *options.files], options.folds)
    write(report, options.out)
    for name, parts in report["sets"].items():
        shares = (f"{part} {figures['share']:.3f}" for part, figures in parts.items())
        sys.stdout.write(f"{name}: {', '.join(shares)}\n")
    sys.stdout.write(f"cross-validation: {report['cross-validation']['all']:.3f}\n")
    sys.stdout.write(f"Report: {options.out.with_suffix('.html')} and {options.out.with_suffix('.json')}\n")


def write(report: dict[str, Any], out: Path) -> None:
    """Write the page and the figures, with what changed against the figures that stood there before."""
    figures = out.with_suffix(".json")
    _compare(report, figures)
    out.parent.mkdir(parents=True, exist_ok=True)
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    out.with_suffix(".html").write_text(page(report), encoding="utf-8")


def measure(phrases: Sequence[Phrase], files: Sequence[Path], fold_count: int) -> dict[str, Any]:
    """Measure everything the report shows."""
    settings = settings_of()
    measures.say(f"training on {len(phrases)} phrases")
    # By the clock, for the networks are learned in processes of their own, whose time this one is not told.
    began = time.perf_counter()
    understanding = Understanding.learn(phrases)
    seconds = time.perf_counter() - began
    understanding.temperature, understanding.thresholds = settings.temperature, settings.thresholds
    verdicts = {
        f"{path.parent.name}/{path.stem}": [
            measures.judge(case, understanding.understand(case["text"])) for case in read_cases(path)
        ]
        for path in files
    }
    cases = [verdict.case for those in verdicts.values() for verdict in those]
    measured = measures.cross_validate(phrases, fold_count)
    temperature = measures.best_temperature(measured.scores, measured.targets)
    share = measures.shares(measured.scores, temperature)
    right = share.argmax(axis=1) == measured.targets
    confidence = share.max(axis=1)
    table = measures.calibration(confidence, right)
    spoken = measures.calibration_by_language(measured, confidence, right)
    curve = measures.threshold_curve(measured, temperature)
    return {
        "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "phrases": {"all": len(phrases), **collections.Counter(phrase.language for phrase in phrases)},
        "origins": measures.origins(phrases),
        "labels": len(understanding.labels),
        "training seconds": round(seconds, 1),
        "milliseconds": measures.milliseconds(understanding, cases) if cases else {},
        "sets": {name: measures.tally(those) for name, those in verdicts.items()},
        "cross-validation": {"all": round(float(right.mean()), 4), "by kind": _by_kind(measured, right)},
        "temperature": temperature,
        "temperature in use": settings.temperature,
        "thresholds": dataclasses.asdict(settings.thresholds),
        "calibration": table,
        "calibration error": measures.calibration_error(table),
        "calibration by language": spoken,
        "calibration error by language": {name: measures.calibration_error(those) for name, those in spoken.items()},
        "threshold curve": curve,
        "paying thresholds": measures.paying_thresholds(curve, _COSTS),
        "confusion": _confusion(measured),
        "confusions": measures.confusions(measured),
        "by label": measures.by_label(measured, confidence, right),
        "language": measures.language_by_length(understanding, cases),
        "errors": [_error(name, verdict) for name, those in verdicts.items() for verdict in those if not verdict.right],
    }


def _error(name: str, verdict: measures.Verdict) -> dict[str, Any]:
    return {
        "set": name,
        "text": verdict.case["text"],
        "understood": verdict.understood.label,
        "confidence": round(verdict.understood.confidence, 3),
        "accept": verdict.case["accept"],
    }


def _sections() -> dict[str, str]:
    """Name the section of every topic."""
    found = {}
    for path in sorted(ANSWERS.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "section" in content:
            found.update({f"faq/{name}": content["section"]["id"] for name in content["topics"]})
    return found


def _kind(label: str, sections: dict[str, str]) -> str:
    if label in sections:
        return sections[label]
    return label if label in FLOWS else "control" if label in CONTROLS else "care" if label in CARE else group(label)


def _by_kind(measured: measures.CrossValidated, right: np.ndarray) -> dict[str, dict[str, float]]:
    sections = _sections()
    marks: dict[str, dict[str, list[bool]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for phrase, mark in zip(measured.phrases, right, strict=True):
        marks[_kind(phrase.label, sections)][phrase.language or ""].append(bool(mark))
    return {
        name: {language: round(sum(those) / len(those), 4) for language, those in languages.items()}
        for name, languages in marks.items()
    }


def _confusion(measured: measures.CrossValidated) -> dict[str, Any]:
    """Sum up what is taken for what, by section and flow, as shares of what was said."""
    sections = _sections()
    kinds = [_kind(label, sections) for label in measured.labels]
    order = [
        *dict.fromkeys(
            [*sections.values(), "not-covered", *FLOWS, "chitchat", "control", "care", "out-of-scope", "unclear"]
        )
    ]
    names = [name for name in order if name in kinds]
    counts = np.zeros((len(names), len(names)))
    for target, got in zip(measured.targets, measured.scores.argmax(axis=1), strict=True):
        counts[names.index(kinds[target]), names.index(kinds[got])] += 1
    return {"names": names, "shares": (counts / counts.sum(axis=1, keepdims=True)).round(4).tolist()}


def _compare(report: dict[str, Any], last: Path) -> None:
    """Note what changed against the report of the last time."""
    if not last.exists():
        return
    before = json.loads(last.read_text(encoding="utf-8"))
    pairs = [
        ("training phrases found again", before["cross-validation"]["all"], report["cross-validation"]["all"]),
        *_pairs(before["sets"], report["sets"], "share", _CHANGED / 10),
        *_pairs(before["by label"], report["by label"], "found", 10 * _CHANGED),
    ]
    report["before"] = before["made"]
    report["origins before"] = before.get("origins", {})
    report["changes"] = [
        {"what": what, "before": old, "now": new} for what, old, new in pairs if abs(new - old) >= _CHANGED / 10
    ]


def _pairs(
    before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]], figure: str, least: float
) -> Iterator[tuple[str, float, float]]:
    """Set figures of two reports side by side where they differ enough to be worth a line."""
    for name, parts in now.items():
        for part, figures in parts.items():
            old = before.get(name, {}).get(part)
            if old and abs(old[figure] - figures[figure]) >= least:
                yield f"{name}, {part}", old[figure], figures[figure]


if __name__ == "__main__":
    main()
