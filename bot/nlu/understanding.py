"""Understands one message: its language, what it asks or wants (once or twice), and how sure to be of that."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.nlu.classifier import Classifier, softmax
from bot.nlu.features import Featuriser
from bot.nlu.labels import UNCLEAR, group, topic
from bot.nlu.language import LanguageDetector, wanted_language
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import Phrase
from bot.nlu.text import clauses, sentences
from bot.nlu.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """How sure is sure enough; chosen from data (see docs/understanding.md)."""

    answer: float = 0.2
    part: float = 0.6
    suggestion: float = 0.04


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
        temperature: float = 1.0,
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
    def learn(cls, phrases: Sequence[Phrase], lexicon: Lexicon | None = None) -> "Understanding":
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
        classifier = Classifier.learn(featuriser.matrix(rows), targets, len(labels))
        return cls(featuriser, classifier, labels, detector)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Estimate how likely each label is for each text."""
        rows = [self.featuriser.names(text, self.detector.german(text)) for text in texts]
        return softmax(self.classifier.scores(self.featuriser.matrix(rows)) / self.temperature)

    def understand(self, text: str) -> Understood:
        """Understand one message, as a whole and in its parts."""
        parts = _parts(text)
        shares = self.probabilities([text, *parts])
        ranking = self._ranking(shares[0])
        label, confidence = ranking[0]
        language = self.detector.language(text)
        if label == "switch-language":
            language = wanted_language(text, language)
        if confidence < self.thresholds.answer or label == UNCLEAR:
            suggestions = self._suggestions(ranking)
            unsure = confidence if label == UNCLEAR else 1.0 - confidence
            return Understood(UNCLEAR, unsure, tuple(ranking[:5]), language=language, suggestions=suggestions)
        topics = [topic(label)] if topic(label) else []
        for share in shares[1:]:
            place = int(share.argmax())
            other = topic(self.labels[place])
            if other and share[place] >= self.thresholds.part and other not in topics and _apart(self.labels[place], label):
                topics.append(other)
        chitchat = label.split("/", 1)[1] if label.startswith("chitchat/") else None
        return Understood(label, confidence, tuple(ranking[:5]), tuple(topics[:2]), chitchat, language)

    def _ranking(self, share: np.ndarray) -> list[tuple[str, float]]:
        best = np.argsort(-share)[:8]
        return [(self.labels[int(place)], float(share[place])) for place in best]

    def _suggestions(self, ranking: list[tuple[str, float]]) -> tuple[str, ...]:
        likely = [topic(label) for label, share in ranking if share >= self.thresholds.suggestion]
        return tuple(name for name in likely if name)[:3]

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
        np.savez(folder / "understanding.npz", **self.classifier.arrays)

    @classmethod
    def load(cls, folder: Path) -> "Understanding":
        """Read what was learned from a folder."""
        content = json.loads((folder / "understanding.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / "understanding.npz")
        weights = {name: (column, weight) for column, (name, weight) in enumerate(content["features"].items())}
        featuriser = Featuriser(Lexicon(content["lexicon"]), Vocabulary(content["vocabulary"]), weights)
        return cls(
            featuriser,
            Classifier({name: arrays[name] for name in arrays.files}),
            content["labels"],
            LanguageDetector(**content["language"]),
            content["temperature"],
            Thresholds(**content["thresholds"]),
        )


def _german(phrase: Phrase, detector: LanguageDetector) -> float:
    if phrase.language:
        return float(phrase.language == "de")
    return detector.german(phrase.text)


def _apart(one: str, other: str) -> bool:
    return one != other


def _parts(text: str) -> list[str]:
    """List the sentences and clauses of a message that holds more than one."""
    whole = sentences(text)
    parts = [part for sentence in whole for part in clauses(sentence)]
    parts = [part for part in parts if len(part.split()) >= 3]
    return parts[:4] if len(whole) > 1 or len(parts) > 1 else []
