"""Mail: letters go through the outbox and leave as files in VAR_DIR/mail or through a mail server."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import select

from desk.application import Work
from desk.domain.errors import AlreadyAnonymised, NotFound
from desk.services import letters, outbox
from desk.services.delivery import DeliveryFailed
from desk.services.letters import Letter
from desk.settings import Settings
from desk.storage.crypto import new_token, token_hash
from desk.storage.models import Attachment, Correspondence, Ticket, TicketToken
from desk.storage.upsert import add_rows

CHANNEL = "mail"
CONFIRM = "confirm"
REPLY = "reply"
_TIMEOUT_SECONDS = 20
_TOKEN_PLACE = "{token}"
_PERMANENT = range(500, 600)
_LONGEST_LINE = 900


def ticket_values(work: Work, ticket: Ticket) -> dict[str, str]:
    """Give what every letter about a ticket may mention."""
    return _values(work, ticket, ticket.content.name if ticket.content else None)


def _values(work: Work, ticket: Ticket, name: str | None) -> dict[str, str]:
    language = ticket.language
    return {
        "name": name or "",
        "reference": ticket.reference,
        "kind": letters.word("kinds", ticket.kind.value, language),
        "due": letters.long_date(ticket.due_on, language),
        "received": letters.long_date(work.desk.calendar.day_of(ticket.received_at), language),
        "today": letters.long_date(work.today, language),
        "message": "",
    }


def preview(work: Work, ticket: Ticket, template: str, values: Mapping[str, str] | None = None) -> Letter:
    """Write a letter about a ticket without sending it."""
    return letters.render(template, ticket.language, {**ticket_values(work, ticket), **(values or {})})


def send_letter(
    work: Work,
    ticket: Ticket,
    template: str,
    values: Mapping[str, str] | None = None,
    *,
    once_key: str | None = None,
    attachments: tuple[int, ...] = (),
) -> Correspondence | None:
    """Write a letter to the person of a ticket and put it into the outbox; None when it was there before."""
    return send_text(
        work,
        ticket,
        preview(work, ticket, template, values),
        template=template,
        once_key=once_key,
        attachments=attachments,
    )


def send_text(
    work: Work,
    ticket: Ticket,
    letter: Letter,
    *,
    template: str | None = None,
    once_key: str | None = None,
    attachments: tuple[int, ...] = (),
) -> Correspondence | None:
    """Put a letter that is written already into the outbox and into the ticket's correspondence."""
    content = ticket.content
    if content is None:
        raise AlreadyAnonymised("Nobody is left to write to.")
    payload = _payload(ticket, letter, content.email, reply_token(work, ticket), attachments)
    outbox_id = outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id, once_key=once_key)
    if outbox_id is None:
        return None
    sent = Correspondence(**_correspondence(work, ticket, letter, template, outbox_id))
    work.session.add(sent)
    return sent


def _payload(ticket: Ticket, letter: Letter, to: str, token: str, attachments: tuple[int, ...] = ()) -> dict[str, Any]:
    return {
        "to": to,
        "subject": f"{letter.subject} [{ticket.reference}]",
        "text": letter.text,
        "reference": ticket.reference,
        "token": token,
        "language": ticket.language,
        "attachments": list(attachments),
    }


def _correspondence(work: Work, ticket: Ticket, letter: Letter, template: str | None, outbox_id: int) -> dict[str, Any]:
    return {
        "ticket_id": ticket.id,
        "incoming": False,
        "channel": CHANNEL,
        "template": template,
        "author_id": work.user_id,
        "subject": letter.subject,
        "body": letter.text,
        "outbox_id": outbox_id,
        "at": work.now,
    }


def send_to_staff(
    work: Work,
    address: str,
    template: str,
    language: str,
    values: Mapping[str, str],
    *,
    ticket_id: int | None = None,
    once_key: str | None = None,
) -> int | None:
    """Put a mail to a colleague into the outbox."""
    letter = letters.render_for_staff(template, language, values)
    payload = {"to": address, "subject": letter.subject, "text": letter.text, "language": language}
    return outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket_id, once_key=once_key)


def reply_token(work: Work, ticket: Ticket) -> str:
    """Give the token by which replies find the ticket; the same one for all letters of a ticket."""
    statement = select(TicketToken).where(TicketToken.ticket_id == ticket.id, TicketToken.purpose == REPLY)
    known = work.session.scalar(statement)
    if known is not None and known.token is not None:
        return known.token
    token = _new_reply_token()
    _add_tokens(work, ticket, {REPLY: token})
    return token


def send_first_letter(work: Work, ticket: Ticket, email: str, name: str | None) -> None:
    """Tell the person that the ticket exists, with the link that proves that who reads the mail asked for it."""
    confirm, reply = new_token(), _new_reply_token()
    _add_tokens(work, ticket, {CONFIRM: confirm, REPLY: reply})
    values = {**_values(work, ticket, name), "confirmation_link": confirmation_link(work.settings, confirm)}
    letter = letters.render("opened", ticket.language, values)
    payload = _payload(ticket, letter, email, reply)
    outbox_id = outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id, once_key=f"opened:{ticket.id}")
    if outbox_id is not None:
        add_rows(work.session, Correspondence, [_correspondence(work, ticket, letter, "opened", outbox_id)])


def confirmation_link(settings: Settings, token: str) -> str:
    """Give the address by which an e-mail address is confirmed."""
    return f"{settings.desk_url}/confirm/{token}"


def _new_reply_token() -> str:
    # Mailbox names are compared without regard to upper and lower case, so this token must not need it.
    return os.urandom(16).hex()


def _add_tokens(work: Work, ticket: Ticket, tokens: Mapping[str, str]) -> None:
    rows = [
        {
            "token_hash": token_hash(token),
            "ticket_id": ticket.id,
            "purpose": purpose,
            # The link in the first letter is never needed again, the address for replies in every letter.
            "token": token if purpose == REPLY else None,
            "created_at": work.now,
        }
        for purpose, token in tokens.items()
    ]
    add_rows(work.session, TicketToken, rows)


def build_message(
    settings: Settings, outbox_id: int, created_at: datetime, payload: Mapping[str, Any], files: list[Attachment]
) -> EmailMessage:
    """Make the mail; its message id depends on the outbox row only, so that a second copy is known as one."""
    message = EmailMessage(policy=SMTPUTF8)
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
    message["From"] = settings.mail_from
    message["To"] = payload["to"]
    message["Subject"] = _subject(settings, payload)
    message["Date"] = format_datetime(created_at)
    message["Message-ID"] = f"<desk-{outbox_id}-{int(created_at.timestamp() * 1_000_000)}@{domain}>"
    # Out-of-office replies to our mail would open tickets of their own; this header asks them not to come.
    message["Auto-Submitted"] = "auto-generated"
    token = payload.get("token")
    if token and settings.mail_reply_to:
        message["Reply-To"] = settings.mail_reply_to.replace(_TOKEN_PLACE, token)
    message.set_content(
        payload["text"], cte=_transfer_encoding(payload["text"], by_server=settings.smtp_url is not None)
    )
    message["Content-Language"] = payload.get("language", "en")
    for attachment in files:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.file_name)
    return message


def _transfer_encoding(text: str, *, by_server: bool) -> str:
    # A mail in a file is read by people as it stands; not every server takes more than seven bits or long lines.
    short = all(len(line.encode()) < _LONGEST_LINE for line in text.splitlines())
    return "8bit" if short and not by_server else "quoted-printable"


def _subject(settings: Settings, payload: Mapping[str, Any]) -> str:
    token = payload.get("token")
    if not token or (settings.mail_reply_to and _TOKEN_PLACE in settings.mail_reply_to):
        return str(payload["subject"])
    # Without an address of its own for each ticket, the subject has to carry the token.
    return f"{payload['subject']} [#{token}]"


def deliver(settings: Settings, message: outbox.Message, files: list[Attachment]) -> None:
    """Send a mail; raise DeliveryFailed with what to do about it."""
    try:
        mail = build_message(settings, message.id, message.created_at, message.payload, files)
    except (ValueError, KeyError, MessageError) as error:
        raise DeliveryFailed(f"The mail cannot be built ({type(error).__name__}).", permanent=True) from error
    if settings.smtp_url is None:
        _write_file(settings.mail_dir, _file_name(message), mail)
        return
    _send(settings.smtp_url, mail)


def _file_name(message: outbox.Message) -> str:
    created = message.created_at.strftime("%Y%m%dT%H%M%S")
    return f"{created}-{message.id:08d}-{message.payload.get('reference', 'desk')}.eml"


def _write_file(folder: Path, name: str, mail: EmailMessage) -> None:
    # Written aside and renamed, so that nobody ever reads half a mail; a repetition replaces the same file.
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = folder / f".{name}.part"
        unfinished.write_bytes(mail.as_bytes(policy=SMTP if _is_ascii(mail) else SMTPUTF8))
        unfinished.replace(folder / name)
    except OSError as error:
        raise DeliveryFailed(f"The mail cannot be written to {folder} ({error.strerror}).") from error


def _is_ascii(mail: EmailMessage) -> bool:
    return str(mail["To"]).isascii()


def _send(url: str, mail: EmailMessage) -> None:
    try:
        with _connect(url) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        permanent = all(code in _PERMANENT for code in codes)
        raise DeliveryFailed(f"The mail server refuses the address ({codes[0]}).", permanent=permanent) from None
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryFailed(f"The mail server refuses the sign-in ({error.smtp_code}).") from None
    except smtplib.SMTPResponseException as error:
        permanent = error.smtp_code in _PERMANENT and isinstance(error, smtplib.SMTPDataError)
        raise DeliveryFailed(f"The mail server answered {error.smtp_code}.", permanent=permanent) from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(f"The mail server cannot be reached ({type(error).__name__}).") from None


def _connect(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, options = parts.hostname or "localhost", parse_qs(parts.query)
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_TIMEOUT_SECONDS)
    try:
        _secure(server, parts.scheme, options, required=parts.username is not None)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _secure(server: smtplib.SMTP, scheme: str, options: Mapping[str, list[str]], *, required: bool) -> None:
    # A password is never sent in the clear, unless somebody asked for it with ?starttls=never.
    wish = options.get("starttls", ["auto"])[0]
    if scheme == "smtps" or wish == "never":
        return
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    elif required or wish == "always":
        raise smtplib.SMTPNotSupportedError("no STARTTLS")


def confirm_address(work: Work, token: str) -> Ticket:
    """Mark a ticket's address as confirmed by who holds the link."""
    row = work.session.get(TicketToken, token_hash(token))
    if row is None or row.purpose != CONFIRM or _is_too_old(work, row):
        raise NotFound("This link is not known or has expired.")
    ticket = work.session.get_one(Ticket, row.ticket_id)
    if ticket.content is None:
        raise NotFound("This link is not known or has expired.")
    row.used_at = row.used_at or work.now
    if not ticket.verified:
        ticket.verified, ticket.verified_at, ticket.updated_at = True, work.now, work.now
        work.record("ticket.address-confirmed", ticket.id)
    return ticket


def _is_too_old(work: Work, row: TicketToken) -> bool:
    return (work.now - row.created_at).days >= work.settings.confirmation_days
