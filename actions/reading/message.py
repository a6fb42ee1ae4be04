"""One message of a visitor, with what the classifier made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from actions.reading.spelling import folded
from actions.reading.words import pattern, word_set

TICKET_KINDS = (
    "complaint",
    "access",
    "rectification",
    "erasure",
    "portability",
    "objection",
    "withdraw-consent",
    "marketing-opt-out",
    "inquiry",
)
LOOKUPS = ("ticket-status", "authority", "dispute", "ticket-add", "ticket-withdraw")
QUESTIONS = frozenset({"faq", "not-covered", "out-of-scope", "unclear"})

_QUESTION_WORDS = word_set("question-words")


@dataclass(frozen=True)
class Message:
    """What a visitor wrote or chose."""

    text: str
    intent: str = ""
    confidence: float = 0.0
    topics: tuple[str, ...] = ()
    chitchat: str = ""
    choice: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What an offered button says besides its intent, such as the field to change."""

    @property
    def is_button(self) -> bool:
        """Tell whether an offered button was pressed; the channel lets nobody type such a text."""
        return self.text.startswith("/") and self.text[1:2].isalpha()

    @property
    def words(self) -> list[str]:
        """Return the words in their plainest spelling."""
        return folded(self.text).split()

    @property
    def is_question(self) -> bool:
        """Tell whether the message has the form of a question."""
        words = self.words
        return self.text.rstrip().endswith("?") or bool(words and words[0] in _QUESTION_WORDS)

    @property
    def is_narrative(self) -> bool:
        """Tell whether somebody recounts what happened, which a question about the statement does not."""
        return len(self.words) >= 8 and bool(pattern("narrative").search(self.text))

    @property
    def is_small_talk(self) -> bool:
        """Tell whether a message is talk beside the matter; in another language it may be the matter itself."""
        return self.intent == "chitchat" and self.chitchat != "other-language"

    def asks(self, least_confidence: float) -> bool:
        """Tell whether this is a question to answer rather than an answer to a question."""
        return self.intent in QUESTIONS and (self.is_button or self.confidence >= least_confidence)
