"""Counts of what visitors ask about: added once, by day and language, and nothing else is taken for a count."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import func, select

from actions.desk import DeskDidNotAnswer
from actions.topics_asked import KeepTopicCounts
from desk import intake
from desk.application import VISITOR, Desk
from desk.domain.errors import InvalidInput
from desk.services import topics_asked
from desk.services.topics_asked import Asked, Week
from desk.storage.models import TopicBatch, TopicCount
from tests.desk.conftest import MONDAY

SUNDAY = MONDAY - timedelta(days=1)


def _add(desk: Desk, *counts: Asked, now: Any = MONDAY, batch: str | None = None) -> bool:
    with desk.work(VISITOR, now) as work:
        return topics_asked.add(work, batch or uuid.uuid4().hex, counts)


def test_counts_add_up_by_topic_and_week(desk: Desk) -> None:
    _add(desk, Asked("cookies", "de", 2), Asked("cookies", "en", 1), Asked("not-covered/fees", "de", 4), now=SUNDAY)
    _add(desk, Asked("cookies", "de", 3), Asked("cookies", "de", 1))
    week, newer = date(2026, 9, 7), date(2026, 9, 14)
    with desk.read(MONDAY) as work:
        found = topics_asked.by_topic(work, week, work.today)
        assert list(found.items()) == [("cookies", {"de": 6, "en": 1}), ("not-covered/fees", {"de": 4})]
        assert topics_asked.by_week(work, week, work.today) == [
            Week(week, Asked("cookies", "de", 2)),
            Week(week, Asked("cookies", "en", 1)),
            Week(week, Asked("not-covered/fees", "de", 4)),
            Week(newer, Asked("cookies", "de", 4)),
        ]
        assert topics_asked.by_topic(work, newer, work.today) == {"cookies": {"de": 4}}


def test_a_batch_that_is_sent_again_is_added_once_also_at_the_same_moment(desk: Desk) -> None:
    batch = uuid.uuid4().hex
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: _add(desk, Asked("cookies", "de", 5), batch=batch), range(8)))
    assert added.count(True) == 1
    with desk.read(MONDAY) as work:
        assert work.session.scalar(select(func.sum(TopicCount.count))) == 5
    with desk.work("worker", MONDAY + timedelta(days=8)) as work:
        topics_asked.forget_batches(work)
        assert work.session.scalar(select(func.count()).select_from(TopicBatch)) == 0


@pytest.mark.parametrize(
    "count",
    [
        Asked("Wem gehören meine Daten?", "de", 1),
        Asked("a@example.org", "de", 1),
        Asked("x" * 65, "de", 1),
        Asked("cookies", "fr", 1),
        Asked("cookies", "de", 0),
        Asked("cookies", "de", -3),
        Asked("cookies", "de", "7"),  # type: ignore[arg-type]
        Asked(7, "de", 1),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_count_is_refused_as_a_whole(desk: Desk, count: Asked) -> None:
    with pytest.raises(InvalidInput):
        _add(desk, Asked("cookies", "de", 1), count)
    with pytest.raises(InvalidInput):
        _add(desk, Asked("cookies", "de", 1), batch="no batch")
    with desk.read() as work:
        assert work.session.scalar(select(func.count()).select_from(TopicCount)) == 0


def _run(slot: Any) -> None:
    tracker = Tracker("topic-counts", {"topic_counts": slot}, {}, [], False, None, {}, None)
    assert asyncio.run(KeepTopicCounts().run(CollectingDispatcher(), tracker, {})) == []


def test_the_action_hands_counts_to_the_desk(desk: Desk) -> None:
    slot = {"batch": uuid.uuid4().hex, "counts": [["cookies", "de", 2], ["contact", "en", 1]]}
    _run(slot)
    _run(slot)
    _run({"batch": "nonsense", "counts": [["cookies"]]})
    _run(None)
    with desk.read() as work:
        found = topics_asked.by_topic(work, work.today, work.today)
    assert found == {"cookies": {"de": 2}, "contact": {"en": 1}}


def test_the_action_fails_when_the_desk_is_away_so_that_the_counts_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise intake.DeskUnavailable("away")

    monkeypatch.setattr(intake, "count_topics", away)
    with pytest.raises(DeskDidNotAnswer):
        _run({"batch": uuid.uuid4().hex, "counts": [["cookies", "de", 2]]})
