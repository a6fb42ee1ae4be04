"""Tokens for programs: scoped, hashed at rest, shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from desk.application import Work
from desk.domain.errors import InvalidInput, NotFound
from desk.storage.crypto import new_token, token_hash
from desk.storage.models import ApiToken, IdempotencyKey

SCOPES = (
    "tickets:read",
    "tickets:write",
    "metrics:read",
    "audit:read",
    "webhooks:manage",
)
_PREFIX = "pdt_"
_USED_EVERY = timedelta(minutes=1)
_IDEMPOTENCY_KEPT = timedelta(hours=24)


def create(work: Work, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token and give it, to be shown this once; its beginning tells scanners for secrets what it is."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise InvalidInput(f"A token needs scopes out of {', '.join(SCOPES)}.")
    if not name.strip():
        raise InvalidInput("A token needs a name that says what it is for.")
    token = _PREFIX + new_token()
    row = ApiToken(
        name=name.strip()[:200],
        token_hash=token_hash(token),
        scopes=wanted,
        created_by=work.user_id,
        created_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(row)
    work.session.flush()
    work.record("token.created", None, token=row.id, scopes=" ".join(wanted))
    return row, token


def find(work: Work, token: str) -> ApiToken | None:
    """Find a token that is valid now; works in `desk.read()`."""
    row = work.session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash(token)))
    if row is None or row.revoked_at is not None:
        return None
    return None if row.expires_at is not None and row.expires_at <= work.now else row


def needs_touch(work: Work, row: ApiToken) -> bool:
    """Tell whether it is time to note that a token is in use."""
    return row.last_used_at is None or work.now - row.last_used_at >= _USED_EVERY


def touch(work: Work, token_id: int) -> None:
    """Note that a token is in use."""
    work.session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=work.now))


def revoke(work: Work, token_id: int) -> None:
    """Make a token void."""
    row = work.session.get(ApiToken, token_id)
    if row is None:
        raise NotFound(f"There is no token {token_id}.")
    row.revoked_at = row.revoked_at or work.now
    work.record("token.revoked", None, token=token_id)


def all_tokens(work: Work) -> Sequence[ApiToken]:
    """List all tokens, newest first."""
    return work.session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).all()


def forget_idempotency_keys(work: Work) -> None:
    """Remove kept answers that no client repeats a call for any more."""
    work.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < work.now - _IDEMPOTENCY_KEPT))
