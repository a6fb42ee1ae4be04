"""Counts which topics visitors ask about, until the counts are handed to the desk (bot/topic_reports.py).

A count says topic and language and nothing else: no text, no conversation, no time of day.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Batch:
    """Counts that are handed over together; the id makes sure that they are added once, however often they are sent."""

    id: str
    counts: Counter[tuple[str, str]]

    def as_slot(self) -> dict[str, Any]:
        """Return the batch as JSON: its id, and a topic, a language and a number for each count."""
        return {"batch": self.id, "counts": [[*key, number] for key, number in sorted(self.counts.items())]}


@dataclass
class TopicCounts:
    """The counts of this process; there are never more than topics and languages, however long the desk is away."""

    _new: Counter[tuple[str, str]] = field(default_factory=Counter)
    _batch: Batch | None = None

    def note(self, topics: Iterable[str], language: str) -> None:
        """Count a question about each topic."""
        self._new.update((topic, language) for topic in topics)

    def batch(self) -> Batch | None:
        """Return what is to be handed over: the batch that did not arrive yet, else what was counted since."""
        if self._batch is None and self._new:
            self._batch, self._new = Batch(uuid.uuid4().hex, self._new), Counter()
        return self._batch

    def arrived(self, batch: Batch) -> None:
        """Forget a batch that the desk has taken."""
        if self._batch is batch:
            self._batch = None
