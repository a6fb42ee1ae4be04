"""Mail that comes back: it joins its ticket by an unguessable token and by nothing else, or opens a new inquiry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

from desk.application import Work
from desk.domain.errors import AttachmentNotAllowed, InvalidInput
from desk.domain.kinds import Kind, Language, State
from desk.domain.states import is_closed
from desk.services import attachments, mail, slack, tickets
from desk.services.opening import NewTicket, clean_text, open_ticket
from desk.storage.crypto import token_hash
from desk.storage.models import Correspondence, InboundMail, Ticket, TicketToken
from desk.storage.upsert import insert_into

_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", re.I)
# Where mail systems put the address that a mail was really delivered to.
_ADDRESS_HEADERS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_GERMAN = re.compile(r"\b(und|ich|nicht|bitte|meine?|Daten|Sie|mit|für)\b", re.I)
_TAGS = re.compile(r"<[^>]+>")
LARGEST_MAIL = 30 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """What became of a mail: the ticket it belongs to, whether that is a new one, and why nothing if so."""

    ticket: Ticket | None
    created: bool = False
    ignored: str | None = None


def receive(work: Work, raw: bytes) -> Received:
    """Take in a mail; the same one twice is taken once."""
    if len(raw) > LARGEST_MAIL:
        raise InvalidInput("This mail is too large.")
    message = message_from_bytes(raw, policy=policy.default)
    if is_automatic(message):
        return Received(None, ignored="automatic")
    sender = parseaddr(str(message.get("From", "")))[1]
    if "@" not in sender:
        return Received(None, ignored="no sender")
    ticket, created = _by_token(work, message), False
    if ticket is None:
        ticket, created = _as_inquiry(work, message, sender, raw)
    if not _is_first(work, message, raw, ticket):
        return Received(ticket, ignored="known")
    _keep(work, message, ticket, words=not created)
    return Received(ticket, created)


def is_automatic(message: EmailMessage) -> bool:
    """Tell whether no person wrote a mail; answering those would go round in circles."""
    submitted = str(message.get("Auto-Submitted", "no")).lower()
    if submitted != "no" or str(message.get("Precedence", "")).lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    return message.get_content_type() == "multipart/report" or str(message.get("Return-Path", "")).strip() == "<>"


def _by_token(work: Work, message: EmailMessage) -> Ticket | None:
    for token in _tokens(message):
        row = work.session.get(TicketToken, token_hash(token))
        if row is None or row.purpose != mail.REPLY:
            continue
        ticket = tickets.find(work, row.ticket_id, lock=True)
        if ticket.content is not None:
            row.used_at = work.now
            return ticket
    return None


def _tokens(message: EmailMessage) -> list[str]:
    headers = [str(value) for name in _ADDRESS_HEADERS for value in message.get_all(name, [])]
    places = [address for _, address in getaddresses(headers)] + [str(message.get("Subject", ""))]
    return [match.lower() for place in places for match in _TOKEN.findall(place)]


def _as_inquiry(work: Work, message: EmailMessage, sender: str, raw: bytes) -> tuple[Ticket, bool]:
    text = text_of(message)
    subject = str(message.get("Subject", "")).strip()
    name = parseaddr(str(message.get("From", "")))[0]
    opened = open_ticket(
        work,
        NewTicket(
            request_id=f"mail:{_message_hash(message, raw).hex()}",
            kind=Kind.INQUIRY,
            language=guess_language(text),
            description=f"{subject}\n\n{text}" if subject else text,
            email=sender,
            name=name or None,
            channel=mail.CHANNEL,
        ),
    )
    return opened.ticket, opened.created


def _keep(work: Work, message: EmailMessage, ticket: Ticket, *, words: bool) -> None:
    refused = _keep_files(work, message, ticket)
    if not words:
        return
    body = text_of(message)
    if refused:
        body += "\n\n" + "\n".join(f"[{reason}]" for reason in refused)
    subject = clean_text(str(message.get("Subject", "")))[:500] or None
    work.session.add(
        Correspondence(
            ticket_id=ticket.id, incoming=True, channel=mail.CHANNEL, subject=subject, body=body, at=work.now
        )
    )
    work.record("ticket.mail-received", ticket.id)
    if is_closed(ticket.state):
        tickets.reopen(work, ticket, by_person=True)
        return
    if ticket.state is State.WAITING and ticket.suspended_on is None:
        tickets.change_state(work, ticket, State.IN_PROGRESS)
    ticket.updated_at = work.now
    slack.notify(work, ticket, "added")


def _keep_files(work: Work, message: EmailMessage, ticket: Ticket) -> list[str]:
    refused = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        name = attachments.safe_name(part.get_filename() or "file")
        try:
            attachments.attach(work, ticket, name, content if isinstance(content, bytes) else b"", incoming=True)
        except AttachmentNotAllowed as error:
            refused.append(f"{name}: {error}")
    return refused


def text_of(message: EmailMessage) -> str:
    """Give the words of a mail; where there is only HTML, without its tags."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, UnicodeError):
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return clean_text(_TAGS.sub(" ", text) if part.get_content_subtype() == "html" else text)


def guess_language(text: str) -> Language:
    """Tell German from English by its small words; a colleague can change it."""
    words = len(text.split()) or 1
    return "de" if len(_GERMAN.findall(text)) / words > 0.05 else "en"


def _is_first(work: Work, message: EmailMessage, raw: bytes, ticket: Ticket) -> bool:
    values = {"message_hash": _message_hash(message, raw), "ticket_id": ticket.id, "at": work.now}
    statement = insert_into(work.session, InboundMail).values(values).on_conflict_do_nothing()
    return work.session.scalar(statement.returning(InboundMail.ticket_id)) is not None


def _message_hash(message: EmailMessage, raw: bytes) -> bytes:
    message_id = str(message.get("Message-ID", "")).strip()
    return token_hash(message_id or raw.decode("latin-1"))
