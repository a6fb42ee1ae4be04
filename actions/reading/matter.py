"""Tells whether a message already says what a request is about, so that nobody has to say it twice."""

from __future__ import annotations

import re

from actions.reading.message import Message
from actions.reading.spelling import folded
from actions.reading.words import pattern, word_set

# Words that announce a request without saying what it is about.
_ANNOUNCING = word_set("announcing")
LEAST_NEW_WORDS = 3
LEAST_WORDS = 6


def tells_matter(text: str) -> bool:
    """Tell whether a text says more than which kind of request it is."""
    words = [word for word in folded(_without_contact(text)).split() if len(word) > 1]
    new = {word for word in words if word not in _ANNOUNCING}
    return len(words) >= LEAST_WORDS and len(new) >= LEAST_NEW_WORDS


def wants_all_data(text: str) -> bool:
    """Tell whether somebody means all of their data, so that which data need not be asked."""
    return bool(pattern("all-data").search(text))


def _without_contact(text: str) -> str:
    """Leave out addresses and names, which say who writes and not about what."""
    text = re.sub(r"\S+@\S+", " ", text)
    return re.sub(
        r"\b(?:ich hei(?:ß|ss)e|mein name ist|my name is|i am called)\s+[^\W\d_]+(?:\s+[A-ZÄÖÜ][^\W\d_]+)?",
        " ",
        text,
        flags=re.IGNORECASE,
    )


_BEFORE_QUESTION = re.compile(
    r"^(?P<answer>[^?]{1,120}?)\s*(?:[.,;:!–—]|\s-)\s+"
    r"(?:(?:aber|und|but|and|also|nur|übrigens|btw)\s+)?(?P<question>[^?]+\?\W*)$",
    re.DOTALL,
)
LONGEST_ANSWER_BEFORE_QUESTION = 6


def answer_before_question(message: Message) -> tuple[str, str] | None:
    """Part a message such as "Lisa Maier, and who reads this?" into what it tells and what it asks."""
    found = _BEFORE_QUESTION.match(message.text.strip())
    if not found or len(found["answer"].split()) > LONGEST_ANSWER_BEFORE_QUESTION:
        return None
    is_told = not Message(found["answer"]).is_question
    return (found["answer"].strip(), found["question"].strip()) if is_told else None


# A confident topic alone does not make a message a question: complaints are full of words like "newsletter".
LEAST_CONFIDENCE_OF_A_QUESTION = 0.6
# Two questions at once share the certainty.
LEAST_CONFIDENCE_OF_TWO_QUESTIONS = 0.4
LONGEST_QUESTION_IN_WORDS = 25


def is_digression(message: Message) -> bool:
    """Tell a question asked while free text is awaited from the free text itself."""
    if message.is_button:
        return message.asks(0.0)
    if message.is_narrative or len(message.words) > LONGEST_QUESTION_IN_WORDS:
        return False
    # A keyword such as "cookies" is a question as well: as the description of a request it would say nothing.
    is_keyword = len(message.words) <= 2 and message.intent in {"faq", "not-covered"}
    least = LEAST_CONFIDENCE_OF_TWO_QUESTIONS if len(message.topics) > 1 else LEAST_CONFIDENCE_OF_A_QUESTION
    return (message.is_question or is_keyword) and message.asks(least)


LONGEST_CHANGE_OF_MIND_IN_WORDS = 14
SURE_OF_ANOTHER_REQUEST = 0.7


def changes_mind(message: Message, free_text: bool) -> bool:
    """Tell whether naming another kind of request means leaving the present one."""
    if message.is_button:
        return True
    if len(message.words) > LONGEST_CHANGE_OF_MIND_IN_WORDS:
        return False
    if message.confidence >= SURE_OF_ANOTHER_REQUEST and pattern("plainly-instead").search(message.text):
        return True
    if message.is_narrative:
        return False
    if pattern("instead").search(message.text):
        return True
    return not free_text and message.confidence >= 0.6
