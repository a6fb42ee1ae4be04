"""Compares ways to understand on the same phrases: what is in use beside simpler classifiers and stock Rasa.

    python -m benchmarks.understanding [--per-label 60] [--stock] [--model models/assistant-….tar.gz] [--out FILE.json]

Every way learns from the same phrases and is asked the same: one fold of phrases it has not seen (nor any near double),
and the development set. `--stock` adds Rasa's default pipeline with DIET, which takes long. `--per-label` takes only so
many phrases of each label and language, so that the comparison ends the same day. `--model` times a trained assistant
inside Rasa, as DIET is.

Milliseconds are of processor time, one message after another: the median, the 95th percentile, and the median by the
wall clock, which also counts waiting for a shared processor.
"""

import argparse
import asyncio
import collections
import dataclasses
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import yaml
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.svm import LinearSVC

from benchmarks import understanding_measures as measures
from bot.nlu.classifier import Training
from bot.nlu.labels import outcome
from bot.nlu.phrases import Phrase, read_cases, read_phrases
from bot.nlu.understanding import Understanding

OUT = Path(__file__).parent / "results" / "understanding-compared.json"
# The pipeline `rasa init` writes, without its fallback: the component under comparison is DIET.
STOCK = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False, "random_seed": 7},
]

Ask = Callable[[Sequence[str]], list[str]]
COLUMNS = ("fold", "development", "training seconds", "milliseconds", "95th percentile", "wall clock")


@dataclasses.dataclass(frozen=True)
class Learned:
    """Something that learned from phrases: how to ask it for labels, and what is done with one message in use."""

    ask: Ask
    understand: Callable[[str], Any]

    @classmethod
    def from_ask(cls, ask: Ask) -> "Learned":
        """Take asking for one label as all that is done."""
        return cls(ask, lambda text: ask([text]))


Way = Callable[[Sequence[Phrase]], Learned]


def main() -> None:
    """Compare, print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-label", type=int, default=0)
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", nargs="*", default=[""], help="take only the ways whose names contain one of these")
    options = parser.parse_args()
    phrases = _some(read_phrases(), options.per_label)
    learned, asked = measures.folds(phrases, options.folds)[0]
    cases = [case for path in sorted(measures.DEVELOPMENT.glob("*.jsonl")) for case in read_cases(path)]
    ways = {**WAYS, **({"stock Rasa: default pipeline with DIET": _diet} if options.stock else {})}
    sys.stdout.write("| way | " + " | ".join(COLUMNS) + " |\n")
    table = []
    for name, way in ways.items():
        if not any(part in name for part in options.only):
            continue
        parts = [phrases[place] for place in learned], [phrases[place] for place in asked]
        table.append(_show({"way": name, **_measure(name, way, *parts, cases)}))
    if options.model:
        table.append(_show({"way": "the trained assistant, inside Rasa", **_times(_loaded(options.model), cases)}))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sizes = {"phrases": len(phrases), "learned": len(learned), "asked": len(asked), "messages": len(cases)}
    options.out.write_text(json.dumps({**sizes, "ways": table}, indent=1), encoding="utf-8")


def _show(row: dict[str, Any]) -> dict[str, Any]:
    figures = [str(row.get(column, "–")) for column in COLUMNS]
    sys.stdout.write("| " + " | ".join([row["way"], *figures]) + " |\n")
    sys.stdout.flush()
    return row


def _some(phrases: Sequence[Phrase], per_label: int) -> list[Phrase]:
    """Take so many phrases of each label and language, spread evenly over the files."""
    if not per_label:
        return list(phrases)
    groups: dict[tuple[str, str | None], list[Phrase]] = collections.defaultdict(list)
    for phrase in phrases:
        groups[phrase.label, phrase.language].append(phrase)
    return [
        those[int(place)]
        for those in groups.values()
        for place in np.linspace(0, len(those) - 1, min(per_label, len(those))).astype(int)
    ]


def _measure(
    name: str, way: Way, learned: Sequence[Phrase], asked: Sequence[Phrase], cases: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    measures.say(f"{name}: learning from {len(learned)} phrases")
    # By the clock, for our networks are learned in processes of their own, whose time this one is not told.
    began = time.perf_counter()
    model = way(learned)
    seconds = time.perf_counter() - began
    fold = np.mean([got == phrase.label for got, phrase in zip(model.ask([p.text for p in asked]), asked, strict=True)])
    got = [model.ask([case["text"]])[0] for case in cases]
    right = np.mean([_right(case, label) for case, label in zip(cases, got, strict=True)])
    return {
        "fold": round(float(fold), 3),
        "development": round(float(right), 3),
        "training seconds": round(seconds, 1),
        **_times(model, cases),
    }


def _times(model: Learned, cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Time one message after another."""
    for case in cases[:20]:
        model.understand(case["text"])
    spent, passed = [], []
    for case in cases:
        began, began_spending = time.perf_counter(), time.process_time()
        model.understand(case["text"])
        spent.append((time.process_time() - began_spending) * 1000)
        passed.append((time.perf_counter() - began) * 1000)
    return {
        "milliseconds": round(float(np.median(spent)), 2),
        "95th percentile": round(float(np.percentile(spent, 95)), 2),
        "wall clock": round(float(np.median(passed)), 2),
    }


def _right(case: dict[str, Any], label: str) -> bool:
    if label.startswith("not-covered/") and case.get("detail"):
        return label == f"not-covered/{case['detail']}"
    return outcome(label) in case["accept"]


def _ours(phrases: Sequence[Phrase]) -> Learned:
    understanding = Understanding.learn(phrases)

    def ask(texts: Sequence[str]) -> list[str]:
        return [understanding.labels[int(place)] for place in understanding.scores(texts).argmax(axis=1)]

    return Learned(ask, understanding.understand)


def _ours_with(classifier: Callable[[], Any]) -> Way:
    """Weigh our own features with another classifier."""

    def way(phrases: Sequence[Phrase]) -> Learned:
        understanding = Understanding.learn(phrases, how=Training(epochs=0, networks=1))
        rows = understanding.rows([phrase.text for phrase in phrases])
        model = classifier().fit(rows, [phrase.label for phrase in phrases])
        return Learned.from_ask(lambda texts: list(model.predict(understanding.rows(texts))))

    return way


def _plain(features: Callable[[], Any], classifier: Callable[[], Any]) -> Way:
    def way(phrases: Sequence[Phrase]) -> Learned:
        model = make_pipeline(features(), classifier())
        model.fit([phrase.text for phrase in phrases], [phrase.label for phrase in phrases])
        return Learned.from_ask(lambda texts: list(model.predict(list(texts))))

    return way


def _words_and_letters() -> FeatureUnion:
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    )


def _diet(phrases: Sequence[Phrase]) -> Learned:
    """Train Rasa's default pipeline in a folder of its own and ask the trained model."""
    from rasa.model_training import train_nlu

    folder = Path(tempfile.mkdtemp(prefix="stock-"))
    by_label: dict[str, list[str]] = collections.defaultdict(list)
    for phrase in phrases:
        by_label[phrase.label.replace("/", "__")].append(phrase.text.replace("[", "(").replace("{", "("))
    blocks = [
        {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)} for label, texts in by_label.items()
    ]
    (folder / "nlu.yml").write_text(
        yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8"
    )
    (folder / "config.yml").write_text(yaml.safe_dump({"recipe": "default.v1", "language": "de", "pipeline": STOCK}))
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder), fixed_model_name="stock")
    return _loaded(Path(model))


def _loaded(model: Path) -> Learned:
    """Load a trained model as Rasa does; a message goes through Rasa's own graph of components."""
    from rasa.core.agent import Agent

    # Rasa would write a line about every message into the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    agent = Agent.load(str(model))

    def ask(texts: Sequence[str]) -> list[str]:
        async def all_of_them() -> list[str]:
            return [(await agent.parse_message(text))["intent"]["name"].replace("__", "/") for text in texts]

        return asyncio.run(all_of_them())

    return Learned.from_ask(ask)


WAYS: dict[str, Way] = {
    "words, logistic regression (Rasa’s light set-up)": _plain(
        lambda: CountVectorizer(), lambda: LogisticRegression(max_iter=100, solver="liblinear", class_weight="balanced")
    ),
    "words and letters, naive Bayes": _plain(_words_and_letters, lambda: ComplementNB(alpha=0.3)),
    "words and letters, nearest phrases": _plain(
        _words_and_letters, lambda: KNeighborsClassifier(9, metric="cosine", weights="distance")
    ),
    "words and letters, linear SVM": _plain(_words_and_letters, lambda: LinearSVC(C=0.5, random_state=7)),
    "our features, logistic regression": _ours_with(lambda: LogisticRegression(C=20, solver="liblinear")),
    "our features, linear SVM": _ours_with(lambda: LinearSVC(C=0.5, random_state=7)),
    "our features, small network (in use)": _ours,
}

if __name__ == "__main__":
    main()
