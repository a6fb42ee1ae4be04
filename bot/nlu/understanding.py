"""Understands one message: its language, what it asks or wants (once or twice), and how sure to be of that."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.classifier import Classifier, Training, softmax
from bot.nlu.features import Featuriser
from bot.nlu.labels import CONTROLS, FLOWS, UNCLEAR, group, topic
from bot.nlu.language import LanguageDetector
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import Phrase
from bot.nlu.text import clauses, sentences, tokens
from bot.nlu.vocabulary import Vocabulary

# At this temperature, confidence is about the share of messages understood rightly (see docs/understanding.md).
TEMPERATURE = 0.72
_LANGUAGE_NAMES = {
    "de": {"deutsch", "german", "deutsche", "deutscher", "alemannisch"},
    "en": {"englisch", "english", "englische", "englischer", "inglish", "englsich"},
}
# The topic that explains a right, by the flow that exercises it: who does the one need not be told the other.
_RIGHTS = {
    "access": "right-of-access",
    "rectification": "right-to-rectification",
    "erasure": "right-to-erasure",
    "portability": "right-to-portability",
    "objection": "right-to-object",
    "withdraw-consent": "withdraw-consent",
    "marketing-opt-out": "marketing-opt-out",
    "complaint": "how-to-complain",
    "inquiry": "contact",
    "authority": "supervisory-authority",
    "dispute": "dispute-resolution",
}


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """How sure is sure enough; chosen from data (see docs/understanding.md)."""

    answer: float = 0.3
    part: float = 0.75
    suggestion: float = 0.04
    parts_share: float = 0.3


@dataclasses.dataclass(frozen=True)
class Understood:
    """What a message was understood to be."""

    label: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    topics: tuple[str, ...] = ()
    chitchat: str | None = None
    language: str | None = None
    suggestions: tuple[str, ...] = ()

    @property
    def intent(self) -> str:
        """The group a label belongs to."""
        return group(self.label)


class Understanding:
    """Everything learned from the training phrases, ready to understand messages."""

    def __init__(
        self,
        featuriser: Featuriser,
        classifier: Classifier,
        labels: list[str],
        detector: LanguageDetector,
        temperature: float = TEMPERATURE,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Put the learned parts together."""
        self.featuriser = featuriser
        self.classifier = classifier
        self.labels = labels
        self.detector = detector
        self.temperature = temperature
        self.thresholds = thresholds or Thresholds()

    @classmethod
    def learn(
        cls, phrases: Sequence[Phrase], lexicon: Lexicon | None = None, how: Training | None = None
    ) -> "Understanding":
        """Learn from phrases."""
        lexicon = lexicon or Lexicon.read()
        spoken = [phrase for phrase in phrases if phrase.language]
        detector = LanguageDetector.learn([p.text for p in spoken], [p.language or "" for p in spoken])
        german = [_german(phrase, detector) for phrase in phrases]
        reader = Featuriser(lexicon, Vocabulary({}))
        read = [reader.normal_tokens(phrase.text, share) for phrase, share in zip(phrases, german, strict=True)]
        featuriser = Featuriser(lexicon, Vocabulary.learn(read, also=lexicon.vocabulary()))
        rows = [featuriser.names(phrase.text, share) for phrase, share in zip(phrases, german, strict=True)]
        featuriser.learn(rows, len(rows))
        labels = sorted({phrase.label for phrase in phrases})
        targets = np.array([labels.index(phrase.label) for phrase in phrases])
        classifier = Classifier.learn(featuriser.matrix(rows), targets, len(labels), how)
        return cls(featuriser, classifier, labels, detector)

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Turn texts into rows of features."""
        return self.featuriser.matrix([self.featuriser.names(text, self.detector.german(text)) for text in texts])

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Score each label for each text."""
        return self.classifier.scores(self.rows(texts))

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Estimate how likely each label is for each text."""
        return softmax(self.scores(texts) / self.temperature)

    def understand(self, text: str) -> Understood:
        """Understand one message, as a whole and in its parts."""
        parts = _parts(text)
        shares = self.probabilities([text, *parts])
        whole, pieces = shares[0], shares[1:]
        if parts:
            mixed = self.thresholds.parts_share
            whole = (1.0 - mixed) * whole + mixed * pieces.mean(axis=0)
        ranking = self._ranking(whole)
        label, confidence = ranking[0]
        said = self._said_in_parts(parts, pieces)
        if said and (group(label) in ("chitchat", UNCLEAR) or label in CONTROLS or confidence < self.thresholds.answer):
            label, confidence = said[0]
        language = self._language(text, label)
        if confidence < self.thresholds.answer or label == UNCLEAR:
            unsure = confidence if label == UNCLEAR else 1.0 - confidence
            suggestions = self._suggestions(ranking)
            return Understood(UNCLEAR, unsure, tuple(ranking[:5]), language=language, suggestions=suggestions)
        label, topics = _label_and_topics(label, [name for name, _ in said])
        chitchat = label.split("/", 1)[1] if label.startswith("chitchat/") else None
        return Understood(label, confidence, tuple(ranking[:5]), topics, chitchat, language)

    def _said_in_parts(self, parts: list[str], shares: np.ndarray) -> list[tuple[str, float]]:
        """List what the parts clearly say by themselves: topics, and flows, each once, in order."""
        found: dict[str, float] = {}
        for _, share in zip(parts, shares, strict=True):
            label, confidence = self.labels[int(share.argmax())], float(share.max())
            if confidence >= self.thresholds.part and (topic(label) or label in FLOWS):
                found.setdefault(label, confidence)
        return list(found.items())

    def _language(self, text: str, label: str) -> str | None:
        """Name the message's language when it is clear; for who asks for another language, the one asked for."""
        clear = self.detector.language(text)
        if label != "switch-language":
            return clear
        named = {wanted for wanted, names in _LANGUAGE_NAMES.items() if names & set(tokens(text))}
        if len(named) == 1:
            return named.pop()
        return {"de": "en", "en": "de"}.get(clear or "")

    def _ranking(self, share: np.ndarray) -> list[tuple[str, float]]:
        best = np.argsort(-share)[:8]
        return [(self.labels[int(place)], float(share[place])) for place in best]

    def _suggestions(self, ranking: list[tuple[str, float]]) -> tuple[str, ...]:
        likely = [topic(label) or _RIGHTS.get(label) for label, share in ranking if share >= self.thresholds.suggestion]
        return tuple(dict.fromkeys(name for name in likely if name))[:3]

    def save(self, folder: Path) -> None:
        """Write everything learned into a folder."""
        vocabulary, weights = self.featuriser.vocabulary.counts, self.featuriser.weights
        content = {
            "labels": self.labels,
            "temperature": self.temperature,
            "thresholds": dataclasses.asdict(self.thresholds),
            "vocabulary": vocabulary,
            "features": {name: weight for name, (_, weight) in weights.items()},
            "language": {"weights": self.detector.weights, "bias": self.detector.bias},
            "lexicon": self.featuriser.lexicon.content,
        }
        (folder / "understanding.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        # Half precision is exact enough for what was learned, and halves the model's size.
        halves = {name: array.astype(np.float16) for name, array in self.classifier.arrays.items()}
        np.savez(folder / "understanding.npz", **halves)

    @classmethod
    def load(cls, folder: Path) -> "Understanding":
        """Read what was learned from a folder."""
        content = json.loads((folder / "understanding.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / "understanding.npz")
        weights = {name: (column, weight) for column, (name, weight) in enumerate(content["features"].items())}
        featuriser = Featuriser(Lexicon(content["lexicon"]), Vocabulary(content["vocabulary"]), weights)
        return cls(
            featuriser,
            Classifier({name: arrays[name].astype(np.float32) for name in arrays.files}),
            content["labels"],
            LanguageDetector(**content["language"]),
            content["temperature"],
            Thresholds(**content["thresholds"]),
        )


def _german(phrase: Phrase, detector: LanguageDetector) -> float:
    if phrase.language:
        return float(phrase.language == "de")
    return detector.german(phrase.text)


def _label_and_topics(label: str, said: list[str]) -> tuple[str, tuple[str, ...]]:
    """Decide what a message is mainly and which one or two topics are answered, in order of appearance."""
    if label in FLOWS:
        asked = [name for name in said if topic(name) and _RIGHTS.get(label) != topic(name)]
        return label, tuple(topic(name) or "" for name in asked[:1])
    if not topic(label):
        return label, ()
    others = [name for name in said if topic(name)]
    wanted = [name for name in said if name in FLOWS and _RIGHTS.get(name) != topic(label)]
    if wanted and label in others:
        return wanted[0], (topic(label) or "",)
    if label not in others or len(others) < 2:
        return label, (topic(label) or "",)
    chosen = others[:2] if label in others[:2] else [others[0], label]
    return chosen[0], tuple(topic(name) or "" for name in chosen)


def _parts(text: str) -> list[str]:
    """List the sentences and clauses of a message that holds more than one."""
    whole = sentences(text)
    parts = [part for sentence in whole for part in clauses(sentence)]
    parts = [part for part in parts if len(part.split()) >= 3]
    return parts[:4] if len(whole) > 1 or len(parts) > 1 else []
