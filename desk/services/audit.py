"""Checks the audit trail and notes its end outside the database, so that a cut-off end is found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select

from desk.application import Work
from desk.settings import Settings
from desk.storage import audit_chain
from desk.storage.audit_chain import Anchor, Verdict
from desk.storage.crypto import KeyedHash
from desk.storage.models import AuditEntry

__all__ = ["Anchor", "Verdict", "anchor", "anchors_file", "entries", "read_anchors", "verify"]


def verify(work: Work, progress: Callable[[int], None] = lambda _done: None) -> Verdict:
    """Walk the whole trail and compare it with what was noted outside; says where it breaks first."""
    anchors, forged = read_anchors(work.settings, work.desk.hashes)
    verdict = audit_chain.verify(work.session, work.desk.hashes, anchors, progress)
    if verdict.whole and forged:
        return Verdict(verdict.entries, None, f"line {forged[0]} of {anchors_file(work.settings).name} was changed")
    return verdict


def anchor(work: Work) -> Anchor | None:
    """Note the present end of the trail outside the database; None when it has not moved since the last time."""
    head = audit_chain.head_of(work.session)
    known, _ = read_anchors(work.settings, work.desk.hashes)
    if head is None or (known and known[-1].sequence == head.sequence):
        return None
    line = {
        "at": work.now.isoformat(),
        "sequence": head.sequence,
        "hash": head.hash,
        "seal": audit_chain.seal_of(work.desk.hashes, head.sequence, head.hash),
    }
    path = anchors_file(work.settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return head


def read_anchors(settings: Settings, hashes: KeyedHash) -> tuple[list[Anchor], list[int]]:
    """Read the notes, and the numbers of lines that this desk did not write."""
    path, anchors, forged = anchors_file(settings), list[Anchor](), list[int]()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        read = _read_line(line, hashes)
        if read is None:
            forged.append(number)
        else:
            anchors.append(read)
    return anchors, forged


def anchors_file(settings: Settings) -> Path:
    """Give the file of notes; copying it elsewhere now and then makes it worth more."""
    return settings.var_dir / "audit-anchors.jsonl"


def entries(work: Work, *, after: int = 0, limit: int = 100) -> Sequence[AuditEntry]:
    """Read entries of the whole trail in order."""
    statement = select(AuditEntry).where(AuditEntry.sequence > after).order_by(AuditEntry.sequence).limit(limit)
    return work.session.scalars(statement).all()


def newest(work: Work) -> int:
    """Give the number of the last entry; it grows with every change, so pages can ask whether anything is new."""
    head = audit_chain.head_of(work.session)
    return head.sequence if head else 0


def _read_line(line: str, hashes: KeyedHash) -> Anchor | None:
    try:
        read = json.loads(line)
        known = Anchor(int(read["sequence"]), str(read["hash"]))
        return known if read["seal"] == audit_chain.seal_of(hashes, known.sequence, known.hash) else None
    except (ValueError, KeyError, TypeError):
        return None
