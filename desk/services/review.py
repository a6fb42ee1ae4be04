"""Questions that the assistant could not place: kept for a while, without identity, for the team to assign."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from desk.application import Work
from desk.domain.errors import InvalidInput, NotFound
from desk.services.opening import clean_text
from desk.storage.models import UnplacedQuestion
from desk.storage.upsert import insert_into

_LONGEST_QUESTION = 2000
_LONGEST_TOPIC = 64
_MOST_SUGGESTIONS = 5


def keep(work: Work, text: str, language: str, suggestions: Sequence[str]) -> None:
    """Keep a question; one that was asked before is counted instead."""
    body = clean_text(text)[:_LONGEST_QUESTION]
    if not body:
        return
    digest = hashlib.sha256(f"{language}:{' '.join(body.casefold().split())}".encode()).hexdigest()
    statement = insert_into(work.session, UnplacedQuestion).values(
        text=body,
        # Hashed with the desk's key, for a short question could be guessed from a plain hash.
        text_hash=work.desk.hashes.email(digest),
        language=language,
        suggestions=list(suggestions)[:_MOST_SUGGESTIONS],
        times_asked=1,
        asked_at=work.now,
        expires_at=work.now + timedelta(days=work.settings.unplaced_days),
    )
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["text_hash"],
            set_={
                "times_asked": UnplacedQuestion.times_asked + 1,
                "asked_at": work.now,
                "expires_at": statement.excluded.expires_at,
            },
        )
    )
    work.count_subject("unplaced", "unclear", language)


def waiting(work: Work, limit: int = 50, before_id: int | None = None) -> Sequence[UnplacedQuestion]:
    """List questions that nobody assigned yet, newest first."""
    statement = select(UnplacedQuestion).where(UnplacedQuestion.topic.is_(None))
    if before_id is not None:
        statement = statement.where(UnplacedQuestion.id < before_id)
    return work.session.scalars(statement.order_by(UnplacedQuestion.id.desc()).limit(limit)).all()


def assign_topic(work: Work, question_id: int, topic: str) -> UnplacedQuestion:
    """Say which topic a question belongs to."""
    question = work.session.get(UnplacedQuestion, question_id)
    if question is None:
        raise NotFound("This question is not kept any more.")
    if not topic.strip() or len(topic) > _LONGEST_TOPIC:
        raise InvalidInput("A question is assigned to the id of a topic.")
    question.topic, question.assigned_by, question.assigned_at = topic.strip(), work.user_id, work.now
    work.record("question.assigned", None, question=question_id, topic=question.topic)
    return question


def assigned(work: Work, *, include_exported: bool = False) -> Sequence[UnplacedQuestion]:
    """List assigned questions, which `make review` turns into training data."""
    statement = select(UnplacedQuestion).where(UnplacedQuestion.topic.is_not(None))
    if not include_exported:
        statement = statement.where(UnplacedQuestion.exported_at.is_(None))
    return work.session.scalars(statement.order_by(UnplacedQuestion.id)).all()


def mark_exported(work: Work, questions: Sequence[UnplacedQuestion]) -> None:
    """Note that questions became training data."""
    for question in questions:
        question.exported_at = work.now


def discard(work: Work, question_id: int) -> None:
    """Remove a question that is of no use or should not be kept."""
    question = work.session.get(UnplacedQuestion, question_id)
    if question is None:
        raise NotFound("This question is not kept any more.")
    work.session.delete(question)
    work.record("question.discarded", None, question=question_id)


def forget_expired(work: Work) -> None:
    """Remove questions whose time is over, assigned or not."""
    work.session.execute(delete(UnplacedQuestion).where(UnplacedQuestion.expires_at <= work.now))
