"""Questions that the assistant could not place: kept for a while, without identity, for the team to assign."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from desk.application import Work
from desk.domain.errors import InvalidInput, NotFound
from desk.services import labels
from desk.services.opening import clean_text
from desk.storage.models import UnplacedQuestion
from desk.storage.upsert import insert_into

_LONGEST_QUESTION = 2000
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


def assign(work: Work, question_id: int, label: str, text: str | None = None) -> UnplacedQuestion:
    """Say what a question is; `text` is how the assistant shall learn it, where a name had to be taken out."""
    question = _kept(work, question_id)
    if not labels.is_label(label):
        raise InvalidInput("There is nothing of this name that a question can be placed as.")
    learned = question.text if text is None else clean_text(text)[:_LONGEST_QUESTION]
    if not learned:
        raise InvalidInput("There is nothing left that the assistant could learn.")
    question.text, question.topic = learned, label
    question.assigned_by, question.assigned_at = work.user_id, work.now
    work.record("question.assigned", None, question=question_id, topic=label)
    return question


def take_back(work: Work, question_id: int) -> None:
    """Have a question wait again, as long as the assistant has not learned it."""
    question = _kept(work, question_id)
    if question.topic is None or question.exported_at is not None:
        raise InvalidInput("This question is not waiting to be learned.")
    question.topic = question.assigned_by = question.assigned_at = None
    work.record("question.taken-back", None, question=question_id)


def assigned(work: Work) -> Sequence[UnplacedQuestion]:
    """List the questions that were placed and that the assistant has not learned yet."""
    statement = select(UnplacedQuestion).where(UnplacedQuestion.topic.is_not(None))
    return work.session.scalars(
        statement.where(UnplacedQuestion.exported_at.is_(None)).order_by(UnplacedQuestion.id)
    ).all()


def handed_over(work: Work) -> list[dict[str, int | str]]:
    """Give the assigned questions as `make review` takes them: number, language, label and text of each."""
    return [
        {"number": one.id, "language": one.language, "label": one.topic or "", "text": one.text or ""}
        for one in assigned(work)
    ]


def mark_learned(work: Work, numbers: Collection[int]) -> int:
    """Note which questions became training data; gives how many there were. Saying it twice changes nothing."""
    learned = [question for question in assigned(work) if question.id in numbers]
    for question in learned:
        question.exported_at = work.now
        work.record("question.learned", None, question=question.id, topic=question.topic)
    return len(learned)


def discard(work: Work, question_id: int) -> None:
    """Remove a question that is of no use or should not be kept."""
    question = _kept(work, question_id)
    work.session.delete(question)
    work.record("question.discarded", None, question=question_id)


def forget_expired(work: Work) -> None:
    """Remove questions whose time is over, assigned or not."""
    work.session.execute(delete(UnplacedQuestion).where(UnplacedQuestion.expires_at <= work.now))


def _kept(work: Work, question_id: int) -> UnplacedQuestion:
    question = work.session.get(UnplacedQuestion, question_id)
    if question is None:
        raise NotFound("This question is not kept any more.")
    return question
