"""What can be wrong before anything starts is said in one sentence, and each process gets only its own settings."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from tools import run
from tools.run import StartError


def test_a_broken_line_in_the_settings_file_is_named(tmp_path):
    file = tmp_path / ".env"
    file.write_text("DESK_PORT=8001\nthis is = not 'a line\n")
    with pytest.raises(StartError, match=r"\.env, line 2, is not NAME=value"):
        run.read_settings(file, {})


def test_a_settings_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StartError, match="UTF-8"):
        run.read_settings(file, {})


def test_the_environment_wins_over_the_settings_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text("DESK_PORT=8001\nACTIONS_PORT=8002\n")
    settings = run.read_settings(file, {"DESK_PORT": "9001"})
    assert (settings["DESK_PORT"], settings["ACTIONS_PORT"]) == ("9001", "8002")


def test_a_port_in_use_is_named_with_the_setting_that_changes_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {number} for the desk is in use; set DESK_PORT"):
            run.check_ports({"DESK_PORT": str(number), "ASSISTANT_PORT": "1", "ACTIONS_PORT": "2"} | _free_ports())


def _free_ports() -> dict[str, str]:
    ports = {}
    for name in ("ASSISTANT_PORT", "ACTIONS_PORT"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports[name] = str(probe.getsockname()[1])
    return ports


@pytest.mark.parametrize("text", ["eight", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_no_port_is_refused(text):
    with pytest.raises(StartError, match="ASSISTANT_PORT must be a port number"):
        run.port({"ASSISTANT_PORT": text}, "ASSISTANT_PORT")


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path, monkeypatch):
    for name in ("WEBCHAT_SECRET", "DESK_KEYS", "DESK_INDEX_KEY"):
        monkeypatch.delenv(name, raising=False)
    run.make_secrets(tmp_path)
    first = (tmp_path / "secrets" / "desk.env").read_text()
    run.make_secrets(tmp_path)
    assert (tmp_path / "secrets" / "desk.env").read_text() == first
    assert stat.S_IMODE((tmp_path / "secrets" / "desk.env").stat().st_mode) == 0o600
    assert "DESK_KEYS" not in (tmp_path / "secrets" / "assistant.env").read_text()


def test_the_assistant_never_gets_what_opens_the_desk(monkeypatch):
    settings = {
        "DATABASE_URL": "postgresql://desk",
        "DESK_KEYS": "k" * 40,
        "SMTP_URL": "smtp://mail",
        "WEBCHAT_SECRET": "w" * 40,
        "PATH": "/usr/bin",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    by_name = {process.name: process.environment for process in run.processes(settings, Path("model.tar.gz"))}
    assert not {"DATABASE_URL", "DESK_KEYS", "SMTP_URL"} & set(by_name["assistant"])
    assert by_name["assistant"]["WEBCHAT_SECRET"] == "w" * 40
    assert by_name["desk"]["DATABASE_URL"] == "postgresql://desk"
    assert "WEBCHAT_SECRET" not in by_name["action server"]


SHARED = {
    "REDIS_URL": "redis://r",
    "TRACKER_DATABASE_URL": "postgresql://t",
    "ACTIONS_URL": "http://127.0.0.1:1/webhook",
}


def test_several_processes_have_ports_and_logs_of_their_own():
    settings = {**SHARED, "ASSISTANT_PROCESSES": "2", "ACTIONS_PROCESSES": "2", "ASSISTANT_PORT": "6100"}
    run.check_several(settings)
    assistants = [p for p in run.processes(settings, Path("model.tar.gz")) if p.name.startswith("assistant")]
    assert [process.name for process in assistants] == ["assistant", "assistant 2"]
    assert [process.environment["ASSISTANT_PORT"] for process in assistants] == ["6100", "6101"]
    assert [process.log.name for process in assistants] == ["assistant.log", "assistant-2.log"]
    assert assistants[1].health == "http://127.0.0.1:6101/webhooks/webchat/health"


@pytest.mark.parametrize("missing", ["REDIS_URL", "TRACKER_DATABASE_URL"])
def test_several_assistants_need_what_they_share(missing):
    with pytest.raises(StartError, match="ASSISTANT_PROCESSES above 1 needs REDIS_URL"):
        run.check_several({**SHARED, "ASSISTANT_PROCESSES": "2", missing: ""})


def test_several_action_servers_need_one_address():
    with pytest.raises(StartError, match="ACTIONS_PROCESSES above 1 needs ACTIONS_URL"):
        run.check_several({**SHARED, "ACTIONS_PROCESSES": "2", "ACTIONS_URL": ""})


@pytest.mark.parametrize("count", ["0", "two", "65"])
def test_a_number_of_processes_that_is_none_is_refused(count):
    with pytest.raises(StartError, match="ASSISTANT_PROCESSES must be a number"):
        run.ports({"ASSISTANT_PROCESSES": count}, "ASSISTANT_PORT")
