"""Files of a ticket: kept encrypted, limited in size, and only of kinds that cannot do anything when opened."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import undefer

from desk.application import Work
from desk.domain.errors import AlreadyAnonymised, AttachmentNotAllowed, NotFound
from desk.storage.models import Attachment, Ticket

# The first bytes that a file of a kind must have; None where a kind has no such mark.
MEDIA_TYPES: dict[str, tuple[str, bytes | None]] = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".zip": ("application/zip", b"PK"),
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    ".csv": ("text/csv", None),
    ".json": ("application/json", None),
    ".txt": ("text/plain", None),
    ".xml": ("application/xml", None),
}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_NAME = 120


def attach(work: Work, ticket: Ticket, file_name: str, content: bytes, *, incoming: bool = False) -> Attachment:
    """Keep a file with a ticket."""
    if ticket.anonymised_at is not None:
        raise AlreadyAnonymised("The person was removed from this ticket.")
    name = safe_name(file_name)
    attachment = Attachment(
        ticket_id=ticket.id,
        incoming=incoming,
        file_name=name,
        media_type=_media_type(work, name, content),
        size=len(content),
        content=content,
        created_by=work.user_id,
        created_at=work.now,
    )
    work.session.add(attachment)
    ticket.updated_at = work.now
    work.session.flush()
    work.record("ticket.file-attached", ticket.id, attachment=attachment.id, size=len(content))
    return attachment


def of_ticket(work: Work, ticket: Ticket) -> Sequence[Attachment]:
    """List a ticket's files without reading them."""
    return work.session.scalars(
        select(Attachment).where(Attachment.ticket_id == ticket.id).order_by(Attachment.id)
    ).all()


def read(work: Work, ticket: Ticket, attachment_id: int) -> Attachment:
    """Read a file of a ticket."""
    statement = select(Attachment).where(Attachment.id == attachment_id, Attachment.ticket_id == ticket.id)
    attachment = work.session.scalar(statement.options(undefer(Attachment.content)))
    if attachment is None:
        raise NotFound("This file does not belong to the ticket.")
    return attachment


def remove(work: Work, ticket: Ticket, attachment_id: int) -> None:
    """Remove a file that was not sent to anybody."""
    attachment = read(work, ticket, attachment_id)
    if attachment.correspondence_id is not None:
        raise AttachmentNotAllowed("This file was sent and stays with the ticket.")
    work.session.delete(attachment)
    work.record("ticket.file-removed", ticket.id, attachment=attachment_id)


def safe_name(file_name: str) -> str:
    """Make a name that is a name only, on every system."""
    name = _UNSAFE.sub("_", file_name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{ending.lower()}" if dot else name[:_LONGEST_NAME]


def _media_type(work: Work, name: str, content: bytes) -> str:
    if len(content) > work.settings.attachment_bytes:
        megabytes = work.settings.attachment_bytes // (1024 * 1024)
        raise AttachmentNotAllowed(f"A file may have {megabytes} MB at most.")
    if not content:
        raise AttachmentNotAllowed("The file is empty.")
    known = MEDIA_TYPES.get(name[name.rfind(".") :].lower() if "." in name else "")
    if known is None:
        raise AttachmentNotAllowed(f"Only files of these kinds are taken: {', '.join(sorted(MEDIA_TYPES))}.")
    media_type, first_bytes = known
    if first_bytes is not None and not content.startswith(first_bytes):
        raise AttachmentNotAllowed("The file is not of the kind that its name says.")
    return media_type
