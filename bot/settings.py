"""Every setting of the assistant in one typed object, so that no other module reads the environment."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

PROJECT = Path(__file__).resolve().parent.parent
MINIMUM_SECRET_LENGTH = 32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting has a value the assistant cannot work with; the message says which and why."""


@dataclass(frozen=True)
class Settings:
    """What the operator can choose for the assistant process."""

    host: str
    port: int
    var_dir: Path
    log_level: str
    models_dir: Path
    answers_dir: Path
    actions_url: str
    actions_timeout_seconds: int
    tracker_database_url: str
    tracker_retention_days: int
    redis_url: str | None
    webchat_secret: str | None
    webchat_origins: tuple[str, ...]
    webchat_rate_limit: int | None
    webchat_session_hours: int
    trusted_proxies: tuple[Network, ...]
    metrics_token: str | None = None
    slack_visitor_bot_token: str | None = None
    slack_visitor_signing_secret: str | None = None
    slack_visitor_app_token: str | None = None
    slack_visitor_api_url: str = "https://slack.com/api/"

    @property
    def slack_is_on(self) -> bool:
        """Tell whether visitors can write in Slack: a token, and a way for Slack to reach the assistant."""
        ways_in = self.slack_visitor_signing_secret or self.slack_visitor_app_token
        return bool(self.slack_visitor_bot_token and ways_in)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; without an argument from `.env`, the generated secrets and the process environment."""
        values = environment if environment is not None else _gathered_environment()
        var_dir = _path(values.get("VAR_DIR") or "var")
        actions_port = _number(values, "ACTIONS_PORT", 5055, lowest=1)
        return cls(
            host=values.get("ASSISTANT_HOST") or "127.0.0.1",
            port=_number(values, "ASSISTANT_PORT", 5005, lowest=1),
            var_dir=var_dir,
            log_level=_log_level(values),
            models_dir=_path(values.get("MODELS_DIR") or "models"),
            answers_dir=_path(values.get("ANSWERS_DIR") or "data/answers"),
            actions_url=values.get("ACTIONS_URL") or f"http://127.0.0.1:{actions_port}/webhook",
            actions_timeout_seconds=_number(values, "ACTIONS_TIMEOUT_SECONDS", 20, lowest=1),
            tracker_database_url=values.get("TRACKER_DATABASE_URL") or f"sqlite:///{var_dir / 'tracker.sqlite3'}",
            tracker_retention_days=_number(values, "TRACKER_RETENTION_DAYS", 30, lowest=1),
            redis_url=values.get("REDIS_URL") or None,
            webchat_secret=_secret(values),
            webchat_origins=_origins(values),
            webchat_rate_limit=_rate_limit(values),
            webchat_session_hours=_number(values, "WEBCHAT_SESSION_HOURS", 24, lowest=1),
            trusted_proxies=_networks(values),
            metrics_token=values.get("ASSISTANT_METRICS_TOKEN") or None,
            slack_visitor_bot_token=values.get("SLACK_VISITOR_BOT_TOKEN") or None,
            slack_visitor_signing_secret=values.get("SLACK_VISITOR_SIGNING_SECRET") or None,
            slack_visitor_app_token=values.get("SLACK_VISITOR_APP_TOKEN") or None,
            slack_visitor_api_url=values.get("SLACK_VISITOR_API_URL") or "https://slack.com/api/",
        )


def _gathered_environment() -> dict[str, str]:
    """Merge the sources of settings: the environment wins over `.env`, and both over generated secrets."""
    from_file = _read_env_file(PROJECT / ".env")
    merged = {**from_file, **os.environ}
    secrets = _read_env_file(_path(merged.get("VAR_DIR") or "var") / "secrets" / "assistant.env")
    return {**secrets, **merged}


def _read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _path(text: str) -> Path:
    path = Path(text).expanduser()
    return path if path.is_absolute() else PROJECT / path


def _number(values: Mapping[str, str], name: str, default: int, lowest: int) -> int:
    text = values.get(name) or str(default)
    try:
        number = int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
    if number < lowest:
        raise SettingsError(f"{name} must be at least {lowest}, not {number}.")
    return number


def _log_level(values: Mapping[str, str]) -> str:
    level = (values.get("LOG_LEVEL") or "INFO").upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}.")
    return level


def _secret(values: Mapping[str, str]) -> str | None:
    secret = values.get("WEBCHAT_SECRET") or None
    if secret is not None and len(secret) < MINIMUM_SECRET_LENGTH:
        raise SettingsError(f"WEBCHAT_SECRET must have at least {MINIMUM_SECRET_LENGTH} characters.")
    return secret


def _list(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in (values.get(name) or "").split(",") if part.strip())


def _origins(values: Mapping[str, str]) -> tuple[str, ...]:
    origins = tuple(origin.rstrip("/") for origin in _list(values, "WEBCHAT_ORIGINS"))
    for origin in origins:
        if origin != "*" and not origin.startswith(("http://", "https://")):
            raise SettingsError(f"WEBCHAT_ORIGINS must list origins such as https://example.org, not {origin!r}.")
    return origins


def _rate_limit(values: Mapping[str, str]) -> int | None:
    if (values.get("WEBCHAT_RATE_LIMIT") or "").lower() == "off":
        return None
    return _number(values, "WEBCHAT_RATE_LIMIT", 20, lowest=1)


def _networks(values: Mapping[str, str]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in _list(values, "TRUSTED_PROXIES"))
    except ValueError as error:
        raise SettingsError(f"TRUSTED_PROXIES must list addresses or networks: {error}.") from None
