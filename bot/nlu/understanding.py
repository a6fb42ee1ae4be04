"""Understands one message: its language, what it asks or wants (once or twice), and how sure to be of that."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.classifier import Classifier, Training, softmax
from bot.nlu.features import Featuriser
from bot.nlu.labels import CONTROLS, FLOWS, OTHER_LANGUAGE, UNCLEAR, group, topic
from bot.nlu.language import LanguageDetector
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import Phrase
from bot.nlu.text import asks, clauses, core, sentences, tokens
from bot.nlu.vocabulary import Vocabulary

# At this temperature, confidence is about the share of messages understood rightly (see docs/understanding.md).
TEMPERATURE = 0.5
_PRECISIONS = {"deep": np.float16}
_SHORTEST_PART = 3
_MOST_PARTS = 4
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
    backing: float = 0.02


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
        # Words of other languages are not learned as words: nothing is to be taken for a misspelled one of them.
        read = [reader.normal_tokens(phrase.text, float(phrase.language == "de")) for phrase in spoken]
        featuriser = Featuriser(lexicon, Vocabulary.learn(read, also=lexicon.vocabulary()))
        rows = [featuriser.names(phrase.text, share) for phrase, share in zip(phrases, german, strict=True)]
        featuriser.learn(rows, len(rows))
        labels = sorted({phrase.label for phrase in phrases})
        targets = np.array([labels.index(phrase.label) for phrase in phrases])
        classifier = Classifier.learn(featuriser.matrix(rows), targets, len(labels), how)
        return cls(featuriser, classifier, labels, detector)

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Turn texts into rows of features, for other classifiers to be compared with ours."""
        return self.featuriser.matrix(self.featuriser.names(text, self.detector.german(text)) for text in texts)

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Score each label for each text."""
        return self._scores([(text, self.detector.german(text)) for text in texts])

    def _scores(self, texts: Iterable[tuple[str, float]]) -> np.ndarray:
        named = (self.featuriser.names(text, german) for text, german in texts)
        return np.array([self.classifier.scores(*self.featuriser.entries(names)) for names in named])

    def understand(self, text: str) -> Understood:
        """Understand one message, as a whole and in its parts."""
        parts, german = _parts(text), self.detector.german(text)
        scored = self._scores([(text, german), *((part, self.detector.german(part)) for part, _ in parts)])
        shares = softmax(scored / self.temperature)
        ranking = self._ranking(shares[0])
        label, confidence = ranking[0]
        said = self._said_in_parts(parts, shares[1:], dict(ranking))
        if said and (_is_small(label) or label == UNCLEAR or confidence < self.thresholds.answer):
            label, confidence = said[0]
        language = None if label == OTHER_LANGUAGE else self._language(text, german, label)
        if confidence < self.thresholds.answer or label == UNCLEAR:
            unsure = confidence if label == UNCLEAR else 1.0 - confidence
            suggestions = self._suggestions(shares[0])
            return Understood(UNCLEAR, unsure, tuple(ranking[:5]), language=language, suggestions=suggestions)
        label, topics = _label_and_topics(label, [name for name, _ in said], sure=confidence >= self.thresholds.part)
        chitchat = label.split("/", 1)[1] if label.startswith("chitchat/") else None
        return Understood(label, confidence, tuple(ranking[:5]), topics, chitchat, language)

    def _said_in_parts(
        self, parts: list[tuple[str, bool]], shares: np.ndarray, whole: dict[str, float]
    ) -> list[tuple[str, float]]:
        """List what the parts clearly say by themselves: topics, and flows, each once, in order.

        Where some parts ask and others only tell, what is told leads up to the question: of it only flows count, and
        the question only beside a wish or when the whole message speaks for it too.
        """
        wish = next(iter(whole), "") in FLOWS
        asking = [asked for _, asked in parts]
        told = any(asking) and not all(asking)
        found: dict[str, float] = {}
        for asked, share in zip(asking, shares, strict=True):
            label, confidence = self.labels[int(share.argmax())], float(share.max())
            if confidence < self.thresholds.part or not (topic(label) or label in FLOWS):
                continue
            if label in FLOWS and asked and label != next(iter(whole), ""):
                # Half of a question may sound like a wish: "can I have the alerts and no advertising?"
                continue
            if told and topic(label) and not (asked and (wish or whole.get(label, 0.0) >= self.thresholds.backing)):
                continue
            found.setdefault(label, confidence)
        return list(found.items())

    def _language(self, text: str, german: float, label: str) -> str | None:
        """Name the message's language when it is clear; for who asks for another language, the one asked for."""
        clear = self.detector.language(text, german)
        if label != "switch-language":
            return clear
        named = {wanted for wanted, names in _LANGUAGE_NAMES.items() if names & set(tokens(text))}
        if len(named) == 1:
            return named.pop()
        return {"de": "en", "en": "de"}.get(clear or "")

    def _ranking(self, share: np.ndarray) -> list[tuple[str, float]]:
        best = np.argsort(-share)[:8]
        return [(self.labels[int(place)], float(share[place])) for place in best]

    def _suggestions(self, share: np.ndarray) -> tuple[str, ...]:
        """Name up to three topics that come nearest, leaving out what is none."""
        names = [topic(label) or _RIGHTS.get(label) for label in self.labels]
        likely = share * np.array([name is not None for name in names])
        likely /= max(float(likely.sum()), 1e-9)
        best = [names[int(place)] for place in np.argsort(-likely)[:6] if likely[place] >= self.thresholds.suggestion]
        return tuple(dict.fromkeys(name for name in best if name))[:3]

    def save(self, folder: Path) -> None:
        """Write everything learned into a folder."""
        content = {
            "labels": self.labels,
            "vocabulary": self.featuriser.vocabulary.counts,
            "features": self.featuriser.weights,
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
        featuriser = Featuriser(Lexicon(content["lexicon"]), Vocabulary(content["vocabulary"]), content["features"])
        return cls(
            featuriser,
            Classifier({name: arrays[name].astype(_PRECISIONS.get(name, np.float32)) for name in arrays.files}),
            content["labels"],
            LanguageDetector(**content["language"]),
        )


def _german(phrase: Phrase, detector: LanguageDetector) -> float:
    if phrase.language:
        return float(phrase.language == "de")
    return detector.german(phrase.text)


def _is_small(label: str) -> bool:
    return label.startswith("chitchat/") or label in CONTROLS


def _label_and_topics(label: str, said: list[str], sure: bool) -> tuple[str, tuple[str, ...]]:
    """Decide what a message is mainly and which one or two topics are answered, in order of appearance.

    Two parts that are clear by themselves say more than a whole of which nothing is sure.
    """
    topics = [name for name in said if topic(name)]
    if label in FLOWS:
        asked = [name for name in topics if _RIGHTS.get(label) != topic(name)]
        return label, tuple(topic(name) or "" for name in asked[:1])
    if not topic(label):
        return label, ()
    wanted = [name for name in said if name in FLOWS and _RIGHTS.get(name) != topic(label)]
    if wanted and label in topics:
        return wanted[0], (topic(label) or "",)
    if label not in topics and (len(topics) == 1 or (topics and not sure)):
        label = topics[0]
    if label not in topics or len(topics) < 2:
        return label, (topic(label) or "",)
    chosen = topics[:2] if label in topics[:2] else [topics[0], label]
    return chosen[0], tuple(topic(name) or "" for name in chosen)


def _parts(text: str) -> list[tuple[str, bool]]:
    """List the sentences and clauses of a message that holds more than one, and which of them ask something."""
    found: list[tuple[str, bool]] = []
    whole = sentences(core(text))
    marked = any("?" in sentence for sentence in whole)
    for sentence in whole:
        pieces = clauses(sentence)
        for place, piece in enumerate(pieces, start=1):
            last_of_question = "?" in sentence and place == len(pieces)
            asking = last_of_question or (asks(piece) and ("?" in sentence or not marked))
            if len(piece.split()) >= _SHORTEST_PART:
                found.append((piece, asking))
    return found[:_MOST_PARTS] if len(found) > 1 or len(whole) > 1 else []
