"""The desk's settings: one typed, frozen object from the environment, so that nothing else reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from desk.domain.kinds import Kind

ROOT = Path(__file__).resolve().parents[1]
_SHORTEST_SECRET = 32


class SettingsError(Exception):
    """A setting is missing or makes no sense; the message is one sentence for the person who starts the desk."""


@dataclass(frozen=True)
class Settings:
    """All that can be set; docs/operations.md explains each name."""

    var_dir: Path
    database_url: str
    keys: tuple[str, ...] = field(repr=False)
    index_key: str = field(repr=False)
    desk_url: str = "http://localhost:8000"
    desk_host: str = "127.0.0.1"
    desk_port: int = 8000
    holidays: str = "DE-BY"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "Privacy desk <privacy@localhost>"
    mail_reply_to: str | None = None
    imap_url: str | None = field(default=None, repr=False)
    imap_poll_seconds: int = 60
    team_mail: str | None = None
    slack_webhook_url: str | None = field(default=None, repr=False)
    slack_team_bot_token: str | None = field(default=None, repr=False)
    slack_team_signing_secret: str | None = field(default=None, repr=False)
    slack_team_app_token: str | None = field(default=None, repr=False)
    slack_team_channel: str | None = None
    slack_team_api_url: str = "https://slack.com/api/"
    slack_team_language: str = "de"
    slack_team_digest: time = time(8, 30)
    reminder_days: tuple[int, ...] = (7, 3, 1, 0, -1)
    due_soon_days: int = 7
    retention_months: Mapping[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 36))
    read_log_months: int = 36
    unplaced_days: int = 90
    confirmation_days: int = 30
    session_hours: int = 12
    attachment_bytes: int = 10 * 1024 * 1024
    outbox_attempts: int = 12
    outbox_lease_seconds: int = 120
    outbox_poll_seconds: float = 1.0
    sqlite_synchronous: str = "FULL"
    database_timeout_seconds: float = 5.0
    database_pool_size: int = 10
    log_level: str = "INFO"

    def ticket_url(self, reference: str) -> str:
        """Give the address of a ticket in the web desk."""
        return f"{self.desk_url}/tickets/{reference}"

    @property
    def slack_team_is_on(self) -> bool:
        """Tell whether the team is told in Slack: a token, and the channel to write to."""
        return bool(self.slack_team_bot_token and self.slack_team_channel)

    @property
    def mail_dir(self) -> Path:
        """Give the folder that mail is written to when no mail server is set."""
        return self.var_dir / "mail"


def read_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Merge the environment, `.env` and the generated secrets; the first that names a setting wins."""
    actual = dict(os.environ if environment is None else environment)
    from_file = _env_file(ROOT / ".env") if environment is None else {}
    merged = {**from_file, **actual}
    secrets_file = _var_dir(merged) / "secrets" / "desk.env"
    return {**_env_file(secrets_file), **merged}


def settings_from(values: Mapping[str, str]) -> Settings:
    """Build the settings from names and texts; raise a SettingsError that says what to do."""
    var_dir = _var_dir(values)
    return Settings(
        var_dir=var_dir,
        database_url=_database_url(values.get("DATABASE_URL") or f"sqlite:///{var_dir / 'desk.db'}"),
        keys=_keys(values),
        index_key=_secret(values, "DESK_INDEX_KEY"),
        desk_url=(values.get("DESK_URL") or f"http://localhost:{_integer(values, 'DESK_PORT', 8000)}").rstrip("/"),
        desk_host=values.get("DESK_HOST") or "127.0.0.1",
        desk_port=_integer(values, "DESK_PORT", 8000),
        holidays=values.get("DESK_HOLIDAYS") or "DE-BY",
        timezone=_timezone(values.get("DESK_TIMEZONE") or "Europe/Berlin"),
        smtp_url=values.get("SMTP_URL") or None,
        mail_from=values.get("MAIL_FROM") or "Privacy desk <privacy@localhost>",
        mail_reply_to=values.get("MAIL_REPLY_TO") or None,
        imap_url=_imap_url(values.get("IMAP_URL")),
        imap_poll_seconds=_integer(values, "IMAP_POLL_SECONDS", 60),
        team_mail=values.get("DESK_TEAM_MAIL") or None,
        slack_webhook_url=values.get("SLACK_WEBHOOK_URL") or None,
        slack_team_bot_token=values.get("SLACK_TEAM_BOT_TOKEN") or None,
        slack_team_signing_secret=values.get("SLACK_TEAM_SIGNING_SECRET") or None,
        slack_team_app_token=values.get("SLACK_TEAM_APP_TOKEN") or None,
        slack_team_channel=values.get("SLACK_TEAM_CHANNEL") or None,
        slack_team_api_url=values.get("SLACK_TEAM_API_URL") or "https://slack.com/api/",
        slack_team_language=_choice(values, "SLACK_TEAM_LANGUAGE", ("DE", "EN")).lower(),
        slack_team_digest=_time(values, "SLACK_TEAM_DIGEST", time(8, 30)),
        reminder_days=_integers(values, "DESK_REMINDER_DAYS", (7, 3, 1, 0, -1)),
        due_soon_days=_integer(values, "DESK_DUE_SOON_DAYS", 7, least=0),
        retention_months=_retention(values),
        read_log_months=_integer(values, "DESK_READ_LOG_MONTHS", 36),
        unplaced_days=_integer(values, "DESK_UNPLACED_DAYS", 90),
        confirmation_days=_integer(values, "DESK_CONFIRMATION_DAYS", 30),
        session_hours=_integer(values, "DESK_SESSION_HOURS", 12),
        attachment_bytes=_integer(values, "DESK_ATTACHMENT_MEGABYTES", 10) * 1024 * 1024,
        outbox_attempts=_integer(values, "DESK_OUTBOX_ATTEMPTS", 12),
        outbox_lease_seconds=_integer(values, "DESK_OUTBOX_LEASE_SECONDS", 120),
        outbox_poll_seconds=float(_integer(values, "DESK_OUTBOX_POLL_SECONDS", 1)),
        sqlite_synchronous=_choice(values, "DESK_SQLITE_SYNCHRONOUS", ("FULL", "NORMAL")),
        database_timeout_seconds=float(_integer(values, "DESK_DATABASE_TIMEOUT_SECONDS", 5)),
        database_pool_size=_integer(values, "DESK_DATABASE_POOL", 10),
        log_level=(values.get("LOG_LEVEL") or "INFO").upper(),
    )


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """Read the settings of this process once."""
    return settings_from(read_environment())


def _env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _var_dir(values: Mapping[str, str]) -> Path:
    # A relative folder is meant from the project, wherever the command was typed.
    return (ROOT / (values.get("VAR_DIR") or "var")).resolve()


def _database_url(url: str) -> str:
    # psycopg 3 is the only driver that is installed, and hosts hand out addresses without naming one.
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


def _imap_url(url: str | None) -> str | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("imaps", "imap") and parts.hostname and parts.username and parts.port != 0
    except ValueError:
        whole = False
    # Folders beyond ASCII have another spelling in IMAP, which the server's own list shows.
    if not whole or not unquote(parts.path).isascii():
        raise SettingsError("IMAP_URL must look like imaps://user:password@host/folder, with the folder in ASCII.")
    return url


def _secret(values: Mapping[str, str], name: str) -> str:
    secret = (values.get(name) or "").strip()
    if len(secret) < _SHORTEST_SECRET:
        raise SettingsError(
            f"{name} must be set to at least {_SHORTEST_SECRET} random characters "
            "(`make run` makes one, so does `privacy-desk keys create`)."
        )
    return secret


def _keys(values: Mapping[str, str]) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in (values.get("DESK_KEYS") or "").split(",") if key.strip())
    if not keys:
        return (_secret(values, "DESK_KEYS"),)
    return tuple(_secret({"DESK_KEYS": key}, "DESK_KEYS") for key in keys)


def _integer(values: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = values.get(name)
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
    if number < least:
        raise SettingsError(f"{name} must be at least {least}, not {number}.")
    return number


def _integers(values: Mapping[str, str], name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    text = values.get(name)
    if text is None or not text.strip():
        return default
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SettingsError(f"{name} must be whole numbers with commas between them, not {text!r}.") from None


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = (values.get(name) or choices[0]).upper()
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def _time(values: Mapping[str, str], name: str, default: time) -> time:
    text = values.get(name)
    if not text:
        return default
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} must be a time of day such as 08:30, not {text!r}.") from None


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise SettingsError(f"DESK_TIMEZONE names no known time zone: {name!r}.") from None


def _retention(values: Mapping[str, str]) -> Mapping[Kind, int]:
    general = _integer(values, "DESK_RETENTION_MONTHS", 36)
    return MappingProxyType({kind: _integer(values, _retention_name(kind), general) for kind in Kind})


def _retention_name(kind: Kind) -> str:
    return f"DESK_RETENTION_{kind.value.upper().replace('-', '_')}_MONTHS"
