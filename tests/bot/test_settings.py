"""Settings come from the environment alone, have the documented defaults, and say what is wrong with them."""

from __future__ import annotations

import pytest

from bot.settings import PROJECT, Settings, SettingsError

SECRET = "x" * 32


def test_the_defaults_need_nothing_else() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 5005)
    assert settings.var_dir == PROJECT / "var"
    assert settings.tracker_database_url == f"sqlite:///{PROJECT / 'var' / 'tracker.sqlite3'}"
    assert settings.actions_url == "http://127.0.0.1:5055/webhook"
    assert settings.redis_url is None
    assert settings.webchat_rate_limit == 20
    assert settings.trusted_proxies == ()


def test_everything_can_be_chosen() -> None:
    settings = Settings.from_environment(
        {
            "ASSISTANT_PORT": "80",
            "ACTIONS_PORT": "81",
            "VAR_DIR": "/tmp/x",
            "WEBCHAT_SECRET": SECRET,
            "WEBCHAT_RATE_LIMIT": "off",
            "WEBCHAT_ORIGINS": "https://a.example/, http://b.example",
            "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "LOG_LEVEL": "warning",
        }
    )
    assert settings.port == 80
    assert settings.actions_url == "http://127.0.0.1:81/webhook"
    assert str(settings.var_dir) == "/tmp/x"
    assert settings.webchat_rate_limit is None
    assert settings.webchat_origins == ("https://a.example", "http://b.example")
    assert len(settings.trusted_proxies) == 2
    assert settings.log_level == "WARNING"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASSISTANT_PORT", "eighty"),
        ("ASSISTANT_PORT", "0"),
        ("WEBCHAT_SECRET", "short"),
        ("WEBCHAT_RATE_LIMIT", "none"),
        ("WEBCHAT_ORIGINS", "shop.example"),
        ("TRUSTED_PROXIES", "proxy"),
        ("TRACKER_RETENTION_DAYS", "0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


def test_the_channel_does_not_start_without_a_secret() -> None:
    from bot.channels.webchat import WebchatInput

    with pytest.raises(SettingsError, match="WEBCHAT_SECRET"):
        WebchatInput(Settings.from_environment({}))
