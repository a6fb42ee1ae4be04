"""A real IMAP server for the tests: Dovecot, started without privileges on two free ports of this machine."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "privacy@example.org"
PASSWORD = 'pass wörd" \\ of:a@mailbox/'
_PROGRAMS = ("dovecot", "/usr/sbin/dovecot")
_CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {secure}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


class Dovecot:
    """A server with one mailbox; its certificate is its own authority."""

    def __init__(self, folder: Path) -> None:
        program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            pytest.fail("These tests need Dovecot (Debian: apt-get install dovecot-imapd).", pytrace=False)
        # Dovecot runs no mailbox as root, and needs none of root's rights for this one.
        account = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.folder, self.certificate = folder, folder / "certificate.pem"
        self.plain, self.secure = _free_port(), _free_port()
        self._account, self._program = account, program
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    def url(self, folder: str = "INBOX", *, password: str = PASSWORD, scheme: str = "imaps") -> str:
        """Give the mailbox as IMAP_URL names it."""
        port = self.secure if scheme == "imaps" else self.plain
        return f"{scheme}://{quote(USER, safe='')}:{quote(password, safe='')}@localhost:{port}/{folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [self._program, "-F", "-c", str(self.folder / "dovecot.conf")]
        options: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            options |= {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        with (self.folder / "out").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, **options)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.plain)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail(f"Dovecot did not start, see {self.folder}.", pytrace=False)

    def stop(self) -> None:
        """Stop the server, as if it were away."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def client(self, folder: str = "INBOX") -> imaplib.IMAP4_SSL:
        """Open the mailbox as a person's mail program does."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        client = imaplib.IMAP4_SSL("localhost", self.secure, ssl_context=context, timeout=20)
        client.authenticate("PLAIN", lambda _challenge: f"\0{USER}\0{PASSWORD}".encode())
        client.select(folder)
        return client

    def put(self, raw: bytes, folder: str = "INBOX") -> None:
        """Let a mail arrive."""
        with self.client(folder) as client:
            client.append(folder, "", "", raw)

    def found(self, *criteria: str, folder: str = "INBOX") -> int:
        """Count mails by what IMAP says of them, such as UNSEEN or FLAGGED."""
        with self.client(folder) as client:
            return len(client.search(None, *criteria)[1][0].split())

    def empty(self) -> None:
        """Delete all mail."""
        for folder in ("INBOX", "Requests"):
            with self.client(folder) as client:
                client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()

    def _write(self) -> None:
        group = grp.getgrgid(self._account.pw_gid).gr_name
        values = {"folder": self.folder, "user": self._account.pw_name, "group": group}
        text = _CONFIGURATION.format(**values, plain=self.plain, secure=self.secure)
        (self.folder / "dovecot.conf").write_text(text, encoding="utf-8")
        # Written in base64, for a colon would end the field.
        secret = b64encode(PASSWORD.encode()).decode()
        (self.folder / "users").write_text(f"{USER}:{{PLAIN.b64}}{secret}\n", encoding="utf-8")
        _write_certificate(self.folder)
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, self._account.pw_uid, self._account.pw_gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
