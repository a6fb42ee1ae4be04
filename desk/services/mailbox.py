"""Fetches mail from a mailbox (IMAP): what nobody has read is taken in like any mail, and marked once it is kept.

A mail is marked as read only after the transaction that took it in, so a worker that dies in between finds it again,
and by its message id it is taken once all the same. One that cannot be taken in stays unread and is flagged: the next
ones go on, and a person sees it in any mail program.
"""

from __future__ import annotations

import imaplib
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from desk.application import WORKER, Desk
from desk.domain.errors import DeskUnavailable
from desk.services import facts, inbound

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 20
_PORTS = {"imaps": 993, "imap": 143}
_DEFAULT_FOLDER = "INBOX"
_SILENT = timedelta(minutes=15)


class MailboxTrouble(Exception):
    """The mail server is away or refuses; what is in the mailbox waits there."""


def fetch(desk: Desk) -> int:
    """Take in all unread mail and give how many mails that were; raise MailboxTrouble, with nothing lost."""
    url = desk.settings.imap_url
    if url is None:
        return 0
    with _trouble(), _opened(url) as server:
        # What nobody would take in is not even fetched.
        for number in _search(server, "UNSEEN", "UNFLAGGED", "LARGER", str(inbound.LARGEST_MAIL)):
            _set_aside(server, number, "too large")
        taken = sum(_take(desk, server, number) for number in _search(server, "UNSEEN", "UNFLAGGED"))
        set_aside = len(_search(server, "UNSEEN", "FLAGGED"))
    with desk.work(WORKER) as work:
        facts.remember(work, facts.MAIL_FETCHED, str(set_aside))
    return taken


def problem(desk: Desk) -> str | None:
    """Say what a person should look at; None when mail is fetched, or when no mailbox is set."""
    if desk.settings.imap_url is None:
        return None
    with desk.read() as work:
        fetched = facts.get(work, facts.MAIL_FETCHED)
        if fetched is None:
            return "no mail was ever fetched"
        silent = work.now - fetched.at
    if silent > _SILENT:
        return f"no mail has been fetched for {int(silent.total_seconds() // 60)} minutes"
    return f"{fetched.value} mails could not be taken in; they are flagged" if fetched.value != "0" else None


def _take(desk: Desk, server: imaplib.IMAP4, number: str) -> bool:
    raw = _read(server, number)
    if raw is None:
        # Somebody moved or deleted it in the meantime.
        return False
    try:
        with desk.work(WORKER) as work:
            inbound.receive(work, raw)
    except DeskUnavailable:
        raise
    except Exception as error:
        # Mail comes from anywhere, and one that nobody foresaw must not keep all others out.
        _set_aside(server, number, type(error).__name__)
        return False
    _mark(server, number, r"(\Seen)")
    return True


def _set_aside(server: imaplib.IMAP4, number: str, why: str) -> None:
    # The reason is a kind of error and never a word of the mail, which has no place in a log.
    _LOG.error("A mail could not be taken in (%s); it is flagged in the mailbox.", why)
    _mark(server, number, r"(\Flagged)")


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise MailboxTrouble(f"The mail server refuses: {reason[:200]}") from None
    except OSError as error:
        raise MailboxTrouble(f"The mail server cannot be reached ({type(error).__name__})") from None


@contextmanager
def _opened(url: str) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    with _connected(parts.scheme, parts.hostname or "localhost", parts.port, options) as server:
        _sign_in(server, unquote(parts.username or ""), unquote(parts.password or ""))
        _done(server.select(_quoted(unquote(parts.path.strip("/")) or _DEFAULT_FOLDER)))
        yield server


def _connected(scheme: str, host: str, port: int | None, options: Mapping[str, list[str]]) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    port = port or _PORTS[scheme]
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=_TIMEOUT_SECONDS)
    server = imaplib.IMAP4(host, port, timeout=_TIMEOUT_SECONDS)
    # A password is never sent in the clear, unless somebody asked for it with ?starttls=never.
    if options.get("starttls", ["always"])[0] != "never":
        server.starttls(context)
    return server


def _sign_in(server: imaplib.IMAP4, user: str, password: str) -> None:
    if "AUTH=PLAIN" in server.capabilities:
        # The older LOGIN knows no letters beyond ASCII.
        server.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
    else:
        server.login(_quoted(user), password)


def _search(server: imaplib.IMAP4, *criteria: str) -> list[str]:
    found = _done(server.uid("SEARCH", *criteria))
    return [number.decode() for number in (found[0] or b"").split()]


def _read(server: imaplib.IMAP4, number: str) -> bytes | None:
    # PEEK leaves the mail unread; the answer may hold news about other mails besides.
    parts = _done(server.uid("FETCH", number, "(BODY.PEEK[])"))
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


def _mark(server: imaplib.IMAP4, number: str, flag: str) -> None:
    _done(server.uid("STORE", number, "+FLAGS.SILENT", flag))


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(data[0])
    return data


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
