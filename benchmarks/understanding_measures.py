"""Measures how well messages are understood: on labelled messages, and on the training phrases by cross-validation."""

import collections
import dataclasses
import itertools
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold

from bot.nlu.labels import group, outcome, topic
from bot.nlu.phrases import Phrase
from bot.nlu.text import tokens
from bot.nlu.understanding import Understanding, Understood

DEVELOPMENT = Path(__file__).parent / "development"
_ALIKE = 0.7
_ROWS_AT_ONCE = 1000
_KINDS = ("smalltalk", "topic:out-of-scope", "topic:not-covered", "topic:unclear")

Case = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A labelled message, what it was understood as, and whether that was right or at least offered."""

    case: Case
    understood: Understood
    right: bool
    offered: bool


def say(text: str) -> None:
    """Print a line of progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def judge(case: Case, understood: Understood) -> Verdict:
    """Decide whether a message was understood: its first outcome must be among the accepted ones, with its detail."""
    accepted = case["accept"]
    right = outcome(understood.label) in accepted
    if right and case.get("detail") and group(understood.label) == "not-covered":
        right = understood.label == f"not-covered/{case['detail']}"
    given = [f"topic:{name}" for name in (*understood.topics, *understood.suggestions)]
    return Verdict(case, understood, right, right or any(name in accepted for name in given))


def kind(case: Case) -> str:
    """Name the kind of a message: answered topic, flow, small talk, not covered, out of scope or unclear."""
    first = str(case["accept"][0])
    return first if first in _KINDS else first.split(":")[0]


def tally(verdicts: Iterable[Verdict]) -> dict[str, dict[str, float | int]]:
    """Count right answers in all, by language and by kind."""
    marks: dict[str, list[Verdict]] = collections.defaultdict(list)
    for verdict in verdicts:
        for name in ("all", verdict.case["lang"], kind(verdict.case)):
            marks[name].append(verdict)
    return {
        name: {
            "messages": len(those),
            "right": sum(verdict.right for verdict in those),
            "share": round(sum(verdict.right for verdict in those) / len(those), 4),
            "right or offered": round(sum(verdict.offered for verdict in those) / len(those), 4),
        }
        for name, those in marks.items()
    }


def near_doubles(texts: Sequence[str]) -> np.ndarray:
    """Number the groups of phrases that are nearly the same, so that no group is both learned from and asked."""
    words = TfidfVectorizer(analyzer=lambda text: _words_and_pairs(tokens(text)), sublinear_tf=True).fit_transform(
        texts
    )
    pairs = [_close_pairs(words, begin) for begin in range(0, len(texts), _ROWS_AT_ONCE)]
    rows, columns = np.concatenate(pairs, axis=1)
    links = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(texts)))
    return np.asarray(connected_components(links, directed=False)[1])


def _close_pairs(words: csr_matrix, begin: int) -> np.ndarray:
    """Find what is close to some of the rows; all at once would take gigabytes."""
    alike = (words[begin : begin + _ROWS_AT_ONCE] @ words.T).tocoo()
    close = alike.data >= _ALIKE
    return np.stack([alike.row[close] + begin, alike.col[close]])


def _words_and_pairs(read: list[str]) -> list[str]:
    return read + [f"{one} {two}" for one, two in itertools.pairwise(read)]


@dataclasses.dataclass(frozen=True)
class CrossValidated:
    """What was understood of each phrase by a model that had not learned it nor any near double."""

    phrases: list[Phrase]
    labels: list[str]
    scores: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """The number of each phrase's own label."""
        places = {label: place for place, label in enumerate(self.labels)}
        return np.array([places[phrase.label] for phrase in self.phrases])


Learn = Callable[[Sequence[Phrase]], Understanding]


def folds(phrases: Sequence[Phrase], count: int, seed: int = 7) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split phrases into folds, every label in each, no near doubles across."""
    groups = near_doubles([phrase.text for phrase in phrases])
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(groups, [phrase.label for phrase in phrases], groups))


def cross_validate(phrases: Sequence[Phrase], count: int, learn: Learn = Understanding.learn) -> CrossValidated:
    """Ask every phrase of a model trained without it."""
    labels = sorted({phrase.label for phrase in phrases})
    scores = np.full((len(phrases), len(labels)), -30.0)
    for number, (learned, asked) in enumerate(folds(phrases, count), start=1):
        began = time.perf_counter()
        understanding = learn([phrases[place] for place in learned])
        columns = [labels.index(label) for label in understanding.labels]
        scores[np.ix_(asked, columns)] = understanding.scores([phrases[place].text for place in asked])
        say(f"fold {number} of {count}: {time.perf_counter() - began:.0f} s")
    return CrossValidated(list(phrases), labels, scores)


def shares(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Turn scores into shares of one at a temperature."""
    risen = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(risen / risen.sum(axis=1, keepdims=True))


def best_temperature(scores: np.ndarray, targets: np.ndarray) -> float:
    """Find the temperature at which confidence says most about being right (least surprise over all phrases)."""
    candidates = np.geomspace(0.3, 4.0, 60)
    rows = np.arange(len(targets))
    surprise = [-np.log(shares(scores, t)[rows, targets] + 1e-9).mean() for t in candidates]
    return round(float(candidates[int(np.argmin(surprise))]), 3)


def calibration(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> list[dict[str, float | int]]:
    """Compare how sure the model was with how often it was right, by tenths of confidence."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.digitize(confidence, edges) - 1, 0, bins - 1)
    return [
        {
            "from": round(float(edges[place]), 2),
            "count": int((places == place).sum()),
            "confidence": round(float(confidence[places == place].mean()), 4),
            "right": round(float(right[places == place].mean()), 4),
        }
        for place in range(bins)
        if (places == place).any()
    ]


def calibration_by_language(
    measured: CrossValidated, confidence: np.ndarray, right: np.ndarray
) -> dict[str, list[dict[str, float | int]]]:
    """Compare, for each language, how sure the model was with how often it was right."""
    spoken = np.array([phrase.language or "" for phrase in measured.phrases])
    return {
        language: calibration(confidence[spoken == language], right[spoken == language])
        for language in sorted(set(spoken))
    }


def calibration_error(table: Sequence[dict[str, float | int]]) -> float:
    """Average the distance between confidence and being right, by how many messages it concerns."""
    total = sum(row["count"] for row in table)
    return round(sum(row["count"] * abs(row["confidence"] - row["right"]) for row in table) / max(total, 1), 4)


def threshold_curve(measured: CrossValidated, temperature: float) -> list[dict[str, float]]:
    """Count, for each threshold, what is answered rightly, wrongly, offered among three topics, or not even that."""
    share = shares(measured.scores, temperature)
    targets = measured.targets
    confidence, right = share.max(axis=1), share.argmax(axis=1) == targets
    answerable = np.array([topic(label) is not None for label in measured.labels])
    first_three = np.argsort(-np.where(answerable, share, 0.0), axis=1)[:, :3]
    among = (first_three == targets[:, None]).any(axis=1)
    curve = []
    for threshold in np.arange(0.0, 0.91, 0.05):
        answered = confidence >= threshold
        curve.append(
            {
                "threshold": round(float(threshold), 2),
                "answered rightly": round(float((answered & right).mean()), 4),
                "answered wrongly": round(float((answered & ~right).mean()), 4),
                "offered rightly": round(float((~answered & among).mean()), 4),
                "offered in vain": round(float((~answered & ~among).mean()), 4),
            }
        )
    return curve


def paying_thresholds(curve: Sequence[dict[str, float]], costs: Sequence[float]) -> list[dict[str, float]]:
    """Find the threshold that pays best, for each cost of a wrong answer; a right one counts 1 and an offer 0."""
    best = [max(curve, key=lambda row: row["answered rightly"] - cost * row["answered wrongly"]) for cost in costs]
    return [{"cost": cost, "threshold": row["threshold"]} for cost, row in zip(costs, best, strict=True)]


def confusions(measured: CrossValidated, most: int = 40) -> list[dict[str, Any]]:
    """List the pairs of labels that are taken for each other most, with examples."""
    taken = measured.scores.argmax(axis=1)
    pairs: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for phrase, target, got in zip(measured.phrases, measured.targets, taken, strict=True):
        if target != got:
            pairs[measured.labels[target], measured.labels[got]].append(phrase.text)
    ranked = sorted(pairs.items(), key=lambda item: -len(item[1]))[:most]
    return [
        {"said": said, "taken for": got, "count": len(texts), "examples": texts[:4]} for (said, got), texts in ranked
    ]


def by_label(
    measured: CrossValidated, confidence: np.ndarray, right: np.ndarray
) -> dict[str, dict[str, dict[str, float | int]]]:
    """Count how many phrases of each label are found again, and how sure the model was of them, by language."""
    places: dict[str, dict[str, list[int]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for place, phrase in enumerate(measured.phrases):
        places[phrase.label][phrase.language or ""].append(place)
    return {
        label: {
            language: {
                "phrases": len(those),
                "found": round(float(right[those].mean()), 4),
                "sure": round(float(confidence[those].mean()), 4),
            }
            for language, those in sorted(languages.items())
        }
        for label, languages in sorted(places.items())
    }


def origins(phrases: Sequence[Phrase]) -> dict[str, dict[str, int]]:
    """Count the phrases of each file by language; the same name stands for the same kind in both."""
    counts = collections.Counter((Path(phrase.file).name, phrase.language or "") for phrase in phrases)
    found: dict[str, dict[str, int]] = collections.defaultdict(dict)
    for (file, language), count in sorted(counts.items()):
        found[file][language] = count
    return dict(found)


def language_by_length(understanding: Understanding, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Count by number of words how often the language is named rightly, wrongly or not at all."""
    ranges = ((1, 1), (2, 3), (4, 6), (7, 12), (13, 1000))
    table = []
    for fewest, most in ranges:
        those = [case for case in cases if fewest <= len(case["text"].split()) <= most]
        said = [understanding.detector.language(case["text"]) for case in those]
        right = sum(found == case["lang"] for found, case in zip(said, those, strict=True))
        unclear = sum(found is None for found in said)
        if those:
            name = f"{fewest}" if fewest == most else f"{fewest}–{most}" if most < 1000 else f"{fewest} and more"
            table.append(
                {
                    "words": name,
                    "messages": len(those),
                    "right": right,
                    "unclear": unclear,
                    "wrong": len(those) - right - unclear,
                }
            )
    return table


def milliseconds(understanding: Understanding, cases: Sequence[Case]) -> dict[str, float]:
    """Take the processor time of understanding one message after another; the clock would also count other programs."""
    for case in cases[:20]:
        understanding.understand(case["text"])
    taken = []
    for case in cases:
        began = time.process_time()
        understanding.understand(case["text"])
        taken.append((time.process_time() - began) * 1000)
    return {"median": round(float(np.median(taken)), 2), "p95": round(float(np.percentile(taken, 95)), 2)}
