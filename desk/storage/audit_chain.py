"""The audit trail: every entry carries the hash of the one before, and the end of the chain is sealed with a key.

A plain hash chain shows changed, removed and inserted rows, but not a chain whose end was cut off, nor one that was
computed anew from some row on. Two things show those: the head row is sealed with a key that is not in the database,
and anchors (number and hash, sealed) are written outside the database from time to time. A database put back to an
older state, head and all, disagrees with an anchor.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from desk.storage.crypto import KeyedHash
from desk.storage.models import AuditEntry, AuditHead
from desk.storage.upsert import add_row_once, add_rows, table_of

GENESIS = "0" * 64
_HEAD_ID = 1
_PROGRESS_EVERY = 5000
_HEAD = table_of(AuditHead)
_ENTRIES = select(table_of(AuditEntry)).order_by(table_of(AuditEntry).c.sequence).execution_options(yield_per=2000)
_LOCK_HEAD = select(_HEAD.c.sequence, _HEAD.c.hash).where(_HEAD.c.id == _HEAD_ID).with_for_update()
_MOVE_HEAD = (
    update(_HEAD)
    .where(_HEAD.c.id == _HEAD_ID)
    .values(sequence=bindparam("new_sequence"), hash=bindparam("new_hash"), seal=bindparam("new_seal"))
)


@dataclass(frozen=True)
class NewEntry:
    """What happened, before it has its place in the chain."""

    at: datetime
    actor: str
    action: str
    ticket_id: int | None
    details: Mapping[str, str | int | bool | None]


class Anchor(NamedTuple):
    """A point of the chain, as the database has it or as it was noted outside."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found; `broken_at` is the first entry that is wrong, `reason` says how."""

    entries: int
    broken_at: int | None = None
    reason: str | None = None

    @property
    def whole(self) -> bool:
        """Tell whether nothing was changed."""
        return self.reason is None


def append(session: Session, hashes: KeyedHash, entries: Sequence[NewEntry]) -> None:
    """Add entries to the end of the chain; others who add wait until this transaction ends."""
    sequence, previous = _locked_head(session, hashes)
    rows = []
    for entry in entries:
        sequence += 1
        row = _row(sequence, previous, entry)
        previous = str(row["hash"])
        rows.append(row)
    add_rows(session, AuditEntry, rows)
    moved = {"new_sequence": sequence, "new_hash": previous, "new_seal": seal_of(hashes, sequence, previous)}
    session.connection().execute(_MOVE_HEAD, moved)


def verify(
    session: Session,
    hashes: KeyedHash,
    anchors: Iterable[Anchor] = (),
    progress: Callable[[int], None] = lambda _done: None,
) -> Verdict:
    """Walk the whole chain and say where it breaks first."""
    noted = {anchor.sequence: anchor.hash for anchor in anchors}
    sequence, previous = 0, GENESIS
    for entry in session.connection().execute(_ENTRIES):
        problem = _problem(entry, sequence, previous, noted)
        if problem:
            return Verdict(sequence, sequence + 1, problem)
        sequence, previous = entry.sequence, entry.hash
        if sequence % _PROGRESS_EVERY == 0:
            progress(sequence)
    progress(sequence)
    return _verify_end(session, hashes, noted, Anchor(sequence, previous))


def seal_of(hashes: KeyedHash, sequence: int, entry_hash: str) -> str:
    """Seal a point of the chain with the desk's key."""
    return hashes.seal(f"{sequence}:{entry_hash}")


def head_of(session: Session) -> Anchor | None:
    """Give the present end of the chain."""
    head = session.get(AuditHead, _HEAD_ID)
    return Anchor(head.sequence, head.hash) if head else None


def entry_hash(
    sequence: int, at: datetime, actor: str, action: str, ticket_id: int | None, details: str, previous: str
) -> str:
    """Hash an entry with its place in the chain."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps([sequence, instant, actor, action, ticket_id, details, previous], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _row(sequence: int, previous: str, entry: NewEntry) -> dict[str, object]:
    details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True)
    return {
        "sequence": sequence,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "ticket_id": entry.ticket_id,
        "details": details,
        "previous_hash": previous,
        "hash": entry_hash(sequence, entry.at, entry.actor, entry.action, entry.ticket_id, details, previous),
    }


def _locked_head(session: Session, hashes: KeyedHash) -> Anchor:
    head = session.connection().execute(_LOCK_HEAD).first()
    if head is None:
        # The very first entry of a desk: two processes may get here at once, and one of them finds the other's row.
        first = {"id": _HEAD_ID, "sequence": 0, "hash": GENESIS, "seal": seal_of(hashes, 0, GENESIS)}
        add_row_once(session, AuditHead, first)
        head = session.connection().execute(_LOCK_HEAD).one()
    return Anchor(head.sequence, head.hash)


def _problem(entry: Row[Any], last: int, previous: str, noted: Mapping[int, str]) -> str | None:
    if entry.sequence != last + 1:
        return f"entry {last + 1} is missing, the next one is {entry.sequence}"
    if entry.previous_hash != previous:
        return f"entry {entry.sequence} does not follow on the entry before it"
    expected = entry_hash(
        entry.sequence, entry.at, entry.actor, entry.action, entry.ticket_id, entry.details, entry.previous_hash
    )
    if not hmac.compare_digest(entry.hash, expected):
        return f"entry {entry.sequence} was changed"
    if noted.get(entry.sequence, entry.hash) != entry.hash:
        return f"entry {entry.sequence} differs from what was noted outside the database"
    return None


def _verify_end(session: Session, hashes: KeyedHash, noted: Mapping[int, str], end: Anchor) -> Verdict:
    head = session.get(AuditHead, _HEAD_ID, populate_existing=True)
    if head is None and (end.sequence or noted):
        return Verdict(end.sequence, end.sequence + 1, "the row that holds the end of the chain is missing")
    if head is not None and not hmac.compare_digest(head.seal, seal_of(hashes, head.sequence, head.hash)):
        return Verdict(end.sequence, end.sequence, "the end of the chain was not sealed by this desk")
    if head is not None and head.sequence > end.sequence:
        return Verdict(end.sequence, end.sequence + 1, f"entries {end.sequence + 1} to {head.sequence} were cut off")
    if head is not None and (head.sequence, head.hash) != (end.sequence, end.hash):
        return Verdict(end.sequence, head.sequence + 1, f"entries after {head.sequence} were added outside the desk")
    last_noted = max(noted, default=0)
    if last_noted > end.sequence:
        reason = f"entries {end.sequence + 1} to {last_noted} were noted outside the database and are gone"
        return Verdict(end.sequence, end.sequence + 1, reason)
    return Verdict(end.sequence)
