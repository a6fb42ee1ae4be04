"""Which topics visitors ask the assistant about: counts by day, topic and language, and nothing about anybody."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, select

from desk.application import Work
from desk.domain.errors import InvalidInput
from desk.storage.models import TopicBatch, TopicCount
from desk.storage.upsert import insert_into

# A topic's id as data/answers writes it; a sentence is never one.
_TOPIC = re.compile(r"[a-z0-9]+([-/][a-z0-9]+)*")
_LONGEST_TOPIC = 64
_BATCH = re.compile(r"[0-9a-f]{32}")
_LANGUAGES = ("de", "en")
_MOST = 1_000_000
_BATCHES_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """How often a topic was asked about in one language."""

    topic: str
    language: str
    count: int


@dataclass(frozen=True)
class Week:
    """What was asked in a calendar week, named by its Monday."""

    week: date
    asked: Asked


def add(work: Work, batch_id: str, counts: Sequence[Asked]) -> bool:
    """Add counts to today's; False when the same batch was added before."""
    if not _BATCH.fullmatch(batch_id) or not all(_makes_sense(one) for one in counts):
        raise InvalidInput("These are no counts of topics.")
    if not _is_first(work, batch_id):
        return False
    statement = insert_into(work.session, TopicCount)
    adding = statement.on_conflict_do_update(
        index_elements=["day", "topic", "language"], set_={"count": TopicCount.count + statement.excluded.count}
    )
    summed: Counter[tuple[str, str]] = Counter()
    for one in counts:
        summed[one.topic, one.language] += one.count
    rows = [
        # In one fixed order, so that two transactions never wait for each other.
        {"day": work.today, "topic": topic, "language": language, "count": count}
        for (topic, language), count in sorted(summed.items())
    ]
    if rows:
        work.session.connection().execute(adding, rows)
    return True


def by_topic(work: Work, since: date, until: date) -> Mapping[str, Mapping[str, int]]:
    """Count a period, both days included, by topic and language; the topic that was asked most comes first."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    total = func.sum(TopicCount.count)
    statement = select(TopicCount.topic, TopicCount.language, total).where(TopicCount.day.between(since, until))
    for topic, language, count in work.session.execute(statement.group_by(TopicCount.topic, TopicCount.language)):
        found[topic][language] = int(count)
    return dict(sorted(found.items(), key=lambda entry: (-sum(entry[1].values()), entry[0])))


def by_week(work: Work, since: date, until: date) -> Sequence[Week]:
    """Count a period by calendar week, topic and language, in this order."""
    statement = select(TopicCount).where(TopicCount.day.between(since, until))
    weeks: Counter[tuple[date, str, str]] = Counter()
    for row in work.session.scalars(statement):
        weeks[row.day - timedelta(days=row.day.weekday()), row.topic, row.language] += row.count
    return [Week(week, Asked(topic, language, count)) for (week, topic, language), count in sorted(weeks.items())]


def forget_batches(work: Work) -> None:
    """Forget batches that nobody sends again."""
    work.session.execute(delete(TopicBatch).where(TopicBatch.at < work.now - _BATCHES_KEPT))


def _makes_sense(one: Asked) -> bool:
    is_topic = isinstance(one.topic, str) and len(one.topic) <= _LONGEST_TOPIC and _TOPIC.fullmatch(one.topic)
    is_count = isinstance(one.count, int) and 0 < one.count <= _MOST
    return bool(is_topic and is_count and one.language in _LANGUAGES)


def _is_first(work: Work, batch_id: str) -> bool:
    statement = insert_into(work.session, TopicBatch).values(batch_id=batch_id, at=work.now).on_conflict_do_nothing()
    return work.session.scalar(statement.returning(TopicBatch.batch_id)) is not None
